"""Manifests of the runners -> one frozen catalog: what the project consists of, and all that is wrong with it."""

from __future__ import annotations

import difflib
import marshal
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from runtime.definitions.changes import what_changes
from runtime.definitions.compatibility import mismatches
from runtime.definitions.remembered import NOTHING, to_remember, waiting_steps
from runtime.definitions.steps import read_step, read_stream
from runtime.definitions.triggers import route_shape
from runtime.model import (
    ApiTrigger,
    CronTrigger,
    EventTrigger,
    Hook,
    LoadedFile,
    Manifest,
    Problem,
    ProjectConfig,
    Remembered,
    Severity,
    StateTrigger,
    Step,
    StreamDefinition,
    StreamTrigger,
    TriggerKind,
    Validation,
)
from runtime.records import QueueKey

T = TypeVar("T")
_PLAIN = 2
"""The newest format of `marshal` whose bytes do not depend on which values are one object."""


@dataclass(frozen=True, slots=True)
class Bound(Generic[T]):
    """A trigger together with the step it runs."""

    step: Step
    trigger: T


Watch = Bound[StateTrigger] | Bound[StreamTrigger]
"""A trigger that changes fire."""
Queued = Bound[EventTrigger] | Bound[CronTrigger] | Watch
"""A trigger whose events wait in a queue."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything the project consists of; replaced as a whole, never changed.

    Subscriptions and watches are also those of the steps that wait; routes and schedules are not.
    """

    steps: tuple[Step, ...] = ()
    waiting: tuple[Step, ...] = ()
    """What was remembered of files that are there and do not serve: their events wait until they are mended."""
    streams: Mapping[str, StreamDefinition] = field(default_factory=dict)
    routes: tuple[Bound[ApiTrigger], ...] = ()
    subscriptions: Mapping[str, tuple[Bound[EventTrigger], ...]] = field(default_factory=dict)
    schedules: tuple[Bound[CronTrigger], ...] = ()
    state_watches: tuple[Bound[StateTrigger], ...] = ()
    stream_watches: tuple[Bound[StreamTrigger], ...] = ()
    problems: tuple[Problem, ...] = ()
    config: ProjectConfig | None = None
    """The project's config that is code, None for a project without one."""
    remembered: Mapping[str, Remembered] = field(default_factory=dict)
    """By file: what steps with a queue say, and what those have said that do not serve."""

    def queues(self) -> dict[QueueKey, Queued]:
        """Every queue of the steps, one for each topic, schedule and watch; from those of waiting ones nobody takes."""
        queues: dict[QueueKey, Queued] = {}
        for topic, bounds in self.subscriptions.items():
            queues.update((QueueKey(topic, bound.step.name), bound) for bound in bounds)
        queues.update((schedule_queue(bound), bound) for bound in self.schedules)
        queues.update((schedule_queue(bound), bound) for bound in _bound(self.waiting, CronTrigger))
        queues.update((watch_queue(bound), bound) for bound in self.state_watches)
        queues.update((watch_queue(bound), bound) for bound in self.stream_watches)
        return queues


def schedule_queue(schedule: Bound[CronTrigger]) -> QueueKey:
    """The queue of a schedule: without a topic for a step's first one, else named by expression and time zone.

    The place in the config is no part of it, so that what waits is still found when the others have changed.
    """
    step, trigger = schedule.step, schedule.trigger
    is_further = any(isinstance(each, CronTrigger) and each.index < trigger.index for each in step.triggers)
    topic = f"{trigger.expression} {trigger.timezone}".rstrip() if is_further else ""
    return QueueKey(topic, step.name, TriggerKind.CRON)


def watch_queue(watch: Watch) -> QueueKey:
    """The queue of a trigger that changes fire, named by what it watches, wherever it stands in the config."""
    return QueueKey(what_changes(watch.trigger), watch.step.name, watch.trigger.kind)


def build_catalog(manifests: Iterable[Manifest], validation: Validation = Validation.WARN) -> Catalog:
    """Checks all configs and wires all triggers; what conflicts is left out and said, first in path order serves.

    `validation` is the project's mode, which decides how bad it is when schemas of steps do not fit each other.
    """
    return CatalogBuilder().build(manifests, validation)


