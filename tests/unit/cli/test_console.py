"""cli/console: what commands print once."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from runtime.cli.console import log_to, print_fault, print_problems
from runtime.errors import ConfigFault, RuntimeFault
from runtime.model import LogLevel, LogRecord, Problem, Severity


def test_log_lines_are_written_at_once() -> None:
    stream = io.StringIO()
    log_to(stream).write(LogRecord(0.25, LogLevel.WARN, "node", "hello"))
    assert stream.getvalue().endswith("[WARN] node hello\n")


def test_problems_go_where_they_are_wanted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").write_text("one\n")
    problems = (Problem("a", "broken", "mend it", 1, 1), Problem("b", "odd", severity=Severity.WARNING))
    said = "\nerror a:1:1\n  broken\n  > 1 | one\n      | ^\n    2 |\n  fix: mend it\n\nwarning b: odd\n"
    print_problems(problems)
    assert capsys.readouterr() == (said, "")
    print_problems(problems, to_errors=True)
    assert capsys.readouterr() == ("", said)


def test_a_stream_that_knows_few_characters_gets_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    page = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    monkeypatch.setattr(sys, "stdout", page)
    print_problems([Problem("ü", "\ud800", "\u202e")])
    log_to(page).write(LogRecord(0.25, LogLevel.WARN, "node", "ü"))
    assert "error \\xfc\n  \\ud800\n  fix: \\u202e\n" in page.buffer.getvalue().decode()


def test_without_problems_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    print_problems(())
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("message", ["[red]x[/red]", "[/]", "no '[id]'", "GET /:key:/x", "ends in \\", "x" * 300])
def test_a_fault_is_printed_as_it_is(capsys: pytest.CaptureFixture[str], message: str) -> None:
    print_fault(RuntimeFault(message, message))
    assert capsys.readouterr().err == f"error: {message}\n       {message}\n"


def test_a_fault_with_a_place_is_printed_with_its_source(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runtime.yaml").write_text("http: [\n")
    print_fault(ConfigFault("odd", "mend it", file="runtime.yaml", line=1, column=7))
    assert capsys.readouterr().err == (
        "error: runtime.yaml:1:7: odd\n       > 1 | http: [\n           |       ^\n         2 |\n       mend it\n"
    )


def test_a_fault_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_fault(RuntimeFault("a\x1b[2J"))
    assert capsys.readouterr().err == "error: a\\x1b[2J\n"
