"""services/history: what is stored and what runs, as one."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import Any

import anyio
import pytest

from runtime.contracts import IsLeft
from runtime.model import (
    Failure,
    FailureKind,
    LogQuery,
    LogRecord,
    Span,
    TraceQuery,
    TraceStatus,
    TraceSummary,
    TriggerKind,
)
from runtime.services import history as history_module
from runtime.services.history import History
from runtime.services.redaction import REDACTED, Redaction
from runtime.storage.memory.traces import MemoryTraceStore
from runtime.values import decode, encode
from tests.unit.services.spans import line, span_of

ONE, TWO, THREE = (f"{number:032x}" for number in (1, 2, 3))


class Past:
    """A history with its store."""

    def __init__(self) -> None:
        self.store = MemoryTraceStore()
        self.running: dict[str, Span] = {}
        self.unwritten: dict[str, Span] = {}
        self.history = History(self.store, self, Redaction(("cookie",)))

    def ended(self, trace: str, began: float, seconds: float = 1.0, **more: Any) -> Span:
        span = span_of(trace=trace, began=began, ended=began + seconds, **more)
        self.store.write([span], [])
        return span

    def runs(self, trace: str, began: float, **more: Any) -> Span:
        span = span_of(trace=trace, began=began, **more)
        self.running[span.span_id] = span
        return span


async def test_a_trace_is_its_spans_in_the_order_of_their_beginning_and_its_lines() -> None:
    past = Past()
    late, early = past.ended(ONE, 20.0, step="B"), past.ended(ONE, 10.0, step="A")
    running = past.runs(ONE, 15.0, step="C")
    past.store.write([], [line("one", ONE), line("other", TWO), line("two", ONE)])
    trace = await past.history.trace(ONE)
    assert trace is not None
    assert [span.span_id for span in trace.spans] == [early.span_id, running.span_id, late.span_id]
    assert [each.message for each in trace.logs] == ["one", "two"]
    assert (trace.summary.step, trace.summary.status, trace.summary.steps) == (
        "A",
        TraceStatus.RUNNING,
        ("A", "C", "B"),
    )
    assert trace.lost_logs == 0
    assert await past.history.trace(THREE) is None


async def test_lines_beyond_the_bound_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "MOST_LINES", 3)
    past = Past()
    past.ended(ONE, 1.0)
    past.store.write([], [line(str(number), ONE) for number in range(5)])
    trace = await past.history.trace(ONE)
    assert trace is not None
    assert [each.message for each in trace.logs] == ["2", "3", "4"]
    assert trace.lost_logs >= 1


async def test_a_trace_with_more_spans_than_are_shown_says_so_and_hides_no_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history_module, "MOST_SPANS", 4)
    monkeypatch.setattr(history_module, "MOST_FAILED", 2)
    past = Past()
    boom = Failure(FailureKind.HANDLER, "boom")
    for number in range(10):
        past.ended(ONE, float(number), step=f"s{number}", failure=boom if number in (6, 7, 9) else None)
    trace = await past.history.trace(ONE)
    assert trace is not None
    assert [span.step for span in trace.spans] == ["s0", "s1", "s2", "s3", "s6", "s7"]
    assert trace.lost_spans == 4
    [listed] = (await past.history.traces(TraceQuery())).traces
    assert trace.summary == listed
    assert (listed.spans, listed.failed, listed.error) == (10, 3, "boom")
    past.runs(ONE, 99.0, step="late")
    trace = await past.history.trace(ONE)
    assert trace is not None
    assert (trace.summary.status, trace.summary.spans, trace.lost_spans) == (TraceStatus.RUNNING, 11, 4)
    assert trace.spans[-1].step == "late"


async def test_a_trace_with_as_many_spans_as_are_shown_lacks_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "MOST_SPANS", 4)
    past = Past()
    for number in range(4):
        past.ended(ONE, float(number))
    trace = await past.history.trace(ONE)
    assert trace is not None
    assert (len(trace.spans), trace.summary.spans, trace.lost_spans) == (4, 4, 0)


async def test_a_span_is_found_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_module, "MOST_SPANS", 1)
    past = Past()
    first, second = past.ended(ONE, 1.0), past.ended(ONE, 2.0)
    request = encode({"method": "GET", "headers": {"cookie": "s3cr3t"}, "body": b""})
    running = past.runs(ONE, 3.0, kind=TriggerKind.API, input=request, input_size=len(request))
    assert await past.history.span(ONE) == first
    assert await past.history.span(ONE, second.span_id) == second
    found = await past.history.span(ONE, running.span_id)
    assert found is not None and decode(found.input)["headers"] == {"cookie": REDACTED}  # type: ignore[arg-type]
    assert await past.history.span(TWO, second.span_id) is None
    assert await past.history.span(TWO, running.span_id) is None
    assert await past.history.span(TWO) is None


async def test_of_a_request_that_runs_nothing_is_shown_that_would_not_be_kept() -> None:
    past = Past()
    request = encode({"method": "GET", "headers": {"cookie": "s3cr3t"}, "body": b""})
    past.runs(ONE, 1.0, kind=TriggerKind.API, input=request, input_size=len(request))
    trace = await past.history.trace(ONE)
    assert trace is not None
    assert decode(trace.spans[0].input)["headers"] == {"cookie": REDACTED}  # type: ignore[arg-type]


async def test_what_only_runs_stands_at_the_top_of_the_first_page() -> None:
    past = Past()
    for number in range(5):
        past.ended(f"{number + 10:032x}", float(number))
    past.runs(ONE, 100.0)
    past.runs(f"{14:032x}", 101.0)  # a further span of a trace that is stored in part
    first = await past.history.traces(TraceQuery(limit=3))
    assert [trace.trace_id for trace in first.traces] == [ONE, *(f"{number + 10:032x}" for number in (4, 3, 2))]
    assert [trace.status for trace in first.traces[:3]] == [TraceStatus.RUNNING, TraceStatus.RUNNING, TraceStatus.OK]
    assert first.traces[1].spans == 2
    second = await past.history.traces(TraceQuery(limit=3, before=first.next))
    assert [trace.trace_id for trace in second.traces] == [f"{number + 10:032x}" for number in (1, 0)]
    assert second.next == 0


async def test_what_runs_can_be_asked_for() -> None:
    past = Past()
    past.ended(ONE, 1.0)
    past.ended(TWO, 2.0)
    past.runs(TWO, 3.0)
    past.runs(THREE, 4.0)
    page = await past.history.traces(TraceQuery(status=TraceStatus.RUNNING))
    assert [trace.trace_id for trace in page.traces] == [THREE, TWO]
    page = await past.history.traces(TraceQuery(status=TraceStatus.OK))
    assert [trace.trace_id for trace in page.traces] == [ONE]


async def test_what_has_ended_is_never_out_of_sight_while_it_is_written() -> None:
    past = Past()
    span = past.runs(ONE, 1.0)
    span.ended = 2.0
    past.unwritten[span.span_id] = past.running.pop(span.span_id)
    for is_stored in (False, True):
        if is_stored:
            past.store.write([span], [])
        trace = await past.history.trace(ONE)
        assert trace is not None and [each.span_id for each in trace.spans] == [span.span_id]
        [listed] = (await past.history.traces(TraceQuery())).traces
        [summed] = await past.history.summaries([ONE])
        assert (listed.spans, summed.spans, summed.status) == (1, 1, TraceStatus.OK)


async def test_what_is_written_between_two_looks_stands_in_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    past = Past()
    spans = [span_of(trace=f"{number:032x}", began=number, ended=number + 0.5) for number in range(1, 6)]
    past.unwritten = {span.span_id: span for span in spans}
    looked = past.store.summaries

    def look_and_write(trace_ids: Collection[str]) -> Sequence[TraceSummary]:
        found = looked(trace_ids)
        if past.unwritten:
            past.unwritten = {}
            past.store.write(spans, [])
        return found

    monkeypatch.setattr(past.store, "summaries", look_and_write)
    first = await past.history.traces(TraceQuery(limit=2))
    second = await past.history.traces(TraceQuery(limit=2, before=first.next))
    assert [int(trace.trace_id, 16) for trace in (*first.traces, *second.traces)] == [5, 4, 3, 2]


async def test_a_trace_is_listed_once_though_something_is_written_at_each_look(monkeypatch: pytest.MonkeyPatch) -> None:
    past = Past()
    spans = [span_of(trace=f"{number:032x}", began=number, ended=number + 0.5) for number in range(1, 9)]
    past.unwritten = {span.span_id: span for span in spans}
    waiting = list(spans)
    looked = past.store.summaries

    def look_and_write(trace_ids: Collection[str]) -> Sequence[TraceSummary]:
        found = looked(trace_ids)
        past.store.write([waiting.pop(0)], [])
        return found

    monkeypatch.setattr(past.store, "summaries", look_and_write)
    listed = [trace.trace_id for trace in (await past.history.traces(TraceQuery())).traces]
    assert sorted(listed) == [span.trace_id for span in spans]


async def test_summaries_are_of_what_is_stored_and_of_what_runs() -> None:
    past = Past()
    past.ended(ONE, 1.0)
    past.runs(TWO, 2.0)
    found = {trace.trace_id: trace.status for trace in await past.history.summaries([ONE, TWO, THREE])}
    assert found == {ONE: TraceStatus.OK, TWO: TraceStatus.RUNNING}


async def test_clearing_forgets_traces_and_lines_and_keeps_what_runs() -> None:
    past = Past()
    past.ended(ONE, 1.0)
    past.store.write([], [line("one", ONE)])
    past.runs(TWO, 2.0)
    assert await past.history.clear() == 1
    assert [trace.trace_id for trace in (await past.history.traces(TraceQuery())).traces] == [TWO]
    assert await past.history.logs(LogQuery()) == []


async def test_a_search_hears_that_nobody_waits_for_it_any_more() -> None:
    past = Past()
    begun, ended = threading.Event(), threading.Event()

    def logs(query: LogQuery, is_left: IsLeft) -> list[LogRecord]:
        begun.set()
        while not is_left():
            pass
        ended.set()
        return []

    past.store.logs = logs  # type: ignore[method-assign, assignment]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(past.history.logs, LogQuery())
        await anyio.to_thread.run_sync(begun.wait, 10)
        tasks.cancel_scope.cancel()
    assert ended.wait(10)
