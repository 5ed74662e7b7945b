"""web/control/documents: the places that stacks name."""

from __future__ import annotations

import pytest

from runtime.model import Failure, FailureKind
from runtime.web.control.documents import failure_document, frames


@pytest.mark.parametrize(
    ("line", "frame"),
    [
        ("    at handler (steps/a.step.ts:3:5)", ("steps/a.step.ts", 3, 5, "handler")),
        ("    at async Object.run (steps/a b.step.ts:3:5)", ("steps/a b.step.ts", 3, 5, "async Object.run")),
        ("at steps/a.step.ts:3:5", ("steps/a.step.ts", 3, 5, "")),
        ('  File "steps/a_step.py", line 12, in total', ("steps/a_step.py", 12, 0, "total")),
        ('  File "steps/a_step.py", line 12', ("steps/a_step.py", 12, 0, "")),
    ],
)
def test_a_place_is_found(line: str, frame: tuple[str, int, int, str]) -> None:
    file, number, column, function = frame
    found = frames(f"TypeError: no\n{line}\n")
    assert found == [{"file": file, "line": number, "column": column, "function": function}]


@pytest.mark.parametrize(
    "text", ["", "at noon", "File of mine, line 3", f"at a.ts:{'9' * 5000}:1", "at " + "(" * 10_000]
)
def test_other_text_names_no_place(text: str) -> None:
    assert frames(text) == []


@pytest.mark.parametrize(
    "stack",
    [
        'Traceback (last):\n  File "a.py", line 1, in outer\n  File "b.py", line 2, in inner\nKeyError',
        "Error: no\n    at inner (b.py:2:1)\n    at outer (a.py:1:1)",
    ],
)
def test_the_innermost_place_comes_first_whatever_the_language(stack: str) -> None:
    assert [(frame["file"], frame["function"]) for frame in frames(stack)] == [("b.py", "inner"), ("a.py", "outer")]


def test_causes_have_their_places_too() -> None:
    cause = Failure(FailureKind.HANDLER, "inner", stack="at a.ts:1:2")
    document = failure_document(Failure(FailureKind.HANDLER, "outer", cause=cause))
    assert (document["frames"], [frame["file"] for frame in document["cause"]["frames"]]) == ([], ["a.ts"])
