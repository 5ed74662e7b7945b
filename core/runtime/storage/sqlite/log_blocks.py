"""Log lines in blocks: a row for up to 256 lines that follow each other.

A search for text looks through one long text a block in place of a million short ones, and a batch of lines costs a
few rows. A block is filled further by the next batch until it is full.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple
from zlib import crc32

from runtime.model import LogLevel, LogQuery, LogRecord
from runtime.storage.sqlite.search import pattern, searchable
from runtime.storage.sqlite.trace_rows import MOST, SEPARATOR, Packer, Rows, unpack
from runtime.traces import searched, wants_log

LINE_BITS = 8
"""Bits of a line's id that are its number in its block, from 0 on; the others are the block's id."""
LINES_PER_BLOCK = 1 << LINE_BITS
FULL_BYTES = 32 * 1024
"""Of text to search: a block that has as much takes no more lines."""

# `highest` is the highest of `levels`, a byte a line; `newest` a time; `pairs` has each level with each source that
# occur together; `traces` a checksum of each line's trace id; `ends` where each line's part of `text` ends.
SCHEMA = """
CREATE TABLE lines (
    id INTEGER PRIMARY KEY, highest INTEGER NOT NULL, newest REAL NOT NULL, levels BLOB NOT NULL, pairs BLOB NOT NULL,
    traces BLOB NOT NULL, ends BLOB NOT NULL, text TEXT NOT NULL, body BLOB NOT NULL
) STRICT;
"""
BLOCKS = Rows(
    "lines",
    9,
    """ON CONFLICT (id) DO UPDATE SET highest = excluded.highest, newest = excluded.newest, levels = excluded.levels,
    pairs = excluded.pairs, traces = excluded.traces, ends = excluded.ends, text = excluded.text,
    body = excluded.body""",
)

BLOCKS_SINCE = "SELECT id, body FROM lines WHERE newest >= ? AND id >= ? ORDER BY id"
"""Finds blocks with a line that was logged at a time or later."""


class Block:
    """Lines that are to be one row."""

    def __init__(self, id: int) -> None:
        self.id = id
        self._lines: list[LogRecord] = []
        self._texts: list[str] = []
        self._size = 0

    @property
    def is_full(self) -> bool:
        """Whether it takes no more lines."""
        return len(self._lines) >= LINES_PER_BLOCK or self._size >= FULL_BYTES

    def add(self, lines: Sequence[LogRecord]) -> list[LogRecord]:
        """Takes lines until it is full; returns those that it has taken, with their ids."""
        taken: list[LogRecord] = []
        id = self.id << LINE_BITS | len(self._lines)
        for line in lines[: LINES_PER_BLOCK - len(self._lines)]:
            text = searchable(SEPARATOR.join(searched(line)))
            self._texts.append(text)
            self._size += len(text)
            stored = LogRecord(
                line.time, line.level, line.source, line.message, line.data, line.trace_id, line.span_id, id
            )
            taken.append(stored)
            id += 1
            if self._size >= FULL_BYTES:
                break
        self._lines += taken
        return taken

    def row(self, packer: Packer) -> tuple[Any, ...]:
        """The row of `BLOCKS`."""
        lines = self._lines
        levels = bytes([line.level.value for line in lines])
        times = [line.time for line in lines]
        pairs = {(line.level, line.source) for line in lines}
        ids = [line.trace_id for line in lines]
        body = (
            *(times, [line.source for line in lines], [line.message for line in lines]),
            *([line.data for line in lines], ids, [line.span_id for line in lines]),
        )
        return (
            self.id,
            max(levels),
            max(times),
            levels,
            b"".join(pair(level, source) for level, source in pairs),
            b"".join(map(trace_mark, ids)),
            array("I", accumulate(map(len, self._texts))).tobytes(),
            "".join(self._texts),
            packer.pack(body),
        )


def pair(level: LogLevel, source: str) -> bytes:
    """A level with a source, as `pairs` has it."""
    return f"{SEPARATOR}{level.value}{source}{SEPARATOR}".encode("utf-8", "surrogatepass")


def trace_mark(trace_id: str) -> bytes:
    """What stands for a trace id in `traces`."""
    return crc32(trace_id.encode("utf-8", "surrogatepass")).to_bytes(4, "big")


def wanted_blocks(query: LogQuery, gone: int) -> tuple[str, list[Any]]:
    """The statement that finds the blocks with what the query asks for, in its order, with some that have it not in
    one line; and its values. Lines up to the id `gone` are forgotten."""
    conditions = ["id >= ?"]
    given: list[Any] = [min(max(query.after, gone) + 1, MOST) >> LINE_BITS]
    if query.before:
        conditions.append("id <= ?")
        given.append(min(query.before, MOST) - 1 >> LINE_BITS)
    if query.level is not LogLevel.DEBUG:
        conditions.append("highest >= ?")
        given.append(query.level.value)
    if query.source:
        pairs = [pair(level, query.source) for level in LogLevel if level.value >= query.level.value]
        conditions.append(f"({' OR '.join(['instr(pairs, ?)'] * len(pairs))})")
        given += pairs
    if query.trace_id:
        conditions.append("instr(traces, ?)")
        given.append(trace_mark(query.trace_id))
    columns = "id, levels, x'', ''"
    if query.text:
        conditions.append("text GLOB ?")
        given.append(pattern(query.text))
        columns = "id, levels, ends, text"
    order = "" if query.oldest_first else "DESC"
    return f"SELECT {columns} FROM lines WHERE {' AND '.join(conditions)} ORDER BY id {order}", given


def times_of(body: bytes) -> Sequence[float]:
    """When each line of a block was logged, as Unix times."""
    times: Sequence[float] = unpack(body)[0]
    return times


class Found(NamedTuple):
    """A row of `wanted_blocks`."""

    id: int
    levels: bytes
    ends: bytes
    text: str

    def numbers(self, query: LogQuery) -> list[int]:
        """Numbers of the lines that may be wanted, from what can be told without their contents, in its order."""
        least = query.level.value
        numbers = [number for number, level in enumerate(self.levels) if level >= least]
        if query.text:
            needle, ends = (
                searchable(query.text),
                (0, *array("I", self.ends)),
            )  # the end of a line is the next one's start
            numbers = [each for each in numbers if self.text.find(needle, ends[each], ends[each + 1]) >= 0]
        return numbers if query.oldest_first else numbers[::-1]

    def lines(self, query: LogQuery, gone: int, numbers: Sequence[int], body: bytes) -> Iterator[LogRecord]:
        """Those of the lines of these numbers that are wanted."""
        times, sources, messages, data, trace_ids, span_ids = unpack(body)
        for number in numbers:
            id = self.id << LINE_BITS | number
            if max(query.after, gone) < id and (not query.before or id < query.before):
                line = LogRecord(
                    times[number],
                    LogLevel(self.levels[number]),
                    sources[number],
                    messages[number],
                    data[number],
                    trace_ids[number],
                    span_ids[number],
                    id,
                )
                if wants_log(query, line):
                    yield line
