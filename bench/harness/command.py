"""What every benchmark does around its measuring: it runs alone, keeps its rows, says by its exit code how it went."""

from __future__ import annotations

import os
import select
import signal
import sys
import traceback
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType

from bench.harness import ROOT, SCRATCH, BenchFault
from bench.harness.machine import Stolen, commit, machine
from bench.harness.results import Result, Row, keep
from bench.harness.servers import alone

EXIT_MISSED = 1
EXIT_NO_FIGURES = 3
EXIT_INTERRUPTED = 130
EXIT_UNREAD = 141
"""What a shell tells of other commands then: 128 and the number of SIGPIPE, which Python ignores."""
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a benchmark has found, and of which versions; see `results.keep`."""

    about: str
    rows: Sequence[Row]
    versions: Sequence[str]


def carry_out(name: str, measure: Callable[[], Measured]) -> int:
    """Measures, prints and keeps the rows; the exit code is 1 when a goal is missed, 3 when no figure could be had.

    It is 130 after an interruption, 141 when whoever read what is printed is gone.
    Rows of a run with arguments are not kept: it may have left out cases, or looked but shortly.
    """
    end_on_signals()
    return unless_unread(lambda: _report(name, measure))


def unless_unread(run: Callable[[], int]) -> int:
    """The exit code that `run` gives; that of a closed pipe when nobody reads what it prints (`| head`)."""
    try:
        code = run()
        sys.stdout.flush()
    except BrokenPipeError:
        # What could not be printed is still to be written when Python ends, and would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_UNREAD
    return code


def _report(name: str, measure: Callable[[], Measured]) -> int:
    """Carries it out, and says on standard error why there are no figures."""
    try:
        return _carry_out(name, measure)
    except BenchFault as fault:
        print(f"bench {name}: {fault}\nWhat the servers printed is in {SCRATCH.relative_to(ROOT)}/", file=sys.stderr)
        return EXIT_NO_FIGURES
    except KeyboardInterrupt:
        print(f"bench {name}: interrupted; nothing of it is kept", file=sys.stderr)
        return EXIT_INTERRUPTED
    except Exception as error:  # whose own exit code would say that a goal is missed
        if isinstance(error, BrokenPipeError) and _is_unread():
            raise
        traceback.print_exc()
        return EXIT_NO_FIGURES


def _carry_out(name: str, measure: Callable[[], Measured]) -> int:
    with alone():
        began, hardware, of = datetime.now(UTC).isoformat(timespec="seconds"), machine(), commit()
        print(hardware, flush=True)
        stolen = Stolen()
        measured = measure()
        hardware += f", {stolen.share():.1%} of the processors taken by the host meanwhile"
    print(f"\n{', '.join(measured.versions)}")
    for row in measured.rows:
        print(_line(row))
    if len(sys.argv) > 1:
        print("not kept: the run had arguments")
    else:
        rows, versions = tuple(measured.rows), tuple(measured.versions)
        keep(Result(name, measured.about, rows, versions, began, hardware, of))
    return EXIT_MISSED if any(row.is_met is False for row in measured.rows) else 0


def _is_unread() -> bool:
    """Whether it is our standard output whose reader is gone, and not a server."""
    looked = select.poll()
    looked.register(sys.stdout, 0)
    return bool(looked.poll(0))


def end_on_signals() -> None:
    """Makes the first Ctrl-C, SIGTERM (as of `timeout`) or SIGHUP (of a closed terminal) a `KeyboardInterrupt`."""
    for number in _ENDS:
        signal.signal(number, _end)


def options_of(name: str, told: str | None) -> ArgumentParser:
    """Reads the arguments of a benchmark; `told` is what its help says of it."""
    return ArgumentParser(f"scripts/bench {name}", description=told, formatter_class=RawDescriptionHelpFormatter)


def at_least(least: int) -> Callable[[str], int]:
    """Reads an option that is a whole number from `least` on."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise ArgumentTypeError(f"'{text}' is not a whole number from {least} on")
        return int(text)

    return read


def _end(number: int, frame: FrameType | None) -> None:
    # What was started is being stopped from here on; a second signal would leave some of it behind.
    for each in _ENDS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _line(row: Row) -> str:
    ratio = f" beside {row.theirs}; ratio {row.ratio}" if row.ratio else ""
    rounds = f" (spread {row.spread})" if row.spread else ""
    goal = f"; goal {row.goal}: {'ok' if row.is_met else f'MISSED, {row.missed_by}'}" if row.goal else ""
    return f"{row.case}: {row.ours}{ratio}{rounds}{goal}"
