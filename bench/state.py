"""Durable writes of state from handlers of both runners; fails when a figure misses its goal.

A handler calls `state.set` again and again: one after the other, and 64 at once. What it has returned for survives the
kill of any process. Times are as the handler sees them, from the call to its return.
"""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT, SCRATCH, BenchFault
from bench.harness.load import spread
from bench.harness.machine import machine, program_version
from bench.harness.servers import alone, fetch, free_port, server
from runtime.config import Settings
from runtime.runners.programs import find_programs

PROJECT = ROOT / "bench" / "projects" / "state"
VALUE = {"status": "received", "items": [{"sku": "A-17", "count": 2}, {"sku": "B-4", "count": 1}]}
RUNNERS = {"node runner": "/ts/sets", "python runner": "/py/sets"}
AT_ONCE = 64
LONE_SETS = 1000
SETS = 20_000
EXIT_INTERRUPTED = 130

MOST_P50_MS = 1.0
LEAST_RATE = {"node runner": 15_000.0}
"""Sets a second at 64 at once; a runner that is not here is shown and not judged."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the handler: sets a second, milliseconds of a set."""

    rate: float
    p50: float
    p99: float


def main() -> int:
    """Measures both runners; the exit code is 1 when a goal is missed or no figure could be had."""
    # `timeout` and CI end us with SIGTERM, which would leave the server behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="scripts/bench state", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="runs of each runner in each case (%(default)s)")
    options = parser.parse_args()
    try:
        with ExitStack() as running:
            url = _start(running)
            print(f"\n{options.rounds} rounds, times in ms\n")
            is_lone_met = _judge_lone(_measure(url, 1, LONE_SETS, options.rounds))
            is_rate_met = _judge_rate(_measure(url, AT_ONCE, SETS, options.rounds))
    except BenchFault as fault:
        print(f"bench state: {fault}\nWhat the server printed is in {SCRATCH.relative_to(ROOT)}/", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0 if is_lone_met and is_rate_met else 1


def _start(running: ExitStack) -> str:
    """Starts our server, with nothing stored yet; gives its URL."""
    running.enter_context(alone("state"))
    print(machine())
    print(f"python {sys.version.split()[0]}, node {program_version(find_programs(Settings())['node'])}")
    shutil.rmtree(PROJECT / ".runtime", ignore_errors=True)
    port = free_port()
    command = [sys.executable, "-m", "runtime", "start", "--port", str(port)]
    return running.enter_context(server("state", command, PROJECT, port, {"NODE_ENV": "production"}))


def _measure(url: str, at_once: int, times: int, rounds: int) -> dict[str, list[Run]]:
    """Has both runners set values in turns; the first run of each is not counted."""
    runs: dict[str, list[Run]] = {name: [] for name in RUNNERS}
    for number in range(rounds + 1):
        for name, path in RUNNERS.items():
            run = _run(f"{url}{path}", at_once, times)
            if number:
                runs[name].append(run)
    print(f"{at_once:2} at once{'sets/s':>19}{'spread':>12}{'p50':>8}{'p99':>8}")
    for name, done in runs.items():
        figures = [median(getattr(run, figure) for run in done) for figure in ("rate", "p50", "p99")]
        variation = spread([run.rate for run in done])
        print(f"  {name:18}{figures[0]:9.0f}{variation:>12}{figures[1]:8.2f}{figures[2]:8.2f}")
    return runs


def _run(url: str, at_once: int, times: int) -> Run:
    noted = json.loads(fetch(url, json.dumps({"times": times, "atOnce": at_once, "value": VALUE})))
    if len(noted["took"]) != times:
        raise BenchFault(f"{url} set {len(noted['took'])} values, not {times}")
    return Run(times / noted["all"] * 1000, median(noted["took"]), quantiles(noted["took"], n=100)[-1])


def _judge_lone(runs: dict[str, list[Run]]) -> bool:
    verdicts = []
    for name, done in runs.items():
        p50 = median(run.p50 for run in done)
        verdicts.append(_say(f"{name}, p50", f"{p50:.2f} ms, goal <= {MOST_P50_MS:g}", p50 <= MOST_P50_MS))
    return all(verdicts)


def _judge_rate(runs: dict[str, list[Run]]) -> bool:
    verdicts = []
    for name, least in LEAST_RATE.items():
        rate = median(run.rate for run in runs[name])
        verdicts.append(_say(name, f"{rate:.0f} sets/s, goal >= {least:.0f}", rate >= least))
    return all(verdicts)


def _say(name: str, figures: str, met: bool) -> bool:
    print(f"{name}: {figures}  {'ok' if met else 'UNDER'}\n", flush=True)
    return met


if __name__ == "__main__":
    sys.exit(main())
