"""One event to fifty steps, beside BullMQ; and events of many groups, each of which keeps its order.

1. An event of a topic that 50 steps subscribe to, alone on an idle system: from emit to the end of the last handler.
2. Many such events at once: handlers a second, from the first emit to the end of the last handler.
3. Events of 100 groups of a fifo queue: handlers a second. That the order holds in each group, and that no two
   handlers of a group overlap, is a condition of the figure. BullMQ has groups only in its paid edition: no peer.

Each handler stores one value and ends when that write has returned. BullMQ has no subscribers, so a job goes to the
queue of each. A ratio over 1 means that we are the better. No figure has a goal.
"""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT, SCRATCH, BenchFault
from bench.harness.command import Measured, at_least, carry_out, options_of
from bench.harness.contenders import start_bullmq, start_ours, versions_of_bullmq, versions_of_ours
from bench.harness.flows import Flows
from bench.harness.load import spread
from bench.harness.redis import redis
from bench.harness.results import Row, compared, with_unit
from bench.harness.servers import fetch

PROJECTS = ROOT / "bench" / "projects"
FOLDER = SCRATCH / "fanout"
PROJECT = FOLDER / "fanout"
OURS, BULLMQ = "node runner", "express, bullmq"

SUBSCRIBERS = 50
CONCURRENCY = 10
"""Of each subscriber's queue, which is our default."""
WARM_UP_EVENTS = 5
LONE_EVENTS = 50
GROUPS = 100
PAUSE_MS = 20
_SUBSCRIBER = """import type {{ EventConfig, Handlers }} from 'motia'

import {{ noteSubscriber }} from '../runs.mjs'

export const config: EventConfig = {{ type: 'event', name: 'Subscriber{n}', subscribes: ['order.shipped'] }}

export const handler: Handlers['Subscriber{n}'] = async ({{ order, at, subscribers }}, {{ state }}) => {{
  await state.set('subscriber-{n}', order, {{ order, state: 'told' }})
  noteSubscriber({n}, order, at, subscribers)
}}
"""


def main() -> int:
    """Measures both; see `carry_out` for the exit code."""
    parser = options_of("fanout", __doc__)
    parser.add_argument(
        "--rounds", type=at_least(1), default=5, help="how often each server is loaded in a case (%(default)s)"
    )
    parser.add_argument("--events", type=at_least(1), default=400, help="to 50 steps each in a load (%(default)s)")
    parser.add_argument("--in-group", type=at_least(2), default=100, help="events of each group (%(default)s)")
    options = parser.parse_args()
    return carry_out("fanout", lambda: _measure(options.rounds, options.events, options.in_group))


def _measure(rounds: int, events: int, in_group: int) -> Measured:
    _make_project()
    with ExitStack() as running:
        core = start_ours(running, "fanout", PROJECT)
        redis_port = running.enter_context(redis())
        bullmq = start_bullmq(running, "fanout.mjs", redis_port, CONCURRENCY)
        servers = {OURS: Flows(core.url), BULLMQ: Flows(bullmq)}
        rows = [
            _measure_lone(servers),
            _measure_many(servers, rounds, events),
            _measure_groups(core.url, rounds, in_group),
        ]
    about = (
        f"{LONE_EVENTS} events alone; {rounds} rounds of {events} events to {SUBSCRIBERS} steps, "
        f"and of {in_group} events to each of {GROUPS} groups"
    )
    return Measured(about, rows, [*versions_of_ours(), *versions_of_bullmq()])


def _make_project() -> None:
    """Copies the project with what it shares with that of flows, and writes the steps that subscribe."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(PROJECTS / "fanout", PROJECT, ignore=shutil.ignore_patterns(".runtime"))
    flows = PROJECTS / "flows"
    (FOLDER / "flows").mkdir()
    shutil.copy(flows / "figures.mjs", FOLDER / "flows")
    for name in ("figures.step.ts", "reset.step.ts"):
        shutil.copy(flows / "steps" / name, PROJECT / "steps")
    for number in range(SUBSCRIBERS):
        (PROJECT / "steps" / f"subscriber-{number}.step.ts").write_text(_SUBSCRIBER.format(n=number))


def _measure_lone(servers: Mapping[str, Flows]) -> Row:
    """Lets one event after the other run, of both in turns."""
    took: dict[str, list[float]] = {name: [] for name in servers}
    for flows in servers.values():
        flows.reset()
    for ended in range(WARM_UP_EVENTS + LONE_EVENTS):
        for name, flows in servers.items():
            took[name].append(flows.chain(ended, "/fan-outs", {"events": 1, "subscribers": SUBSCRIBERS}))
    print(f"{LONE_EVENTS} events alone{'p50':>12}{'p99':>8}  (ms)")
    for name, taken in took.items():
        del taken[:WARM_UP_EVENTS]
        print(f"  {name:18}{median(taken):8.2f}{quantiles(taken, n=100)[-1]:8.2f}", flush=True)
    ours, theirs = (with_unit(median(took[name]), "ms") for name in (OURS, BULLMQ))
    ratio, variation = compared(took[BULLMQ], took[OURS])
    case = f"1 -> {SUBSCRIBERS}, idle, emit to end of the last, p50"
    return Row(case, ours, f"{BULLMQ}, {theirs}", with_unit(ratio, ""), variation)


def _measure_many(servers: Mapping[str, Flows], rounds: int, events: int) -> Row:
    """Handlers a second of both, in turns; the first load of each is not counted."""
    rates: dict[str, list[float]] = {name: [] for name in servers}
    for number in range(rounds + 1):
        for name, flows in servers.items():
            rate = _rate(flows, "/fan-outs", {"events": events, "subscribers": SUBSCRIBERS}, events * SUBSCRIBERS)
            if number:
                rates[name].append(rate)
    ours, theirs = (with_unit(median(rates[name]), "events/s") for name in (OURS, BULLMQ))
    ratio, variation = compared(rates[OURS], rates[BULLMQ])
    return Row(f"1 -> {SUBSCRIBERS} under load", ours, f"{BULLMQ}, {theirs}", with_unit(ratio, ""), variation)


def _measure_groups(url: str, rounds: int, events: int) -> Row:
    """Handlers a second of all groups together. Raises `BenchFault` when one does not keep its order."""
    flows, rates = Flows(url), []
    for number in range(rounds + 1):
        # Handlers that pause while the next events of their groups come: without order, the first load would show it.
        pause = 0 if number else PAUSE_MS
        rate = _rate(flows, "/groups", {"groups": GROUPS, "events": events, "pause": pause}, GROUPS * events)
        kept = json.loads(fetch(f"{url}/order"))
        if kept["faults"] or kept["groups"] != GROUPS:
            raise BenchFault(f"{kept['groups']} groups, not in order: {'; '.join(kept['faults'][:5])}")
        if number:
            rates.append(rate)
    case = f"fifo, {GROUPS} groups, each in order"
    return Row(case, with_unit(median(rates), "events/s"), "none: paid in bullmq", spread=spread(rates))


def _rate(flows: Flows, path: str, sent: Mapping[str, object], handled: int) -> float:
    """Handlers a second. Raises `BenchFault` unless so many have run."""
    flows.reset()
    flows.post(path, sent)
    noted = flows.settle()
    if noted.done != handled:
        raise BenchFault(f"{flows.url}{path}: {noted.done} handlers ran, not {handled}")
    return noted.done / noted.seconds


if __name__ == "__main__":
    sys.exit(main())
