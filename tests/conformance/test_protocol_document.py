"""Each MUST of PROTOCOL.md names a test that is here, and each numbered test belongs to a MUST."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.conformance.report import DOCUMENT, RULE, Case, report, rules


def test_every_must_names_the_test_that_holds_it() -> None:
    rules = _rules()
    assert list(rules) == list(range(1, len(rules) + 1))
    for number, names in rules.items():
        assert len(names) == 1, f"M{number} names {names}"
        assert names[0].startswith(f"test_m{number:02}_")
        assert names[0] in _tests(), f"M{number}: {names[0]} is not there"


def test_every_numbered_test_holds_a_must() -> None:
    named = {name for names in _rules().values() for name in names}
    assert {name for name in _tests() if re.match(r"test_m\d", name)} == named


def test_no_must_stands_outside_a_numbered_rule() -> None:
    outside = RULE.sub("", DOCUMENT.read_text(encoding="utf-8")).split("## 2.", 1)[1]
    assert [line for line in outside.splitlines() if "MUST" in line] == []


def test_the_report_counts_a_rule_that_failed_or_was_left_out_as_broken() -> None:
    held = [Case(name, "any", "passed") for rule in rules() for name in rule.tests]
    count = len(rules())
    assert report(held) == [f"any: {count} of {count} rules held, {count} cases, 0 failed"]
    head, *broken = report([*held[2:], Case(held[1].name, "any", "failed"), Case(held[1].name, "any", "passed")])
    assert head == f"any: {count - 2} of {count} rules held, {count} cases, 1 failed"
    assert [line.split()[0] for line in broken] == ["M1", "M2"]


def _rules() -> dict[int, list[str]]:
    return {rule.number: rule.tests for rule in rules()}


def _tests() -> set[str]:
    return {
        node.name
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }
