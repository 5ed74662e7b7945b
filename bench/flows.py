"""Events through our queues beside BullMQ on Redis; fails when a figure misses its goal.

A flow is POST /orders -> durable emit -> event step -> durable write -> acknowledged. The same three things are
measured of us and of Express 4 with BullMQ on a Redis with an append-only file (everysec), in turns:

1. flows a second at 64 connections, from the first request to the end of the last handler;
2. the time from emit to the start of the handler at 16 connections;
3. a chain of three event steps, alone on an idle system, from request to the end of the last handler.

A handler ends when its write has returned. The acknowledgement of the last events comes after that, for both. What
survives is at least the same: ours outlives the kill of any process, theirs may lack what was not yet written out.
A ratio over 1 means that we are the better. With --soak N, N events go through one queue of ours after all this,
and the last 100,000 may take at most 1.2 times as long as the first.
"""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT, SCRATCH, BenchFault
from bench.harness.flows import Flows
from bench.harness.load import Figures, find_wrk, load, middle, spread
from bench.harness.machine import machine, npm_version, program_version
from bench.harness.peers import install_npm_peer
from bench.harness.redis import find_redis, redis, redis_version
from bench.harness.servers import Running, alone, free_port, process, server
from runtime.config import Settings
from runtime.runners.programs import find_programs

PROJECT = ROOT / "bench" / "projects" / "flows"
DATABASE = PROJECT / ".runtime" / "runtime.db"
ORDER = {"items": [{"sku": "A-17", "count": 2}, {"sku": "B-4", "count": 1}]}

CONCURRENCY = 64
"""What the event steps of the project have as their queues' concurrency."""
FLOW_CONNECTIONS = 64
LAG_CONNECTIONS = 16
WARM_UP_SECONDS = 2
WARM_UP_CHAINS = 20
CHAINS = 200
SOAK_BATCH = 10_000
SOAK_WINDOW = 100_000
EXIT_INTERRUPTED = 130

LEAST_FLOWS = 6000.0
LEAST_RATIO = 1.0
MOST_LAG_MS = 3.0
MOST_CHAIN_MS = 6.0
MOST_SLOWDOWN = 1.2


@dataclass(frozen=True, slots=True)
class Servers:
    """Who is measured; `core` is the process of ours that stores."""

    ours: Flows
    theirs: Flows
    core: Running


@dataclass(frozen=True, slots=True)
class Run:
    """One load: flows a second, the requests' figures, milliseconds from emit to the handler's start."""

    rate: float
    requests: Figures
    lag50: float
    lag99: float


