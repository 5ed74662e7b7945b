"""Emitting: from a handler's call to the queues of all subscribers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from runtime.catalog import Catalog
from runtime.contracts import Clock, EventBus
from runtime.errors import HostCallRefused
from runtime.ids import new_trace_id
from runtime.model import Event, LogLevel, QueueKey

_OPTIONS = ("messageGroupId", "delay")
_DURABLE_OPTIONS = ("idempotencyKey", "priority")
_MAX_REMEMBERED_TOPICS = 10_000
_MAX_DELAY = 366 * 24 * 3600
Warn = Callable[[LogLevel, str], None]


class BusService:
    """Publishes what handlers emit to the queues that the catalog names."""

    def __init__(self, bus: EventBus, clock: Clock, max_event_bytes: int, warn: Warn) -> None:
        self.catalog = Catalog()
        self._bus = bus
        self._clock = clock
        self._max_event_bytes = max_event_bytes
        self._warn = warn
        self._unheard: set[str] = set()

    async def emit(self, topic: str, data: bytes, options: Mapping[str, Any], trace_id: str) -> str:
        """Publishes an event and returns its id once all its queues have it.

        A topic without subscribers is warned about once. Raises `HostCallRefused` for an empty topic, an
        unknown option, an event over the limit or a full queue.
        """
        if not topic:
            raise HostCallRefused("emit needs a topic, a non-empty string")
        if len(data) > self._max_event_bytes:
            raise HostCallRefused(
                f"the event for '{topic}' has {len(data)} bytes, over the limit of {self._max_event_bytes} "
                "(bus.maxEventBytes); store the data and emit a reference to it"
            )
        due = self._due(options)
        event = Event(new_trace_id(), topic, data, trace_id)
        subscribers = self.catalog.subscriptions.get(topic, ())
        if not subscribers:
            self._warn_unheard(topic)
        now = self._clock.now()
        await self._bus.publish(
            event,
            {
                QueueKey(topic, bound.step.name): due
                or (now + bound.step.queue.delay if bound.step.queue.delay else 0.0)
                for bound in subscribers
            },
        )
        return event.id

    def _warn_unheard(self, topic: str) -> None:
        """Warns once a topic; past the bound of what is remembered, no more."""
        if topic not in self._unheard and len(self._unheard) < _MAX_REMEMBERED_TOPICS:
            self._unheard.add(topic)
            self._warn(LogLevel.WARN, f"an event was emitted to '{topic}', which no step subscribes to")

    def _due(self, options: Mapping[str, Any]) -> float:
        for name in options:
            if name in _DURABLE_OPTIONS:
                raise HostCallRefused(f"the memory engine does not know emit's option '{name}'; leave it out")
            if name not in _OPTIONS:
                raise HostCallRefused(f"'{name}' is no option of emit; known are {', '.join(_OPTIONS)}")
        delay = options.get("delay")
        if delay is None:
            return 0.0
        if isinstance(delay, int | float) and not isinstance(delay, bool) and 0 <= delay <= _MAX_DELAY:
            return self._clock.now() + delay if delay else 0.0
        if isinstance(delay, str):
            return _moment(delay)
        raise HostCallRefused(f"delay is {delay!r}; it is a number of seconds from 0 to {_MAX_DELAY}, or a date")


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise HostCallRefused(f"delay is {text!r}, which is no ISO 8601 date") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
