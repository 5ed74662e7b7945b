"""What a run of this folder says at its end: which rules of PROTOCOL.md each runner holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

DOCUMENT = Path(__file__).resolve().parents[2] / "proto" / "PROTOCOL.md"
RULE = re.compile(r"^- \*\*M(?P<number>\d+)\*\*(?P<text>.*?)(?=^- |^\||^#|^$)", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"`\[(test_\w+)\]`")


class Case(NamedTuple):
    """One test with one runner, as it ended: "passed", "failed" or "skipped".

    `name` is the test's alone; `id` has its parameters too, and is the same again where its teardown ended badly.
    """

    name: str
    language: str
    outcome: str
    id: str


class Rule(NamedTuple):
    """A MUST of the document and the names of the tests that it says hold it."""

    number: int
    text: str
    tests: list[str]


def rules() -> list[Rule]:
    """Every numbered rule, in order."""
    matches = RULE.finditer(DOCUMENT.read_text(encoding="utf-8"))
    return [Rule(int(each["number"]), _words(each["text"]), NAME.findall(each["text"])) for each in matches]


def report(cases: Iterable[Case], unfit: Mapping[str, str]) -> Iterator[str]:
    """A line a language, below it one for each rule that is not held and for each case that failed.

    A rule whose test was left out is not held. `unfit` says by language why its runner cannot run here.
    """
    by_language: dict[str, list[Case]] = {}
    for case in cases:
        by_language.setdefault(case.language, []).append(case)
    for language in sorted({*by_language, *unfit}):
        if language in unfit:
            yield f"{language}: cannot run: {unfit[language]}"
        else:
            yield from _lines(language, by_language[language])


def _lines(language: str, cases: list[Case]) -> Iterator[str]:
    outcomes: dict[str, set[str]] = {}
    for case in cases:
        outcomes.setdefault(case.name, set()).add(case.outcome)
    known = rules()
    broken = [rule for rule in known if not _holds(rule, outcomes)]
    failed = {case.id: case.name for case in cases if case.outcome == "failed"}
    # A case beside the numbered ones may break any rule, so that none can be counted as held.
    is_told = {name for rule in known for name in rule.tests}.issuperset(failed.values())
    verdict = f"{len(known) - len(broken)} of {len(known)} rules held" if is_told else "does not conform"
    yield f"{language}: {verdict}, {len({case.id for case in cases})} cases, {len(failed)} failed"
    for rule in broken:
        yield f"  M{rule.number} {rule.text}"
    for id in failed:
        yield f"  failed: {id}"


def _holds(rule: Rule, outcomes: Mapping[str, set[str]]) -> bool:
    return all(outcomes.get(name) == {"passed"} for name in rule.tests)


def _words(text: str) -> str:
    return " ".join(NAME.sub("", text).split())
