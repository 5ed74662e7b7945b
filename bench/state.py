"""Durable writes and reads of state from handlers of both runners; fails when a figure misses its goal.

A handler calls `state.set` again and again, then `state.get`: one after the other, and 64 at once. What a set has
returned for survives the kill of any process. Times are as the handler sees them, from the call to its return.
"""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT, BenchFault
from bench.harness.command import Measured, at_least, carry_out, options_of
from bench.harness.load import spread
from bench.harness.machine import program_version
from bench.harness.results import Goal, Row, judged, with_unit
from bench.harness.servers import fetch, free_port, server
from runtime.config import Settings
from runtime.runners.programs import find_programs

PROJECT = ROOT / "bench" / "projects" / "state"
VALUE = {"status": "received", "items": [{"sku": "A-17", "count": 2}, {"sku": "B-4", "count": 1}]}
RUNNERS = {"node runner": "/ts/calls", "python runner": "/py/calls"}
CALLS = ("set", "get")
AT_ONCE = 64
LONE_CALLS = 1000
MANY_CALLS = 20_000

LONE = Goal("<=", 1.0, "ms")
RATE = {("node runner", "set"): Goal(">=", 15_000.0, "sets/s")}
"""Calls a second at 64 at once; what is not here is shown and not judged."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the handler: calls a second, milliseconds of a call."""

    rate: float
    p50: float
    p99: float


def main() -> int:
    """Measures both runners; see `carry_out` for the exit code."""
    parser = options_of("state", __doc__)
    parser.add_argument("--rounds", type=at_least(1), default=5, help="runs of each runner in each case (%(default)s)")
    options = parser.parse_args()
    return carry_out("state", lambda: _measure(options.rounds))


def _measure(rounds: int) -> Measured:
    shutil.rmtree(PROJECT / ".runtime", ignore_errors=True)
    port = free_port()
    command = [sys.executable, "-m", "runtime", "start", "--port", str(port)]
    rows: list[Row] = []
    with server("state", command, PROJECT, port, {"NODE_ENV": "production"}) as url:
        for call in CALLS:
            rows += _judge_lone(call, _measure_call(url, call, 1, LONE_CALLS, rounds))
            rows += _judge_many(call, _measure_call(url, call, AT_ONCE, MANY_CALLS, rounds))
    about = f"{rounds} rounds of {LONE_CALLS} calls one after the other and of {MANY_CALLS} calls, {AT_ONCE} at once"
    node = program_version(find_programs(Settings())["node"])
    return Measured(about, rows, [f"python {sys.version.split()[0]}", f"node {node}"])


def _measure_call(url: str, call: str, at_once: int, times: int, rounds: int) -> dict[str, list[Run]]:
    """Has both runners call in turns; the first run of each is not counted."""
    runs: dict[str, list[Run]] = {name: [] for name in RUNNERS}
    for number in range(rounds + 1):
        for name, path in RUNNERS.items():
            run = _run(f"{url}{path}", call, at_once, times)
            if number:
                runs[name].append(run)
    heading = f"{call}s/s, {at_once} at once"
    print(f"{heading:22}{'':7}{'spread':>12}{'p50':>8}{'p99':>8}  (ms)")
    for name, done in runs.items():
        figures = [median(getattr(run, figure) for run in done) for figure in ("rate", "p50", "p99")]
        variation = spread([run.rate for run in done])
        print(f"  {name:18}{figures[0]:9.0f}{variation:>12}{figures[1]:8.2f}{figures[2]:8.2f}", flush=True)
    return runs


def _run(url: str, call: str, at_once: int, times: int) -> Run:
    noted = json.loads(fetch(url, json.dumps({"call": call, "times": times, "atOnce": at_once, "value": VALUE})))
    if len(noted["took"]) != times:
        raise BenchFault(f"{url} made {len(noted['took'])} calls, not {times}")
    return Run(times / noted["all"] * 1000, median(noted["took"]), quantiles(noted["took"], n=100)[-1])


def _judge_lone(call: str, runs: dict[str, list[Run]]) -> Iterator[Row]:
    for name, done in runs.items():
        p50s = [run.p50 for run in done]
        yield judged(f"{name}, state.{call} alone, p50", median(p50s), LONE, spread=spread(p50s))


def _judge_many(call: str, runs: dict[str, list[Run]]) -> Iterator[Row]:
    for name, done in runs.items():
        rates = [run.rate for run in done]
        case, rate, goal = f"{name}, state.{call}, {AT_ONCE} at once", median(rates), RATE.get((name, call))
        yield judged(case, rate, goal, ours=with_unit(rate, f"{call}s/s"), spread=spread(rates))


if __name__ == "__main__":
    sys.exit(main())
