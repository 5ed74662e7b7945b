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
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT, SCRATCH, BenchFault
from bench.harness.flows import Flows
from bench.harness.load import find_wrk, load, spread
from bench.harness.machine import machine
from bench.harness.servers import alone, free_port, server

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
LEAST = 0.85
EXIT_INTERRUPTED = 130


def main() -> int:
    """Measures all in turns; the exit code is 1 when a goal is missed or no figure could be had."""
    # `timeout` and CI end us with SIGTERM, which would leave the servers behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="scripts/bench tracing", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="loads of each server in a case (%(default)s)")
    parser.add_argument("--seconds", type=int, default=3, help="of each load (%(default)s)")
    options = parser.parse_args()
    try:
        find_wrk()
        print(machine())
        with ExitStack() as running:
            running.enter_context(alone("tracing"))
            http = _start(running, "http")
            is_met = _judge("node runner, GET, req/s", options, http, lambda url, s: _requests(f"{url}/ts", s))
            is_met &= _judge("python runner, GET, req/s", options, http, lambda url, s: _requests(f"{url}/py", s))
        with ExitStack() as running:
            is_met &= _judge("events/s", options, _start(running, "flows"), _events)
    except BenchFault as fault:
        print(f"bench tracing: {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0 if is_met else 1


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
    name: str, options: argparse.Namespace, urls: Mapping[str, str], measure: Callable[[str, int], float]
) -> bool:
    """Loads all in turns, so that what the machine does meanwhile meets each; true when the goal is met."""
    rates: dict[str, list[float]] = {kind: [] for kind in urls}
    for url in urls.values():
        measure(url, WARM_UP_SECONDS)
    for _ in range(options.rounds):
        for kind, url in urls.items():
            rates[kind].append(measure(url, options.seconds))
    print(f"\n{name}")
    is_met = True
    for kind, found in rates.items():
        ratio = median(one / off for one, off in zip(found, rates["off"], strict=True))
        goal = "" if kind in NO_GOAL else f", goal >= {LEAST}"
        is_met &= not goal or ratio >= LEAST
        print(f"  {kind:10}{median(found):>9.0f}{spread(found):>12}  {ratio:.2f} of off{goal}", flush=True)
    print("ok" if is_met else "MISSED")
    return is_met


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
