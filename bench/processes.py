"""A step that only computes, in one process of its language and in two; fails when two are not worth it."""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT, SCRATCH, BenchFault
from bench.harness.load import load, spread
from bench.harness.machine import machine
from bench.harness.servers import alone, free_port, server

PROJECT = ROOT / "bench" / "projects" / "processes"
CONNECTIONS = 8
LEAST_RATIO = 1.6
EXIT_INTERRUPTED = 130


def main() -> int:
    """Measures both; the exit code is 1 when the goal is missed or no figure could be had."""
    # `timeout` and CI end us with SIGTERM, which would leave the servers behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="scripts/bench processes", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="runs of each (%(default)s)")
    parser.add_argument("--seconds", type=int, default=4, help="length of a run (%(default)s)")
    options = parser.parse_args()
    try:
        with alone("processes"):
            print(machine())
            rates = _measure(options.rounds, options.seconds)
    except BenchFault as fault:
        print(f"bench processes: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    for count, measured in rates.items():
        print(f"{count} process{'es' if count > 1 else ''}: {median(measured):.0f} requests/s ({spread(measured)})")
    ratio = median(rates[2]) / median(rates[1])
    print(f"ratio {ratio:.2f}, goal >= {LEAST_RATIO}  {'ok' if ratio >= LEAST_RATIO else 'UNDER'}")
    return 0 if ratio >= LEAST_RATIO else 1


def _measure(rounds: int, seconds: int) -> dict[int, list[float]]:
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
