"""The same TypeScript step on our Node runner and on the npm package `motia`, both as `start` runs them, by turns."""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import motia
from bench.harness.command import Measured, at_least, carry_out, options_of
from bench.harness.contenders import versions_of_ours
from bench.harness.load import Figures, find_wrk, load, middle
from bench.harness.results import Goal, compared, judged
from bench.harness.servers import fetch, free_port, server

CONNECTIONS = 16
WARM_UP_SECONDS = 2
RATIO = Goal(">=", 500)


def main() -> int:
    """Measures both; see `carry_out` for the exit code."""
    parser = options_of("motia", __doc__)
    parser.add_argument("--rounds", type=at_least(1), default=3, help="how often each is loaded (%(default)s)")
    # Shorter, and the requests that are still under way at the end would be a large share of the slower one's.
    parser.add_argument("--seconds", type=at_least(1), default=15, help="how long each load lasts (%(default)s)")
    options = parser.parse_args()
    return carry_out("motia", lambda: _measure(options.rounds, options.seconds))


def _measure(rounds: int, seconds: int) -> Measured:
    find_wrk()
    with ExitStack() as running:
        ours, theirs = _start(running)
        runs: Mapping[str, list[Figures]] = {ours: [], theirs: []}
        for url in runs:
            fetch(url)
            load(url, CONNECTIONS, WARM_UP_SECONDS)
        for _ in range(rounds):
            for url, done in runs.items():
                done.append(load(url, CONNECTIONS, seconds))
                fetch(url)  # is answered behind what was still under way, which would take time from the next load
    ratio, variation = compared(*([run.rate for run in done] for done in runs.values()))
    row = judged(
        f"GET, {CONNECTIONS} connections",
        ratio,
        RATIO,
        ours=_shown(runs[ours]),
        theirs=_shown(runs[theirs]),
        ratio=f"{ratio:.0f}",
        spread=variation,
    )
    about = f"{rounds} rounds of {seconds} s, in turns, both run by `start`; latencies are p50 and p99"
    return Measured(about, [row], [*versions_of_ours(), *motia.versions(motia.peer())])


def _start(running: ExitStack) -> tuple[str, str]:
    """Starts both; gives the URLs of the step."""
    ours, theirs = motia.make_projects("motia")
    port = free_port()
    command = [sys.executable, "-m", "runtime", "start", "--port", str(port)]
    first = running.enter_context(server("motia-ours", command, ours, port, {"NODE_ENV": "production"}))
    environment = running.enter_context(motia.environment())
    port = free_port()
    command = motia.command(theirs, port)
    second = running.enter_context(server("motia-theirs", command, theirs, port, environment))
    return f"{first}/hello", f"{second}/hello"


def _shown(runs: list[Figures]) -> str:
    figures = middle(runs)
    return f"{figures.rate:,.1f} req/s, {figures.p50:,.2f} / {figures.p99:,.2f} ms"


if __name__ == "__main__":
    sys.exit(main())
