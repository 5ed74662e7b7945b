"""services/history: what is stored and what runs, as one."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.model import LogQuery, Span, TraceQuery, TraceStatus, TriggerKind
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
