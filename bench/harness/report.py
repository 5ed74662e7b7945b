"""bench/RESULTS.md: a section for each benchmark, of its last run and of what people have written about it."""

from __future__ import annotations

from collections.abc import Sequence

from bench.harness import ROOT
from bench.harness.results import Result, Row, take

RESULTS = ROOT / "bench" / "RESULTS.md"
NOTES = ROOT / "bench" / "notes"
"""`<name>.md` says in our words what bounds the figures of a benchmark; it is copied into its section."""

_SECTION = "\n## "
_NOTES = "\n### What bounds it\n"
_MISSED = "- **Missed** "
_HEAD = ("case", "ours", "theirs", "ratio", "spread", "goal", "")
_MET = {True: "met", False: "**missed**", None: ""}


def write() -> None:
    """Renews the sections of what has run since; the others stay as they are, with today's notes."""
    sections = _written() | {result.name: _section(result) for result in take()}
    texts = [f"{_SECTION}{name}\n{sections[name]}{_notes(name)}" for name in sorted(sections)]
    new = RESULTS.with_suffix(".new")
    new.write_text(_top(sections) + "".join(texts))
    new.replace(RESULTS)  # which is whole at any time: it is where the sections of other runs are


def _written() -> dict[str, str]:
    """The sections that are in the file, without their notes."""
    if not RESULTS.exists():
        return {}
    _, *sections = RESULTS.read_text().split(_SECTION)
    parts = (section.partition("\n") for section in sections)
    return {name: text.partition(_NOTES)[0] for name, _, text in parts}


def _notes(name: str) -> str:
    path = NOTES / f"{name}.md"
    return f"{_NOTES}\n{path.read_text().strip()}\n" if path.exists() else ""


def _top(sections: dict[str, str]) -> str:
    """What stands above the sections: how many goals are met, and each that is not."""
    lines = [(name, line) for name in sorted(sections) for line in sections[name].splitlines()]
    missed = [f"- [{name}](#{name}): {line.removeprefix(_MISSED)}" for name, line in lines if line.startswith(_MISSED)]
    met = sum(line.endswith(f"| {_MET[True]} |") for _, line in lines)
    verdict = f"{met} of {met + len(missed)} goals are met."
    if missed:
        verdict += " These are not:\n\n" + "\n".join(missed)
    return f"# Results\n\n`scripts/bench` writes this file; [README.md](README.md) says how to read it.\n\n{verdict}\n"


def _section(result: Result) -> str:
    ran = f"{result.date}, commit `{result.commit}`, {result.machine}; {', '.join(result.versions)}."
    missed = [f"{_MISSED}{row.case}: {row.missed_by}." for row in result.rows if row.is_met is False]
    about = f"`scripts/bench {result.name}`: {result.about.rstrip('.')}."
    parts = [about, ran, _table(result.rows), "\n".join(missed)]
    return "".join(f"\n{part}\n" for part in parts if part)


def _table(rows: Sequence[Row]) -> str:
    lines = [_HEAD, ("---",) * len(_HEAD)]
    lines += [(row.case, row.ours, row.theirs, row.ratio, row.spread, row.goal, _MET[row.is_met]) for row in rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
