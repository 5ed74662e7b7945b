"""cli/waterfall: a trace as text."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.cli.waterfall import print_trace

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def span(id: str, parent: str | None = None, **given: Any) -> dict[str, Any]:
    known = {
        "spanId": id,
        "parentId": parent,
        "step": id,
        "language": "python",
        "attempt": 1,
        "offset": 0.0,
        "queued": 0.0,
    }
    more = {"waited": 0.0, "seconds": 1.0, "status": "ok", "httpStatus": None, "failure": None, "then": None}
    return {**known, **more, "operations": [], "lostOperations": 0, **given}


def trace(*spans: dict[str, Any], **given: Any) -> dict[str, Any]:
    about = {"traceId": TRACE, "name": "GET /a", "status": "ok", "httpStatus": 200, "seconds": 1.0, "spans": len(spans)}
    more: dict[str, Any] = {"began": "2026-01-31T12:00:00.000+00:00", "repeats": None, "logs": []}
    more |= {"lostLogs": 0, "lostSpans": 0}
    return {**about, **more, "spanList": spans, **given}


def drawn(capsys: pytest.CaptureFixture[str], document: dict[str, Any]) -> list[str]:
    print_trace(document)
    return capsys.readouterr().out.splitlines()


def rows(lines: list[str]) -> dict[str, str]:
    """The bars by step."""
    return {line[32:].split()[0]: line[:32] for line in lines[2:] if line.strip() and not line.startswith(" " * 34)}


def test_bars_stand_where_their_spans_stood(capsys: pytest.CaptureFixture[str]) -> None:
    spans = (
        span("a", seconds=0.5),
        span("b", "a", offset=0.5, seconds=0.5, waited=0.25),
        span("c", "a", offset=1.0, seconds=0),
    )
    bars = rows(drawn(capsys, trace(*spans)))
    assert bars == {"a": "█" * 16 + " " * 16, "b": " " * 16 + "░" * 8 + "█" * 8, "c": " " * 31 + "█"}


def test_spans_that_are_not_shown_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert "and 300 more spans, which are not shown" in drawn(capsys, trace(span("a"), lostSpans=300))
    assert "and 1 more span, which is not shown" in drawn(capsys, trace(span("a"), lostSpans=1))
    assert "not shown" not in "\n".join(drawn(capsys, trace(span("a"))))


def test_what_runs_reaches_to_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    running = span("a", seconds=None, status="running", waited=None)
    assert rows(drawn(capsys, trace(running, seconds=None)))["a"] == "█" * 32


def test_spans_stand_below_what_they_follow_from(capsys: pytest.CaptureFixture[str]) -> None:
    spans = (span("a"), span("x"), span("b", "a"), span("c", "b"), span("lost", "gone"))
    lines = [line[34:] for line in drawn(capsys, trace(*spans)) if "█" in line]
    assert [line.partition("ok")[0].rstrip() for line in lines] == ["a", "  b", "    c", "x", "lost"]


@pytest.mark.parametrize(("column", "place"), [(5, "a.ts:1:5"), (0, "a.ts:1")])
def test_a_failure_names_the_line_that_threw(capsys: pytest.CaptureFixture[str], column: int, place: str) -> None:
    frames = [{"file": "a.ts", "line": 1, "column": column}, {"file": "b.py", "line": 2, "column": 0}]
    cause: dict[str, Any] = {"type": "", "kind": "handler", "message": "first", "frames": [], "cause": None}
    failure = {"type": "Oops", "kind": "handler", "message": "no\nway", "frames": frames, "cause": cause}
    failed = span("a", status="failed", failure=failure, then="retry", lostOperations=3)
    text = "\n".join(drawn(capsys, trace(failed, status="failed")))
    assert f"Oops: no\\nway ({place})" in text
    assert "caused by handler: first" in text
    assert "failed → retry" in text
    assert "and 3 more operations" in text


def test_nothing_that_came_from_outside_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b[2J\n"
    line = {"level": "info", "source": evil, "message": evil, "data": None}
    document = trace(span("a", step=evil), name=evil, logs=[line])
    assert "\x1b" not in "\n".join(drawn(capsys, document))
