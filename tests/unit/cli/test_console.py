"""cli/console: what the terminal shows."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from runtime.app import Started
from runtime.catalog import Catalog
from runtime.cli.console import JsonLog, TextLog, print_fault, print_problems, print_started
from runtime.errors import RuntimeFault
from runtime.model import LogLevel, LogRecord, Problem, ProjectConfig, Severity, Step, StreamDefinition
from runtime.values import encode

RECORD = LogRecord(1_700_000_000.25, LogLevel.INFO, "CreateOrder", "hello")
NO_VALUES = [b"\xc1", b"\x81\x90\x01", encode({b"key": 1})]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def text(record: LogRecord, stream: io.StringIO | None = None) -> str:
    stream = stream or io.StringIO()
    TextLog(stream).write(record)
    return stream.getvalue()


def line(record: LogRecord) -> dict[str, Any]:
    """The line as a strict reader of JSON has it."""
    stream = io.StringIO()
    JsonLog(stream).write(record)
    assert stream.getvalue().count("\n") == 1

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    parsed: dict[str, Any] = json.loads(stream.getvalue(), parse_constant=refuse)
    return parsed


def record(data: bytes = b"", message: str = "hello", trace_id: str = "") -> LogRecord:
    return LogRecord(RECORD.time, LogLevel.WARN, "CreateOrder", message, data, trace_id)


def test_a_line_for_people() -> None:
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.250 \[INFO\] CreateOrder hello\n", text(RECORD))


def test_data_and_trace_follow() -> None:
    written = text(record(encode({"n": 1, "ü": b"x"}), trace_id="f" * 32))
    assert written.endswith(f'[WARN] CreateOrder hello {{"n": 1, "ü": "b\'x\'"}} trace={"f" * 32}\n')


def test_colours_are_for_terminals() -> None:
    assert "\x1b[" not in text(RECORD)
    assert "\x1b[" in text(RECORD, Terminal())


def test_a_line_for_machines() -> None:
    assert line(RECORD) == {
        "time": "2023-11-14T22:13:20.250+00:00",
        "level": "info",
        "step": "CreateOrder",
        "message": "hello",
    }
    full = line(record(encode({"n": [1]}), 'a "b"\nc', "f" * 32))
    assert (full["data"], full["message"], full["traceId"]) == ({"n": [1]}, 'a "b"\nc', "f" * 32)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"x": [float("-inf")]}, 2**63, None, "", b"\xff"])
def test_any_data_is_a_line_for_machines(value: Any) -> None:
    assert "data" in line(record(encode(value)))


@pytest.mark.parametrize("data", NO_VALUES)
def test_data_that_json_does_not_know_is_shown_all_the_same(data: bytes) -> None:
    assert "data" in line(record(data))
    assert text(record(data)).startswith(text(record())[:-1])


@pytest.mark.parametrize("time", [float("nan"), float("inf"), -1.0, 1e18])
def test_a_time_that_is_none_does_not_stop_the_log(time: float) -> None:
    odd = LogRecord(time, LogLevel.INFO, "a", "hello")
    assert "hello" in text(odd)
    assert line(odd)["message"] == "hello"


def started(capsys: pytest.CaptureFixture[str], catalog: Catalog, host: str = "127.0.0.1", files: int = 1) -> str:
    print_started(Started(catalog, host, 3000, files))
    return capsys.readouterr().out


def step(file: str, type: str = "api") -> Step:
    return Step("a", "node", file, type)


@pytest.mark.parametrize(
    "file", ["steps/a.step.ts", "steps/[id].step.ts", "steps/[red]a.step.ts", "steps/:key:.step.ts"]
)
def test_a_line_for_each_step(capsys: pytest.CaptureFixture[str], file: str) -> None:
    out = started(capsys, Catalog(steps=(step(file), step("b", "event"))))
    assert f"[CREATED] Step (API) {file}\n" in out
    assert "[CREATED] Step (Event) b\n" in out


def test_a_long_path_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    file = "steps/" + "deep folder/" * 40 + "a.step.ts"
    assert f"[CREATED] Step (API) {file}\n" in started(capsys, Catalog(steps=(step(file),)))


def test_streams_and_the_address(capsys: pytest.CaptureFixture[str]) -> None:
    stream = StreamDefinition("board", "node", "steps/board.stream.ts")
    out = started(capsys, Catalog(streams={"board": stream}))
    assert "[CREATED] Stream steps/board.stream.ts\n" in out
    assert "Config" not in out
    told = started(capsys, Catalog(config=ProjectConfig("motia.config.ts", "node")))
    assert "[CREATED] Config motia.config.ts\n" in told
    assert out.endswith("Ready at http://127.0.0.1:3000\n")
    assert started(capsys, Catalog(), "::1").endswith("Ready at http://[::1]:3000\n")


def test_an_empty_project_is_told_what_was_looked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out = started(capsys, Catalog(), files=0)
    assert f"No steps in {tmp_path}: it has no folder steps or src; is it the project's root?\n" in out
    assert "steps/hello_step.py" in out
    (tmp_path / "src").mkdir()
    assert f"No steps in {tmp_path}: nothing in src is called like a step.\n" in started(capsys, Catalog(), files=0)


def test_what_serves_and_what_does_not_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    two = Catalog(steps=(step("a"), step("b")), streams={"board": StreamDefinition("board", "node", "board.stream.ts")})
    assert "\n2 steps and 1 stream loaded\nReady at" in started(capsys, two, files=3)
    assert "\n2 steps and 1 stream loaded, 3 files left out: see above\nReady at" in started(capsys, two, files=6)
    out = started(capsys, Catalog(problems=(Problem("a", "broken"),)), files=1)
    assert "\n0 steps loaded, 1 file left out: see above\nReady at" in out


def problems(capsys: pytest.CaptureFixture[str], *found: Problem) -> str:
    print_problems(Catalog(problems=found))
    return capsys.readouterr().out


def test_without_problems_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert problems(capsys) == ""


def test_problems_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    out = problems(
        capsys,
        Problem("steps/a.step.ts", "broken", "mend it", 3, 9),
        Problem("steps/b.step.ts", "broken", line=3),
        Problem("steps/c.step.ts", "odd", column=9, severity=Severity.WARNING),
    )
    rows = [[cell.strip() for cell in row.strip("│").split("│")] for row in out.splitlines() if row.startswith("│")]
    assert rows == [
        ["error", "steps/a.step.ts:3:9", "broken", "mend it"],
        ["error", "steps/b.step.ts:3", "broken", ""],
        ["warning", "steps/c.step.ts", "odd", ""],
    ]
    assert "2 of the project's files could not be used" in out


def test_warnings_alone_are_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "could not be used" not in problems(capsys, Problem("a", "odd", severity=Severity.WARNING))


@pytest.mark.parametrize("message", ["[red]x[/red]", "[/]", "no '[id]'", "GET /:key:/x", "ends in \\"])
def test_messages_are_printed_as_they_are(capsys: pytest.CaptureFixture[str], message: str) -> None:
    assert message in problems(capsys, Problem("a", message))
    print_fault(RuntimeFault(message, message))
    assert capsys.readouterr().err == f"error: {message}\n       {message}\n"


def test_a_fault_without_a_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    print_fault(RuntimeFault("it is broken"))
    assert capsys.readouterr().err == "error: it is broken\n"
