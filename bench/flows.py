"""Events through our queues beside BullMQ and Celery on Redis; fails when a figure misses its goal.

A flow is POST /orders -> durable emit -> event step -> durable write -> acknowledged. The same things are measured of
us and of Express 4 with BullMQ on a Redis with an append-only file (everysec), in turns:

1. flows a second at 64 connections, from the first request to the end of the last handler; also of BullMQ with its
   workers in a process of their own, and of FastAPI with Celery on the same Redis, a worker process for each core;
2. the time from emit to the start of the handler at 16 connections, where BullMQ's workers are in a process of their
   own as well, which makes it ten times as quick;
3. a chain of three event steps, alone on an idle system, from request to the end of the last handler.

A handler ends when its write has returned. The acknowledgement of the last events comes after that, for all. What was
accepted survives the kill of any process, ours and theirs; of a power cut theirs lacks the last second at most, ours
what the system had not written out (`durability: full` is for that).

A ratio over 1 means that we are the better. With --backlog N, N events go through one queue of ours after all this,
and the last 100,000 may take at most 1.2 times as long as the first.
"""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT
from bench.harness.command import Measured, at_least, carry_out, options_of
from bench.harness.contenders import (
    start_bullmq,
    start_celery,
    start_ours,
    versions_of_bullmq,
    versions_of_celery,
    versions_of_ours,
)
from bench.harness.flowruns import ORDER, load_in_turns
from bench.harness.flows import Flows
from bench.harness.load import find_wrk
from bench.harness.redis import find_redis, redis
from bench.harness.results import Goal, Row, compared, judged, with_unit
from bench.harness.servers import Running

PROJECT = ROOT / "bench" / "projects" / "flows"
DATABASE = PROJECT / ".runtime" / "runtime.db"
OURS, BULLMQ, CELERY = "node runner", "express, bullmq", "fastapi, celery"
APART = f"{BULLMQ} apart"

CONCURRENCY = 64
"""What the event steps of the project have as their queues' concurrency."""
FLOW_CONNECTIONS = 64
LAG_CONNECTIONS = 16
WARM_UP_CHAINS = 20
CHAINS = 200
BATCH = 10_000
WINDOW = 100_000

RATIO = Goal(">=", 1.0)
LAG_P50 = Goal("<=", 2.0, "ms")
LAG_P99 = Goal("<=", 20.0, "ms")
CHAIN = Goal("<=", 5.0, "ms")
SLOWDOWN = Goal("<=", 1.2)


@dataclass(frozen=True, slots=True)
class Servers:
    """Who is measured; `core` is the process of ours that stores."""

    flows: Mapping[str, Flows]
    core: Running


def main() -> int:
    """Runs all cases; see `carry_out` for the exit code."""
    parser = options_of("flows", __doc__)
    parser.add_argument(
        "--rounds", type=at_least(1), default=5, help="how often each server is loaded in a case (%(default)s)"
    )
    parser.add_argument("--seconds", type=at_least(1), default=3, help="how long each load lasts (%(default)s)")
    parser.add_argument("--backlog", type=at_least(2 * WINDOW), metavar="N", help="send N events as well, as 1000000")
    parser.add_argument(
        "--only", default="", choices=("flows", "lag", "chain", "backlog"), metavar="CASE", help="one of %(choices)s"
    )
    options = parser.parse_args()
    if options.only == "backlog" and not options.backlog:
        parser.error("--only backlog needs --backlog N as well")
    return carry_out("flows", lambda: _measure(options))


def _measure(options: argparse.Namespace) -> Measured:
    cases: dict[str, Callable[[], Sequence[Row]]] = {
        "flows": lambda: _measure_flows(servers, options),
        "lag": lambda: _measure_lag(servers, options),
        "chain": lambda: _measure_chain(servers),
        "backlog": lambda: _measure_backlog(servers, options.backlog) if options.backlog else (),
    }
    with ExitStack() as running:
        servers = _start(running)
        rows = [row for name, measure in cases.items() if options.only in ("", name) for row in measure()]
    about = f"{options.rounds} rounds of {options.seconds} s; {CHAINS} chains, one after the other"
    versions = [*versions_of_ours(), *versions_of_bullmq(), *versions_of_celery()]
    return Measured(about, rows, versions)


def _start(running: ExitStack) -> Servers:
    """Starts all servers, with nothing stored yet."""
    find_wrk()
    find_redis()
    core = start_ours(running, "flows", PROJECT)
    redis_port = running.enter_context(redis())
    bullmq = start_bullmq(running, "server.mjs", redis_port, CONCURRENCY)
    apart = start_bullmq(running, "server.mjs", redis_port, CONCURRENCY, "apart")
    celery = start_celery(running, redis_port)
    flows = {OURS: core.url, BULLMQ: bullmq, APART: apart, CELERY: celery}
    return Servers({name: Flows(url) for name, url in flows.items()}, core)


