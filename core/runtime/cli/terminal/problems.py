"""What is wrong with the project's files, as people read it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from runtime.cli.ink import Ink, Style, printable
from runtime.cli.terminal.excerpt import excerpt
from runtime.cli.terminal.summary import goes_on
from runtime.facts import Held
from runtime.model import Problem, Severity
from runtime.remedies import remedy

_NAMED_FILES = 3
"""How many files are named of those that one fault, or one change, concerns."""


def problem_lines(problems: Iterable[Problem], root: Path, columns: int, ink: Ink) -> list[str]:
    """Errors as blocks with their source, each fault of a shared helper once; then warnings, a line each."""
    errors: dict[Problem, list[str]] = {}
    warnings = []
    for problem in problems:
        if problem.severity is Severity.ERROR:
            errors.setdefault(_fault(problem), []).append(problem.file)
        else:
            warnings.append(_warning(problem, ink))
    blocks = [_block(fault, files, root, columns, ink) for fault, files in errors.items()]
    return [*(line for block in blocks for line in ["", *block]), *([""] if blocks and warnings else []), *warnings]


def place_of(problem: Problem) -> str:
    """File, line and column of the fault itself, as editors understand them; empty where no file is known."""
    line = f":{problem.line}" if problem.line else ""
    column = f":{problem.column}" if problem.line and problem.column else ""
    return f"{problem.place or problem.file}{line}{column}"


def message_of(problem: Problem) -> str:
    """What is wrong, without the place, where that is shown beside it."""
    for place in (f"{problem.place}:{problem.line}", problem.place):
        if problem.place and problem.message.endswith(f" (in {place})"):
            return problem.message.removesuffix(f" (in {place})")
    return problem.message


def places_of(problems: Iterable[Problem]) -> str:
    """The places of all in a few words, or what is wrong where it has none."""
    return some(dict.fromkeys(place_of(each) or each.message.partition("\n")[0] for each in problems))


def still_broken(fact: Held) -> str:
    """That a change cannot serve either, for reasons that were told before."""
    told = goes_on(fact)
    return f"still broken: {places_of(fact.problems)} ({told if fact.languages else told.lower()})"


def some(names: Collection[str]) -> str:
    """The first names of a list that may be long, and how many there are more."""
    more = f" and {len(names) - _NAMED_FILES} more" if len(names) > _NAMED_FILES else ""
    return f"{', '.join(islice(names, _NAMED_FILES))}{more}"


def _fault(problem: Problem) -> Problem:
    """What is the same for all files that import a helper with this fault."""
    return replace(problem, file="") if problem.place and problem.place != problem.file else problem


def _block(fault: Problem, files: list[str], root: Path, columns: int, ink: Ink) -> list[str]:
    message = printable(message_of(fault)).split("\n")
    # Where no file is to blame, what is wrong stands in the place of it.
    title = f"{ink(Style.RED, 'error')} {ink(Style.BOLD, printable(place_of(fault)) or message.pop(0))}"
    if not fault.file and fault.place:
        title += printable(f", which {some(files)} {'need' if files[1:] else 'needs'}")
    source = excerpt(root / (fault.place or fault.file), fault.line, fault.column, columns - 2, ink)
    told = printable(remedy(fault))
    return [title, *(f"  {line}" for line in (*message, *source)), f"  {ink(Style.GREEN, 'fix:')} {told}"]


def _warning(problem: Problem, ink: Ink) -> str:
    place = f" {place_of(problem)}:" if place_of(problem) else ""
    fix = f"; {problem.fix}" if problem.fix else ""
    text = printable(f"{place} {message_of(problem)}{fix}").replace("\n", " ")
    return f"{ink(Style.YELLOW, 'warning')}{text}"
