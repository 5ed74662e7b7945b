"""services/repeats: an event's step runs once more, alone, in a trace that says what it repeats."""

from __future__ import annotations

import pytest

from runtime.catalog import Bound, Catalog
from runtime.errors import HostCallRefused
from runtime.model import EventTrigger, QueuePolicy, Step, TriggerKind
from runtime.records import QueueKey
from runtime.services.repeats import Repeats
from tests.fakes import FakeClock
from tests.unit.fake_bus import FakeEventBus
from tests.unit.services.spans import span_of

WORK = QueueKey("work", "Work")


class World:
    """Repeats over a bus in a list."""

    def __init__(self, policy: QueuePolicy | None = None) -> None:
        self.bus = FakeEventBus(FakeClock())
        self.noted: list[tuple[str, str]] = []
        self.repeats = Repeats(self.bus, FakeClock(), lambda new, old: self.noted.append((new, old)), 100)
        step = Step("Work", "node", "a", "event", queue=policy or QueuePolicy())
        other = Step("Other", "node", "b", "event")
        bound = (Bound(step, EventTrigger("work")), Bound(other, EventTrigger("work")))
        self.repeats.catalog = Catalog(subscriptions={"work": bound})


async def test_the_step_alone_runs_again_in_a_trace_of_its_own() -> None:
    world = World()
    span = span_of(queue="work")
    trace = await world.repeats.repeat(span, b"data")
    [delivery] = world.bus.events
    assert (delivery.queue, delivery.event.data, delivery.event.trace_id) == (WORK, b"data", trace)
    assert world.noted == [(trace, span.trace_id)]
    assert trace != span.trace_id


async def test_in_a_fifo_queue_it_waits_for_nobody() -> None:
    world = World(QueuePolicy(fifo=True))
    span = span_of(queue="work")
    for _ in range(2):
        await world.repeats.repeat(span, b"data")
    groups = [delivery.group for delivery in world.bus.events]
    assert all(groups) and len(set(groups)) == 2


@pytest.mark.parametrize(
    ("step", "topic", "kind"), [("Gone", "work", "event"), ("Work", "gone", "event"), ("Work", "work", "cron")]
)
async def test_what_is_not_there_any_more_is_refused(step: str, topic: str, kind: str) -> None:
    world = World()
    with pytest.raises(HostCallRefused, match=f"step '{step}' does not run on {kind}"):
        await world.repeats.repeat(span_of(step, queue=topic, source=topic, kind=TriggerKind(kind)), b"")
    assert world.bus.events == [] and world.noted == []


async def test_an_input_has_the_bound_of_events() -> None:
    world = World()
    with pytest.raises(HostCallRefused, match="101 bytes, over the limit of 100"):
        await world.repeats.repeat(span_of(queue="work"), b"x" * 101)
    assert world.bus.events == []
