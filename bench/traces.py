"""Traces and log lines in their database: what a write costs, and how long each kind of search takes.

Fills a store as a loaded server does, batch by batch: 100,000 traces of three spans with three operations each, and a
million lines. Then asks for what people ask for, while nothing is written, and has the oldest removed, batch by batch.
"""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import argparse
import random
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

import anyio

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import SCRATCH
from bench.harness.command import Measured, at_least, carry_out, options_of
from bench.harness.history import BEGAN, OLDEST_TRACE, SELDOM, SPANS_PER_TRACE, line, line_batches, span_batches, trace
from bench.harness.load import spread
from bench.harness.results import Goal, Row, judged
from runtime.model import LogLevel, LogQuery, Retention, TraceQuery, TraceStatus, TriggerKind
from runtime.storage.sqlite.traces import SqliteTraceStore

FOLDER = SCRATCH / "traces"
TIMES = 7

SPAN = Goal("<=", 12.0, "us")
LINE = Goal("<=", 8.0, "us")
SEARCH = Goal("<=", 300.0, "ms")
HELD = Goal("<=", 50.0, "ms")
REMOVED = Goal(">=", 8000.0, "spans/s")


def main() -> int:
    """Measures; see `carry_out` for the exit code."""
    parser = options_of("traces", __doc__)
    parser.add_argument("--traces", type=at_least(1000), default=100_000, help="that are searched (%(default)s)")
    parser.add_argument("--lines", type=at_least(1000), default=1_000_000, help="that are searched (%(default)s)")
    options = parser.parse_args()
    return carry_out("traces", lambda: anyio.run(_measure, options))


async def _measure(options: argparse.Namespace) -> Measured:
    shutil.rmtree(FOLDER, ignore_errors=True)
    store = SqliteTraceStore(FOLDER / "traces.db")
    try:
        async with store.open():
            rows = _fill(store, options.traces, options.lines)
            mebibytes = sum(each.stat().st_size for each in FOLDER.iterdir()) / 2**20
            rows += [*_search(store), *_remove(store, options.traces, options.lines)]
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    about = f"{options.traces:,} traces of {SPANS_PER_TRACE} spans and {options.lines:,} lines, {mebibytes:.0f} MiB"
    return Measured(about, rows, [f"python {sys.version.split()[0]}", f"sqlite {sqlite3.sqlite_version}"])


# ------------------------------------------------------------ writing


def _fill(store: SqliteTraceStore, traces: int, lines: int) -> list[Row]:
    """Writes all, spans and lines apart; the goals are for what a thread of its own needs of a processor."""
    chance = random.Random(7)
    spans_us, lines_us = [], []
    for spans in span_batches(chance, traces):
        spans_us.append(_cost(lambda spans=spans: store.write(spans, []), len(spans)))  # type: ignore[misc]
    for batch in line_batches(chance, lines):
        lines_us.append(_cost(lambda batch=batch: store.write([], batch), len(batch)))  # type: ignore[misc]
    return [
        judged("write of a span", median(spans_us), SPAN, spread=spread(spans_us)),
        judged("write of a line", median(lines_us), LINE, spread=spread(lines_us)),
    ]


def _cost(write: Callable[[], object], count: int) -> float:
    """Microseconds of processor time for each."""
    began = time.thread_time()
    write()
    return (time.thread_time() - began) / count * 1e6


# ------------------------------------------------------------ searching


def _search(store: SqliteTraceStore) -> list[Row]:
    seldom = frozenset({SELDOM})
    some = store.traces(TraceQuery(limit=1)).traces[0].trace_id
    trace_queries = {
        "newest": TraceQuery(),
        "failed": TraceQuery(status=TraceStatus.FAILED),
        "a step": TraceQuery(steps=seldom),
        "no such step": TraceQuery(steps=frozenset({"none"})),
        "a rare kind": TraceQuery(kind=TriggerKind.EVENT),
        "frequent text": TraceQuery(text="post /ORDERS"),
        "rare text": TraceQuery(text="no stock for a-1000"),
        "absent text": TraceQuery(text="elsewhere"),
    }
    log_queries = {
        "newest": LogQuery(),
        "errors": LogQuery(level=LogLevel.ERROR),
        "a rare source": LogQuery(source=SELDOM),
        "no such source": LogQuery(source="none"),
        "oldest trace": LogQuery(trace_id=OLDEST_TRACE),
        "frequent text": LogQuery(text="INVOICE"),
        "rare text": LogQuery(text="a-1234"),
        "absent text": LogQuery(text="elsewhere"),
        "absent, common letters": LogQuery(text="eateneteate"),
        "absent among errors": LogQuery(text="invoice elsewhere", level=LogLevel.ERROR),
        "absent in a source": LogQuery(text="Ada", source=SELDOM, level=LogLevel.WARN, trace_id="e" * 32),
    }
    return [
        _time("a trace", lambda: store.spans(some, 2000)),
        *(_time(f"traces: {name}", lambda query=query: store.traces(query)) for name, query in trace_queries.items()),  # type: ignore[misc]
        *(_time(f"lines: {name}", lambda query=query: store.logs(query)) for name, query in log_queries.items()),  # type: ignore[misc]
    ]


def _time(name: str, search: Callable[[], object]) -> Row:
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        search()
        took.append((time.perf_counter() - began) * 1000)
    return judged(f"search for {name}", median(took), SEARCH, spread=spread(took))


# ------------------------------------------------------------ removing


def _remove(store: SqliteTraceStore, traces: int, lines: int) -> list[Row]:
    """Removes the older half of all, while single spans and lines are written and looked for."""
    kept = Retention(traces // 2, lines // 2, 1e10, 2**40)
    began = time.perf_counter()
    with _others(store) as held:
        store.prune(kept, BEGAN)
    seconds = time.perf_counter() - began
    rate = (traces - kept.traces) * SPANS_PER_TRACE / seconds
    worst = quantiles(held, n=100)[-1] if len(held) > 1 else max(held)
    return [
        judged("removal of the older half", rate, REMOVED),
        judged("a small write meanwhile, p99", worst, HELD),
    ]


@contextmanager
def _others(store: SqliteTraceStore) -> Iterator[list[float]]:
    """Writes a little again and again in a thread; gives the milliseconds that each took."""
    held: list[float] = []
    is_over = threading.Event()
    chance = random.Random(8)

    def write() -> None:
        while not is_over.wait(0.01) or not held:
            spans, lines = trace(chance, 1), [line(chance, 1)]
            began = time.perf_counter()
            store.write(spans, lines)
            held.append((time.perf_counter() - began) * 1000)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield held
    finally:
        is_over.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())
