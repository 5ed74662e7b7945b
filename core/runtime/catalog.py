"""Manifests of the runners -> one frozen catalog: what the project consists of, and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from runtime.model import (
    ApiTrigger,
    CronTrigger,
    EventTrigger,
    LoadedFile,
    Manifest,
    Problem,
    Severity,
    Step,
    StreamDefinition,
    TriggerKind,
)
from runtime.records import QueueKey
from runtime.stepconfig import read_step

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bound(Generic[T]):
    """A trigger together with the step it runs."""

    step: Step
    trigger: T


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything the project consists of; replaced as a whole, never changed."""

    steps: tuple[Step, ...] = ()
    streams: Mapping[str, StreamDefinition] = field(default_factory=dict)
    routes: tuple[Bound[ApiTrigger], ...] = ()
    subscriptions: Mapping[str, tuple[Bound[EventTrigger], ...]] = field(default_factory=dict)
    schedules: tuple[Bound[CronTrigger], ...] = ()
    problems: tuple[Problem, ...] = ()

    def queues(self) -> dict[QueueKey, Bound[EventTrigger] | Bound[CronTrigger]]:
        """Every queue that a step takes from: one for each of its topics, and one for its schedule."""
        queues: dict[QueueKey, Bound[EventTrigger] | Bound[CronTrigger]] = {}
        for topic, bounds in self.subscriptions.items():
            queues.update((QueueKey(topic, bound.step.name), bound) for bound in bounds)
        for bound in self.schedules:
            queues[QueueKey("", bound.step.name, TriggerKind.CRON)] = bound
        return queues


def build_catalog(manifests: Iterable[Manifest]) -> Catalog:
    """Checks all configs and wires all triggers; what conflicts is left out and said, first in path order serves."""
    manifests = list(manifests)
    problems = [problem for manifest in manifests for problem in manifest.problems]
    steps: list[Step] = []
    for file, language, entry in _in_path_order(manifests, lambda manifest: manifest.steps):
        step, found = _read(file, language, entry)
        problems += found
        if step is not None:
            steps.append(step)
    steps = _without_conflicts(steps, problems)
    problems += _unheard_topics(steps)
    return Catalog(
        steps=tuple(steps),
        streams=_streams(manifests, problems),
        routes=tuple(_bound(steps, ApiTrigger)),
        subscriptions=_by_topic(_bound(steps, EventTrigger)),
        schedules=tuple(_bound(steps, CronTrigger)),
        problems=tuple(sorted(problems, key=lambda problem: (problem.severity.value, problem.file))),
    )


def _in_path_order(
    manifests: list[Manifest], entries: Callable[[Manifest], tuple[LoadedFile, ...]]
) -> list[tuple[str, str, LoadedFile]]:
    found = [(entry.file, manifest.language, entry) for manifest in manifests for entry in entries(manifest)]
    return sorted(found, key=lambda item: item[0])


def _read(file: str, language: str, entry: LoadedFile) -> tuple[Step | None, list[Problem]]:
    if not isinstance(entry.config, Mapping):
        return None, [Problem(file, "'config' is no map", "export config = { type: 'api', ... }")]
    return read_step(file, language, entry.config, has_handler=entry.has_handler)


def _without_conflicts(steps: list[Step], problems: list[Problem]) -> list[Step]:
    """Keeps the first of two steps that claim one name or route; a route's parameter names do not count."""
    names: dict[str, Step] = {}
    routes: dict[tuple[str, str], Step] = {}
    kept: list[Step] = []
    for step in steps:
        claimed = [(t.method, _shape(t.path)) for t in step.triggers if isinstance(t, ApiTrigger)]
        taken = next((route for route in claimed if route in routes), None)
        if step.name in names:
            first = names[step.name]
            problems.append(
                Problem(
                    step.file,
                    f"the name '{step.name}' is taken by {first.file}, which serves",
                    "give one of the two another name",
                )
            )
        elif taken is not None:
            first = routes[taken]
            problems.append(
                Problem(
                    step.file,
                    f"the route {taken[0]} {_path_of(step)} is taken by {first.file}, which serves",
                    "change the path or method of one of the two",
                )
            )
        else:
            names[step.name] = step
            routes.update(dict.fromkeys(claimed, step))
            kept.append(step)
    return kept


def _shape(path: str) -> str:
    parts = [_part_shape(part) for part in path.split("/")]
    return "/".join(parts).rstrip("/") or "/"


def _part_shape(part: str) -> str:
    if part == "*" or (part.startswith(":") and part.endswith("*")):
        return "*"
    return ":" if part.startswith(":") else part


def _path_of(step: Step) -> str:
    return next(trigger.path for trigger in step.triggers if isinstance(trigger, ApiTrigger))


def _unheard_topics(steps: list[Step]) -> list[Problem]:
    heard = {trigger.topic for step in steps for trigger in step.triggers if isinstance(trigger, EventTrigger)}
    return [
        Problem(
            step.file,
            f"emits '{emit.topic}', which no step subscribes to",
            "add a step that subscribes to it, or remove it from 'emits'",
            severity=Severity.WARNING,
        )
        for step in steps
        for emit in step.emits
        if emit.topic not in heard
    ]


def _streams(manifests: list[Manifest], problems: list[Problem]) -> dict[str, StreamDefinition]:
    streams: dict[str, StreamDefinition] = {}
    for file, language, entry in _in_path_order(manifests, lambda manifest: manifest.streams):
        name = entry.config.get("name") if isinstance(entry.config, Mapping) else None
        if not isinstance(name, str) or not name:
            problems.append(Problem(file, "the stream's config has no 'name'", "add 'name', a non-empty string"))
        elif name in streams:
            problems.append(
                Problem(
                    file, f"the stream '{name}' is defined by {streams[name].file} as well", "rename one of the two"
                )
            )
        else:
            streams[name] = StreamDefinition(name, language, file)
    return streams


def _bound(steps: list[Step], kind: type[T]) -> list[Bound[T]]:
    return [Bound(step, trigger) for step in steps for trigger in step.triggers if isinstance(trigger, kind)]


def _by_topic(bounds: list[Bound[EventTrigger]]) -> dict[str, tuple[Bound[EventTrigger], ...]]:
    topics: dict[str, list[Bound[EventTrigger]]] = {}
    for bound in bounds:
        topics.setdefault(bound.trigger.topic, []).append(bound)
    return {topic: tuple(found) for topic, found in topics.items()}
