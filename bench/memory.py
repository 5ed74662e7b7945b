"""Memory and processor time of the order example: idle, and under orders at 32 connections, by process."""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import BenchFault
from bench.harness.command import Measured, at_least, carry_out, options_of
from bench.harness.contenders import versions_of_ours
from bench.harness.example import ORDER, ORDERS, READY, command, make_example, ruby_version
from bench.harness.load import find_wrk, load
from bench.harness.results import Goal, Row, judged, with_unit
from bench.harness.servers import START_SECONDS, fetch, free_port, process
from bench.harness.usage import Moment, Usage, usage

CONNECTIONS = 32
SETTLE_SECONDS = 15.0
"""From the last answer to where idleness begins."""
SAMPLE_SECONDS = 0.5
IDLE_MEMORY = Goal("<=", 250, "MB")
IDLE_PROCESSOR = Goal("<=", 1, "%")


def main() -> int:
    """Measures both modes; see `carry_out` for the exit code."""
    parser = options_of("memory", __doc__)
    parser.add_argument("--seconds", type=at_least(1), default=10, help="of idleness, and of load (%(default)s)")
    options = parser.parse_args()
    return carry_out("memory", lambda: _measure(options.seconds))


def _measure(seconds: int) -> Measured:
    find_wrk()
    rows = [row for mode in ("start", "dev") for row in _measure_mode(mode, seconds)]
    about = (
        f"the order example after {SETTLE_SECONDS:g} s without a request, over {seconds} s, then under POST {ORDERS} "
        f"at {CONNECTIONS} connections for {seconds} s, where memory is the most that was seen; memory is PSS (RSS), "
        "the processor's share is of one core"
    )
    return Measured(about, rows, [*versions_of_ours(), ruby_version()])


def _measure_mode(mode: str, seconds: int) -> list[Row]:
    print(f"{mode}: idle, then under load", flush=True)
    folder, port = make_example(f"memory-{mode}"), free_port()
    with process(f"memory-{mode}", command(mode, port), folder, port) as running:
        _await_ready(running.url)
        # Code that has run is a part of what is idle.
        fetch(running.url + ORDERS, json.dumps(ORDER))
        time.sleep(SETTLE_SECONDS)
        before = usage(running.pid)
        time.sleep(seconds)
        idle = usage(running.pid)
        with ThreadPoolExecutor() as threads:
            loading = threads.submit(load, running.url + ORDERS, CONNECTIONS, seconds, json.dumps(ORDER))
            moments = [usage(running.pid)]
            while not loading.done():
                time.sleep(SAMPLE_SECONDS)
                moments.append(usage(running.pid))
    return [*_judge_idle(mode, before, idle), *_show_load(mode, loading.result().rate, moments)]


def _await_ready(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            fetch(url + READY)
            return
        except BenchFault:
            if time.monotonic() > deadline:
                raise
            time.sleep(SAMPLE_SECONDS)


def _judge_idle(mode: str, before: Moment, idle: Moment) -> list[Row]:
    shares = idle.processor_shares(before)
    in_all = sum(shares.values())
    return [
        judged(f"{mode}, idle, all processes", idle.proportional / 1e6, IDLE_MEMORY, ours=_size(idle)),
        judged(f"{mode}, idle, processor", in_all, IDLE_PROCESSOR, ours=f"{in_all:.1f} %"),
        *_each(f"{mode}, idle", idle, shares),
    ]


def _show_load(mode: str, rate: float, moments: list[Moment]) -> list[Row]:
    most = max(moments, key=lambda moment: moment.proportional)
    shares = moments[-1].processor_shares(moments[0])
    processor = with_unit(sum(shares.values()), "%")
    return [
        Row(f"{mode}, load, all processes", _size(most)),
        Row(f"{mode}, load, processor", f"{processor} at {with_unit(rate, 'orders/s')}"),
        *_each(f"{mode}, load", most, shares),
    ]


def _each(case: str, moment: Moment, shares: Mapping[int, float]) -> list[Row]:
    return [
        Row(f"{case}, {name}", f"{_size(each)}, {shares.get(each.pid, 0.0):.1f} %") for name, each in _named(moment)
    ]


def _named(moment: Moment) -> list[tuple[str, Usage]]:
    """What each process is: the core, or the program of a runner, numbered where there are several of it."""
    core, *runners = moment.processes
    names: list[tuple[str, Usage]] = [("core", core)]
    for each in runners:
        number = sum(other.name == each.name for _, other in names[1:]) + 1
        names.append((f"{each.name} {number}" if number > 1 else each.name, each))
    return names


def _size(used: Moment | Usage) -> str:
    return f"{used.proportional / 1e6:.0f} MB ({used.resident / 1e6:.0f} MB)"


if __name__ == "__main__":
    sys.exit(main())
