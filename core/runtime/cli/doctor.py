"""`runtime doctor`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.text import Text

from runtime.cli.client import AsJson, print_json, print_line
from runtime.cli.ink import printable
from runtime.cli.options import EXIT_FAULT
from runtime.cli.words import counted

if TYPE_CHECKING:  # no other command has a use for it
    from runtime.diagnosis.examination import Checked

_MARKS: Mapping[str, tuple[str, str]] = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "fault": ("✗", "red")}


def doctor(json: AsJson = False) -> None:
    """Look whether the project in this folder can run here, and say what mends what is wrong. Runs no step code.

    Example: runtime doctor
    """
    from runtime.diagnosis.examination import examine

    checked = examine(Path.cwd(), os.environ)
    verdicts = [each.finding.verdict.value for each in checked]
    if json:
        print_json([_document(each) for each in checked])
    else:
        _print(checked)
        print_line(f"\n{_summary(verdicts.count('fault'), verdicts.count('warning'))}")
    if "fault" in verdicts:
        raise typer.Exit(EXIT_FAULT)


def _document(checked: Checked) -> dict[str, str | None]:
    finding = checked.finding
    return {
        "check": checked.check,
        "verdict": finding.verdict.value,
        "found": finding.found,
        "fix": finding.fix or None,
        "command": finding.command or None,
    }


def _print(checked: list[Checked]) -> None:
    """A line a check, and under it what to do; commands on lines of their own, never broken."""
    console = Console(highlight=False, soft_wrap=True)
    width = max(len(each.check) for each in checked)
    for name, finding in checked:
        mark, style = _MARKS[finding.verdict.value]
        head, *more = printable(finding.found).split("\n")
        console.print(Text.assemble((mark, style), " ", (name.ljust(width), "bold"), f"  {head}"))
        advice = [*more, *([finding.fix] if finding.fix else [])]
        for line in advice:
            console.print(Text(f"{' ' * (width + 4)}{line}"))
        if finding.command:
            console.print(Text.assemble(" " * (width + 4), ("$ ", "dim"), (printable(finding.command), "cyan")))


def _summary(faults: int, warnings: int) -> str:
    if not faults and not warnings:
        return "All is well."
    counts = (counted(number, noun) for number, noun in ((faults, "fault"), (warnings, "warning")) if number)
    return f"{' and '.join(counts)}."
