"""Updates of a stream to many sockets, beside a bare broadcast with ws; fails when a figure misses its goal.

A round is a POST whose handler sets one item, which is durable and goes to every socket that has joined the group. The
peer's handler sends the same text to every socket and keeps nothing. Both are measured in turns, by the same process:
deliveries a second, and the time from a round's request to each of its deliveries. A ratio over 1 means that we are
the better.
"""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import argparse
import resource
import shutil
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT, BenchFault
from bench.harness.command import Measured, at_least, carry_out, options_of
from bench.harness.load import spread
from bench.harness.machine import npm_version, program_version
from bench.harness.peers import install_npm_peer
from bench.harness.results import Goal, Row, compared, judged, with_unit
from bench.harness.servers import free_port, server
from bench.harness.sockets import Broadcasts, audience, middle
from runtime.config import Settings
from runtime.runners.programs import find_programs

PROJECT = ROOT / "bench" / "projects" / "streams"
PLACE = {"streamName": "rounds", "groupId": "all"}
WARM_UP_SECONDS = 1.0
SPARE_FILES = 200

DELIVERIES = Goal(">=", 60_000.0, "deliveries/s")
P99 = Goal("<=", 50.0, "ms")


def main() -> int:
    """Measures both; see `carry_out` for the exit code."""
    options = _options()
    return carry_out("streams", lambda: _measure(options))


def _options() -> argparse.Namespace:
    parser = options_of("streams", __doc__)
    parser.add_argument("--sockets", type=at_least(1), default=1000, help="joined at once (%(default)s)")
    parser.add_argument("--rounds", type=at_least(1), default=5, help="runs of each server (%(default)s)")
    parser.add_argument("--seconds", type=at_least(1), default=3, help="of each run (%(default)s)")
    return parser.parse_args()


def _allow_files(count: int) -> None:
    """Lets us and the servers have so many sockets open. Raises `BenchFault` where the system does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise BenchFault(f"only {hard} files may be open here, not the {count} that this needs; see `ulimit -Hn`")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


def _measure(options: argparse.Namespace) -> Measured:
    _allow_files(options.sockets + SPARE_FILES)
    node = find_programs(Settings())["node"]
    peer = install_npm_peer("ws")
    with ExitStack() as running:
        runs = _load_both(_start(running, node, peer), options)
    about = f"{options.rounds} rounds of {options.seconds} s to {options.sockets:,} sockets"
    versions = [f"python {sys.version.split()[0]}", f"node {program_version(node)}", npm_version(peer, "ws")]
    return Measured(about, _judge(runs), versions)


def _start(running: ExitStack, node: str, peer: Path) -> Mapping[str, str]:
    """Starts both servers, with nothing stored yet; gives their URLs."""
    shutil.rmtree(PROJECT / ".runtime", ignore_errors=True)
    ports = {"runtime": free_port(), "ws": free_port()}
    ours = [sys.executable, "-m", "runtime", "start", "--port", str(ports["runtime"])]
    theirs = [node, "server.mjs", str(ports["ws"])]
    production = {"NODE_ENV": "production"}
    return {
        name: running.enter_context(server(f"streams-{name}", command, folder, ports[name], production))
        for name, command, folder in (("runtime", ours, PROJECT), ("ws", theirs, peer))
    }


def _load_both(urls: Mapping[str, str], options: argparse.Namespace) -> Mapping[str, list[Broadcasts]]:
    """Loads both in turns, so that what the machine does meanwhile meets both."""
    runs: dict[str, list[Broadcasts]] = {name: [] for name in urls}
    for number in range(options.rounds + 1):
        for name, url in urls.items():
            with audience(url, options.sockets, "/rounds", PLACE) as joined:
                heard = joined.hear(options.seconds if number else WARM_UP_SECONDS)
            if number:
                runs[name].append(heard)
    print(f"{'':12}{'deliveries/s':>14}{'spread':>12}{'p50':>8}{'p99':>8}  (ms)")
    for name, done in runs.items():
        figures, variation = middle(done), spread([run.rate for run in done])
        print(f"  {name:10}{figures.rate:14.0f}{variation:>12}{figures.p50:8.2f}{figures.p99:8.2f}", flush=True)
    return runs


def _judge(runs: Mapping[str, list[Broadcasts]]) -> list[Row]:
    ours, theirs = runs["runtime"], runs["ws"]
    rate = compared([run.rate for run in ours], [run.rate for run in theirs])
    p99 = compared([run.p99 for run in theirs], [run.p99 for run in ours])
    return [
        _row("deliveries", DELIVERIES, middle(ours).rate, middle(theirs).rate, rate),
        _row("request to delivery, p99", P99, middle(ours).p99, middle(theirs).p99, p99),
    ]


def _row(case: str, goal: Goal, ours: float, theirs: float, ratio: tuple[float, str]) -> Row:
    peer = f"ws, {with_unit(theirs, goal.unit)}"
    return judged(case, ours, goal, theirs=peer, ratio=with_unit(ratio[0], ""), spread=ratio[1])


if __name__ == "__main__":
    sys.exit(main())
