"""The command scripts/bench: runs benchmarks, each in a process of its own with a bound; writes bench/RESULTS.md."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.harness import ROOT, report
from bench.harness.command import EXIT_INTERRUPTED, EXIT_MISSED, EXIT_NO_FIGURES, end_on_signals, unless_unread
from bench.harness.lifeline import tied_to

BENCH = ROOT / "bench"
BOUND_SECONDS = 15 * 60.0
"""After which a benchmark is ended, unless it is given longer below."""
LONGER_SECONDS = {"http": 30 * 60.0, "reload": 30 * 60.0, "soak": 45 * 60.0}
ARGUED_SECONDS = 4 * 3600.0
"""The same for one that is given arguments, which may ask for hours."""
LONG = frozenset(("soak",))
"""Left out of a run of all unless it is asked for."""
STOP_SECONDS = 60.0
"""What an ended benchmark has to stop its servers."""


def main(arguments: Sequence[str]) -> int:
    """1 when a goal is missed, 3 when figures could not be had or a bound is passed, 141 when nobody reads on."""
    return unless_unread(lambda: _carry_out(arguments))


def _carry_out(arguments: Sequence[str]) -> int:
    names = sorted(path.stem for path in BENCH.glob("[a-z]*.py"))
    if arguments == ["--report"]:
        report.write()
        return 0
    if not arguments or arguments == ["--long"]:
        chosen, passed = [name for name in names if arguments or name not in LONG], []
    else:
        chosen, passed = list(arguments[:1]), list(arguments[1:])
    if not set(chosen) <= set(names):
        known = f"there are {', '.join(names)}; see scripts/bench --help"
        print(f"scripts/bench: there is no benchmark '{chosen[0]}'; {known}", file=sys.stderr)
        return 2
    end_on_signals()
    try:
        codes = {name: _run(name, passed) for name in chosen}
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    finally:
        if not passed:
            report.write()
    return codes[chosen[0]] if passed else _tell(codes)


def _tell(codes: Mapping[str, int]) -> int:
    """Says how the benchmarks went; gives the exit code of all."""
    print(f"\n{report.RESULTS.relative_to(ROOT)} is written")
    missed = [name for name, code in codes.items() if code == EXIT_MISSED]
    without = [name for name, code in codes.items() if code not in (0, EXIT_MISSED)]
    for what, found in (("goals are missed", missed), ("no figures could be had", without)):
        if found:
            print(f"{what}: {', '.join(found)}", file=sys.stderr)
    return EXIT_NO_FIGURES if without else EXIT_MISSED if missed else 0


def _run(name: str, arguments: Sequence[str]) -> int:
    """The exit code of a benchmark; nothing that it has started is left when this returns."""
    print(f"\n== {name}", flush=True)
    began = time.monotonic()
    # A session of its own: Ctrl-C reaches only us, so that a benchmark is told once, and its whole group can be ended.
    command = [sys.executable, str(_file(name)), *arguments]
    started = subprocess.Popen(command, cwd=ROOT, start_new_session=True, preexec_fn=tied_to(os.getpid()))
    try:
        bound = ARGUED_SECONDS if arguments else LONGER_SECONDS.get(name, BOUND_SECONDS)
        code = started.wait(bound)
    except subprocess.TimeoutExpired:
        print(f"bench {name}: not over after {bound:g} s, so it was ended and gives no figures", file=sys.stderr)
        code = EXIT_NO_FIGURES
    finally:
        _end(started)
    print(f"== {name} took {time.monotonic() - began:.0f} s", flush=True)
    return code


def _end(started: subprocess.Popen[bytes]) -> None:
    started.terminate()
    try:
        started.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        print(f"what ran did not stop within {STOP_SECONDS:g} s and is killed", file=sys.stderr)
    try:
        os.killpg(started.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # as it should be: nobody is left
    started.wait()


def _file(name: str) -> Path:
    return BENCH / f"{name}.py"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
