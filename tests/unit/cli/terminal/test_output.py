"""cli/terminal/output: lines leave by a thread, and nobody who writes waits for their reader."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest

from runtime.cli.ink import is_animated, is_coloured
from runtime.cli.terminal import output as module
from runtime.cli.terminal import presenter_of
from runtime.cli.terminal.output import Output
from runtime.config import Settings
from tests.integration.project import eventually
from tests.unit.cli.terminal.screen import log


def missed(lines: int) -> str:
    return f"missed {lines}\n"


@contextmanager
def pipe(max_bytes: int = 1_000_000) -> Iterator[tuple[Output, int]]:
    """An output into a pipe, and the end to read from."""
    reading, writing = os.pipe()
    with open(writing, "w", encoding="utf-8") as stream, Output(stream, max_bytes, missed) as output:
        yield output, reading


def read_all(descriptor: int) -> str:
    with open(descriptor, encoding="utf-8", newline="") as stream:
        return stream.read()


def read_until(descriptor: int, text: str) -> str:
    found = b""
    while text.encode() not in found:
        piece = os.read(descriptor, 65536)
        assert piece, f"ended before {text!r}: {found[-200:]!r}"
        found += piece
    return found.decode()


def test_lines_leave_in_order_and_all_before_the_end() -> None:
    with pipe() as (output, reading):
        for number in range(1000):
            output.write(f"{number}\n")
    assert read_all(reading) == "".join(f"{number}\n" for number in range(1000))


def test_a_reader_that_takes_nothing_holds_up_nobody_and_learns_what_is_missing() -> None:
    line = "x" * 99 + "\n"
    with pipe(max_bytes=200_000) as (output, reading):
        began = time.monotonic()
        for _ in range(10_000):  # a megabyte: more than the pipe and the buffer hold
            output.write(line)
        assert time.monotonic() - began < 2
        came = read_until(reading, "missed")
        output.write("later\n")
        came += read_until(reading, "later\n")
        os.close(reading)
    kept, _, rest = came.partition("missed ")
    assert kept.count(line) + int(rest.split("\n")[0]) == 10_000
    assert 1_000 < kept.count(line) < 5_000


def test_the_end_does_not_wait_for_a_reader_that_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    with pipe() as (output, reading):
        output.write("x" * 500_000 + "\n")
    assert output._thread.is_alive()  # it waits still, and ends with the process
    assert len(read_all(reading)) == 500_001


def test_a_reader_that_is_gone_ends_nothing() -> None:
    with pipe() as (output, reading):
        os.close(reading)
        output.write("a\n")
        output._thread.join(5)
        assert not output._thread.is_alive()
        for _ in range(10):
            output.write("b\n" * 1000)
        assert output._pieces == []


def test_a_stream_that_another_process_made_not_block_loses_nothing() -> None:
    text = "x" * 300_000 + "\n"
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with open(writing, "w", encoding="utf-8") as stream, Output(stream, 1_000_000, missed) as output:
        output.write(text)
        came = read_until(reading, "\n")
    os.close(reading)
    assert came == text


def test_what_the_encoding_lacks_is_escaped() -> None:
    reading, writing = os.pipe()
    with open(writing, "w", encoding="ascii") as stream, Output(stream, 1000, missed) as output:
        output.write("ä \ud800\n")
    assert read_all(reading) == "\\xe4 \\ud800\n"


def test_a_stream_in_memory() -> None:
    stream = io.StringIO()
    with Output(stream, 1000, missed) as output:
        output.write("ä\n")
    assert stream.getvalue() == "ä\n"


async def test_the_lines_of_one_turn_of_the_loop_leave_together(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    put = Output._put

    def counted(self: Output, data: bytes) -> None:
        calls.append(data)
        put(self, data)

    monkeypatch.setattr(Output, "_put", counted)
    with pipe() as (output, reading):
        assert await asyncio.to_thread(eventually, lambda: output._is_idle, 5)
        for number in range(100):
            output.write(f"{number}\n")
        assert calls == []
        await asyncio.to_thread(read_until, reading, "99\n")
    os.close(reading)
    assert len(calls) == 1


def test_a_line_that_moves_is_drawn_under_the_others() -> None:
    with pipe() as (output, reading):
        output.show("Installing")
        came = read_until(reading, "/ Installing")
        output.write("a line\n")
        came += read_until(reading, "a line\n")
        output.show("")
        output.write("the end\n")
        came += read_until(reading, "the end\n")
    os.close(reading)
    assert "\r\x1b[2Ka line\n" in came
    assert came.endswith("\r\x1b[2Kthe end\n")


def terminal() -> tuple[int, TextIO]:
    reading, writing = pty.openpty()
    return reading, open(writing, "w", encoding="utf-8")


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "0"}, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_when_a_terminal_is_coloured(environ: dict[str, str], coloured: bool) -> None:
    reading, stream = terminal()
    with stream:
        assert is_coloured(stream, environ) is coloured
        assert is_animated(stream, environ) is (environ.get("TERM") != "dumb")
    os.close(reading)


def test_when_a_file_is_coloured() -> None:
    assert not is_coloured(io.StringIO(), {})
    assert is_coloured(io.StringIO(), {"FORCE_COLOR": "1"})
    assert not is_animated(io.StringIO(), {"FORCE_COLOR": "1"})


@pytest.mark.parametrize(
    ("format", "development", "begins"),
    [(None, True, ""), (None, False, "{"), ("json", True, "{"), ("text", False, "")],
)
def test_the_presenter_is_that_of_the_settings(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, format: str | None, development: bool, begins: str
) -> None:
    settings = Settings.model_validate({"log": {"format": format}})
    with presenter_of(tmp_path, settings, development=development, inspected={}) as presenter:
        presenter.write(log())
    written = capsys.readouterr().out
    assert written.endswith("\n")
    assert written.startswith(begins or written[0])
    assert (written[0] == "{") is bool(begins)


def test_the_end_leaves_no_line_that_moves() -> None:
    with pipe() as (output, reading):
        output.show("Installing")
        came = read_until(reading, "Installing")
    assert (came + read_all(reading)).endswith("\r\x1b[2K")
