"""Steady load for a long time at 70 % of the peak: whether anything grows, and whether answers become slower.

The peak comes first: as many requests a second as our processes can answer, and handle the events of, with the same
mix from the same generator, warmed up for as long and in as long a time as a minute that is judged. Then requests are
due at even distances; latencies count from when one was due. The mix
is GETs through both runners and orders, whose events end in a durable write; rounds of a stream go to sockets beside
it. The generator shares the machine with what it measures; its share of a core is told. The first minute is the first
one after the warm-up.
"""

# ruff: noqa: E402
# The folder of this file would hide the standard library's `http`, so the path is set right before our imports.

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean

sys.path[0] = str(Path(__file__).resolve().parents[1])

from bench.harness import ROOT, BenchFault
from bench.harness.command import Measured, at_least, carry_out, options_of
from bench.harness.contenders import start_ours, versions_of_ours
from bench.harness.lifeline import tied_to
from bench.harness.load import spread
from bench.harness.machine import Stolen
from bench.harness.pacing import Asked, Figures, Plan
from bench.harness.results import Goal, Row, judged, with_unit
from bench.harness.servers import Running, fetch
from bench.harness.slowness import MOST, Factors, Slowness
from bench.harness.usage import usage

PROJECT = ROOT / "bench" / "projects" / "soak"
DATABASE = PROJECT / ".runtime" / "runtime.db"
FILES = (DATABASE, Path(f"{DATABASE}-wal"), PROJECT / ".runtime" / "traces.db", PROJECT / ".runtime" / "traces.db-wal")

ORDER = {"items": [{"sku": "A-17", "count": 2}, {"sku": "B-4", "count": 1}]}
NODE, PYTHON, FLOW = Asked("/ts"), Asked("/py"), Asked("/orders", json.dumps(ORDER))
MIX = (NODE, PYTHON, NODE, FLOW, NODE, NODE, PYTHON, NODE, FLOW, NODE)
ROUND = Asked("/rounds", json.dumps({"text": "x" * 100}))
ROUNDS_A_SECOND = 5.0
PLACE = {"streamName": "rounds", "groupId": "all"}
CONNECTIONS = 32
SOCKETS = 100

WARM_UP_SECONDS = 30.0
TAIL_SECONDS = 5.0
"""The load goes on for so long behind the last minute, so that this one is looked at under load as well."""
SHARE = 0.7
MINUTE = 60.0
DRAIN_SECONDS = 120.0
POLL_SECONDS = 0.05
FEWEST_MINUTES = 7
"""In fewer the minutes 2 to 4 and the last three are not apart, and nothing is judged."""

GROWTH = Goal("<=", 1.10)
SLOWDOWN = Goal("<=", 1.2)
NONE = Goal("<=", 0)


@dataclass(frozen=True, slots=True)
class Minute:
    """What a minute was like: of requests, and at its end of each process (by id) and of the four files, in bytes.

    `stolen` is the share of the processors that the host took for itself, `slow` how slow they were.
    """

    figures: Figures
    stolen: float
    slow: Factors
    resident: dict[int, int]
    open_files: dict[int, int]
    sizes: Sequence[int]
    backlog: int


def main() -> int:
    """Loads for so many minutes; see `carry_out` for the exit code."""
    parser = options_of("soak", __doc__)
    parser.add_argument("--minutes", type=at_least(1), default=30, help="from 7 on they are judged (%(default)s)")
    options = parser.parse_args()
    return carry_out("soak", lambda: _measure(options.minutes))


def _measure(minutes: int) -> Measured:
    with ExitStack() as running:
        core = start_ours(running, "soak", PROJECT)
        peak = _find_peak(core)
        names = _names(core)
        print(f"peak {peak:.0f} requests/s; from here on {SHARE * peak:.0f}, {minutes} minutes", flush=True)
        seen, whole = _load(core, SHARE * peak, minutes, names)
        _drain(core.url)
    rows = [
        *_judge_requests(peak, seen, whole),
        _judge_deliveries(whole[-1]),
        *_judge_processes(names, seen),
        *_show_files(seen),
    ]
    about = (
        f"{minutes} minutes at {SHARE:.0%} of the peak on {CONNECTIONS} connections: 6 GETs of a TypeScript step, 2 of "
        f"a Python step, 2 durable flows in turns; {ROUNDS_A_SECOND:g} rounds/s to {SOCKETS} sockets; the generator "
        "runs on the same cores, when the peak is looked for as well; memory is RSS, the mean of minutes 2 to 4 and of "
        "the last three; slowness is the processor time of one piece of work against the quickest seen, in the "
        f"mean / for {MOST:.0%} of the looks: it tells of neighbours on the same hardware, which no counter does"
    )
    return Measured(about, rows, versions_of_ours())


