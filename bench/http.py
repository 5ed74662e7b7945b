"""Requests through our runners beside the same handlers on Express and FastAPI; fails when a ratio misses its goal."""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT, SCRATCH, BenchFault
from bench.harness.load import Figures, find_wrk, load, middle, spread
from bench.harness.machine import machine, npm_version, program_version, python_versions
from bench.harness.peers import install_npm_peer, install_python_peer
from bench.harness.servers import fetch, free_port, server
from runtime.config import Settings
from runtime.runners.programs import find_programs

WARM_UP_SECONDS = 1
LONE_SECONDS = 1
EXIT_INTERRUPTED = 130

HELLO = {"message": "hello", "from": "bench", "items": [1, 2, 3]}
ECHO = {"id": 17, "name": "Ada", "tags": ["a", "b"], "total": 12.5}


@dataclass(frozen=True, slots=True)
class Case:
    """The same request to us and to a peer; `goal` is the least that ours may be in shares of the peer's."""

    name: str
    path: str
    peer: str
    peer_path: str
    goal: float
    sent: Mapping[str, object] | None = None

    @property
    def body(self) -> str | None:
        """The request's body, None for a GET."""
        return None if self.sent is None else json.dumps(self.sent)


CASES = (
    Case("node runner / express, GET", "/ts", "express", "/hello", goal=1.0),
    Case("node runner / express, POST", "/ts/echo", "express", "/echo", goal=1.0, sent=ECHO),
    Case("python runner / fastapi, GET", "/py", "fastapi", "/hello", goal=1.0),
    Case("python runner / fastapi, POST", "/py/echo", "fastapi", "/echo", goal=1.0, sent=ECHO),
)


def main() -> int:
    """Runs all cases; the exit code is 1 when a goal is missed or no figure could be had."""
    # `timeout` and CI end us with SIGTERM, which would leave the servers behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = _options()
    cases = [case for case in CASES if options.only in case.name]
    try:
        find_wrk()
        if not cases:
            raise BenchFault(f"no case has '{options.only}' in its name; there are: {', '.join(c.name for c in CASES)}")
        with ExitStack() as running:
            urls = _start(running)
            _check(cases, urls)
            return _measure_all(cases, urls, options)
    except BenchFault as fault:
        print(f"bench http: {fault}\nWhat the servers printed is in {SCRATCH.relative_to(ROOT)}/", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench http", description=__doc__)
    parser.add_argument("--connections", type=_at_least_one, default=32, help="open at once (%(default)s)")
    parser.add_argument(
        "--rounds", type=_at_least_one, default=5, help="runs of each server in each case (%(default)s)"
    )
    parser.add_argument("--seconds", type=_at_least_one, default=1, help="of each run (%(default)s)")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases that have this in their name")
    return parser.parse_args()


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1 on")
    return int(text)


def _start(running: ExitStack) -> dict[str, str]:
    """Starts all servers, idle but for the one under load; gives their URLs."""
    node = find_programs(Settings())["node"]
    express = install_npm_peer("express")
    fastapi, python = install_python_peer("fastapi")
    print(machine())
    print(f"python {sys.version.split()[0]}, node {program_version(node)}, {npm_version(express, 'express')},", end=" ")
    print(python_versions(python, "fastapi", "uvicorn", "uvloop", "httptools"))
    production = {"NODE_ENV": "production"}
    ports = {name: free_port() for name in ("runtime", "express", "fastapi")}
    ours = [sys.executable, "-m", "runtime", "start", "--port", str(ports["runtime"])]
    project = ROOT / "bench" / "projects" / "http"
    return {
        name: running.enter_context(server(name, command, folder, ports[name], production))
        for name, command, folder in (
            ("runtime", ours, project),
            ("express", [node, "server.mjs", str(ports["express"])], express),
            ("fastapi", [python, "server.py", str(ports["fastapi"])], fastapi),
        )
    }


def _check(cases: Sequence[Case], urls: Mapping[str, str]) -> None:
    """Raises `BenchFault` unless all give the same answers."""
    for case in cases:
        for url in (urls["runtime"] + case.path, urls[case.peer] + case.peer_path):
            answer = json.loads(fetch(url, case.body))
            if answer != (case.sent or HELLO):
                raise BenchFault(f"{url} answered {answer!r}")


def _measure_all(cases: Sequence[Case], urls: Mapping[str, str], options: argparse.Namespace) -> int:
    print(f"\n{options.rounds} rounds of {options.seconds} s at {options.connections} connections, latencies in ms\n")
    print(f"{'':32}{'req/s':>9}{'spread':>12}{'p50':>8}{'p99':>8}{'p50 at 1':>10}")
    missed = [case.name for case in cases if not _measure(case, urls, options)]
    if missed:
        print(f"\nunder the goal: {'; '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


def _measure(case: Case, urls: Mapping[str, str], options: argparse.Namespace) -> bool:
    """Loads both in turns, so that what the machine does meanwhile meets both; true when the goal is met."""
    ours, theirs = urls["runtime"] + case.path, urls[case.peer] + case.peer_path
    runs: dict[str, list[Figures]] = {ours: [], theirs: []}
    for url in runs:
        load(url, options.connections, WARM_UP_SECONDS, case.body)
    for _ in range(options.rounds):
        for url, figures in runs.items():
            figures.append(load(url, options.connections, options.seconds, case.body))
    lone = load(ours, 1, LONE_SECONDS, case.body)
    ratio = middle(runs[ours]).rate / middle(runs[theirs]).rate
    _print_figures(case.name.split(",")[0].partition(" / ")[0], runs[ours], f"{lone.p50:.2f}")
    _print_figures(case.peer, runs[theirs])
    verdict = "ok" if ratio >= case.goal else "UNDER"
    print(f"{case.name:32}{ratio:9.2f}  goal {case.goal:.2f}  {verdict}\n", flush=True)
    return ratio >= case.goal


def _print_figures(name: str, runs: list[Figures], lone: str = "") -> None:
    figures = middle(runs)
    variation = spread([run.rate for run in runs])
    print(f"  {name:30}{figures.rate:9.0f}{variation:>12}{figures.p50:8.2f}{figures.p99:8.2f}{lone:>10}")


if __name__ == "__main__":
    sys.exit(main())
