"""Emitting: from a handler's call to the queues of all subscribers."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from runtime.catalog import Bound, Catalog
from runtime.config import BusSettings
from runtime.contracts import Clock
from runtime.errors import HostCallRefused
from runtime.ids import new_trace_id, trace_id_of
from runtime.model import EventTrigger, LogLevel, Step
from runtime.records import Event, Placement, Publication, QueueKey
from runtime.services.logs import Report
from runtime.services.schemas import SchemaService

_OPTIONS = ("messageGroupId", "delay", "idempotencyKey", "priority")
_MAX_REMEMBERED_TOPICS = 10_000
_MAX_DELAY = 366 * 24 * 3600
_MAX_NAME_CHARACTERS = 1024
_MAX_PRIORITY = 2**31
_MAX_COMPARED = 100
"""Characters of a topic that are held against others; what they cost grows with their square."""


class Publisher(Protocol):
    """Where publications go: an event bus, or what holds the writes of an atomic step."""

    async def publish(self, publication: Publication) -> str:
        """Publishes an event and returns the id of the one that stands for it."""


class BusService:
    """Publishes what handlers emit to the queues that the catalog names."""

    def __init__(
        self, bus: Publisher, clock: Clock, settings: BusSettings, report: Report, schemas: SchemaService
    ) -> None:
        self._catalog = Catalog()
        self._original = self
        self._schemas = schemas
        self._bus = bus
        self._clock = clock
        self._settings = settings
        self._report = report
        self._warned: set[str] = set()

    @property
    def catalog(self) -> Catalog:
        """Whose steps subscribe; the same for all that `over` makes of a service, however long they are in use."""
        return self._original._catalog

    @catalog.setter
    def catalog(self, catalog: Catalog) -> None:
        self._original._catalog = catalog

    def over(self, bus: Publisher) -> BusService:
        """The same service with another place for its publications."""
        other = copy.copy(self)
        other._bus = bus
        return other

    async def emit(
        self, topic: str, data: bytes, options: Mapping[str, Any], trace: str, step: Step | None = None
    ) -> str:
        """Publishes an event and returns its id once all its queues have it.

        `step` is the step that emits, None for the control API. Raises `HostCallRefused` for an empty topic,
        an unknown or bad option, an event over the limit, a full queue, a fifo subscriber without a
        `messageGroupId`, data that a subscriber could never take, or, with `bus.strictEmits`, a topic that the
        step does not declare; `StorageFault` when the event cannot be stored.
        """
        self._check(topic, data, step, trace)
        self._schemas.check_event(topic, data, step)
        due, group, key, priority = self._read(options)
        subscribers = self.catalog.subscriptions.get(topic, ())
        if not subscribers:
            self._warn_once(topic, step, trace, f"an event was emitted to '{topic}', which no step subscribes to")
        now = self._clock.now()
        event = Event(new_trace_id(), topic, data, trace, now)
        placements = tuple(
            Placement(
                QueueKey(topic, bound.step.name),
                due or (now + bound.step.queue.delay if bound.step.queue.delay else 0.0),
                _group(topic, bound, group) if bound.step.queue.fifo else "",
                priority,
            )
            for bound in subscribers
        )
        return await self._bus.publish(Publication(event, placements, key))

    def subscribers(self, topic: str) -> list[str]:
        """The names of the steps that get the events of a topic."""
        return [bound.step.name for bound in self.catalog.subscriptions.get(topic, ())]

    def nearest(self, topic: str) -> str | None:
        """The topic with subscribers that is most like this one; None when none is."""
        return next(iter(difflib.get_close_matches(topic[:_MAX_COMPARED], self.catalog.subscriptions, n=1)), None)

    def _check(self, topic: str, data: bytes, step: Step | None, trace: str) -> None:
        if not topic:
            raise HostCallRefused("emit needs a topic, a non-empty string")
        if len(data) > self._settings.max_event_bytes:
            raise HostCallRefused(
                f"the event for '{topic}' has {len(data)} bytes, over the limit of {self._settings.max_event_bytes} "
                "(bus.maxEventBytes); store the data and emit a reference to it"
            )
        if step is None:
            return
        for emit in step.emits:
            if emit.topic == topic:
                return
        message = f"step '{step.name}' emits '{topic}', which its config does not declare; add it to 'emits'"
        if self._settings.strict_emits:
            raise HostCallRefused(f"{message} (bus.strictEmits is on)")
        self._warn_once(topic, step, trace, message)

    def _warn_once(self, topic: str, step: Step | None, trace: str, message: str) -> None:
        """Warns once, with the step and trace of the first time; past the bound of what is remembered no more."""
        if message not in self._warned and len(self._warned) < _MAX_REMEMBERED_TOPICS:
            self._warned.add(message)
            self._report(LogLevel.WARN, message, step.name if step else "runtime", trace_id_of(trace))

    def _read(self, options: Mapping[str, Any]) -> tuple[float, str, str, int]:
        """The Unix time from which the event is due, its group, its idempotency key and its priority."""
        if not options:
            return 0.0, "", "", 0
        for name in options:
            if name not in _OPTIONS:
                raise HostCallRefused(f"'{name}' is no option of emit; known are {', '.join(_OPTIONS)}")
        priority = options.get("priority")
        if priority is not None and (type(priority) is not int or abs(priority) > _MAX_PRIORITY):
            raise HostCallRefused(f"priority is {priority!r}; it is a whole number, higher first")
        return (
            self._due(options.get("delay")),
            _name(options, "messageGroupId"),
            _name(options, "idempotencyKey"),
            priority or 0,
        )

    def _due(self, delay: Any) -> float:
        if delay is None:
            return 0.0
        if isinstance(delay, int | float) and not isinstance(delay, bool) and 0 <= delay <= _MAX_DELAY:
            return self._clock.now() + delay if delay else 0.0
        if isinstance(delay, str):
            return _moment(delay)
        raise HostCallRefused(f"delay is {delay!r}; it is a number of seconds from 0 to {_MAX_DELAY}, or a date")


def _name(options: Mapping[str, Any], option: str) -> str:
    name = options.get(option)
    if name is None:
        return ""
    if isinstance(name, str) and 0 < len(name) <= _MAX_NAME_CHARACTERS:
        return name
    raise HostCallRefused(f"{option} is {name!r}; it is a text of 1 to {_MAX_NAME_CHARACTERS} characters")


def _group(topic: str, bound: Bound[EventTrigger], group: str) -> str:
    if group:
        return group
    raise HostCallRefused(
        f"step '{bound.step.name}' takes '{topic}' from a fifo queue, so the emit needs a 'messageGroupId': "
        "events of one group are handled in order"
    )


def _moment(text: str) -> float:
    """The Unix time of an ISO 8601 date; one without an offset is of the machine's zone, as its languages read it."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        raise HostCallRefused(f"delay is {text!r}, which is no ISO 8601 date") from error
