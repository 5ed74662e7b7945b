"""Spans and log lines in an SQLite database of their own."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import AsyncIterator, Collection, Container, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from runtime.contracts import IsLeft
from runtime.model import LogQuery, LogRecord, Retention, Span, TracePage, TraceQuery, TraceStatus, TraceSummary
from runtime.storage.sqlite.log_blocks import BLOCKS, BLOCKS_SINCE, LINE_BITS, Block, Found, times_of, wanted_blocks
from runtime.storage.sqlite.names import column_of, name_of
from runtime.storage.sqlite.trace_file import TraceFile, Turns
from runtime.storage.sqlite.trace_prune import Pruner
from runtime.storage.sqlite.trace_rows import (
    MOST,
    SPAN_BITS,
    SPANS,
    TRACES,
    Packer,
    Tally,
    read_span,
    span_body,
    span_place,
    wanted_traces,
)
from runtime.traces import page_of

_RECENT = 4096
"""Traces whose tallies are kept in memory, for the spans that are still to come."""
_ASKED = 128
"""Traces that are looked up by one statement."""
_PLACES = """SELECT max(next_trace, coalesce((SELECT max(place) + 1 FROM traces), 0)),
    max(next_block, coalesce((SELECT max(id) + 1 FROM lines), 0)) FROM places"""
_FIND = f"SELECT place, trace_id, tally FROM traces WHERE trace_id IN ({', '.join('?' * _ASKED)})"
_SPANS_OF = """SELECT began, span_id, body FROM spans
    WHERE place BETWEEN ? AND ? ORDER BY began, span_id LIMIT ?"""
_FAILED_BEHIND = """SELECT began, span_id, body FROM spans
    WHERE place BETWEEN ? AND ? AND failed AND (began, span_id) > (?, ?) ORDER BY began, span_id LIMIT ?"""
_SPAN = "SELECT began, body FROM spans WHERE place BETWEEN ? AND ? AND span_id = ? LIMIT 1"


class SqliteTraceStore:
    """Traces and lines that outlive the process; a power cut may take them along."""

    def __init__(self, path: Path) -> None:
        self._file = TraceFile(path)
        self._turns = Turns()
        self._pruner = Pruner(self._file, self._turns, self._forget)
        self._packer = Packer()
        self._recent: OrderedDict[str, Tally] = OrderedDict()
        self._known = 0
        self._next_trace = 1
        self._block = Block(0)

    @property
    def warning(self) -> str:
        """What became of a file that could not be used, for the person at the terminal; mostly empty."""
        return self._file.warning

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Opens the file, or begins a new one where it is not to be used: see `warning`."""
        with self._file.open():
            yield

    # ------------------------------------------------------------ writing

    def write(self, spans: Sequence[Span], logs: Sequence[LogRecord]) -> Sequence[LogRecord]:
        """Keeps them, in one transaction."""
        with self._writing() as connection:
            self._put_spans(connection, spans)
            return self._put_lines(connection, logs)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction; what is remembered of the file is read anew after one that has failed."""
        with self._turns.turn():
            try:
                with self._file.transaction() as connection:
                    self._go_on(connection)
                    yield connection
            except BaseException:
                self._known = 0
                raise

    def _go_on(self, connection: sqlite3.Connection) -> None:
        """Goes on behind what the file has; with ids that were never given, also in a file that was begun anew."""
        if self._known != self._file.beginnings:
            trace, block = connection.execute(_PLACES).fetchone()
            self._next_trace = max(self._next_trace, trace)
            self._block = Block(max(self._block.id + 1, block))
            self._recent.clear()
            self._known = self._file.beginnings

    def _put_spans(self, connection: sqlite3.Connection, spans: Sequence[Span]) -> None:
        tallies = self._tallies(connection, dict.fromkeys(span.trace_id for span in spans))
        pack = self._packer
        values: list[Any] = []
        for span in spans:
            tally = tallies[span.trace_id]
            place = span_place(tally.place, tally.spans)
            tally.add(span)
            has_failed = span.status is TraceStatus.FAILED
            values += (place, span.began, has_failed, column_of(span.span_id), span_body(pack, span))
        SPANS.put(connection, values)
        values = []
        for trace_id, tally in tallies.items():
            values += tally.row(pack, column_of(trace_id), trace_id)
        TRACES.put(connection, values)

    def _tallies(self, connection: sqlite3.Connection, trace_ids: Collection[str]) -> dict[str, Tally]:
        """What is stored of these traces so far, and new ones."""
        unknown = [id for id in trace_ids if id not in self._recent]
        for place, id, data in _find(connection, unknown):
            self._recent[id] = Tally.read(place, data)
        found = {}
        for id in trace_ids:
            tally = self._recent.get(id)
            if tally is None:
                tally = self._recent[id] = Tally(self._next_trace)
                self._next_trace += 1
            else:
                self._recent.move_to_end(id)
            found[id] = tally
        while len(self._recent) > _RECENT:
            self._recent.popitem(last=False)
        return found

    def _put_lines(self, connection: sqlite3.Connection, logs: Sequence[LogRecord]) -> Sequence[LogRecord]:
        stored: list[LogRecord] = []
        values: list[Any] = []
        while len(stored) < len(logs):
            if self._block.is_full:
                self._block = Block(self._block.id + 1)
            stored += self._block.add(logs[len(stored) :])
            values += self._block.row(self._packer)
        BLOCKS.put(connection, values)
        return stored

    # ------------------------------------------------------------ reading

    def traces(self, query: TraceQuery, is_left: IsLeft | None = None) -> TracePage:
        """Looks through the traces, newest first."""
        with self._file.reading(is_left) as connection:
            rows = connection.execute(*wanted_traces(query))
            return page_of(query, ((place, Tally.read(place, data).summary(name_of(id))) for place, id, data in rows))

    def summaries(self, trace_ids: Collection[str]) -> Sequence[TraceSummary]:
        """Those that are there."""
        with self._file.reading() as connection:
            found = _find(connection, list(trace_ids))
            return [Tally.read(place, data).summary(id) for place, id, data in found]

    def spans(self, trace_id: str, limit: int, failed: int = 0) -> Sequence[Span]:
        """Those of the trace."""
        with self._file.reading() as connection:
            for place, _, _ in _find(connection, [trace_id]):
                within = _places_of(place)
                rows = connection.execute(_SPANS_OF, (*within, limit)).fetchall()
                if rows and failed and len(rows) == limit:
                    rows += connection.execute(_FAILED_BEHIND, (*within, *rows[-1][:2], failed))
                return [read_span(trace_id, began, name_of(id), body) for began, id, body in rows]
        return []

    def span(self, trace_id: str, span_id: str) -> Span | None:
        """Looks at the ids of the trace's spans."""
        with self._file.reading() as connection:
            for place, _, _ in _find(connection, [trace_id]):
                row = connection.execute(_SPAN, (*_places_of(place), column_of(span_id))).fetchone()
                return read_span(trace_id, row[0], span_id, row[1]) if row is not None else None
        return None

    def logs(self, query: LogQuery, is_left: IsLeft | None = None) -> Sequence[LogRecord]:
        """Looks through the blocks of lines."""
        found: list[LogRecord] = []
        with self._file.reading(is_left) as connection:
            (gone,) = connection.execute("SELECT last_gone FROM places").fetchone()
            if query.since:
                query = query._replace(after=max(query.after, _before_moment(connection, query.since, gone)))
            for row in connection.execute(*wanted_blocks(query, gone)):
                block = Found(*row)
                numbers = block.numbers(query)
                if numbers:
                    (body,) = connection.execute("SELECT body FROM lines WHERE id = ?", (block.id,)).fetchone()
                    found += block.lines(query, gone, numbers, body)
                if len(found) >= query.limit:
                    break
        return found[: query.limit]

    # ------------------------------------------------------------ forgetting

    def clear(self) -> int:
        """Forgets everything, but for the ids that were given."""
        with self._turns.turn():
            with self._file.reading() as connection:
                (count,) = connection.execute("SELECT count(*) FROM traces").fetchone()
                self._go_on(connection)
            self._file.begin_anew()
            with self._file.transaction() as connection:
                _note(connection, self._next_trace, self._block.id + 1)
        return int(count)

    def prune(self, retention: Retention, now: float) -> None:
        """Forgets the oldest, a little at a time."""
        with self._writing() as connection:
            _note(connection, self._next_trace, self._block.id + 1)
        self._pruner.prune(retention, now)

    def _forget(self, places: Container[int]) -> None:
        """Called in the turn in which the traces there are removed."""
        for id in [id for id, tally in self._recent.items() if tally.place in places]:
            del self._recent[id]


