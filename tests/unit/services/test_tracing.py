"""services/tracing: which spans and lines are kept, with what of them, and what happens when there are too many."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import pytest

from runtime.config import TelemetrySettings
from runtime.errors import StorageFault
from runtime.ids import Context, context_of, new_trace_id
from runtime.model import (
    Failure,
    FailureKind,
    LogLevel,
    LogQuery,
    Span,
    Then,
    TraceQuery,
    TraceStatus,
    TriggerKind,
    length,
    whole,
)
from runtime.storage.memory.traces import MemoryTraceStore
from runtime.values import decode, encode
from tests.unit.services.spans import STEP, SlowStore, Traced, done, line

FAILURE = Failure(FailureKind.HANDLER, "no price", "KeyError")
LOW, HIGH = "0" * 31 + "1", "f" * 32
"""Trace ids of which the first is sampled by any share above 0, the second by 1 alone."""


@asynccontextmanager
async def writing(world: Traced) -> AsyncIterator[None]:
    """Has what the tracer is given written; at the end all of it is."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(world.tracer.run)
        yield
        tasks.cancel_scope.cancel()


async def kept(world: Traced, store: MemoryTraceStore) -> list[Span]:
    """What the store has once everything is written."""
    async with writing(world):
        pass
    found = [store.spans(trace.trace_id, 100) for trace in store.traces(TraceQuery(limit=1000)).traces]
    return [span for spans in found for span in spans]


# ------------------------------------------------------------ a span's life


async def test_a_span_says_what_ran_and_how_long() -> None:
    store = MemoryTraceStore()
    world = Traced(store)
    span = world.begin(encode({"a": 1}), Context(HIGH, "b" * 16, True), attempt=2, queue="q", queued=1.5, cause_id="e")
    assert list(world.tracer.running) == [span.span_id]
    await world.clock.advance(0.25)
    world.tracer.end(span)
    assert world.tracer.running == {}
    [found] = await kept(world, store)
    assert (found.trace_id, found.parent_id, found.step, found.language) == (HIGH, "b" * 16, "Work", "node")
    assert (found.attempt, found.queue, found.queued, found.cause_id) == (2, "q", 1.5, "e")
    assert found.ended - found.began == 0.25
    assert found.status is TraceStatus.OK
    assert decode(whole(found.input)) == {"a": 1}
    assert found.context == f"{HIGH}-{found.span_id}-01"


async def test_the_listeners_hear_of_everything_in_order() -> None:
    world = Traced(MemoryTraceStore())
    span = world.begin()
    world.tracer.did(span, done())
    world.tracer.end(span)
    other = world.begin()
    world.tracer.drop(other)
    world.tracer.drop(span)  # has ended
    async with writing(world):
        pass
    assert world.heard.said == [
        ("began", "Work"),
        ("did", "emit"),
        ("ended", "Work"),
        ("began", "Work"),
        ("dropped", "Work"),
        ("written", "1 0"),
    ]


def test_nothing_is_remembered_where_nothing_shall_be() -> None:
    world = Traced(MemoryTraceStore(), enabled=False)
    begin = world.tracer.begin
    assert begin(STEP, TriggerKind.EVENT, "work", Context(new_trace_id()), b"\xc0") is None
    world.tracer.log(line())
    assert world.heard.said == []
    assert not world.tracer._wanted.is_set()


@pytest.mark.parametrize(
    ("http_status", "failure", "status"),
    [
        (0, None, TraceStatus.OK),
        (0, FAILURE, TraceStatus.FAILED),
        (200, None, TraceStatus.OK),
        (404, FAILURE, TraceStatus.OK),  # an HttpError is what the client was to be told
        (499, FAILURE, TraceStatus.OK),
        (500, FAILURE, TraceStatus.FAILED),
        (500, None, TraceStatus.FAILED),  # what was returned could not be sent
        (200, FAILURE, TraceStatus.FAILED),  # its body broke off
    ],
)
def test_an_answer_of_4xx_is_no_failure(http_status: int, failure: Failure | None, status: TraceStatus) -> None:
    world = Traced(MemoryTraceStore())
    span = world.begin()
    assert span.status is TraceStatus.RUNNING
    span.http_status = http_status
    world.tracer.end(span, failure)
    assert span.status is status


