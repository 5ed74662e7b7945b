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
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import anyio

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT, BenchFault, history
from bench.harness.machine import machine
from bench.harness.servers import alone
from runtime.storage.sqlite.traces import SqliteTraceStore

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "runtime-bench"
"""Filled stores, each of which takes half a minute to make; may be deleted at any time."""
SCRIPT = ROOT / "workbench" / "browser" / "scale" / "measure.ts"
PAGE = ROOT / "workbench" / "dist" / "index.html"
WIDE_TRACE, WIDE_SPANS = "a" * 32, 2000
"""The trace of many spans that is scrolled through."""
EXIT_INTERRUPTED = 130

MOST_USABLE_MS = 1000.0
MOST_SEARCH_MS = 300.0
MOST_FRAME_P95_MS = 34.0
"""Two frames at 60 Hz, as clocks show them."""
MOST_FRAME_MS = 100.0


def main() -> int:
    """Measures; the exit code is 1 when a goal is missed or no figure could be had."""
    # `timeout` and CI end us with SIGTERM, which would leave the browser behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="scripts/bench workbench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--traces", type=int, default=100_000, help="that are kept (%(default)s)")
    parser.add_argument("--lines", type=int, default=1_000_000, help="that are kept (%(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="of everything (%(default)s)")
    parser.add_argument("--only", default="", help="a part: open, switch, search, jump, scroll or live")
    options = parser.parse_args()
    try:
        with alone("workbench"):
            if not PAGE.exists():
                raise BenchFault("the Workbench is not built; run `npm --prefix workbench run build`")
            print(machine())
            store = anyio.run(_filled, options.traces, options.lines)
            verdicts = [_say(figure) for figure in _looked(store, options)]
    except BenchFault as fault:
        print(f"bench workbench: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0 if all(verdicts) else 1


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
    command = ["node", str(SCRIPT), json.dumps(asked)]
    environment = {**os.environ, "RUNTIME_COMMAND": f"{sys.executable} -m runtime"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as looking:
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


def _say(figure: dict[str, Any]) -> bool:
    """Prints one line; whether its goals are met."""
    if figure["kind"] == "title":
        print(f"\n{figure['name']}")
        return True
    if figure["kind"] == "frames":
        return _say_frames(figure)
    took = figure["took"]
    most = MOST_SEARCH_MS if figure["kind"] == "search" else MOST_USABLE_MS
    is_met = bool(median(took) <= most)
    name = figure["name"]
    print(f"  {name:44}{median(took):8.0f}{max(took):8.0f}  {'ok' if is_met else f'OVER {most:g}'}", flush=True)
    return is_met


def _say_frames(figure: dict[str, Any]) -> bool:
    """Median, 95th of a hundred, worst, and the share of frames that were late, in one line."""
    frames = sorted(figure["took"])
    p95 = frames[min(int(len(frames) * 0.95), len(frames) - 1)]
    late = sum(each > 50 for each in frames) / len(frames)
    is_met = bool(p95 <= MOST_FRAME_P95_MS and frames[-1] <= MOST_FRAME_MS)
    print(
        f"  {figure['name']:36}{median(frames):8.1f}{p95:8.1f}{frames[-1]:8.1f}{late:8.1%}{len(frames):8}"
        f"{figure['longTasks']:6}  {'ok' if is_met else 'OVER'}",
        flush=True,
    )
    return is_met


if __name__ == "__main__":
    sys.exit(main())