def _places_of(trace: int) -> tuple[int, int]:
    """The first and last place that a span of the trace there can have."""
    return trace << SPAN_BITS, (trace + 1 << SPAN_BITS) - 1


def _before_moment(connection: sqlite3.Connection, since: float, gone: int) -> int:
    """The id before that of the first line, of those that are kept, that was logged at this time or later."""
    for block, body in connection.execute(BLOCKS_SINCE, (since, gone + 1 >> LINE_BITS)):
        for id, time in enumerate(times_of(body), block << LINE_BITS):
            if id > gone and time >= since:
                return id - 1
    return MOST


def _note(connection: sqlite3.Connection, trace: int, block: int) -> None:
    """Has the places that come next outlive those that are to be removed."""
    connection.execute("UPDATE places SET next_trace = ?, next_block = ?", (trace, block))


def _find(connection: sqlite3.Connection, trace_ids: Sequence[str]) -> Iterator[tuple[int, str, bytes]]:
    """Place, id and tally of those of these traces that are there."""
    for start in range(0, len(trace_ids), _ASKED):
        asked = [column_of(id) for id in trace_ids[start : start + _ASKED]]
        for place, id, data in connection.execute(_FIND, [*asked, *[None] * (_ASKED - len(asked))]):
            yield place, name_of(id), data
