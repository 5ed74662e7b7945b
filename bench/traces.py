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
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

import anyio

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import SCRATCH, BenchFault
from bench.harness.history import BEGAN, OLDEST_TRACE, SELDOM, SPANS_PER_TRACE, line, line_batches, span_batches, trace
from bench.harness.machine import machine
from bench.harness.servers import alone
from runtime.model import LogLevel, LogQuery, Retention, TraceQuery, TraceStatus, TriggerKind
from runtime.storage.sqlite.traces import SqliteTraceStore

FOLDER = SCRATCH / "traces"
TIMES = 7
EXIT_INTERRUPTED = 130

MOST_SPAN_US = 12.0
MOST_LINE_US = 8.0
MOST_SEARCH_MS = 300.0
MOST_HELD_MS = 50.0
LEAST_REMOVED = 8000.0


def main() -> int:
    """Measures; the exit code is 1 when a goal is missed or no figure could be had."""
    # `timeout` and CI end us with SIGTERM, which would leave the file behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="scripts/bench traces", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--traces", type=int, default=100_000, help="that are searched (%(default)s)")
    parser.add_argument("--lines", type=int, default=1_000_000, help="that are searched (%(default)s)")
    options = parser.parse_args()
    try:
        with alone("traces"):
            shutil.rmtree(FOLDER, ignore_errors=True)
            print(machine())
            verdicts = anyio.run(_measure, options)
    except BenchFault as fault:
        print(f"bench traces: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
    return 0 if all(verdicts) else 1


async def _measure(options: argparse.Namespace) -> list[bool]:
    store = SqliteTraceStore(FOLDER / "traces.db")
    async with store.open():
        verdicts = _fill(store, options.traces, options.lines)
        size = sum(each.stat().st_size for each in FOLDER.iterdir())
        print(f"\n{options.traces} traces and {options.lines} lines: {size / 1024**2:.0f} MiB\n\nsearches{'ms':>22}")
        verdicts += _search(store)
        return verdicts + _remove(store, options.traces, options.lines)


# ------------------------------------------------------------ writing


def _fill(store: SqliteTraceStore, traces: int, lines: int) -> list[bool]:
    """Writes all, spans and lines apart; the goals are for what a thread of its own needs of a processor."""
    chance = random.Random(7)
    spans_us, lines_us = [], []
    for spans in span_batches(chance, traces):
        spans_us.append(_cost(lambda spans=spans: store.write(spans, []), len(spans)))  # type: ignore[misc]
    for batch in line_batches(chance, lines):
        lines_us.append(_cost(lambda batch=batch: store.write([], batch), len(batch)))  # type: ignore[misc]
    return [
        _say("a span", median(spans_us), MOST_SPAN_US, "us"),
        _say("a line", median(lines_us), MOST_LINE_US, "us"),
    ]


def _cost(write: Callable[[], object], count: int) -> float:
    """Microseconds of processor time for each."""
    began = time.thread_time()
    write()
    return (time.thread_time() - began) / count * 1e6


# ------------------------------------------------------------ searching


def _search(store: SqliteTraceStore) -> list[bool]:
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
    verdicts = [
        _time("a trace", lambda: store.spans(some, 2000)),
        *(_time(f"traces: {name}", lambda query=query: store.traces(query)) for name, query in trace_queries.items()),  # type: ignore[misc]
        *(_time(f"lines: {name}", lambda query=query: store.logs(query)) for name, query in log_queries.items()),  # type: ignore[misc]
    ]
    return [all(verdicts)]


def _time(name: str, search: Callable[[], object]) -> bool:
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        search()
        took.append((time.perf_counter() - began) * 1000)
    middle, worst = median(took), max(took)
    verdict = "ok" if middle <= MOST_SEARCH_MS else "OVER"
    print(f"  {name:30}{middle:8.1f}{worst:8.1f}  {verdict}", flush=True)
    return middle <= MOST_SEARCH_MS


# ------------------------------------------------------------ removing


def _remove(store: SqliteTraceStore, traces: int, lines: int) -> list[bool]:
    """Removes the older half of all, while single spans and lines are written and looked for."""
    kept = Retention(traces // 2, lines // 2, 1e10, 2**40)
    began = time.perf_counter()
    with _others(store) as held:
        store.prune(kept, BEGAN)
    seconds = time.perf_counter() - began
    rate = (traces - kept.traces) * SPANS_PER_TRACE / seconds
    print(
        f"\nremoved {rate:.0f} spans/s and {(lines - kept.logs) / seconds:.0f} lines/s at once in {seconds:.1f} s",
        end="",
    )
    print(f", goal >= {LEAST_REMOVED:.0f}  {'ok' if rate >= LEAST_REMOVED else 'UNDER'}")
    worst = quantiles(held, n=100)[-1] if len(held) > 1 else max(held)
    return [rate >= LEAST_REMOVED, _say("a small write meanwhile, p99", worst, MOST_HELD_MS, "ms")]


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


def _say(name: str, figure: float, most: float, unit: str) -> bool:
    print(f"{name}: {figure:.1f} {unit}, goal <= {most:g}  {'ok' if figure <= most else 'OVER'}", flush=True)
    return figure <= most


if __name__ == "__main__":
    sys.exit(main())
