"""Changes of files while the project runs; fails when a figure misses its goal.

How long it takes from a save until the new code answers, in a project of 200 steps; and what saves cost those who use
it meanwhile: requests, events, sockets, memory.
"""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import SCRATCH, BenchFault
from bench.harness.machine import machine, program_version
from bench.harness.saves import STEPS, Saved, make_project, seconds_until
from bench.harness.servers import Running, alone, fetch, free_port, process
from bench.harness.traffic import CONNECTIONS, EVENTS_A_SECOND, SOCKETS, Traffic
from runtime.config import Settings
from runtime.runners.programs import find_programs

PROJECT = SCRATCH / "reload"
MOST_MEDIAN = 0.3
MOST_WORST = 0.8
MOST_GROWTH = 0.10
WARM_UP_SAVES = 20
PROCESSES = 4
"""Of two languages, each one that serves and one that stands ready."""
SETTLED_SECONDS = 30.0
EXIT_INTERRUPTED = 130


def main() -> int:
    """Measures both parts; the exit code is 1 when a goal is missed or no figure could be had."""
    # `timeout` and CI end us with SIGTERM, which would leave the server behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="scripts/bench reload", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--saves", type=int, default=50, help="saves of each language that are timed (%(default)s)")
    parser.add_argument("--under-load", type=int, default=500, help="saves under load (%(default)s)")
    options = parser.parse_args()
    try:
        with ExitStack() as running:
            running.enter_context(alone("reload"))
            print(machine())
            print(f"python {sys.version.split()[0]}, node {program_version(find_programs(Settings())['node'])}")
            saved = make_project(PROJECT)
            port = free_port()
            command = [sys.executable, "-m", "runtime", "dev", "--port", str(port)]
            environment = {"LOG_LEVEL": "warn"}
            server = running.enter_context(process("reload", command, PROJECT, port, environment))
            are_fast = [_judge_saves(server, name, each, options.saves) for name, each in saved.items()]
            is_quiet = not options.under_load or asyncio.run(_judge_load(server, saved, options.under_load))
    except BenchFault as fault:
        print(f"bench reload: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0 if all(are_fast) and is_quiet else 1


def _judge_saves(server: Running, name: str, saved: Saved, count: int) -> bool:
    """Saves a file again and again, each time until it answers."""
    seconds_until(server.url + saved.path, "first", 60)
    others = "python" if name == "typescript" else "node"
    before = _serving(server.url, others)
    took = []
    for number in range(count):
        saved.save(f"save {number}")
        took.append(seconds_until(server.url + saved.path, f"save {number}"))
    is_same = _serving(server.url, others) == before
    figures = f"median {median(took) * 1000:.0f} ms, worst {max(took) * 1000:.0f} ms of {count} saves"
    goals = f"goals <= {MOST_MEDIAN * 1000:.0f} and <= {MOST_WORST * 1000:.0f}"
    is_met = median(took) <= MOST_MEDIAN and max(took) <= MOST_WORST
    print(f"\n{name}, {STEPS} steps: {figures}, {goals}; the {others} runner is {'the same' if is_same else 'another'}")
    return _verdict(is_met and is_same)


async def _judge_load(server: Running, saved: Mapping[str, Saved], count: int) -> bool:
    """Saves files of both languages in turns while the project is used."""
    traffic = Traffic(server.url, ("/ts/1", "/py/1", "/ts/0", "/py/0"))
    using = asyncio.create_task(traffic.run())
    await _save(server, saved, WARM_UP_SAVES, "warm")
    before = await _resident(server.pid)
    await _save(server, saved, count, "load")
    after = await _resident(server.pid)
    traffic.stop()
    await using
    counts = traffic.counts
    growth = sum(after) / sum(before) - 1
    print(
        f"\n{count} saves beside {CONNECTIONS} connections, {EVENTS_A_SECOND} events/s and {SOCKETS} sockets: "
        f"{counts.requests} requests, {len(counts.faults)} failed; {counts.emitted} events, "
        f"{counts.emitted - counts.handled} lost; {counts.dropped} sockets dropped; "
        f"memory {_mebibytes(before)} before, {_mebibytes(after)} after ({growth:+.1%}, goal <= {MOST_GROWTH:.0%})"
    )
    for fault in counts.faults[:5]:
        print(f"  {fault}")
    return _verdict(not counts.faults and not counts.dropped and growth <= MOST_GROWTH)


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


def _verdict(is_met: bool) -> bool:
    print("ok" if is_met else "MISSED", flush=True)
    return is_met


if __name__ == "__main__":
    sys.exit(main())
