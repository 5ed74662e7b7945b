"""runners/output: what a process prints becomes log lines."""

from __future__ import annotations

from typing import cast

import anyio
import pytest
from anyio.abc import ByteReceiveStream

from runtime.model import LogLevel
from runtime.runners.copies import RunnerLines
from runtime.runners.output import Output
from runtime.services.logs import LogService
from tests.fakes import FakeClock, ListSink

BANNER = (
    b"Debugger listening on ws://127.0.0.1:9229/0f2c936f-b1cd-4ac9-aab3-f63b0f33d55e\n"
    b"For help, see: https://nodejs.org/en/docs/inspector\nDebugger attached.\n"
    b"Waiting for the debugger to disconnect...\n"
)


class Printed:
    """A stream of a process that prints these pieces."""

    def __init__(self, *pieces: bytes) -> None:
        self.sink = ListSink()
        self._pieces = pieces

    async def capture(self, level: LogLevel, *, is_inspected: bool = False) -> Output:
        send, receive = anyio.create_memory_object_stream[bytes](len(self._pieces))
        for piece in self._pieces:
            await send.send(piece)
        send.close()
        logs = LogService(self.sink, FakeClock(), LogLevel.DEBUG)
        self.lines = RunnerLines("node", "s", logs, lambda _: None)
        output = Output("node", logs, self.lines, is_inspected=is_inspected)
        with receive:
            await output.capture(cast(ByteReceiveStream, receive), level)
        return output


async def test_lines_are_put_together_and_have_their_language() -> None:
    printed = Printed(b"one\ntw", b"o\nthree")
    await printed.capture(LogLevel.INFO)
    assert [(line.source, line.message) for line in printed.sink.records] == [
        ("node", "one"),
        ("node", "two"),
        ("node", "three"),
    ]


async def test_the_last_words_are_the_last_line_of_stderr() -> None:
    assert (await Printed(b"first\nlast\n\n").capture(LogLevel.WARN)).last_words == "last"
    assert (await Printed(b"first\n").capture(LogLevel.INFO)).last_words == ""


async def test_an_endless_line_is_cut() -> None:
    printed = Printed(b"x" * 20_000, b"y\n")
    await printed.capture(LogLevel.INFO)
    assert "".join(line.message for line in printed.sink.records) == "x" * 20_000 + "y"


async def test_copies_are_told_from_what_else_is_printed_also_in_one_line() -> None:
    printed = Printed(b"raw\x1es;1;7\x1fone\n\x1es;2;7\x1ftw\x1es;3;7\x1fthree\nraw again\n")
    await printed.capture(LogLevel.INFO)
    assert [line.message for line in printed.sink.records] == ["raw", "raw again"]
    printed.lines.end()
    assert [line.message for line in printed.sink.records[2:]] == ["one", "tw", "three"]


@pytest.mark.parametrize("line", [b"\x1e1;7\x1fx", b"\x1eother;1;7\x1fx", b"\x1e", b"\x1e\x1f;"])
async def test_what_only_looks_like_a_copy_is_shown_as_it_is(line: bytes) -> None:
    printed = Printed(line + b"\n")
    await printed.capture(LogLevel.INFO)
    assert [shown.message for shown in printed.sink.records] == [line.decode().rstrip()]


async def test_a_broken_copy_is_shown_without_its_mark() -> None:
    printed = Printed(b"\x1es;1;x\x1ftext\n")
    await printed.capture(LogLevel.INFO)
    assert [line.message for line in printed.sink.records] == ["1;x\x1ftext"]


async def test_a_stream_that_something_holds_open_is_left_when_it_is_silent() -> None:
    sink = ListSink()
    logs = LogService(sink, FakeClock(), LogLevel.DEBUG)
    output = Output("node", logs, RunnerLines("node", "s", logs, lambda _: None))
    send, receive = anyio.create_memory_object_stream[bytes](2)
    with anyio.fail_after(5), send, receive:
        async with anyio.create_task_group() as captures:
            captures.start_soon(output.capture, cast(ByteReceiveStream, receive), LogLevel.INFO)
            await send.send(b"whole\nhalf")
            output.end(captures.cancel_scope)
    assert sink.messages(LogLevel.INFO) == ["whole", "half"]


@pytest.mark.parametrize(("is_inspected", "shown"), [(True, 1), (False, 5)])
async def test_the_banner_of_a_debugger_is_hidden_where_one_was_asked_for(is_inspected: bool, shown: int) -> None:
    printed = Printed(BANNER + b"mine\n")
    await printed.capture(LogLevel.WARN, is_inspected=is_inspected)
    messages = [line.message for line in printed.sink.records]
    assert (messages[-1], len(messages)) == ("mine", shown)
