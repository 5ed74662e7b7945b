"""cli/terminal/lines, stamps and data: log lines and request lines, for people and for machines."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Any

import pytest

from runtime.cli.terminal.stamps import Stamps
from runtime.cli.terminal.summary import duration
from runtime.model import LogLevel
from runtime.values import encode
from tests.unit.cli.terminal.screen import MOMENT, TRACE, Machine, Text, log, request

NO_VALUES = [b"\xc1", b"\x81\x90\x01", encode({b"key": 1})]


def text(record: Any, *, coloured: bool = False) -> str:
    page = Text(coloured=coloured)
    page.presenter.write(record)
    return page.text


def line(record: Any) -> dict[str, Any]:
    machine = Machine()
    machine.presenter.write(record)
    return machine.line


def asked(record: Any, *, coloured: bool = False) -> str:
    page = Text(coloured=coloured)
    page.presenter.request(record)
    return page.text


def test_a_line_for_people() -> None:
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.250 \[INFO\] CreateOrder hello\n", text(log()))


def test_data_and_trace_follow() -> None:
    written = text(log(encode({"n": 1, "ü": b"x"}), trace_id=TRACE, level=LogLevel.WARN))
    assert written.endswith(f'[WARN] CreateOrder hello {{"n": 1, "ü": "b\'x\'"}} trace={TRACE}\n')


def test_the_further_lines_of_a_message_are_indented() -> None:
    assert text(log(message="a\nb\nc", trace_id=TRACE)).endswith(f"CreateOrder a trace={TRACE}\n  b\n  c\n")


@pytest.mark.parametrize("place", ["message", "source", "data"])
def test_nothing_steers_the_terminal(place: str) -> None:
    evil = "a\x1b[2Jb\x9bc\rd"
    changed: Any = {place: encode({"x": evil}) if place == "data" else evil}
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text(replace(log(), **changed)))


@pytest.mark.parametrize("character", ["\u202a", "\u202e", "\u2066", "\u2069", "\u2028", "\u2029"])
@pytest.mark.parametrize("place", ["message", "source", "data"])
def test_nothing_turns_a_line_around_or_breaks_it(place: str, character: str) -> None:
    changed: Any = {place: encode({"x": character}) if place == "data" else character}
    written = text(replace(log(), **changed))
    assert character not in written
    assert f"\\u{ord(character):x}" in written


def test_a_source_is_no_line_of_its_own() -> None:
    assert text(replace(log(), source="a\n12:00:00.000 [INFO] b")).count("\n") == 1


def test_colours_are_added_and_nothing_else() -> None:
    record = log(encode({"n": 1}), trace_id=TRACE)
    for write in (text, asked):
        given = record if write is text else request(ending="the client left")
        coloured = write(given, coloured=True)
        assert "\x1b[" in coloured
        assert re.sub(r"\x1b\[\d*m", "", coloured) == write(given)


def test_a_line_for_machines() -> None:
    assert line(log()) == {
        "time": "2023-11-14T22:13:20.250+00:00",
        "level": "info",
        "event": "log",
        "step": "CreateOrder",
        "message": "hello",
    }
    full = line(log(encode({"n": [1]}), 'a "b"\nc', TRACE))
    assert (full["data"], full["message"], full["traceId"]) == ({"n": [1]}, 'a "b"\nc', TRACE)


@pytest.mark.parametrize("evil", ["\x7f", "\x85", "\x9b2J", "\u2028", "\u202e", "ü", "\ud800", "\U0001f600"])
def test_a_line_for_machines_is_one_in_any_encoding(evil: str) -> None:
    machine = Machine()
    given = "?" if evil == "\ud800" else evil  # which is no value
    machine.presenter.write(replace(log(encode({given: given}), evil), source=evil))
    machine.presenter.request(request(path=f"/{evil}", method=evil))
    machine.presenter.progressed(evil)
    assert all(piece[:-1].isascii() and piece[:-1].isprintable() for piece in machine.pieces)
    written, asked, told = machine.lines
    assert (written["message"], written["step"], written["data"]) == (evil, evil, {given: given})
    assert (asked["path"], asked["method"], told["message"]) == (f"/{evil}", evil, evil)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"x": [float("-inf")]}, 2**63, None, "", b"\xff"])
def test_any_data_is_a_line_for_machines(value: Any) -> None:
    assert "data" in line(log(encode(value)))


@pytest.mark.parametrize("data", NO_VALUES)
def test_data_that_json_does_not_know_is_shown_all_the_same(data: bytes) -> None:
    assert "data" in line(log(data))
    assert text(log(data)).startswith(text(log())[:-1])


@pytest.mark.parametrize("moment", [float("nan"), float("inf"), -1.0, 1e18])
def test_a_time_that_is_none_does_not_stop_the_log(moment: float) -> None:
    odd = type(log())(moment, LogLevel.INFO, "a", "hello")
    assert "hello" in text(odd)
    assert line(odd)["message"] == "hello"


def test_stamps_follow_the_clock() -> None:
    stamp = Stamps(universal=False)
    local = time.strftime("%H:%M:%S", time.localtime(MOMENT))
    assert [stamp(MOMENT), stamp(MOMENT + 0.4996)] == [f"{local}.250", f"{local}.749"]
    assert stamp(MOMENT + 1) == time.strftime("%H:%M:%S.250", time.localtime(MOMENT + 1))


def test_a_request_for_people() -> None:
    written = asked(request())
    assert re.fullmatch(rf"\d\d:\d\d:\d\d\.250 \[GET\]  200  3\.2 ms /orders/1 GetOrder trace={TRACE}\n", written)
    assert "[POST] 201  3.2 ms /orders/1 GetOrder trace=" in asked(request(201, method="POST"))


def test_a_request_that_no_step_answered() -> None:
    assert asked(request(404, step="")).endswith(f"404  3.2 ms /orders/1 trace={TRACE}\n")


def test_what_kept_the_client_from_the_answer_is_said() -> None:
    assert f"/orders/1 GetOrder (the client left) trace={TRACE}\n" in asked(request(ending="the client left"))


@pytest.mark.parametrize(("status", "colour"), [(200, 32), (204, 32), (304, 36), (404, 33), (499, 33), (500, 31)])
def test_a_status_has_the_colour_of_its_class(status: int, colour: int) -> None:
    assert f"\x1b[{colour}m{status}\x1b[0m" in asked(request(status), coloured=True)


@pytest.mark.parametrize("path", ["/" + "x" * 5000, "/\x1b[2J\n\x9b", "/" + "\x1b" * 5000])
def test_a_path_neither_floods_nor_steers(path: str) -> None:
    written = asked(request(path=path))
    assert len(written) < 800
    assert re.search(r"[\x00-\x1f\x7f-\x9f]", written[:-1]) is None


def test_a_method_does_not_steer() -> None:
    assert "[GET\\x1b[2J\\n] 200" in asked(request(method="GET\x1b[2J\n"))


def test_a_request_for_machines() -> None:
    machine = Machine()
    machine.presenter.request(request(503, ending="it broke off"))
    assert machine.line == {
        "time": "2023-11-14T22:13:20.250+00:00",
        "level": "error",
        "event": "request",
        "message": "GET /orders/1 503",
        "method": "GET",
        "path": "/orders/1",
        "status": 503,
        "durationMs": 3.2,
        "step": "GetOrder",
        "traceId": TRACE,
        "ending": "it broke off",
    }


def test_a_request_without_step_and_fault_has_no_such_keys() -> None:
    machine = Machine()
    machine.presenter.request(request(404, step="", path="/" + "x" * 60_000))
    assert {"step", "ending"} & machine.line.keys() == set()
    assert (machine.line["level"], len(machine.line["path"])) == ("info", 2000)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.0 ms"),
        (0.00321, "3.2 ms"),
        (0.412, "412 ms"),
        (0.9999, "1.00 s"),
        (1.5, "1.50 s"),
        (59.999, "1m 00s"),
        (134.5, "2m 14s"),
        (3725, "1h 02m"),
    ],
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text
