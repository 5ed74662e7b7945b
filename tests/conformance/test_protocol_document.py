"""Each MUST of PROTOCOL.md names a test that is here, and each numbered test belongs to a MUST."""

from __future__ import annotations

import ast
import re
from pathlib import Path

DOCUMENT = Path(__file__).resolve().parents[2] / "proto" / "PROTOCOL.md"
RULE = re.compile(r"^- \*\*M(?P<number>\d+)\*\*(?P<text>.*?)(?=^- |^\||^#|^$)", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"`\[(test_\w+)\]`")


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


def _rules() -> dict[int, list[str]]:
    matches = RULE.finditer(DOCUMENT.read_text(encoding="utf-8"))
    return {int(match["number"]): NAME.findall(match["text"]) for match in matches}


def _tests() -> set[str]:
    return {
        node.name
        for path in Path(__file__).parent.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }
