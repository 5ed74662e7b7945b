"""Runners of further languages: whether their programs are there."""

from __future__ import annotations

from runtime.diagnosis.findings import Finding, fault, warning, well
from runtime.diagnosis.subject import Subject
from runtime.runners.manifest import InstalledRunner
from runtime.runners.programs import plan_launch

LOOKED_AT_ELSEWHERE = frozenset({"node", "python"})


def further_runners(subject: Subject) -> list[InstalledRunner]:
    """Those that `runtime.yaml` names, and those with files in the project."""
    return [
        runner
        for language, runner in subject.runners.items()
        if language not in LOOKED_AT_ELSEWHERE and (language in subject.settings.runners or subject.needs(language))
    ]


def look_at_runner(subject: Subject, runner: InstalledRunner) -> Finding:
    """Whether the program that starts the runner is there."""
    language = runner.manifest.language
    launch = plan_launch(runner, subject.root, subject.settings, subject.variables)
    if not (wrong := launch.fault()):
        return well(f"{launch.called or launch.command[0]} is there")
    is_configured = bool(subject.settings.runner(language).executable)
    command = "" if is_configured else runner.manifest.install
    if subject.needs(language):
        return fault(wrong, launch.fix, command)
    return warning(f"{wrong}; no step needs it", launch.fix, command)
