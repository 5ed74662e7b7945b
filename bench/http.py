"""Requests through our runners beside the same handlers on what people would pick instead.

A GET, a POST of a small JSON body, and a POST as a browser sends it with 2 KiB, at several numbers of connections. The
peers of the Node runner are Express 4, NestJS and Fastify, that of the Python runner is FastAPI on uvicorn. Goals count
at 32 connections; the latency at one connection has its own.
"""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT, BenchFault
from bench.harness.browsing import HEADERS, basket
from bench.harness.command import Measured, at_least, carry_out, options_of
from bench.harness.contenders import versions_of_ours
from bench.harness.load import Figures, find_wrk, load, middle, spread
from bench.harness.machine import npm_version, python_versions
from bench.harness.peers import install_npm_peer, install_python_peer
from bench.harness.results import Goal, Row, compared, judged
from bench.harness.servers import fetch, free_port, server
from runtime.config import Settings
from runtime.runners.programs import find_programs

PROJECT = ROOT / "bench" / "projects" / "http"
CONNECTIONS = (1, 8, 32, 128)
JUDGED_CONNECTIONS = 32
WARM_UP_SECONDS = 2
OTHER_SECONDS = 1
"""Of each load at a number of connections that no ratio is judged at."""
LONE_P50 = Goal("<=", 0.45, "ms")

HELLO = {"message": "hello", "from": "bench", "items": [1, 2, 3]}
ECHO = {"id": 17, "name": "Ada", "tags": ["a", "b"], "total": 12.5}


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent to all; `path` is that of the peers. A GET has no body."""

    name: str
    path: str
    sent: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> str | None:
        """The body, None for a GET."""
        return None if self.sent is None else json.dumps(self.sent)


@dataclass(frozen=True, slots=True)
class Side:
    """A runner of ours: the prefix of its routes, and the least that it may be in shares of each peer."""

    name: str
    prefix: str
    goals: Mapping[str, Goal]


REQUESTS = (
    Request("GET", "/hello"),
    Request("POST", "/echo", ECHO),
    Request("POST of a browser", "/echo", basket(), HEADERS),
)
SIDES = (
    Side("node", "/ts", {"express": Goal(">=", 1.3), "nestjs": Goal(">=", 2.0), "fastify": Goal(">=", 0.5)}),
    Side("python", "/py", {"fastapi": Goal(">=", 1.3)}),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One request to a runner of ours and its peers, at one number of connections; `urls` has ours first."""

    side: Side
    request: Request
    connections: int
    urls: Mapping[str, str]

    @property
    def name(self) -> str:
        """What tells it from the others."""
        return f"{self.side.name}, {self.request.name}, {self.connections} connection{'s' * (self.connections > 1)}"

    def is_meant(self, text: str) -> bool:
        """Whether it is one of those that a person names so, by a part of a name or by a row of it."""
        return text in self.name or self.name in text


def main() -> int:
    """Runs all cases; see `carry_out` for the exit code."""
    options = _options()
    return carry_out("http", lambda: _measure(options))


def _options() -> argparse.Namespace:
    parser = options_of("http", __doc__)
    parser.add_argument(
        "--rounds", type=at_least(1), default=5, help="how often each server is loaded in a case (%(default)s)"
    )
    parser.add_argument(
        "--seconds",
        type=at_least(1),
        default=3,
        help="how long a load lasts at 32 connections (%(default)s); 1 at others",
    )
    parser.add_argument("--only", default="", metavar="TEXT", help="cases that have this in their name")
    options = parser.parse_args()
    cases = _cases(defaultdict(str))
    if not any(case.is_meant(options.only) for case in cases):
        parser.error(f"no case has '{options.only}' in its name, such as '{cases[2].name}'")
    return options


def _measure(options: argparse.Namespace) -> Measured:
    find_wrk()
    with ExitStack() as running:
        urls, versions = _start(running)
        cases = [case for case in _cases(urls) if case.is_meant(options.only)]
        for case in cases:
            _check(case)
        rows = [row for case in cases for row in _judge(case, options)]
    about = (
        f"{options.rounds} rounds of {options.seconds} s at {JUDGED_CONNECTIONS} connections and {OTHER_SECONDS} s at "
        f"others, in turns (A B C A B C); ratios are the median of the rounds'; latencies are p50 and p99"
    )
    return Measured(about, rows, versions)


