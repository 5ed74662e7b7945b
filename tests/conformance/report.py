"""What a run of this folder says at its end: which rules of PROTOCOL.md each runner holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

DOCUMENT = Path(__file__).resolve().parents[2] / "proto" / "PROTOCOL.md"
RULE = re.compile(r"^- \*\*M(?P<number>\d+)\*\*(?P<text>.*?)(?=^- |^\||^#|^$)", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"`\[(test_\w+)\]`")


class Case(NamedTuple):
    """One test with one runner, as it ended: "passed", "failed" or "skipped"; `name` is without parameters."""

    name: str
    language: str
    outcome: str


class Rule(NamedTuple):
    """A MUST of the document and the names of the tests that it says hold it."""

    number: int
    text: str
    tests: list[str]


def rules() -> list[Rule]:
    """Every numbered rule, in order."""
    matches = RULE.finditer(DOCUMENT.read_text(encoding="utf-8"))
    return [Rule(int(each["number"]), _words(each["text"]), NAME.findall(each["text"])) for each in matches]


def report(cases: Iterable[Case]) -> list[str]:
    """A line a language, and below it a line for each rule that is not held; a rule whose test was left out is not."""
    by_language: dict[str, list[Case]] = {}
    for case in cases:
        by_language.setdefault(case.language, []).append(case)
    return [line for language, found in sorted(by_language.items()) for line in _lines(language, found)]


def _lines(language: str, cases: list[Case]) -> Iterable[str]:
    outcomes: dict[str, set[str]] = {}
    for case in cases:
        outcomes.setdefault(case.name, set()).add(case.outcome)
    known = rules()
    broken = [rule for rule in known if not _holds(rule, outcomes)]
    failed = sum(case.outcome == "failed" for case in cases)
    yield f"{language}: {len(known) - len(broken)} of {len(known)} rules held, {len(cases)} cases, {failed} failed"
    for rule in broken:
        yield f"  M{rule.number} {rule.text}"


def _holds(rule: Rule, outcomes: Mapping[str, set[str]]) -> bool:
    return all(outcomes.get(name) == {"passed"} for name in rule.tests)


def _words(text: str) -> str:
    return " ".join(NAME.sub("", text).split())