class CatalogBuilder:
    """Builds one catalog after the other; of files that have stayed as they were it takes over what it has read.

    Their steps and streams are the same objects then, which tells whoever compares them that nothing has changed. It
    remembers the files of its last catalog alone.
    """

    def __init__(self) -> None:
        self._steps = _Readings(_read_step)
        self._streams = _Readings(_read_stream)

    def build(
        self,
        manifests: Iterable[Manifest],
        validation: Validation = Validation.WARN,
        remembered: Mapping[str, Remembered] = NOTHING,
    ) -> Catalog:
        """The same as `build_catalog`; not for two threads at a time.

        `remembered` is what files that are there have said, by file: it counts for those that do not serve.
        """
        manifests = list(manifests)
        problems = [problem for manifest in manifests for problem in manifest.problems]
        read = self._steps.of(_in_path_order(manifests, lambda manifest: manifest.steps), problems)
        steps = _without_conflicts(read, problems)
        found = self._streams.of(_in_path_order(manifests, lambda manifest: manifest.streams), problems)
        streams = _without_rivals(found, problems)
        waiting = waiting_steps(steps, remembered)
        heard = [*steps, *waiting]
        problems += _unheard_topics(steps, heard)
        problems += _unknown_streams(steps, streams)
        problems += mismatches(steps, validation)
        return Catalog(
            steps=tuple(steps),
            waiting=tuple(waiting),
            streams=streams,
            routes=tuple(_bound(steps, ApiTrigger)),
            subscriptions=_by_topic(_bound(heard, EventTrigger)),
            schedules=tuple(_bound(steps, CronTrigger)),
            state_watches=tuple(_bound(heard, StateTrigger)),
            stream_watches=tuple(_bound(heard, StreamTrigger)),
            problems=tuple(sorted(problems, key=lambda problem: (problem.severity.value, problem.file))),
            remembered=to_remember(steps, manifests, remembered),
        )


class _Readings(Generic[T]):
    """What the files of a catalog were read as."""

    def __init__(self, read: Callable[[str, str, LoadedFile], tuple[T | None, list[Problem]]]) -> None:
        self._read = read
        self._known: dict[tuple[str, str], tuple[object, T | None, list[Problem]]] = {}

    def of(self, files: Iterable[tuple[str, str, LoadedFile]], problems: list[Problem]) -> list[T]:
        """What each file defines, those without faults; everything to be said about them is added to the problems."""
        before, self._known = self._known, {}
        found: list[T] = []
        for file, language, entry in files:
            mark = _mark(entry)
            known = before.get((language, file))
            if known is None or mark is None or known[0] != mark:
                known = (mark, *self._read(file, language, entry))
            self._known[language, file] = known
            problems += known[2]
            if known[1] is not None:
                found.append(known[1])
        return found


def _mark(entry: LoadedFile) -> object:
    """What two loads of a file have in common when nothing has changed; None for what cannot be told.

    Bytes, because True, 1 and 1.0 are equal, and are three values in a config.
    """
    given: Any = (entry.config, dict(entry.schemas))
    try:
        return marshal.dumps(given, _PLAIN), entry.has_handler, entry.hooks
    except ValueError:  # nested too deep, or a type that no wire brings
        return None


def with_config(catalog: Catalog, config: ProjectConfig | None) -> Catalog:
    """The catalog with the project's config, and a warning for each stream that is asked about clients nobody knows."""
    if config is not None and Hook.AUTHENTICATE in config.hooks:
        return replace(catalog, config=config)
    anonymous = [
        Problem(
            stream.file,
            f"canAccess of stream '{stream.name}' gets no auth context: every client is anonymous",
            f"write streamAuth.authenticate in {config.file if config else 'motia.config.ts or motia_config.py'}",
            severity=Severity.WARNING,
        )
        for stream in catalog.streams.values()
        if Hook.CAN_ACCESS in stream.hooks
    ]
    return replace(catalog, config=config, problems=(*catalog.problems, *anonymous))


def _in_path_order(
    manifests: list[Manifest], entries: Callable[[Manifest], tuple[LoadedFile, ...]]
) -> list[tuple[str, str, LoadedFile]]:
    found = [(entry.file, manifest.language, entry) for manifest in manifests for entry in entries(manifest)]
    files = {file for file, _, _ in found}
    return sorted(found, key=lambda item: _place(item[0], files))


def _place(file: str, files: Collection[str]) -> tuple[str, bool]:
    """Where a file stands: by its path, but what a compiler may have made right behind its source."""
    source = _source_of(file)
    return (source, source != file) if source in files else (file, False)


def _source_of(file: str) -> str:
    """The TypeScript file that a compiler would make this one from; the file itself where there is none."""
    return file.removesuffix(".js") + ".ts" if file.endswith(".js") else file