# ------------------------------------------------------------ loading


def _find_peak(core: Running) -> float:
    """Requests a second that are answered and whose events are handled: to handle what is left counts as well."""
    for seconds in (WARM_UP_SECONDS, MINUTE):
        with _generator(core.url, None, (seconds,)) as found:
            figures = next(found)
        if figures.failed:
            raise BenchFault(f"{figures.failed} of {figures.requests} requests failed when the peak was looked for")
        began = time.monotonic()
        _drain(core.url)
        taken = figures.seconds + time.monotonic() - began
    return figures.requests / taken


def _load(core: Running, rate: float, minutes: int, names: Mapping[int, str]) -> tuple[list[Minute], list[Figures]]:
    """Prints each minute as it ends; gives them, and the figures of the whole load: warm-up, minutes and tail.

    Raises `BenchFault` when a process is not the one that it was.
    """
    seen: list[Minute] = []
    whole: list[Figures] = []
    head = f"{'':6}{'req/s':>8}{'p50':>8}{'p99':>8}{'late':>6}{'left':>6}{'load':>6}{'host':>7}{'slow':>10}"
    print(f"{head}  MiB, open files", flush=True)
    stolen = Stolen()
    intervals = (WARM_UP_SECONDS, *[MINUTE] * minutes, TAIL_SECONDS)
    with _generator(core.url, rate, intervals) as found, Slowness() as slowness:
        for number, figures in enumerate(found):
            whole.append(figures)
            if number > minutes:
                return seen, whole
            minute, stolen = _look(core, figures, stolen.share(), slowness.factors()), Stolen()
            if minute.resident.keys() != names.keys():
                raise BenchFault("a process has ended and another has taken its place; see the log of the server")
            _print_minute(number, minute)
            if number:
                seen.append(minute)
    raise BenchFault("the load has ended before its time")


@contextmanager
def _generator(url: str, rate: float | None, intervals: Sequence[float]) -> Iterator[Iterator[Figures]]:
    """Runs the load beside us; gives the figures of each interval as it ends."""
    plan = Plan(url, MIX, rate, intervals, CONNECTIONS, SOCKETS, PLACE, ROUND, ROUNDS_A_SECOND)
    command = [sys.executable, "-m", "bench.harness.pacing", json.dumps(asdict(plan))]
    tie = tied_to(os.getpid())
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, preexec_fn=tie) as started:
        assert started.stdout is not None, "it was asked for"
        try:
            yield (Figures(**json.loads(line)) for line in started.stdout)
            if started.wait(MINUTE):
                raise BenchFault("the load has ended before its time; why is said above")
        finally:
            started.terminate()


def _names(core: Running) -> dict[int, str]:
    """What each process is, by id."""
    first, *others = usage(core.pid).processes
    return {first.pid: "core"} | {each.pid: f"{each.name.rstrip('.0123456789')} runner" for each in others}


def _look(core: Running, figures: Figures, stolen: float, slow: Factors) -> Minute:
    processes = usage(core.pid).processes
    open_files = {each.pid: len(os.listdir(f"/proc/{each.pid}/fd")) for each in processes}
    sizes = [path.stat().st_size if path.exists() else 0 for path in FILES]
    resident = {each.pid: each.resident for each in processes}
    return Minute(figures, stolen, slow, resident, open_files, sizes, _backlog(core.url))


def _print_minute(number: int, minute: Minute) -> None:
    figures = minute.figures
    resident = " + ".join(f"{size / 2**20:.0f}" for size in minute.resident.values())
    files = " + ".join(str(count) for count in minute.open_files.values())
    sizes = ", ".join(f"{path.name} {size / 2**20:.1f}" for path, size in zip(FILES, minute.sizes, strict=True))
    name = f"{number:4}  " if number else "warm  "
    print(f"{name}{figures.requests / figures.seconds:8.0f}{figures.p50:8.2f}{figures.p99:8.2f}", end="")
    shares = f"{figures.processor:6.0%}{minute.stolen:7.1%}{minute.slow!s:>10}"
    print(f"{figures.waiting:6}{minute.backlog:6}{shares}  {resident}; {files}; {sizes}", flush=True)


