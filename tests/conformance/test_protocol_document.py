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


def _case(name: str, outcome: str = "passed", parameters: str = "any") -> Case:
    return Case(name, "any", outcome, f"{name}[{parameters}]")


def test_the_report_counts_a_rule_that_failed_or_was_left_out_as_broken() -> None:
    held = [_case(name) for rule in rules() for name in rule.tests]
    count = len(rules())
    assert list(report(held, {})) == [f"any: {count} of {count} rules held, {count} cases, 0 failed"]
    name = held[1].name
    head, *broken = report([*held[2:], _case(name, "failed", "any-1"), _case(name, "passed", "any-2")], {})
    assert head == f"any: {count - 2} of {count} rules held, {count} cases, 1 failed"
    assert [line.split()[0] for line in broken] == ["M1", "M2", "failed:"]


def test_the_report_counts_no_rules_where_a_case_beside_them_failed() -> None:
    held = [_case(name) for rule in rules() for name in rule.tests]
    beside = _case("test_beside_the_rules")
    # It passed, and then its teardown failed: one case.
    failed = beside._replace(outcome="failed")
    assert list(report([*held, beside, failed], {})) == [
        f"any: does not conform, {len(held) + 1} cases, 1 failed",
        "  failed: test_beside_the_rules[any]",
    ]


def test_the_report_says_which_runner_cannot_run() -> None:
    skipped = [_case(name, "skipped") for rule in rules() for name in rule.tests]
    assert list(report(skipped, {"any": "no gem 'grpc'"})) == ["any: cannot run: no gem 'grpc'"]


def _rules() -> dict[int, list[str]]:
    return {rule.number: rule.tests for rule in rules()}


def _tests() -> set[str]:
    return {
        node.name
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }
