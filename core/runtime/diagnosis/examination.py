"""All checks of a project, side by side; none can hang or end the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from runtime.diagnosis import folder, machine, network, node, python, running
from runtime.diagnosis.findings import Finding, fault, raised
from runtime.diagnosis.runners import further_runners, look_at_runner
from runtime.diagnosis.subject import Subject, read_subject
from runtime.errors import RuntimeFault

CHECK_SECONDS = 5.0
"""How long a check may take."""
_REPORT = "report this message: the check is at fault, whatever it looked at"

Look = Callable[[], Finding]


class Checked(NamedTuple):
    """A check by its name, and what it has found."""

    check: str
    finding: Finding


def examine(root: Path, process: Mapping[str, str]) -> list[Checked]:
    """What there is to say of a project; `process` are the variables of the process."""
    subjects: list[Subject] = []

    def read() -> Finding:
        subjects.append(read_subject(root, process))
        return subjects[0].configuration

    (reading,) = look([("settings", read)])
    return look(_checks(subjects[0])) if subjects else [reading]


def look(checks: Sequence[tuple[str, Look]], seconds: float = CHECK_SECONDS) -> list[Checked]:
    """What each has found, in their order; one that fails or takes longer is a fault of its own."""
    began = time.monotonic()
    looking = [_Looking(name, check) for name, check in checks]
    for each in looking:
        each.start()
    for each in looking:
        each.join(max(0.0, began + seconds - time.monotonic()))
    slow = fault(f"this could not be told within {seconds:g} s", "try again; the machine, or what is asked, is stuck")
    return [Checked(each.name, each.finding or slow) for each in looking]


class _Looking(threading.Thread):
    """One check; nobody waits for it in the end."""

    def __init__(self, name: str, check: Look) -> None:
        super().__init__(name=name, daemon=True)
        self.finding: Finding | None = None
        self._check = check

    def run(self) -> None:
        try:
            self.finding = self._check()
        except RuntimeFault as error:
            self.finding = raised(error)
        except Exception as error:
            self.finding = fault(f"the check failed: {type(error).__name__}: {error}", _REPORT)


def _checks(subject: Subject) -> list[tuple[str, Look]]:
    further = [
        (f"{runner.manifest.language} runner", partial(look_at_runner, subject, runner))
        for runner in further_runners(subject)
    ]
    return [
        ("runtime", partial(python.look_at_runtime, subject)),
        ("project", partial(folder.look_at_sources, subject)),
        ("settings", lambda: subject.configuration),
        ("variables", lambda: subject.reading),
        ("Python of the steps", partial(python.look_at_steps, subject)),
        ("Python packages", partial(python.look_at_packages, subject)),
        ("Node of the steps", partial(node.look_at_node, subject)),
        ("npm", partial(node.look_at_npm, subject)),
        ("npm packages", partial(node.look_at_packages, subject)),
        *further,
        ("port", partial(network.look_at_port, subject)),
        ("debugger ports", partial(network.look_at_debuggers, subject)),
        ("files", partial(folder.look_at_writing, subject)),
        ("socket", partial(running.look_at_socket, subject)),
        ("database", partial(running.look_at_database, subject)),
        ("running", partial(running.look_at_announced, subject)),
        ("watching", partial(machine.look_at_watching, subject)),
        ("open files", partial(machine.look_at_open_files, subject)),
        ("clock", partial(machine.look_at_clock, subject)),
        ("disk", partial(folder.look_at_disk, subject)),
    ]