def _measure_flows(servers: Servers, options: argparse.Namespace) -> list[Row]:
    runs = load_in_turns(servers.flows, FLOW_CONNECTIONS, options.rounds, options.seconds)
    rates = {name: [run.rate for run in done] for name, done in runs.items()}
    case, ours = f"durable flow, {FLOW_CONNECTIONS} connections", with_unit(median(rates[OURS]), "flows/s")
    rows = []
    for name in (BULLMQ, APART, CELERY):
        ratio, variation = compared(rates[OURS], rates[name])
        theirs = f"{name}, {with_unit(median(rates[name]), 'flows/s')}"
        goal = None if name == CELERY else RATIO
        rows.append(judged(case, ratio, goal, ours=ours, theirs=theirs, ratio=f"{ratio:.2f}", spread=variation))
    return rows


def _measure_lag(servers: Servers, options: argparse.Namespace) -> list[Row]:
    both = {name: servers.flows[name] for name in (OURS, APART)}
    runs = load_in_turns(both, LAG_CONNECTIONS, options.rounds, options.seconds)
    case = f"emit to handler, {LAG_CONNECTIONS} connections"
    p50s = {name: [run.lag50 for run in done] for name, done in runs.items()}
    p99s = {name: [run.lag99 for run in done] for name, done in runs.items()}
    return [_judge_times(f"{case}, p50", LAG_P50, p50s), _judge_times(f"{case}, p99", LAG_P99, p99s)]


def _judge_times(case: str, goal: Goal, times: Mapping[str, Sequence[float]]) -> Row:
    """The row of two servers' milliseconds, ours first."""
    (_, ours), (peer, theirs) = times.items()
    ratio, variation = compared(theirs, ours)
    shown = f"{peer}, {with_unit(median(theirs), 'ms')}"
    return judged(case, median(ours), goal, theirs=shown, ratio=with_unit(ratio, ""), spread=variation)


def _measure_chain(servers: Servers) -> list[Row]:
    """Lets one chain after the other run, of both in turns."""
    both = {name: servers.flows[name] for name in (OURS, BULLMQ)}
    times: dict[str, list[float]] = {name: [] for name in both}
    for flows in both.values():
        flows.reset()
    for ended in range(WARM_UP_CHAINS + CHAINS):
        for name, flows in both.items():
            times[name].append(flows.chain(ended))
    print(f"{CHAINS} chains alone{'p50':>12}{'p99':>8}  (ms)")
    for name, taken in times.items():
        del taken[:WARM_UP_CHAINS]
        print(f"  {name:18}{median(taken):8.2f}{quantiles(taken, n=100)[-1]:8.2f}", flush=True)
    return [_judge_times("chain of three steps, idle, p50", CHAIN, times)]


def _measure_backlog(servers: Servers, events: int) -> list[Row]:
    """Sends the events, each batch when the one before is done, and shows what grows."""
    ours = servers.flows[OURS]
    _send_batch(ours)
    print(f"{'events':>12}{'seconds':>10}{'database MiB':>14}{'WAL MiB':>9}{'core MiB':>10}")
    _print_sizes(0, 0.0, servers.core)
    windows = []
    for window in range(events // WINDOW):
        windows.append(sum(_send_batch(ours) for _ in range(WINDOW // BATCH)))
        _print_sizes((window + 1) * WINDOW, windows[-1], servers.core)
    slowdown = windows[-1] / windows[0]
    shown = f"{with_unit(windows[0], 's')} -> {with_unit(windows[-1], 's')}, {slowdown:.2f} times"
    return [judged(f"the last {WINDOW:,} of {events:,} events", slowdown, SLOWDOWN, ours=shown)]


def _send_batch(flows: Flows) -> float:
    """Seconds from the start of the first handler to the end of the last."""
    flows.reset()
    flows.post("/batches", {"events": BATCH, **ORDER})
    return flows.settle().seconds


def _print_sizes(events: int, seconds: float, core: Running) -> None:
    sizes = [path.stat().st_size if path.exists() else 0 for path in (DATABASE, Path(f"{DATABASE}-wal"))]
    database, wal, resident = (size / 2**20 for size in (*sizes, core.resident_bytes()))
    print(f"{events:12,}{seconds:10.2f}{database:14.1f}{wal:9.1f}{resident:10.1f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
