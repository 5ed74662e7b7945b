"""From the start of the process to its first answer: the order example, and a project that `motia` can run as well.

Each project has been started once before, so there is nothing to install and what can be cached is.
"""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

sys.path[0] = str(Path(__file__).resolve().parents[1])

from http.client import HTTPConnection, HTTPException

from bench.harness import BenchFault, example, motia
from bench.harness.command import Measured, at_least, carry_out, options_of
from bench.harness.contenders import versions_of_ours
from bench.harness.load import spread
from bench.harness.results import Row, compared
from bench.harness.servers import START_SECONDS, free_port, worker

POLL_SECONDS = 0.002
ASK_SECONDS = 5.0
"""The longest that one attempt may wait; a server that is starting may take a connection and not answer yet."""


@dataclass(frozen=True, slots=True)
class Start:
    """A project and how it is started; `mode` is `start` or `dev`, or `motia` for the peer's `start`."""

    name: str
    mode: str
    folder: Path
    path: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def command(self, port: int) -> Sequence[str]:
        """The program and its arguments."""
        if self.mode == "motia":
            return motia.command(self.folder, port)
        return example.command(self.mode, port)


def main() -> int:
    """Measures all by turns; see `carry_out` for the exit code."""
    parser = options_of("coldstart", __doc__)
    parser.add_argument("--rounds", type=at_least(1), default=7, help="starts of each (%(default)s)")
    options = parser.parse_args()
    return carry_out("coldstart", lambda: _measure(options.rounds))


def _measure(rounds: int) -> Measured:
    with ExitStack() as running:
        starts = _prepare(running.enter_context(motia.environment()))
        took: dict[str, list[float]] = {start.name: [] for start in starts}
        for number in range(rounds + 1):
            print(f"round {number} of {rounds}" if number else "warm-up", flush=True)
            for start in starts:
                seconds = _time(start)
                if number:  # the first start fills the caches
                    took[start.name].append(seconds)
    orders, orders_dev, hello, theirs = took.values()
    ratio, variation = compared(theirs, hello)
    rows = [
        _row("the order example, start", orders),
        _row("the order example, dev", orders_dev),
        Row("one step, start", _shown(hello), _shown(theirs), f"{ratio:.2f}", variation),
    ]
    about = (
        f"{rounds} starts of each by turns, after one that is not counted; the peer is motia, which has Redis running"
    )
    return Measured(about, rows, [*versions_of_ours(), example.ruby_version(), *motia.versions(motia.peer())])


def _prepare(environment: Mapping[str, str]) -> list[Start]:
    ours, theirs = motia.make_projects("coldstart")
    orders, orders_dev = (example.make_example(f"coldstart-{mode}") for mode in ("start", "dev"))
    return [
        Start("orders", "start", orders, example.BOARD),
        Start("orders-dev", "dev", orders_dev, example.BOARD),
        Start("ours", "start", ours, "/hello"),
        Start("theirs", "motia", theirs, "/hello", environment),
    ]


def _time(start: Start) -> float:
    """Seconds from the start of the process to the end of its first successful answer; it is stopped again."""
    port = free_port()
    began = time.monotonic()
    with worker(f"coldstart-{start.name}", start.command(port), start.folder, start.environment) as started:
        while not _answers(port, start.path):
            if started.poll() is not None:
                raise BenchFault(f"{start.name} ended with code {started.returncode} before it answered")
            if time.monotonic() > began + START_SECONDS:
                raise BenchFault(f"{start.name} did not answer within {START_SECONDS:g} s")
            time.sleep(POLL_SECONDS)
        return time.monotonic() - began


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=ASK_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        return response.status == 200
    except (HTTPException, OSError):  # it does not listen yet
        return False
    finally:
        connection.close()


def _row(case: str, took: list[float]) -> Row:
    return Row(case, _shown(took), spread=spread(took))


def _shown(took: list[float]) -> str:
    return f"{median(took) * 1000:.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
