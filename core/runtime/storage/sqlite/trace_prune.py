"""Forgetting the oldest traces and lines, in transactions that are short enough for everybody else."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Container, Iterator, Sequence

from runtime.model import Retention
from runtime.storage.sqlite.files import PAGE_BYTES
from runtime.storage.sqlite.log_blocks import LINE_BITS
from runtime.storage.sqlite.trace_file import TraceFile, Turns
from runtime.storage.sqlite.trace_rows import SPAN_BITS, unpack

TRACES_AT_ONCE = 128
SPANS_AT_ONCE = 512
BLOCKS_AT_ONCE = 8
PAGES_AT_ONCE = 256
"""Free pages that are given back in one transaction."""
FITTED_TRACES = 32
"""Traces that go at once until the rest fits."""
LOOSE_PAGES = 4096
"""Free pages that are kept for what comes, beside a quarter of the file."""

_DELETE_TRACES = """DELETE FROM traces WHERE place IN
    (SELECT place FROM traces WHERE place >= ? AND place < ? ORDER BY place LIMIT ?)"""
_DELETE_SPANS = """DELETE FROM spans WHERE place IN
    (SELECT place FROM spans WHERE place >= ? AND place < ? ORDER BY place LIMIT ?)"""
_DELETE_BLOCKS = "DELETE FROM lines WHERE id IN (SELECT id FROM lines WHERE id >= ? AND id < ? ORDER BY id LIMIT ?)"
_AGED = "SELECT place FROM traces WHERE began < ? ORDER BY began LIMIT ?"
_OLDEST = "SELECT place, began FROM traces ORDER BY place LIMIT 1"
_OLDEST_BLOCK = "SELECT id, newest FROM lines WHERE id < (SELECT max(id) FROM lines) ORDER BY id LIMIT 1"


class Pruner:
    """Removes what lies before a place. What a fault keeps it from is removed the next time."""

    def __init__(self, file: TraceFile, turns: Turns, gone: Callable[[Container[int]], None]) -> None:
        """`gone` is told, in the turn of that, at which places traces are being removed."""
        self._file = file
        self._turns = turns
        self._gone = gone

    def prune(self, retention: Retention, now: float) -> None:
        """Makes all bounds hold. Raises `StorageFault`."""
        self._forget_aged(now - retention.age)
        with self._file.reading() as connection:
            trace = _first_trace(connection, retention.traces)
            line = _first_line(connection, retention, now)
        self.forget(trace, line)
        self._fit(retention.bytes)
        self.shrink(retention.bytes)
        with self._turns.turn():
            self._file.bound_log()

    def forget(self, trace: int, line: int) -> None:
        """Removes the traces before a place, each at once for who reads, and the lines before an id."""
        with self._turns.turn(), self._file.transaction() as connection:
            connection.execute("UPDATE places SET last_gone = max(last_gone, ?)", (line - 1,))
        traces = range(trace)
        self._delete(_DELETE_TRACES, traces, TRACES_AT_ONCE, traces)
        self._delete(_DELETE_SPANS, range(trace << SPAN_BITS), SPANS_AT_ONCE, traces)
        self._delete(_DELETE_BLOCKS, range(line >> LINE_BITS), BLOCKS_AT_ONCE, traces)

    def shrink(self, most: int) -> None:
        """Gives free pages back: those that make the file longer than it may be, and those that are too many."""
        while True:
            with self._file.reading() as connection:
                pages, free = _pages(connection)
            is_long = pages * PAGE_BYTES > most and free
            if not is_long and free <= LOOSE_PAGES + pages // 4:
                return
            with self._turns.turn():
                self._file.give_back(PAGES_AT_ONCE)

    def _forget_aged(self, oldest: float) -> None:
        """Removes the traces that began before a Unix time, wherever they lie: one that ran for long lies among young
        ones. Spans that a fault leaves behind go with the traces around them."""
        count = TRACES_AT_ONCE
        while count == TRACES_AT_ONCE:
            with self._turns.turn(), self._file.transaction() as connection:
                places = sorted(place for (place,) in connection.execute(_AGED, (oldest, TRACES_AT_ONCE)))
                self._gone(frozenset(places))
                connection.executemany("DELETE FROM traces WHERE place = ?", [(place,) for place in places])
            for each in _neighbours(places):
                spans = range(each.start << SPAN_BITS, each.stop << SPAN_BITS)
                self._delete(_DELETE_SPANS, spans, SPANS_AT_ONCE, each)
            count = len(places)

    def _delete(self, statement: str, places: range, at_once: int, traces: Container[int]) -> None:
        count = at_once
        while count == at_once:
            with self._turns.turn(), self._file.transaction() as connection:
                self._gone(traces)
                count = connection.execute(statement, (places.start, places.stop, at_once)).rowcount

    def _fit(self, most: int) -> None:
        """Removes the oldest of both until so many bytes are enough, with some room for what comes before the next
        time."""
        while True:
            with self._file.reading() as connection:
                pages, free = _pages(connection)
                trace = connection.execute(_OLDEST).fetchone()
                block = connection.execute(_OLDEST_BLOCK).fetchone()
            if (pages - free) * PAGE_BYTES <= most - most // 8 or not (trace or block):
                return
            if block is None or (trace is not None and trace[1] < block[1]):
                self.forget(trace[0] + FITTED_TRACES, 0)
            else:
                self.forget(0, block[0] + 1 << LINE_BITS)


def _pages(connection: sqlite3.Connection) -> tuple[int, int]:
    """Pages of the file, and those of them that hold nothing."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    return pages, free


def _neighbours(places: Sequence[int]) -> Iterator[range]:
    """The places, given in order, as those that follow each other."""
    start = 0
    for end, place in enumerate(places, 1):
        if end == len(places) or places[end] != place + 1:
            yield range(places[start], place + 1)
            start = end


def _first_trace(connection: sqlite3.Connection, most: int) -> int:
    """The place of the first trace that is kept where so many may be."""
    (count,) = connection.execute("SELECT count(*) FROM traces").fetchone()
    if count <= most:
        return 0
    (last,) = connection.execute(
        "SELECT place FROM traces ORDER BY place LIMIT 1 OFFSET ?", (count - most - 1,)
    ).fetchone()
    return int(last) + 1


def _first_line(connection: sqlite3.Connection, retention: Retention, now: float) -> int:
    """The id of the oldest line that is kept."""
    gone: int
    (gone,) = connection.execute("SELECT last_gone FROM places").fetchone()
    (count,) = connection.execute("SELECT coalesce(sum(length(levels)), 0) FROM lines").fetchone()
    first: int = gone + 1
    over, oldest = count - retention.logs, now - retention.age
    for id, lines, newest in connection.execute("SELECT id, length(levels), newest FROM lines ORDER BY id"):
        start = id << LINE_BITS
        if over < lines and newest >= oldest:
            (body,) = connection.execute("SELECT body FROM lines WHERE id = ?", (id,)).fetchone()
            times = unpack(body)[0]
            number = max(over, first - start, 0)
            while number < lines and times[number] < oldest:
                number += 1
            return int(start + number)
        over -= lines
        first = max(first, start + lines)
    return first
