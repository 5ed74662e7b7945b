"""Questions to the person at the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import typer

from runtime.cli.client import print_line
from runtime.cli.options import EXIT_INTERRUPTED
from runtime.errors import RuntimeFault

T = TypeVar("T")


def can_ask() -> bool:
    """False where nobody would answer: in a pipe, in CI."""
    return sys.stdin.isatty() and sys.stdout.isatty()


@contextmanager
def interruptible() -> Iterator[None]:
    """Turns Ctrl-C, and the end of input, into the exit code 130."""
    try:
        yield
    except (typer.Abort, KeyboardInterrupt) as interrupt:
        typer.echo()
        raise typer.Exit(EXIT_INTERRUPTED) from interrupt


def ask(question: str, suggestion: str, read: Callable[[str], T]) -> T:
    """Asks until `read` takes the answer; what it raises, a `RuntimeFault`, says why not."""
    while True:
        answer: str = typer.prompt(question, default=suggestion)
        try:
            return read(answer.strip())
        except RuntimeFault as fault:
            print_line(f"{fault}; {fault.fix}" if fault.fix else str(fault), "yellow")


def choose(question: str, options: Sequence[tuple[str, str]]) -> str:
    """Asks for one of the options, each a name with what it is, by number or by name."""
    names = [name for name, _ in options]
    width = max(map(len, names))
    for number, (name, description) in enumerate(options, 1):
        print_line(f"  {number}  {name.ljust(width)}  {description}")

    def read(answer: str) -> str:
        if answer in names:
            return answer
        if answer.isdecimal() and 1 <= int(answer) <= len(names):
            return names[int(answer) - 1]
        raise RuntimeFault(f"'{answer}' is none of them", f"write a number from 1 to {len(names)}, or a name")

    return ask(question, "1", read)