def main() -> int:
    """Runs all cases; the exit code is 1 when a goal is missed or no figure could be had."""
    # `timeout` and CI end us with SIGTERM, which would leave the servers behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = _options()
    cases: dict[str, Callable[[], bool]] = {
        "flows": lambda: _measure_flows(servers, options),
        "lag": lambda: _measure_lag(servers, options),
        "chain": lambda: _measure_chain(servers),
        "soak": lambda: not options.soak or _soak(servers, options.soak),
    }
    try:
        with ExitStack() as running:
            servers = _start(running)
            print(f"\n{options.rounds} rounds of {options.seconds} s, times in ms; the lag is from emit to handler\n")
            missed = [name for name, measure in cases.items() if options.only in name and not measure()]
    except BenchFault as fault:
        print(f"bench flows: {fault}\nWhat the servers printed is in {SCRATCH.relative_to(ROOT)}/", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    if missed:
        print(f"under the goal: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench flows", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=_at_least(1), default=5, help="loads of each server in a case (%(default)s)")
    parser.add_argument("--seconds", type=_at_least(1), default=3, help="of each load (%(default)s)")
    parser.add_argument(
        "--soak", type=_at_least(2 * SOAK_WINDOW), metavar="N", help="send N events as well, such as 1000000"
    )
    parser.add_argument(
        "--only", default="", choices=("flows", "lag", "chain", "soak"), metavar="CASE", help="one of %(choices)s"
    )
    options = parser.parse_args()
    if options.only == "soak" and not options.soak:
        parser.error("--only soak needs --soak N as well")
    return options


def _at_least(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {least} on")
        return int(text)

    return read


def _start(running: ExitStack) -> Servers:
    """Starts all servers, with nothing stored yet."""
    find_wrk()
    find_redis()
    node = find_programs(Settings())["node"]
    running.enter_context(alone("flows"))
    bullmq = install_npm_peer("bullmq")
    print(machine())
    print(f"python {sys.version.split()[0]}, node {program_version(node)}, {redis_version()},", end=" ")
    print(", ".join(npm_version(bullmq, package) for package in ("bullmq", "ioredis", "express")))
    shutil.rmtree(PROJECT / ".runtime", ignore_errors=True)
    production = {"NODE_ENV": "production"}
    port = free_port()
    command = [sys.executable, "-m", "runtime", "start", "--port", str(port)]
    core = running.enter_context(process("flows", command, PROJECT, port, production))
    redis_port = running.enter_context(redis())
    port = free_port()
    command = [node, "server.mjs", str(port), str(redis_port), str(CONCURRENCY)]
    theirs = running.enter_context(server("bullmq", command, bullmq, port, production))
    return Servers(Flows(core.url), Flows(theirs), core)


def _measure_flows(servers: Servers, options: argparse.Namespace) -> bool:
    ours, theirs = _load_both(servers, FLOW_CONNECTIONS, options)
    rate = median(run.rate for run in ours)
    ratio = rate / median(run.rate for run in theirs)
    met = rate >= LEAST_FLOWS and ratio >= LEAST_RATIO
    return _say("flows/s", f"{rate:.0f}, goal >= {LEAST_FLOWS:.0f}; ratio {ratio:.2f}, goal >= {LEAST_RATIO:.2f}", met)


def _measure_lag(servers: Servers, options: argparse.Namespace) -> bool:
    ours, theirs = _load_both(servers, LAG_CONNECTIONS, options)
    lag = median(run.lag50 for run in ours)
    ratio = median(run.lag50 for run in theirs) / lag
    return _say(
        "emit -> handler p50", f"{lag:.2f} ms, goal <= {MOST_LAG_MS:.0f}; ratio {ratio:.2f}", lag <= MOST_LAG_MS
    )


def _load_both(servers: Servers, connections: int, options: argparse.Namespace) -> tuple[list[Run], list[Run]]:
    """Loads both in turns, so that what the machine does meanwhile meets both; prints their figures."""
    runs: tuple[list[Run], list[Run]] = ([], [])
    both = (servers.ours, servers.theirs)
    for flows in both:
        _load(flows, connections, WARM_UP_SECONDS)
    for _ in range(options.rounds):
        for flows, done in zip(both, runs, strict=True):
            done.append(_load(flows, connections, options.seconds))
    print(f"{connections:2} connections{'flows/s':>16}{'spread':>12}{'req/s':>8}{'p50':>8}{'p99':>8}", end="")
    print(f"{'lag p50':>10}{'lag p99':>10}")
    for name, done in zip(("node runner", "express, bullmq"), runs, strict=True):
        _print_runs(name, done)
    return runs


def _load(flows: Flows, connections: int, seconds: int) -> Run:
    """Sends orders for so long, then waits for the events that are left."""
    flows.reset()
    requests = load(f"{flows.url}/orders", connections, seconds, json.dumps(ORDER))
    noted = flows.settle()
    if noted.lag50 is None or noted.lag99 is None:
        raise BenchFault(f"{flows.url} handled no event")
    return Run(noted.done / noted.seconds, requests, noted.lag50, noted.lag99)


def _print_runs(name: str, runs: Sequence[Run]) -> None:
    rates = [run.rate for run in runs]
    requests = middle([run.requests for run in runs])
    lags = f"{median(run.lag50 for run in runs):10.2f}{median(run.lag99 for run in runs):10.2f}"
    print(f"  {name:18}{median(rates):10.0f}{spread(rates):>12}{requests.rate:8.0f}", end="")
    print(f"{requests.p50:8.2f}{requests.p99:8.2f}{lags}")


def _measure_chain(servers: Servers) -> bool:
    """Lets one chain after the other run, of both in turns."""
    both = (servers.ours, servers.theirs)
    times: tuple[list[float], list[float]] = ([], [])
    for flows in both:
        flows.reset()
    for ended in range(WARM_UP_CHAINS + CHAINS):
        for flows, taken in zip(both, times, strict=True):
            taken.append(flows.chain(ended))
    ours, theirs = (taken[WARM_UP_CHAINS:] for taken in times)
    print(f"{CHAINS} chains alone{'p50':>12}{'p99':>8}")
    for name, taken in (("node runner", ours), ("express, bullmq", theirs)):
        print(f"  {name:18}{median(taken):8.2f}{quantiles(taken, n=100)[-1]:8.2f}")
    middle_one = median(ours)
    ratio = median(theirs) / middle_one
    figures = f"{middle_one:.2f} ms, goal <= {MOST_CHAIN_MS:.0f}; ratio {ratio:.2f}"
    return _say("chain of three p50", figures, middle_one <= MOST_CHAIN_MS)


def _soak(servers: Servers, events: int) -> bool:
    """Sends the events, each batch when the one before is done, and shows what grows."""
    _send_batch(servers.ours)
    print(f"{'events':>12}{'seconds':>10}{'database MiB':>14}{'WAL MiB':>9}{'core MiB':>10}")
    _print_sizes(0, 0.0, servers.core)
    windows = []
    for window in range(events // SOAK_WINDOW):
        windows.append(sum(_send_batch(servers.ours) for _ in range(SOAK_WINDOW // SOAK_BATCH)))
        _print_sizes((window + 1) * SOAK_WINDOW, windows[-1], servers.core)
    slowdown = windows[-1] / windows[0]
    figures = f"{slowdown:.2f} times the first, goal <= {MOST_SLOWDOWN}"
    return _say(f"the last {SOAK_WINDOW:,} events", figures, slowdown <= MOST_SLOWDOWN)


def _send_batch(flows: Flows) -> float:
    """Seconds from the start of the first handler to the end of the last."""
    flows.reset()
    flows.post("/batches", {"events": SOAK_BATCH, **ORDER})
    return flows.settle().seconds


def _print_sizes(events: int, seconds: float, core: Running) -> None:
    sizes = [path.stat().st_size if path.exists() else 0 for path in (DATABASE, Path(f"{DATABASE}-wal"))]
    database, wal, resident = (size / 2**20 for size in (*sizes, core.resident_bytes()))
    print(f"{events:12,}{seconds:10.2f}{database:14.1f}{wal:9.1f}{resident:10.1f}", flush=True)


def _say(name: str, figures: str, met: bool) -> bool:
    print(f"{name}: {figures}  {'ok' if met else 'UNDER'}\n", flush=True)
    return met


if __name__ == "__main__":
    sys.exit(main())
