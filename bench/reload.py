"""Changes of files while the project runs; fails when a figure misses its goal.

How long it takes from a save until the new code answers, in a project of 200 steps; and what saves cost those who use
it meanwhile: requests, events, sockets, memory.
"""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import SCRATCH, BenchFault
from bench.harness.command import Measured, at_least, carry_out, options_of
from bench.harness.load import spread
from bench.harness.machine import program_version
from bench.harness.results import Goal, Row, judged
from bench.harness.saves import STEPS, Saved, make_project, seconds_until
from bench.harness.servers import Running, fetch, free_port, process
from bench.harness.traffic import CONNECTIONS, EVENTS_A_SECOND, SOCKETS, Traffic
from runtime.config import Settings
from runtime.runners.programs import find_programs

PROJECT = SCRATCH / "reload"
MEDIAN = Goal("<=", 300.0, "ms")
WORST = Goal("<=", 800.0, "ms")
GROWTH = Goal("<=", 1.10)
NONE = Goal("<=", 0)
FAULTS_SHOWN = 5
WARM_UP_SAVES = 20
PROCESSES = 4
"""Of two languages, each one that serves and one that stands ready."""
SETTLED_SECONDS = 30.0


def main() -> int:
    """Measures both parts; see `carry_out` for the exit code."""
    parser = options_of("reload", __doc__)
    parser.add_argument(
        "--saves", type=at_least(1), default=50, help="saves of each language that are timed (%(default)s)"
    )
    parser.add_argument("--under-load", type=at_least(0), default=500, help="saves under load (%(default)s)")
    options = parser.parse_args()
    return carry_out("reload", lambda: _measure(options.saves, options.under_load))


def _measure(saves: int, under_load: int) -> Measured:
    saved = make_project(PROJECT)
    port = free_port()
    command = [sys.executable, "-m", "runtime", "dev", "--port", str(port)]
    rows: list[Row] = []
    with process("reload", command, PROJECT, port, {"LOG_LEVEL": "warn"}) as server:
        for name, each in saved.items():
            rows += _time_saves(server, name, each, saves)
        if under_load:
            rows += asyncio.run(_load_saves(server, saved, under_load))
    about = (
        f"{STEPS} steps, {saves} saves of each language; {under_load} saves beside {CONNECTIONS} connections, "
        f"{EVENTS_A_SECOND} events/s and {SOCKETS} sockets"
    )
    node = program_version(find_programs(Settings())["node"])
    return Measured(about, rows, [f"python {sys.version.split()[0]}", f"node {node}"])


def _time_saves(server: Running, name: str, saved: Saved, count: int) -> list[Row]:
    """Saves a file again and again, each time until it answers; the other language's runner must stay the same."""
    seconds_until(server.url + saved.path, "first", 60)
    others = "python" if name == "typescript" else "node"
    before = _serving(server.url, others)
    took = []
    for number in range(count):
        saved.save(f"save {number}")
        took.append(seconds_until(server.url + saved.path, f"save {number}") * 1000)
    if _serving(server.url, others) != before:
        raise BenchFault(f"saves of {name} have replaced the {others} runner")
    return [
        judged(f"{name}, save to new answer, median", median(took), MEDIAN, spread=spread(took)),
        judged(f"{name}, save to new answer, worst", max(took), WORST),
    ]


async def _load_saves(server: Running, saved: Mapping[str, Saved], count: int) -> list[Row]:
    """Saves files of both languages in turns while the project is used; nothing that uses it may be lost."""
    traffic = Traffic(server.url, ("/ts/1", "/py/1", "/ts/0", "/py/0"))
    using = asyncio.create_task(traffic.run())
    await _save(server, saved, WARM_UP_SAVES, "warm")
    before = await _resident(server.pid)
    await _save(server, saved, count, "load")
    after = await _resident(server.pid)
    traffic.stop()
    await using
    counts = traffic.counts
    for fault in counts.faults[:FAULTS_SHOWN]:
        print(f"  {fault}")
    growth = sum(after) / sum(before)
    sizes = f"{_mebibytes(before)} -> {_mebibytes(after)}, {growth:.2f} times"
    return [
        judged(f"failed of {counts.requests:,} requests", len(counts.faults), NONE),
        judged(f"lost of {counts.emitted:,} events", counts.emitted - counts.handled, NONE),
        judged(f"dropped of {SOCKETS} sockets", counts.dropped, NONE),
        judged("memory after to before", growth, GROWTH, ours=sizes),
    ]


async def _save(server: Running, saved: Mapping[str, Saved], count: int, word: str) -> None:
    """Each save waits until its code answers, so that none is passed over."""
    files = list(saved.values())
    for number in range(count):
        each = files[number % len(files)]
        each.save(f"{word} {number}")
        await asyncio.to_thread(seconds_until, server.url + each.path, f"{word} {number}", 30)


def _serving(url: str, language: str) -> int:
    """The process id of the runner that serves a language."""
    runners = json.loads(fetch(f"{url}/__runtime/runners"))["runners"]
    [pid] = [each["pid"] for each in runners if (each["language"], each["state"]) == (language, "serving")]
    return int(pid)


async def _resident(core: int) -> list[int]:
    """Bytes in use by the core and each of its runners, once no generation is ending or beginning any more."""
    deadline = time.perf_counter() + SETTLED_SECONDS
    while len(processes := _children(core)) != PROCESSES:
        if time.perf_counter() > deadline:
            raise BenchFault(f"there are {len(processes)} runners, not {PROCESSES}, after {SETTLED_SECONDS:g} s")
        await asyncio.sleep(0.05)
    pages = [_pages(pid) for pid in (core, *processes)]
    return [each * os.sysconf("SC_PAGE_SIZE") for each in pages]


def _pages(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1])


def _mebibytes(sizes: list[int]) -> str:
    """The sum, and of what: the core, then its runners."""
    each = " + ".join(f"{size / 2**20:.0f}" for size in sizes)
    return f"{sum(sizes) / 2**20:.0f} MiB ({each})"


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


if __name__ == "__main__":
    sys.exit(main())