# ------------------------------------------------------------ sampling


@pytest.mark.parametrize(
    ("sample", "trace", "flag", "is_kept"),
    [
        (1.0, HIGH, None, True),
        (1.0, HIGH, False, True),  # in development everything is looked at
        (0.1, LOW, None, True),
        (0.1, HIGH, None, False),
        (0.1, LOW, False, False),  # whoever calls has decided
        (0.1, HIGH, True, True),
        (0.0, LOW, None, False),
        (0.0, HIGH, True, True),
    ],
)
async def test_a_share_of_traces_is_kept(sample: float, trace: str, flag: bool | None, is_kept: bool) -> None:
    store = MemoryTraceStore()
    world = Traced(store, sample)
    span = world.begin(context=Context(trace, is_sampled=flag), kind=TriggerKind.API)
    assert span.context.endswith("01" if is_kept else "00")
    world.tracer.end(span)
    assert len(await kept(world, store)) == is_kept


async def test_a_share_is_about_that_share() -> None:
    world = Traced(MemoryTraceStore(), 0.25, max_traces_per_second=2000)
    sampled = 0
    for _ in range(2000):
        span = world.begin()
        sampled += span.is_sampled
        world.tracer.drop(span)
    assert 380 < sampled < 620


async def test_of_many_traces_that_begin_in_one_second_a_bounded_number_is_kept() -> None:
    store = MemoryTraceStore()
    world = Traced(store, max_traces_per_second=3)
    seen = []
    for _ in range(2):
        spans = [world.begin() for _ in range(5)]
        seen.append([span.is_sampled for span in spans])
        for span in spans:
            world.tracer.end(span)
        await world.clock.advance(1.0)
    assert seen == [[True, True, True, False, False]] * 2
    assert len(await kept(world, store)) == 6


async def test_the_bound_is_for_traces_whoever_asks_and_not_for_what_follows_in_them() -> None:
    world = Traced(MemoryTraceStore(), 0.0, max_traces_per_second=1)
    asked = [world.begin(context=Context(id, is_sampled=True), kind=TriggerKind.API) for id in (LOW, HIGH)]
    assert [span.is_sampled for span in asked] == [True, False]
    followed = [world.begin(context=context_of(span.context)) for span in asked for _ in range(3)]
    assert [span.is_sampled for span in followed] == [True] * 3 + [False] * 3
    repeat = new_trace_id()
    world.tracer.repeats(repeat, LOW)
    assert world.begin(context=Context(repeat)).is_sampled  # a person has asked for this one


async def test_that_traces_are_too_many_is_told_once_a_minute() -> None:
    store = MemoryTraceStore()
    world = Traced(store, max_traces_per_second=1)
    for seconds in (0.0, 30.0, 31.0):
        await world.clock.advance(seconds)
        for _ in range(3):
            world.tracer.end(world.begin())
        await kept(world, store)
    said = world.reports.messages(LogLevel.INFO)
    assert [message.partition(":")[2] for message in said] == [
        " of 2 only attempts that failed are kept (telemetry.maxTracesPerSecond)",
        " of 4 only attempts that failed are kept (telemetry.maxTracesPerSecond)",
    ]


async def test_what_fails_is_kept_in_any_case() -> None:
    store = MemoryTraceStore()
    world = Traced(store, 0.0)
    span = world.begin()
    span.then = Then.DEAD
    world.tracer.end(span, FAILURE)
    [found] = await kept(world, store)
    assert (found.failure, found.then) == (FAILURE, Then.DEAD)


