"""Running something again: the same cause, or another input, in a trace of its own that says what it repeats."""

from __future__ import annotations

from collections.abc import Callable

from runtime.catalog import Catalog
from runtime.contracts import Clock, EventBus
from runtime.errors import HostCallRefused
from runtime.ids import new_trace_id
from runtime.model import Span
from runtime.records import Event, Placement, Publication, QueueKey


class Repeats:
    """Puts events of runs into the queues of their steps once more."""

    def __init__(self, bus: EventBus, clock: Clock, note: Callable[[str, str], None], max_event_bytes: int) -> None:
        """`note` takes the trace that is to begin and the one that it repeats."""
        self.catalog = Catalog()
        self._bus = bus
        self._clock = clock
        self._note = note
        self._max_event_bytes = max_event_bytes

    async def repeat(self, span: Span, data: bytes) -> str:
        """Has the step of a span run with this input, by its queue, alone; returns the trace of it.

        It is a first attempt. In a fifo queue it is a group by itself. Raises `HostCallRefused` when the step is not
        there any more or the input is too large, `StorageFault` when it cannot be stored.
        """
        queue = QueueKey(span.queue, span.step, span.kind)
        bound = self.catalog.queues().get(queue)
        if bound is None:
            raise HostCallRefused(f"step '{span.step}' does not run on {span.kind.value} '{span.source}' any more")
        if len(data) > self._max_event_bytes:
            raise HostCallRefused(f"the input has {len(data)} bytes, over the limit of {self._max_event_bytes}")
        trace_id = new_trace_id()
        self._note(trace_id, span.trace_id)
        event = Event(new_trace_id(), span.queue, data, trace_id, self._clock.now())
        group = f"repeat {trace_id}" if bound.step.queue.fifo else ""
        await self._bus.publish(Publication(event, (Placement(queue, 0.0, group),)))
        return trace_id
