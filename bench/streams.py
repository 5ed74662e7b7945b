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
import signal
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT, SCRATCH, BenchFault
from bench.harness.load import spread
from bench.harness.machine import machine, npm_version, program_version
from bench.harness.peers import install_npm_peer
from bench.harness.servers import alone, free_port, server
from bench.harness.sockets import Broadcasts, audience, middle
from runtime.config import Settings
from runtime.runners.programs import find_programs

PROJECT = ROOT / "bench" / "projects" / "streams"
PLACE = {"streamName": "rounds", "groupId": "all"}
WARM_UP_SECONDS = 1.0
SPARE_FILES = 200
EXIT_INTERRUPTED = 130

LEAST_DELIVERIES = 60_000.0
MOST_P99_MS = 50.0


def main() -> int:
    """Measures both; the exit code is 1 when a goal is missed or no figure could be had."""
    # `timeout` and CI end us with SIGTERM, which would leave the servers behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = _options()
    try:
        _allow_files(options.sockets + SPARE_FILES)
        with ExitStack() as running:
            urls = _start(running)
            runs = _measure(urls, options)
    except BenchFault as fault:
        print(f"bench streams: {fault}\nWhat the servers printed is in {SCRATCH.relative_to(ROOT)}/", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0 if _judge(runs, options) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench streams", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sockets", type=int, default=1000, help="joined at once (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each server (%(default)s)")
    parser.add_argument("--seconds", type=int, default=3, help="of each run (%(default)s)")
    return parser.parse_args()


def _allow_files(count: int) -> None:
    """Lets us and the servers have so many sockets open. Raises `BenchFault` where the system does not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise BenchFault(f"only {hard} files may be open here, not the {count} that this needs; see `ulimit -Hn`")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


def _start(running: ExitStack) -> Mapping[str, str]:
    """Starts both servers, with nothing stored yet; gives their URLs."""
    node = find_programs(Settings())["node"]
    running.enter_context(alone("streams"))
    peer = install_npm_peer("ws")
    print(machine())
    print(f"python {sys.version.split()[0]}, node {program_version(node)}, {npm_version(peer, 'ws')}")
    shutil.rmtree(PROJECT / ".runtime", ignore_errors=True)
    ports = {"runtime": free_port(), "ws": free_port()}
    ours = [sys.executable, "-m", "runtime", "start", "--port", str(ports["runtime"])]
    theirs = [node, "server.mjs", str(ports["ws"])]
    production = {"NODE_ENV": "production"}
    return {
        name: running.enter_context(server(f"streams-{name}", command, folder, ports[name], production))
        for name, command, folder in (("runtime", ours, PROJECT), ("ws", theirs, peer))
    }


def _measure(urls: Mapping[str, str], options: argparse.Namespace) -> Mapping[str, list[Broadcasts]]:
    """Loads both in turns, so that what the machine does meanwhile meets both."""
    runs: dict[str, list[Broadcasts]] = {name: [] for name in urls}
    print(f"\n{options.rounds} rounds of {options.seconds} s to {options.sockets} sockets, times in ms\n", flush=True)
    for number in range(options.rounds + 1):
        for name, url in urls.items():
            with audience(url, options.sockets, "/rounds", PLACE) as joined:
                heard = joined.hear(options.seconds if number else WARM_UP_SECONDS)
            if number:
                runs[name].append(heard)
    return runs


def _judge(runs: Mapping[str, list[Broadcasts]], options: argparse.Namespace) -> bool:
    print(f"{'':12}{'deliveries/s':>14}{'spread':>12}{'p50':>8}{'p99':>8}")
    figures = {name: middle(done) for name, done in runs.items()}
    for name, done in runs.items():
        variation = spread([run.rate for run in done])
        print(f"  {name:10}{figures[name].rate:14.0f}{variation:>12}{figures[name].p50:8.2f}{figures[name].p99:8.2f}")
    ours, ratio = figures["runtime"], figures["runtime"].rate / figures["ws"].rate
    are_met = ours.rate >= LEAST_DELIVERIES, ours.p99 <= MOST_P99_MS
    print(f"deliveries/s: {ours.rate:.0f}, goal >= {LEAST_DELIVERIES:.0f}; ratio {ratio:.2f}  {_verdict(are_met[0])}")
    print(f"p99: {ours.p99:.2f} ms, goal <= {MOST_P99_MS:.0f}  {_verdict(are_met[1])}")
    return all(are_met)


def _verdict(is_met: bool) -> str:
    return "ok" if is_met else "UNDER"


if __name__ == "__main__":
    sys.exit(main())