async def test_a_repeat_is_kept_and_says_what_it_repeats_in_its_first_span_alone() -> None:
    store = MemoryTraceStore()
    world = Traced(store, 0.0)
    world.tracer.repeats(HIGH, LOW)
    first = world.begin(context=Context(HIGH))
    await world.clock.advance(1.0)
    second = world.begin(context=Context(HIGH, first.span_id, first.context.endswith("01")))
    world.tracer.end(first)
    world.tracer.end(second)
    assert [span.repeats for span in await kept(world, store)] == [LOW, ""]


async def test_of_too_many_repeats_the_oldest_is_forgotten() -> None:
    world = Traced(MemoryTraceStore())
    for number in range(10_001):
        world.tracer.repeats(f"{number:032x}", LOW)
    assert world.begin(context=Context(f"{0:032x}")).repeats == ""
    assert world.begin(context=Context(f"{10_000:032x}")).repeats == LOW


# ------------------------------------------------------------ bounds


async def test_a_large_input_is_told_by_its_size() -> None:
    world = Traced(MemoryTraceStore(), max_payload_bytes=100)
    fits, is_over, pieces = b"x" * 100, b"x" * 101, (b"x" * 60, b"x" * 60)
    kept = [(span.input, span.input_size) for span in (world.begin(fits), world.begin(is_over), world.begin(pieces))]
    assert kept == [(fits, 100), (b"", 101), (b"", 120)]


async def test_a_large_written_value_is_told_by_its_size() -> None:
    world = Traced(MemoryTraceStore(), max_payload_bytes=100)
    span = world.begin()
    world.tracer.did(span, done(data=b"x" * 101, size=101))
    world.tracer.did(span, done(data=b"x" * 100, size=100))
    assert [(len(each.data), each.size) for each in span.operations] == [(0, 101), (100, 100)]


async def test_operations_beyond_the_bound_are_counted() -> None:
    world = Traced(MemoryTraceStore(), max_operations=3)
    span = world.begin()
    for _ in range(5):
        world.tracer.did(span, done())
    assert (len(span.operations), span.lost_operations) == (3, 2)
    assert world.heard.said.count(("did", "emit")) == 5  # who counts emits counts all


async def test_what_finds_no_room_is_counted_and_told() -> None:
    store = SlowStore()
    world = Traced(store, max_buffered_bytes=10 * 1024)
    for number in range(15):
        world.tracer.log(line(f"{number:04}"))
    assert world.tracer.lost == 6  # each line counts 1024 bytes and its text
    async with writing(world):
        pass
    assert [each.message for each in store.logs(LogQuery())][::-1] == [f"{number:04}" for number in range(9)]
    [said] = world.reports.messages(LogLevel.WARN)
    assert said.startswith("6 spans and lines") and "telemetry.maxBufferedBytes" in said


async def test_one_that_is_larger_than_the_buffer_is_told_too() -> None:
    world = Traced(MemoryTraceStore(), max_buffered_bytes=1024)
    world.tracer.log(line("x" * 10))
    async with writing(world):
        pass
    assert world.tracer.lost == 1
    assert len(world.reports.messages(LogLevel.WARN)) == 1


# ------------------------------------------------------------ writing


async def test_what_comes_while_a_batch_is_written_is_the_next_batch() -> None:
    store = SlowStore()
    world = Traced(store)
    store.gate.clear()
    async with writing(world):
        world.tracer.log(line("first"))
        await anyio.to_thread.run_sync(store.entered.wait)
        world.tracer.log(line("second"))
        world.tracer.end(ended := world.begin())
        assert list(world.tracer.unwritten) == [ended.span_id]
        store.gate.set()
    assert world.tracer.unwritten == {}
    assert store.batches == [(0, 1), (1, 1)]
    assert [each.id for each in world.heard.lines] == [1, 2]


async def test_a_store_that_fails_is_told_of_once_until_it_works_again() -> None:
    store = SlowStore()
    world = Traced(store)
    for fault in ("disk full", "disk full", "", "disk full"):
        store.fault = StorageFault(fault) if fault else None
        world.tracer.log(line())
        await world.tracer._write()
    assert world.tracer.lost == 3
    said = world.reports.messages(LogLevel.ERROR)
    assert len(said) == 2 and all("disk full" in each for each in said)


