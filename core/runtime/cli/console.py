"""What commands print once: log lines while they load a project, problems, faults."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from runtime.cli.ink import Ink, Style, columns_of, is_coloured, printable
from runtime.errors import RuntimeFault

if TYPE_CHECKING:  # the runtime itself, which no command but those that load a project has a use for
    from runtime.cli.terminal.lines import TextLog
    from runtime.model import Problem


def log_to(stream: TextIO) -> TextLog:
    """Log lines for people, each written at once."""
    from runtime.cli.terminal.lines import TextLog

    def write(text: str) -> None:
        stream.write(text)
        stream.flush()

    return TextLog(write, _ink(stream))


def print_problems(problems: Iterable[Problem], *, to_errors: bool = False) -> None:
    """Prints what did not load or looks wrong, to standard error if asked to; nothing when all is well."""
    from runtime.cli.terminal.problems import problem_lines

    stream = sys.stderr if to_errors else sys.stdout
    lines = problem_lines(problems, Path.cwd(), columns_of(stream), _ink(stream))
    stream.write("".join(f"{line}\n" for line in lines))
    stream.flush()


def print_fault(fault: RuntimeFault) -> None:
    """Prints what stopped the runtime, and what to do about it."""
    sys.stdout.flush()
    fix = f"       {printable(fault.fix)}\n" if fault.fix else ""
    sys.stderr.write(f"{_ink(sys.stderr)(Style.RED, 'error:')} {printable(str(fault))}\n{fix}")
    sys.stderr.flush()


def _ink(stream: TextIO) -> Ink:
    return Ink(coloured=is_coloured(stream, os.environ))