def _start(running: ExitStack) -> tuple[dict[str, str], list[str]]:
    """Starts all servers, idle but for the one under load; gives their URLs, and the versions."""
    node = find_programs(Settings())["node"]
    folders = {name: install_npm_peer(name) for name in ("express", "nestjs", "fastify")}
    fastapi, python = install_python_peer("fastapi")
    shutil.rmtree(PROJECT / ".runtime", ignore_errors=True)
    ports = {name: free_port() for name in ("runtime", *folders, "fastapi")}
    commands = {name: ([node, "server.mjs", str(ports[name])], folder) for name, folder in folders.items()}
    commands["fastapi"] = ([python, "server.py", str(ports["fastapi"])], fastapi)
    commands["runtime"] = ([sys.executable, "-m", "runtime", "start", "--port", str(ports["runtime"])], PROJECT)
    urls = {
        name: running.enter_context(server(name, command, folder, ports[name], {"NODE_ENV": "production"}))
        for name, (command, folder) in commands.items()
    }
    packages = {"express": "express", "nestjs": "@nestjs/core", "fastify": "fastify"}
    versions = versions_of_ours()
    versions += [npm_version(folders[name], package) for name, package in packages.items()]
    return urls, [*versions, python_versions(python, "fastapi", "uvicorn", "uvloop", "httptools")]


def _cases(urls: Mapping[str, str]) -> list[Case]:
    cases = []
    for side in SIDES:
        for request in REQUESTS:
            ours = f"{urls['runtime']}{side.prefix}{'' if request.sent is None else request.path}"
            asked = {"runtime": ours, **{peer: urls[peer] + request.path for peer in side.goals}}
            cases += [Case(side, request, connections, asked) for connections in CONNECTIONS]
    return cases


def _check(case: Case) -> None:
    """Raises `BenchFault` unless all give the same answers."""
    for url in case.urls.values():
        answer = fetch(url, case.request.body)
        if not _is_same(answer, case.request.sent or HELLO):
            raise BenchFault(f"{url} answered {answer[:300]!r}")


def _is_same(answer: bytes, value: object) -> bool:
    try:
        return bool(json.loads(answer) == value)
    except ValueError:
        return False


def _judge(case: Case, options: argparse.Namespace) -> list[Row]:
    """Loads all in turns, so that what the machine does meanwhile meets each; gives a row for each peer."""
    is_judged = case.connections == JUDGED_CONNECTIONS
    seconds = options.seconds if is_judged else OTHER_SECONDS
    for name in case.urls:
        _load(case, name, WARM_UP_SECONDS if case.connections == CONNECTIONS[0] or options.only else OTHER_SECONDS)
    runs: dict[str, list[Figures]] = {name: [] for name in case.urls}
    for _ in range(options.rounds):
        for name, done in runs.items():
            done.append(_load(case, name, seconds))
    ours = runs.pop("runtime")
    print(
        f"  {case.name}: {_shown(ours)}; {'; '.join(f'{name} {_shown(done)}' for name, done in runs.items())}",
        flush=True,
    )
    rows = [
        _compare(case, peer, ours, theirs, case.side.goals[peer] if is_judged else None)
        for peer, theirs in runs.items()
    ]
    return [*rows, *_judge_lone(case, ours)]


def _load(case: Case, name: str, seconds: int) -> Figures:
    return load(case.urls[name], case.connections, seconds, case.request.body, case.request.headers)


def _compare(case: Case, peer: str, ours: Sequence[Figures], theirs: Sequence[Figures], goal: Goal | None) -> Row:
    ratio, variation = compared([run.rate for run in ours], [run.rate for run in theirs])
    return judged(
        f"{case.name}, {peer}",
        ratio,
        goal,
        ours=_shown(ours),
        theirs=_shown(theirs),
        ratio=f"{ratio:.2f}",
        spread=variation,
    )


def _judge_lone(case: Case, ours: Sequence[Figures]) -> list[Row]:
    """The latency of a request that is alone, as a row of its own."""
    if case.connections != 1:
        return []
    found = [run.p50 for run in ours]
    return [judged(f"{case.name}, p50", median(found), LONE_P50, spread=spread(found))]


def _shown(runs: Sequence[Figures]) -> str:
    figures = middle(list(runs))
    return f"{figures.rate:,.0f} req/s, {figures.p50:.2f} / {figures.p99:.2f} ms"


if __name__ == "__main__":
    sys.exit(main())
