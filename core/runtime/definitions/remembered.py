"""Steps whose files do not serve, as they were when they last did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from runtime.model import ApiTrigger, Manifest, Remembered, Step

NOTHING: Mapping[str, Remembered] = {}


def waiting_steps(serving: Iterable[Step], remembered: Mapping[str, Remembered]) -> list[Step]:
    """The remembered steps whose files do not serve, in path order, the first of each name.

    One whose name a step that serves has taken is not among them.
    """
    serving = list(serving)
    files = {step.file for step in serving}
    names = {step.name: step for step in serving}
    absent = (remembered[file].step for file in sorted(remembered) if file not in files)
    return [step for step in absent if names.setdefault(step.name, step) is step]


def to_remember(
    serving: Sequence[Step], manifests: Iterable[Manifest], remembered: Mapping[str, Remembered]
) -> dict[str, Remembered]:
    """By file: what the manifests say of steps that serve and have a queue, and what is remembered of the others."""
    loaded = {entry.file: entry for manifest in manifests for entry in manifest.steps}
    files = {step.file for step in serving}
    kept = {step.file: Remembered(step, loaded[step.file]) for step in serving if _has_queue(step)}
    return kept | {file: each for file, each in remembered.items() if file not in files}


def _has_queue(step: Step) -> bool:
    return any(not isinstance(trigger, ApiTrigger) for trigger in step.triggers)
