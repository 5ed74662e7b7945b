"""What remembering runs costs: one project with telemetry off, as in `start`, as in `dev`, and with every trace kept.

Fails when requests or events a second fall by more than 15 % in `start` or `dev`; what a trace costs that is written is
to be seen where every one is.
"""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT, SCRATCH
from bench.harness.command import Measured, at_least, carry_out, options_of
from bench.harness.flows import Flows
from bench.harness.load import find_wrk, load, spread
from bench.harness.results import Goal, Row, compared, judged, with_unit
from bench.harness.servers import free_port, server

PROJECTS = ROOT / "bench" / "projects"
KINDS: Mapping[str, str] = {
    "off": "telemetry: {enabled: false}\n",
    "start": "telemetry: {}\n",
    "dev": "telemetry: {sample: 1}\n",
    "every one": "telemetry: {sample: 1, maxTracesPerSecond: 1000000000}\n",
}
NO_GOAL = frozenset(("off", "every one"))
ORDER = {"items": [{"sku": "A-17", "count": 2}]}
CONNECTIONS = 32
WARM_UP_SECONDS = 2
LEFT = Goal(">=", 0.85)


def main() -> int:
    """Measures all in turns; see `carry_out` for the exit code."""
    parser = options_of("tracing", __doc__)
    parser.add_argument(
        "--rounds", type=at_least(1), default=5, help="how often each server is loaded in a case (%(default)s)"
    )
    parser.add_argument("--seconds", type=at_least(1), default=3, help="how long each load lasts (%(default)s)")
    options = parser.parse_args()
    return carry_out("tracing", lambda: _measure(options))


def _measure(options: argparse.Namespace) -> Measured:
    find_wrk()
    rows: list[Row] = []
    with ExitStack() as running:
        http = _start(running, "http")
        rows += _judge("node runner, GET", "req/s", options, http, lambda url, s: _requests(f"{url}/ts", s))
        rows += _judge("python runner, GET", "req/s", options, http, lambda url, s: _requests(f"{url}/py", s))
    with ExitStack() as running:
        rows += _judge("durable flow", "events/s", options, _start(running, "flows"), _events)
    about = f"{options.rounds} rounds of {options.seconds} s at {CONNECTIONS} connections; ratios to telemetry off"
    return Measured(about, rows, [f"python {sys.version.split()[0]}"])


def _start(running: ExitStack, project: str) -> dict[str, str]:
    """Starts the project once for each kind of telemetry; gives their URLs."""
    urls = {}
    for kind, settings in KINDS.items():
        folder = SCRATCH / "tracing" / f"{project}-{kind.replace(' ', '-')}"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(PROJECTS / project, folder, ignore=shutil.ignore_patterns(".runtime", "node_modules"))
        (folder / "runtime.yaml").write_text(settings)
        port = free_port()
        command = [sys.executable, "-m", "runtime", "start", "--port", str(port)]
        urls[kind] = running.enter_context(server(folder.name, command, folder, port, {"NODE_ENV": "production"}))
    return urls


def _judge(
    name: str, unit: str, options: argparse.Namespace, urls: Mapping[str, str], measure: Callable[[str, int], float]
) -> Iterator[Row]:
    """Loads all in turns, so that what the machine does meanwhile meets each."""
    rates: dict[str, list[float]] = {kind: [] for kind in urls}
    for url in urls.values():
        measure(url, WARM_UP_SECONDS)
    for _ in range(options.rounds):
        for kind, url in urls.items():
            rates[kind].append(measure(url, options.seconds))
    off = with_unit(median(rates["off"]), unit)
    for kind, found in rates.items():
        case, shown = f"{name}, {kind}", with_unit(median(found), unit)
        ratio, variation = compared(found, rates["off"])
        print(f"  {case:32}{shown:>16}{variation:>12}{ratio:8.2f}", flush=True)
        if kind == "off":
            yield Row(case, shown, spread=spread(found))
        else:
            goal = None if kind in NO_GOAL else LEFT
            yield judged(case, ratio, goal, ours=shown, theirs=off, ratio=f"{ratio:.2f}", spread=variation)


def _requests(url: str, seconds: int) -> float:
    return load(url, CONNECTIONS, seconds).rate


def _events(url: str, seconds: int) -> float:
    """Events a second, from the first request to the end of the last handler."""
    flows = Flows(url)
    flows.reset()
    load(f"{url}/orders", CONNECTIONS, seconds, json.dumps(ORDER))
    noted = flows.settle()
    return noted.done / noted.seconds


if __name__ == "__main__":
    sys.exit(main())