async def test_each_thing_that_fails_is_told_of_once_until_it_works_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store = SlowStore()
    world = Traced(store)
    store.fault = StorageFault("locked")
    monkeypatch.setattr(store, "prune", _raises(store.fault))
    for number in range(3):
        store.fault = StorageFault(f"locked {number}")
        world.tracer.log(line())
        await world.tracer._write()
        await world.tracer._remove_old()
    said = world.reports.messages(LogLevel.ERROR)
    assert [each.partition(":")[0] for each in said] == [
        "traces and lines cannot be kept",
        "old traces cannot be removed",
    ]
    monkeypatch.undo()
    await world.tracer._remove_old()
    world.tracer.log(line())
    await world.tracer._write()
    assert len(world.reports.messages(LogLevel.ERROR)) == 2  # that one works says nothing of the other
    monkeypatch.setattr(store, "prune", _raises(store.fault))
    await world.tracer._remove_old()
    assert len(world.reports.messages(LogLevel.ERROR)) == 3


def _raises(fault: StorageFault) -> Callable[..., None]:
    def prune(*_: object) -> None:
        raise fault

    return prune


async def test_a_failure_is_kept_within_bounds() -> None:
    store = MemoryTraceStore()
    world = Traced(store, max_payload_bytes=1000)
    stack = "Error: " + "x" * 5000 + "\n    at handler (steps/a.step.ts:1:2)"
    cause = Failure(FailureKind.HANDLER, "ü" * 1000, stack=stack, http_body=bytes(1001))
    failure = Failure(FailureKind.HANDLER, "m" * 400 + "\ud800" * 600, cause=cause, http_body=bytes(1000))
    world.tracer.end(world.begin(), failure)
    [found] = await kept(world, store)
    assert found.failure is not None and found.failure.cause is not None
    texts = (found.failure.message, found.failure.cause.message, found.failure.cause.stack)
    assert all(len(text.encode("utf-8")) <= 1000 and "bytes are not kept" in text for text in texts)
    assert found.failure.cause.stack.endswith("at handler (steps/a.step.ts:1:2)")
    assert found.failure.message.startswith("m" * 400)
    assert (len(found.failure.http_body), found.failure.cause.http_body) == (1000, b"")


@pytest.mark.parametrize("most", [0, 64 * 1024])
async def test_a_short_failure_is_kept_as_it_is(most: int) -> None:
    store = MemoryTraceStore()
    world = Traced(store, max_payload_bytes=most)
    failure = Failure(FailureKind.HANDLER, "m" * 499, cause=Failure(FailureKind.HANDLER, "first", stack="at a"))
    world.tracer.end(world.begin(), failure)
    assert [span.failure for span in await kept(world, store)] == [failure]


async def test_failures_count_against_the_buffer() -> None:
    world = Traced(MemoryTraceStore(), max_buffered_bytes=100_000)
    cause = Failure(FailureKind.HANDLER, "", stack="x" * 20_000, http_body=bytes(20_000))
    for _ in range(3):
        world.tracer.end(world.begin(), Failure(FailureKind.HANDLER, "x" * 20_000, cause=cause))
    assert world.tracer.lost == 2


async def test_secrets_are_taken_out_before_anything_is_written() -> None:
    store = MemoryTraceStore()
    world = Traced(store, redact=("X-Secret",))
    request = {"method": "GET", "headers": {"x-secret": "s3cr3t", "host": "h"}, "body": b""}
    span = world.tracer.begin(STEP, TriggerKind.API, "GET /", Context(HIGH), encode(request))
    assert span is not None
    world.tracer.end(span)
    [found] = await kept(world, store)
    assert decode(whole(found.input))["headers"] == {"x-secret": "(not kept)", "host": "h"}
    assert found.input_size == length(found.input)


def test_the_defaults_keep_no_credentials() -> None:
    assert {"authorization", "cookie"} <= set(TelemetrySettings().redact)
