"""cli/terminal/problems, excerpt and remedies: what is wrong, where, and what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.cli.ink import Ink, width
from runtime.cli.terminal.excerpt import excerpt
from runtime.cli.terminal.problems import problem_lines
from runtime.model import Problem, Severity
from runtime.remedies import remedy

PLAIN = Ink(coloured=False)


def told(root: Path, *problems: Problem) -> list[str]:
    return problem_lines(problems, root, 80, PLAIN)


def shown(root: Path, data: bytes | str, line: int, column: int = 0, columns: int = 80) -> list[str]:
    path = root / "a.step.ts"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return excerpt(path, line, column, columns, PLAIN)


def test_nothing_is_said_of_nothing(tmp_path: Path) -> None:
    assert told(tmp_path) == []


def test_warnings_are_a_line_each_behind_the_errors(tmp_path: Path) -> None:
    odd = Problem("b", "odd\nindeed", "mend it", 3, 1, severity=Severity.WARNING)
    assert told(tmp_path, odd, Problem("a", "broken", "mend it")) == [
        "",
        "error a",
        "  broken",
        "  fix: mend it",
        "",
        "warning b:3:1: odd indeed; mend it",
    ]


def test_a_fault_of_a_helper_is_told_once_with_those_who_need_it(tmp_path: Path) -> None:
    (tmp_path / "db.ts").write_text("a\nb\n")
    faults = [Problem(f"s{n}", "Error: no (in db.ts:2)", "", 2, 1, place="db.ts") for n in range(5)]
    lines = told(tmp_path, *faults)
    assert lines[1:5] == ["error db.ts:2:1, which s0, s1, s2 and 2 more need", "  Error: no", "    1 | a", "  > 2 | b"]
    assert len([line for line in lines if line.startswith("error")]) == 1
    assert told(tmp_path, faults[0])[1] == "error db.ts:2:1, which s0 needs"


def test_faults_that_differ_are_told_apart(tmp_path: Path) -> None:
    faults = [Problem("s0", "one", place="db.ts"), Problem("s1", "two", place="db.ts"), Problem("s2", "one")]
    assert len([line for line in told(tmp_path, *faults) if line.startswith("error")]) == 3


@pytest.mark.parametrize("message", ["[red]x[/red]", "no '[id]'", "GET /:key:/x", "ends in \\"])
def test_messages_are_shown_as_they_are(tmp_path: Path, message: str) -> None:
    assert told(tmp_path, Problem("a", message))[2] == f"  {message}"


def test_nothing_of_a_problem_steers_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x\x1b[2J\x9b\n")
    lines = told(tmp_path, Problem("a", "m\x1b[2J", "f\x1b[2J", 1, 1), Problem("b", "\x9b", severity=Severity.WARNING))
    assert not set("\n".join(lines)) & {"\x1b", "\x9b"}


def test_two_lines_before_and_one_behind(tmp_path: Path) -> None:
    assert shown(tmp_path, "a\nb\nc\nd\ne\nf\n", 4, 1) == ["  2 | b", "  3 | c", "> 4 | d", "    | ^", "  5 | e"]
    assert shown(tmp_path, "a\nb\n", 1) == ["> 1 | a", "  2 | b"]
    assert shown(tmp_path, "\n" * 9 + "x\r\ny", 10, 1) == ["   8 |", "   9 |", "> 10 | x", "     | ^", "  11 | y"]


@pytest.mark.parametrize(
    ("line", "column", "before"),
    [("\tx", 2, 4), ("a\tx", 3, 4), ("日本x", 3, 4), ("e\u0301x", 3, 1), ("\x1bx", 2, 4), ("ab", 3, 2), ("ab", 99, 2)],
)
def test_the_mark_stands_under_its_column(tmp_path: Path, line: str, column: int, before: int) -> None:
    code, mark = shown(tmp_path, line, 1, column)
    assert width(mark.partition("| ")[2]) == before + 1
    assert "\t" not in code


@pytest.mark.parametrize("column", [1, 50, 400, 800, 1600, 100_000, 5_000_000])
def test_a_long_line_is_cut_around_its_column(tmp_path: Path, column: int) -> None:
    line = "x" * (column - 1) + "@" + "日" * 900 if column < 10_000 else "x" * 200_000
    code, mark = shown(tmp_path, line, 1, column)
    assert width(code) <= 80
    assert width(mark) <= 80
    if column < 10_000:
        assert code[len(mark) - 1] == "@"


def test_lines_around_are_cut_too(tmp_path: Path) -> None:
    assert max(map(len, shown(tmp_path, "x" * 500 + "\ny\n" + "z" * 500, 2, 1))) <= 80


@pytest.mark.parametrize("line", [0, -1, 4, 10**9])
def test_a_line_that_the_file_does_not_have(tmp_path: Path, line: int) -> None:
    assert shown(tmp_path, "a\nb\nc", line, 1) == []


def test_what_is_no_text_is_not_shown(tmp_path: Path) -> None:
    assert shown(tmp_path, b"\x7fELF\0\n", 1) == []
    assert shown(tmp_path, b"x" * 5_000_000, 1) == []
    assert shown(tmp_path, b"\xef\xbb\xbfcaf\xe9", 1, 4) == ["> 1 | caf\ufffd", "    |    ^"]


def test_what_cannot_be_read_is_not_shown(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name in ("none", "fifo", ".", "a\0b", "x" * 5000):
        assert excerpt(tmp_path / name, 1, 1, 80, PLAIN) == []


@pytest.mark.parametrize(
    ("message", "begins"),
    [
        ("SyntaxError: expected ':'", "Correct the syntax"),
        ('SourceError: Expected ";"', "Correct the syntax"),
        ("IndentationError: unexpected indent", "Indent"),
        ("ReferenceError: x is not defined", "Define or import"),
        ("NameError: name 'x' is not defined", "Define or import"),
        ("ImportError: cannot import name 'x'", "Correct the name that is imported"),
        ("TypeError: boom", "It is thrown while the file loads"),
        ("KeyError: 'URL'", "It is thrown while the file loads"),
        ("its config cannot be read", "Correct the file"),
        ("", "Correct the file"),
    ],
)
def test_every_error_has_something_to_do(message: str, begins: str) -> None:
    assert remedy(Problem("a", message)).startswith(begins)
    assert remedy(Problem("a", message, "its own")) == "its own"
