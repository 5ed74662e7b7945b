"""RESULTS.md holds the last run of each benchmark and what people wrote, and loses neither when it is written again."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.harness import report, results
from bench.harness.results import Goal, Result, Row, judged

RATIO = Goal(">=", 1.3)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where all of it is for the time of a test."""
    monkeypatch.setattr(results, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(report, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(report, "NOTES", tmp_path / "notes")
    (tmp_path / "notes").mkdir()
    return tmp_path


def keep(name: str, about: str, *rows: Row) -> None:
    results.keep(Result(name, about, rows, ("node 24",), "2026-11-22T12:00:00+00:00", "2 cores", "1234567"))


def written() -> str:
    report.write()
    return report.RESULTS.read_text()


def test_a_missed_goal_is_told_with_how_much_is_missing() -> None:
    keep("http", "5 rounds", judged("GET", 1.17, RATIO, ours="9 req/s"), judged("POST", 1.4, RATIO))
    text = written()
    assert "1 of 2 goals are met." in text
    assert "- [http](#http): GET: 1.17, 10% under the goal >= 1.3." in text
    assert "| GET | 9 req/s |" in text


def test_a_figure_without_a_goal_is_not_counted() -> None:
    keep("http", "5 rounds", Row("GET", "9 req/s"))
    assert "0 of 0 goals are met." in written()


def test_a_new_run_takes_the_place_of_the_last_one() -> None:
    keep("http", "first", judged("GET", 1.0, RATIO))
    written()
    keep("http", "second", judged("GET", 1.5, RATIO))
    text = written()
    assert "`scripts/bench http`: first." not in text
    assert "`scripts/bench http`: second." in text
    assert "1 of 1 goals are met." in text


def test_sections_of_other_benchmarks_stay(folder: Path) -> None:
    keep("http", "rounds", judged("GET", 1.0, RATIO))
    keep("flows", "loads", judged("flow", 1.5, RATIO))
    written()
    keep("flows", "loads", judged("flow", 0.5, RATIO))
    text = written()
    assert text.count("## http") == 1
    assert "0 of 2 goals are met." in text


def test_a_report_that_was_taken_back_stays_so(folder: Path) -> None:
    keep("http", "rounds", judged("GET", 1.5, RATIO))
    before = written()
    keep("http", "others", judged("GET", 1.0, RATIO))
    written()
    report.RESULTS.write_text(before)
    assert written() == before


def test_a_report_that_cannot_be_written_leaves_the_one_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep("http", "rounds", judged("GET", 1.5, RATIO))
    before = written()

    def full(path: Path, text: str) -> int:
        path.write_bytes(text.encode()[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        report.write()
    assert report.RESULTS.read_text() == before


def test_notes_are_those_of_today(folder: Path) -> None:
    keep("http", "rounds", judged("GET", 1.0, RATIO))
    (folder / "notes" / "http.md").write_text("The stream's turns bound it.\n")
    assert written().count("The stream's turns bound it.") == 1
    (folder / "notes" / "http.md").write_text("Parsing bounds it.\n")
    text = written()
    assert "turns" not in text
    assert text.count("Parsing bounds it.") == 1
    assert written() == text
