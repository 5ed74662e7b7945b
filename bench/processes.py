"""A step that only computes, in one process of its language and in two; fails when two are not worth it."""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT, SCRATCH
from bench.harness.command import Measured, at_least, carry_out, options_of
from bench.harness.load import load, spread
from bench.harness.results import Goal, Row, compared, judged, with_unit
from bench.harness.servers import free_port, server

PROJECT = ROOT / "bench" / "projects" / "processes"
CONNECTIONS = 8
WORTH = Goal(">=", 1.6)


def main() -> int:
    """Measures both; see `carry_out` for the exit code."""
    parser = options_of("processes", __doc__)
    parser.add_argument("--rounds", type=at_least(1), default=5, help="how often each is loaded (%(default)s)")
    parser.add_argument("--seconds", type=at_least(1), default=4, help="how long each load lasts (%(default)s)")
    options = parser.parse_args()
    return carry_out("processes", lambda: _measure(options.rounds, options.seconds))


def _measure(rounds: int, seconds: int) -> Measured:
    rates = _load_both(rounds, seconds)
    lone, two = (with_unit(median(rates[count]), "req/s") for count in (1, 2))
    ratio, variation = compared(rates[2], rates[1])
    rows = [
        Row("1 process", lone, spread=spread(rates[1])),
        judged("2 processes to 1", ratio, WORTH, ours=two, theirs=lone, ratio=f"{ratio:.2f}", spread=variation),
    ]
    about = f"{rounds} rounds of {seconds} s at {CONNECTIONS} connections; the step sums 200,000 squares"
    return Measured(about, rows, [f"python {sys.version.split()[0]}"])


def _load_both(rounds: int, seconds: int) -> dict[int, list[float]]:
    """Requests a second by number of processes; both serve all the time and are asked in turns."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    with ExitStack() as running:
        urls = {}
        for count in rates:
            folder = SCRATCH / f"processes-{count}"  # a database serves one runtime
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(PROJECT, folder)
            port = free_port()
            command = [sys.executable, "-m", "runtime", "start", "--port", str(port)]
            environment = {"PROCESSES": str(count)}
            url = running.enter_context(server(f"processes-{count}", command, folder, port, environment))
            urls[count] = f"{url}/sum"
        for number in range(rounds + 1):
            for count, url in urls.items():
                rate = load(url, CONNECTIONS, seconds).rate
                if number:  # the first of each is not counted
                    rates[count].append(rate)
    return rates


if __name__ == "__main__":
    sys.exit(main())
