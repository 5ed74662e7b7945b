"""Rows of traces and spans <-> the model, and the statements that write them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgpack

from runtime.model import (
    Failure,
    FailureKind,
    Operation,
    Span,
    Then,
    TraceQuery,
    TraceStatus,
    TraceSummary,
    TriggerKind,
    whole,
)
from runtime.storage.sqlite.search import pattern, searchable
from runtime.traces import brief

# A trace's place is its number, in the order of their first spans. Its spans lie together: see `span_place`.
# `steps` and `text` are for searches, `tally` is what its spans add up to.
SCHEMA = """
CREATE TABLE traces (
    place INTEGER PRIMARY KEY, trace_id ANY NOT NULL UNIQUE, kind TEXT NOT NULL, status TEXT NOT NULL,
    began REAL NOT NULL, ended REAL NOT NULL, steps BLOB NOT NULL, text TEXT NOT NULL, tally BLOB NOT NULL
) STRICT;
CREATE INDEX traces_by_beginning ON traces (began);
CREATE TABLE spans (
    place INTEGER PRIMARY KEY, began REAL NOT NULL, failed INTEGER NOT NULL, span_id ANY NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE TABLE places (next_trace INTEGER NOT NULL, next_block INTEGER NOT NULL, last_gone INTEGER NOT NULL) STRICT;
INSERT INTO places VALUES (1, 1, 0);
"""
SPAN_BITS = 24
"""Bits of a span's place that are its number in its trace. Of a trace with more spans the last one stands for all
that follow."""
SEPARATOR = "\x1e"
"""Between the words of a search column; what has it in itself is found a little too often, never too seldom."""
MOST = 2**63 - 1
"""The largest number of a column."""
_CHUNKS = (64, 8, 1)
_Moment = tuple[float, str]
_NEVER: _Moment = (float("inf"), "")


class Rows:
    """Puts many rows by few statements: each step of a statement lets go of the interpreter's lock, and has to get it
    back from a busy event loop."""

    def __init__(self, table: str, width: int, otherwise: str = "") -> None:
        """`width` is the number of columns."""
        row = f"({', '.join('?' * width)})"
        self._width = width
        self._statements = {
            count: f"INSERT INTO {table} VALUES {', '.join([row] * count)} {otherwise}" for count in _CHUNKS
        }

    def put(self, connection: sqlite3.Connection, values: Sequence[Any]) -> None:
        """Puts rows, whose values follow each other."""
        start = 0
        for count, statement in self._statements.items():
            size = count * self._width
            while len(values) - start >= size:
                connection.execute(statement, values[start : start + size])
                start += size


SPANS = Rows("spans", 5, "ON CONFLICT (place) DO NOTHING")
TRACES = Rows(
    "traces",
    9,
    """ON CONFLICT (place) DO UPDATE SET kind = excluded.kind, status = excluded.status, began = excluded.began,
    ended = excluded.ended, steps = excluded.steps, text = excluded.text, tally = excluded.tally""",
)


class Packer:
    """MessagePack of anything that the model holds, also of text that is no valid Unicode; for one thread at a time."""

    def __init__(self) -> None:
        self._strict = msgpack.Packer()
        self._any = msgpack.Packer(unicode_errors="surrogatepass")

    def pack(self, value: object) -> bytes:
        """The value in bytes."""
        packed: bytes
        try:
            packed = self._strict.pack(value)
        except UnicodeEncodeError:
            packed = self._any.pack(value)
        return packed


def unpack(data: bytes) -> Any:
    """What `Packer` was given; tuples are lists."""
    return msgpack.unpackb(data, unicode_errors="surrogatepass")


def wanted_traces(query: TraceQuery) -> tuple[str, list[Any]]:
    """The statement that finds the traces that a query asks for, newest first, with some that it does not; and its
    values."""
    steps = [f"{SEPARATOR}{step}{SEPARATOR}".encode("utf-8", "surrogatepass") for step in query.steps]
    wanted: list[tuple[bool, str, Any]] = [
        (query.before > 0, "place < ?", min(query.before, MOST)),
        (query.status is not None, "status = ?", query.status and query.status.value),
        (query.kind is not None, "kind = ?", query.kind and query.kind.value),
        (query.since > 0, "began >= ?", query.since),
        (query.until > 0, "began < ?", query.until),
        (bool(query.text), "text GLOB ?", pattern(query.text)),
    ]
    conditions = [condition for is_wanted, condition, _ in wanted if is_wanted]
    values = [value for is_wanted, _, value in wanted if is_wanted]
    words = ""
    if steps:
        words = f"WITH words (word) AS (VALUES {', '.join(['(?)'] * len(steps))})"
        conditions.insert(0, "EXISTS (SELECT 1 FROM words WHERE instr(steps, word))")
    where = " AND ".join(conditions) or "TRUE"
    return f"{words} SELECT place, trace_id, tally FROM traces WHERE {where} ORDER BY place DESC", [*steps, *values]


def span_place(trace: int, number: int) -> int:
    """Where the span of this number, from 0 on, lies."""
    return trace << SPAN_BITS | min(number, (1 << SPAN_BITS) - 1)


def span_body(packer: Packer, span: Span) -> bytes:
    """All of a span that has no column."""
    return packer.pack(
        (
            span.parent_id,
            span.step,
            span.language,
            span.file,
            span.kind.value,
            span.source,
            whole(span.input),
            span.attempt,
            span.queue,
            span.queued,
            span.cause_id,
            span.repeats,
            span.is_sampled,
            span.started,
            span.ended,
            span.http_status,
            span.failure and _plain(span.failure),
            span.then.value,
            span.delivery,
            span.operations,
            span.lost_operations,
            span.input_size,
        )
    )


def read_span(trace_id: str, began: float, span_id: str, body: bytes) -> Span:
    """The span of a row."""
    parent_id, step, language, file, kind, source, input, *more = unpack(body)
    attempt, queue, queued, cause_id, repeats, is_sampled, started, ended, http_status, *rest = more
    failure, then, delivery, operations, lost_operations, input_size = rest
    return Span(
        trace_id,
        span_id,
        parent_id,
        step,
        language,
        file,
        TriggerKind(kind),
        source,
        began,
        input,
        attempt,
        queue,
        queued,
        cause_id,
        repeats,
        is_sampled,
        started,
        ended,
        http_status,
        failure and _failure(failure),
        Then(then),
        delivery,
        [Operation(*each) for each in operations],
        lost_operations,
        input_size,
    )


def _plain(failure: Failure) -> list[tuple[Any, ...]]:
    """The failure and its causes one after the other: however long the chain is, nothing nests."""
    chain = []
    each: Failure | None = failure
    while each is not None:
        head = (each.kind.value, each.message, each.type, each.stack)
        chain.append((*head, each.retryable, each.http_status, each.http_body))
        each = each.cause
    return chain


def _failure(chain: Sequence[Any]) -> Failure | None:
    failure: Failure | None = None
    for kind, message, type, stack, *rest in reversed(chain):
        failure = Failure(FailureKind(kind), message, type, stack, failure, *rest)
    return failure


class Tally:
    """What the spans of a trace add up to, as `summary_of` has it, in whatever order and parts they come."""

    __slots__ = (
        "at", "ended", "error", "errored", "failed", "http_status", "kind", "name", "place", "repeated", "repeats",
        "running", "spans", "step", "steps",
    )  # fmt: skip

    def __init__(self, place: int) -> None:
        self.place = place
        self.at = self.errored = self.repeated = _NEVER
        self.name = self.kind = self.step = self.repeats = self.error = ""
        self.ended = 0.0
        self.http_status = self.running = self.spans = self.failed = 0
        self.steps: dict[str, _Moment] = {}

    def add(self, span: Span) -> None:
        """Adds a span."""
        at = (span.began, span.span_id)
        if at < self.at:
            self.at, self.name, self.kind, self.step = at, span.source, span.kind.value, span.step
            self.http_status = span.http_status
        if at < self.steps.get(span.step, _NEVER):
            self.steps[span.step] = at
        if span.repeats and at < self.repeated:
            self.repeated, self.repeats = at, span.repeats
        self.spans += 1
        if span.ended > self.ended:
            self.ended = span.ended
        if not span.ended:
            self.running += 1
        elif span.status is TraceStatus.FAILED:
            self.failed += 1
            if span.failure is not None and at < self.errored:
                self.errored, self.error = at, brief(span.failure.head)

    def row(self, packer: Packer, trace_id: str | bytes, shown_id: str) -> tuple[Any, ...]:
        """The row of `TRACES`."""
        steps = SEPARATOR.join(self.steps)
        text = SEPARATOR.join((shown_id, self.name, steps, self.error))
        columns = (
            *(self.at, self.name, self.kind, self.step, self.http_status, self.repeated, self.repeats),
            *(self.errored, self.error, self.steps, self.ended, self.running, self.spans, self.failed),
        )
        return (
            self.place,
            trace_id,
            self.kind,
            self.status.value,
            self.at[0],
            self.ended,
            f"{SEPARATOR}{steps}{SEPARATOR}".encode("utf-8", "surrogatepass"),
            searchable(text),
            packer.pack(columns),
        )

    @property
    def status(self) -> TraceStatus:
        """How the trace stands."""
        if self.running:
            return TraceStatus.RUNNING
        return TraceStatus.FAILED if self.failed else TraceStatus.OK

    @classmethod
    def read(cls, place: int, data: bytes) -> Tally:
        """The tally of a row."""
        tally = cls(place)
        at, tally.name, tally.kind, tally.step, tally.http_status, *rest = unpack(data)
        repeated, tally.repeats, errored, tally.error, steps, *rest = rest
        tally.ended, tally.running, tally.spans, tally.failed = rest
        tally.at, tally.repeated, tally.errored = tuple(at), tuple(repeated), tuple(errored)
        tally.steps = {step: tuple(moment) for step, moment in steps.items()}
        return tally

    def summary(self, trace_id: str) -> TraceSummary:
        """What it stands for."""
        return TraceSummary(
            trace_id=trace_id,
            name=self.name,
            kind=TriggerKind(self.kind),
            step=self.step,
            steps=tuple(sorted(self.steps, key=self.steps.__getitem__)),
            began=self.at[0],
            ended=0.0 if self.running else self.ended,
            status=self.status,
            spans=self.spans,
            failed=self.failed,
            http_status=self.http_status,
            repeats=self.repeats,
            error=self.error,
        )
