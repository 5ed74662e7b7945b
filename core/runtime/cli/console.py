"""What commands print once: log lines while they load a project, problems, faults."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from runtime.cli.ink import Ink, Style, columns_of, is_coloured, printable
from runtime.errors import ConfigFault, RuntimeFault

if TYPE_CHECKING:  # the runtime itself, which no command but those that load a project has a use for
    from runtime.cli.terminal.lines import TextLog
    from runtime.model import Problem


def log_to(stream: TextIO) -> TextLog:
    """Log lines for people, each written at once."""
    from runtime.cli.terminal.lines import TextLog

    return TextLog(partial(_write, stream), _ink(stream))


def print_problems(problems: Iterable[Problem], *, to_errors: bool = False) -> None:
    """Prints what did not load or looks wrong, to standard error if asked to; nothing when all is well."""
    from runtime.cli.terminal.problems import problem_lines

    stream = sys.stderr if to_errors else sys.stdout
    lines = problem_lines(problems, Path.cwd(), columns_of(stream), _ink(stream))
    _write(stream, "".join(f"{line}\n" for line in lines))


def print_warning(text: str) -> None:
    """Prints to standard error what is probably not meant, though it was done."""
    sys.stdout.flush()
    _write(sys.stderr, f"{_ink(sys.stderr)(Style.YELLOW, 'warning:')} {printable(text)}\n")


def print_fault(fault: RuntimeFault) -> None:
    """Prints what stopped the runtime, and what to do about it."""
    sys.stdout.flush()
    ink = _ink(sys.stderr)
    lines = [*_source(fault, ink), *([printable(fault.fix)] if fault.fix else [])]
    more = "".join(f"       {line}\n" for line in lines)
    _write(sys.stderr, f"{ink(Style.RED, 'error:')} {printable(str(fault))}\n{more}")


def _source(fault: RuntimeFault, ink: Ink) -> list[str]:
    """The lines around a fault whose place is known."""
    if not isinstance(fault, ConfigFault) or not fault.line:
        return []
    from runtime.cli.terminal.excerpt import excerpt

    return excerpt(Path.cwd() / fault.file, fault.line, fault.column, columns_of(sys.stderr) - 7, ink)


def _write(stream: TextIO, text: str) -> None:
    """Writes what the stream's encoding has, and escapes for the rest."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def _ink(stream: TextIO) -> Ink:
    return Ink(coloured=is_coloured(stream, os.environ))