def _taken(file: str, first: str, otherwise: str) -> str:
    """How to mend that two files define the same: one may have been made from the other."""
    if file != first and _source_of(file) == first:
        return f"remove {file} if tsc made it from {first}, and set noEmit; else {otherwise}"
    return otherwise


def _read_step(file: str, language: str, entry: LoadedFile) -> tuple[Step | None, list[Problem]]:
    if not isinstance(entry.config, Mapping):
        return None, [Problem(file, "'config' is no map", "export config = { type: 'api', ... }")]
    return read_step(file, language, entry.config, has_handler=entry.has_handler, schemas=entry.schemas)


def _read_stream(file: str, language: str, entry: LoadedFile) -> tuple[StreamDefinition | None, list[Problem]]:
    if not isinstance(entry.config, Mapping):
        return None, [Problem(file, "'config' is no map with a 'name'", "export config = { name: 'chat' }")]
    return read_stream(file, language, entry.config, entry.schemas, entry.hooks)


def _without_conflicts(steps: list[Step], problems: list[Problem]) -> list[Step]:
    """Keeps the first of two steps that claim one name or route; a route's parameter names do not count."""
    names: dict[str, Step] = {}
    routes: dict[tuple[str, str], Step] = {}
    kept: list[Step] = []
    for step in steps:
        claimed = {(t.method, route_shape(t.path)): t for t in step.triggers if isinstance(t, ApiTrigger)}
        taken = next((route for route in claimed if route in routes), None)
        if step.name in names:
            first = names[step.name]
            problems.append(
                Problem(
                    step.file,
                    f"the name '{step.name}' is taken by {first.file}, which serves",
                    _taken(step.file, first.file, "give one of the two another name"),
                )
            )
        elif taken is not None:
            first = routes[taken]
            problems.append(
                Problem(
                    step.file,
                    f"the route {taken[0]} {claimed[taken].path} is taken by {first.file}, which serves",
                    "change the path or method of one of the two",
                )
            )
        else:
            names[step.name] = step
            routes.update(dict.fromkeys(claimed, step))
            kept.append(step)
    return kept


def _unheard_topics(steps: list[Step], listening: list[Step]) -> list[Problem]:
    heard = {trigger.topic for step in listening for trigger in step.triggers if isinstance(trigger, EventTrigger)}
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


def _unknown_streams(steps: list[Step], streams: Mapping[str, StreamDefinition]) -> list[Problem]:
    named = {
        (step.file, trigger.stream): None
        for step in steps
        for trigger in step.triggers
        if isinstance(trigger, StreamTrigger) and trigger.stream not in streams
    }
    return [
        Problem(
            file,
            f"runs when the stream '{stream}' changes, which the project does not define",
            f"did you mean '{near[0]}'?" if near else "define it in a stream file, or correct 'streamName'",
            severity=Severity.WARNING,
        )
        for file, stream in named
        for near in [difflib.get_close_matches(stream, streams, n=1)]
    ]


def _without_rivals(streams: list[StreamDefinition], problems: list[Problem]) -> dict[str, StreamDefinition]:
    named: dict[str, list[StreamDefinition]] = {}
    for stream in streams:
        named.setdefault(stream.name, []).append(stream)
    return {name: _serving(rivals, problems) for name, rivals in named.items()}


def _serving(streams: list[StreamDefinition], problems: list[Problem]) -> StreamDefinition:
    """The first definition of a stream that says who may watch, else the first: a second file must open no stream."""
    serving = next((stream for stream in streams if Hook.CAN_ACCESS in stream.hooks), streams[0])
    for stream in streams:
        if stream is not serving:
            is_passed_over = Hook.CAN_ACCESS not in stream.hooks and serving is not streams[0]
            why = ", since it has canAccess" if is_passed_over else ""
            message = f"the stream '{stream.name}' is defined by {serving.file} as well, which serves{why}"
            problems.append(Problem(stream.file, message, _taken(stream.file, serving.file, "rename one of the two")))
    return serving


def _bound(steps: Iterable[Step], kind: type[T]) -> list[Bound[T]]:
    return [Bound(step, trigger) for step in steps for trigger in step.triggers if isinstance(trigger, kind)]


def _by_topic(bounds: list[Bound[EventTrigger]]) -> dict[str, tuple[Bound[EventTrigger], ...]]:
    topics: dict[str, list[Bound[EventTrigger]]] = {}
    for bound in bounds:
        topics.setdefault(bound.trigger.topic, []).append(bound)
    return {topic: tuple(found) for topic, found in topics.items()}