def _backlog(url: str) -> int:
    """Events that are accepted and not handled yet. Raises `BenchFault` when one was handled again."""
    counts = json.loads(fetch(f"{url}/counts"))
    if counts["repeated"]:
        raise BenchFault(f"{counts['repeated']} events were handled more than once")
    return int(counts["accepted"] - counts["done"])


def _drain(url: str) -> None:
    """Waits until every event is handled. Raises `BenchFault` when they are not: one is lost."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while left := _backlog(url):
        if time.monotonic() > deadline:
            raise BenchFault(f"{left} events were not handled within {DRAIN_SECONDS:g} s")
        time.sleep(POLL_SECONDS)


# ------------------------------------------------------------ judging


def _judge_requests(peak: float, seen: Sequence[Minute], whole: Sequence[Figures]) -> Iterator[Row]:
    """Failures are those of the whole load; all else is of the minutes that are judged."""
    first, last = seen[0].figures, seen[-1].figures
    rates = [minute.figures.requests / minute.figures.seconds for minute in seen]
    yield Row("peak", with_unit(peak, "req/s"))
    yield Row("steady", with_unit(mean(rates), "req/s"), spread=spread(rates))
    requests, failed = (sum(getattr(each, count) for each in whole) for count in ("requests", "failed"))
    yield judged(f"failed of {requests:,} requests", failed, NONE)
    yield Row("p50, first -> last minute", f"{with_unit(first.p50, 'ms')} -> {with_unit(last.p50, 'ms')}")
    shown = f"{with_unit(first.p99, 'ms')} -> {with_unit(last.p99, 'ms')}, {last.p99 / first.p99:.2f} times"
    goal = SLOWDOWN if _is_long(seen) else None
    yield judged("p99, first -> last minute", last.p99 / first.p99, goal, ours=shown)
    worst = max(seen, key=lambda minute: minute.figures.p99)
    why = f"slowness {worst.slow}, {worst.stolen:.1%} taken by the host"
    yield Row("p99 of the worst minute", f"{with_unit(worst.figures.p99, 'ms')}; {why}")
    yield Row("slowness, first -> last minute", f"{seen[0].slow} -> {seen[-1].slow}")
    yield Row("most events that waited at the end of a minute", f"{max(minute.backlog for minute in seen):,}")
    yield Row("processor of the generator", f"{mean(minute.figures.processor for minute in seen):.0%} of a core")


def _judge_deliveries(whole: Figures) -> Row:
    """Each round that was sent is to come to each socket, and no other; `whole` has those of all the time."""
    due = SOCKETS * whole.rounds
    return judged(f"missing, or too many, of {due:,} deliveries", abs(due - whole.deliveries), NONE)


def _judge_processes(names: Mapping[int, str], seen: Sequence[Minute]) -> Iterator[Row]:
    """Memory from the mean of minutes 2 to 4 to that of the last three."""
    early, late, goal = (seen[1:4], seen[-3:], GROWTH) if _is_long(seen) else (seen[:1], seen[-1:], None)
    for pid, name in names.items():
        before, after = (mean(minute.resident[pid] for minute in part) for part in (early, late))
        shown = f"{before / 2**20:.1f} -> {after / 2**20:.1f} MiB, {after / before:.2f} times"
        yield judged(f"memory of the {name}", after / before, goal, ours=shown)
        yield Row(f"open files of the {name}", f"{early[0].open_files[pid]} -> {late[-1].open_files[pid]}")


def _show_files(seen: Sequence[Minute]) -> Iterator[Row]:
    for number, path in enumerate(FILES):
        sizes = [minute.sizes[number] / 2**20 for minute in seen]
        yield Row(path.name, f"{sizes[0]:.1f} -> {sizes[-1]:.1f} MiB, at most {max(sizes):.1f}")


def _is_long(seen: Sequence[Minute]) -> bool:
    return len(seen) >= FEWEST_MINUTES


if __name__ == "__main__":
    sys.exit(main())
