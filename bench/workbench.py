"""The Workbench in a browser over a full store: how long screens and searches take, and how smoothly lists scroll.

Fills a store with 100,000 traces and a million lines, once; then starts the example with a copy of it, opens its
Workbench in headless Chromium and times what a person waits for. `workbench/browser/scale.ts` does the looking.
"""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import anyio

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT, SCRATCH, BenchFault, history, lifeline
from bench.harness.command import Measured, at_least, carry_out, options_of
from bench.harness.machine import program_version
from bench.harness.results import Goal, Row, judged, with_unit
from bench.harness.servers import passed_environment
from runtime.config import Settings
from runtime.runners.programs import find_programs
from runtime.storage.sqlite.traces import SqliteTraceStore

CACHE = SCRATCH / "stores"
"""Filled stores, each of which takes half a minute to make; may be deleted at any time."""
SCRIPT = ROOT / "workbench" / "browser" / "scale" / "measure.ts"
PAGE = ROOT / "workbench" / "dist" / "index.html"
WIDE_TRACE, WIDE_SPANS = "a" * 32, 2000
"""The trace of many spans that is scrolled through."""

USABLE = Goal("<=", 1000, "ms")
FOUND = Goal("<=", 300, "ms")
SMOOTH = Goal("<=", 34, "ms")
"""Of 95 frames of a hundred: two at 60 Hz, as clocks show them."""
STEADY = Goal("<=", 100, "ms")
"""Of each frame."""
LATE_FRAME_MS = 50.0


def main() -> int:
    """Measures what a person waits for; see `carry_out` for the exit code."""
    parser = options_of("workbench", __doc__)
    parser.add_argument("--traces", type=at_least(1), default=100_000, help="that are kept (%(default)s)")
    parser.add_argument("--lines", type=at_least(1), default=1_000_000, help="that are kept (%(default)s)")
    parser.add_argument("--repeats", type=at_least(1), default=5, help="of everything (%(default)s)")
    parser.add_argument("--only", default="", help="a part: open, switch, search, jump, scroll or live")
    options = parser.parse_args()
    return carry_out("workbench", lambda: _measure(options))


def _measure(options: argparse.Namespace) -> Measured:
    if not PAGE.exists():
        raise BenchFault("the Workbench is not built; run `npm --prefix workbench run build`")
    store = anyio.run(_filled, options.traces, options.lines)
    rows: list[Row] = []
    part = ""
    for figure in _looked(store, options):
        if figure["kind"] == "title":
            part = figure["name"]
            print(part, flush=True)
        else:
            rows += rows_of(part, figure)
    about = f"{options.traces:,} traces and {options.lines:,} lines in the store; medians of {options.repeats} times"
    versions = [program_version(os.environ.get("CHROMIUM", "chromium"))]
    return Measured(about, rows, versions)


# ------------------------------------------------------------ what is looked at


async def _filled(traces: int, lines: int) -> Path:
    """A store with so many traces and lines, made where there is none that the same code has filled."""
    sources = [Path(history.__file__), *sorted((ROOT / "core/runtime/storage/sqlite").glob("*.py"))]
    code = hashlib.sha256(b"".join(each.read_bytes() for each in sources)).hexdigest()[:12]
    folder = CACHE / f"{traces}-{lines}-{code}"
    path = folder / "traces.db"
    if path.exists():
        return path
    print(f"filling {folder} ...", flush=True)
    chance = random.Random(7)
    begun = folder / "begun" / "traces.db"
    shutil.rmtree(CACHE, ignore_errors=True)  # what other code has filled
    store = SqliteTraceStore(begun)
    async with store.open():
        for spans in history.span_batches(chance, traces - 1):
            store.write(spans, [])
        newest = history.BEGAN + traces * history.TRACE_SECONDS
        store.write(history.wide_trace(chance, WIDE_TRACE, newest, WIDE_SPANS), [])
        for batch in history.line_batches(chance, lines):
            store.write([], batch)
    begun.replace(path)
    return path


def _looked(store: Path, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What the browser measures, a figure a document, as it comes. Raises `BenchFault`."""
    asked = {"store": str(store), "repeats": options.repeats, "only": options.only, "wideTrace": WIDE_TRACE}
    command = [find_programs(Settings())["node"], str(SCRIPT), json.dumps(asked)]
    # The script starts the runtime, which has to end with it as well; the browser does so by itself.
    runtime = f"{sys.executable} {lifeline.__file__} {sys.executable} -m runtime"
    environment = {**passed_environment(), "RUNTIME_COMMAND": runtime}
    tie = lifeline.tied_to(os.getpid())
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, preexec_fn=tie) as looking:
        try:
            for line in looking.stdout or ():
                yield json.loads(line)
        except BaseException:
            # It ends the browser and the runtime that it has started.
            looking.terminate()
            raise
    if looking.returncode != 0:
        raise BenchFault("the browser came to no end; what it said stands above")


# ------------------------------------------------------------ what is said of it


def rows_of(part: str, figure: dict[str, Any]) -> list[Row]:
    """The rows of what the browser has measured; what is there to compare with has no goal."""
    if figure["kind"] == "comparison":
        return _frames(part, figure, None, None)
    return _frames(part, figure, SMOOTH, STEADY) if figure["kind"] == "frames" else [_wait(part, figure)]


def _wait(part: str, figure: dict[str, Any]) -> Row:
    """What somebody waits for: the median, and the worst beside it."""
    took = figure["took"]
    goal = FOUND if figure["kind"] == "search" else USABLE
    spread = f"worst {max(took):.0f} ms"
    return judged(f"{part}: {figure['name']}", median(took), goal, spread=spread)


def _frames(part: str, figure: dict[str, Any], smooth: Goal | None, steady: Goal | None) -> list[Row]:
    """How long frames took while something was scrolled: 95 of a hundred no longer, and the worst."""
    frames = sorted(figure["took"])
    p95 = frames[min(int(len(frames) * 0.95), len(frames) - 1)]
    late = sum(each > LATE_FRAME_MS for each in frames) / len(frames)
    case = f"{part}: {figure['name']}"
    ours = f"p50 {median(frames):.1f}, p95 {p95:.1f} ms"
    spread = f"{late:.1%} of {len(frames)} frames over {LATE_FRAME_MS:g} ms, {figure['longTasks']} long tasks"
    worst = with_unit(frames[-1], "ms")
    return [
        judged(case, p95, smooth, ours=ours),
        judged(f"{case}, worst frame", frames[-1], steady, ours=worst, spread=spread),
    ]


if __name__ == "__main__":
    sys.exit(main())
