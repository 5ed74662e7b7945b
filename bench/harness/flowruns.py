"""Loads of servers that answer a request and handle its event later."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.harness import BenchFault
from bench.harness.flows import Flows
from bench.harness.load import Figures, load, middle, spread

WARM_UP_SECONDS = 2
ORDER = {"items": [{"sku": "A-17", "count": 2}, {"sku": "B-4", "count": 1}]}


@dataclass(frozen=True, slots=True)
class Run:
    """One load: flows a second, the requests' figures, milliseconds from emit to the handler's start."""

    rate: float
    requests: Figures
    lag50: float
    lag99: float


def load_in_turns(
    servers: Mapping[str, Flows], connections: int, rounds: int, seconds: int
) -> Mapping[str, Sequence[Run]]:
    """Loads each in turns, so that what the machine does meanwhile meets all; prints their figures."""
    runs: dict[str, list[Run]] = {name: [] for name in servers}
    for flows in servers.values():
        load_orders(flows, connections, WARM_UP_SECONDS)
    for _ in range(rounds):
        for name, flows in servers.items():
            runs[name].append(load_orders(flows, connections, seconds))
    print(f"{connections:2} connections{'flows/s':>16}{'spread':>12}{'req/s':>8}{'p50':>8}{'p99':>8}", end="")
    print(f"{'lag p50':>10}{'lag p99':>10}  (ms)")
    for name, done in runs.items():
        _print_runs(name, done)
    return runs


def load_orders(flows: Flows, connections: int, seconds: int) -> Run:
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
    print(f"{requests.p50:8.2f}{requests.p99:8.2f}{lags}", flush=True)
