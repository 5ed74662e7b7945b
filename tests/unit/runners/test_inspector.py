"""A debugger's known port: what comes to it reaches the process that serves, and moves on with it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import venv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL

import anyio
import anyio.to_thread
import pytest

from runtime.clock import SystemClock
from runtime.errors import RunnerFault
from runtime.model import LogLevel
from runtime.runners import inspector as module
from runtime.runners.inspection import Framing
from runtime.runners.inspector import LOOPBACK, Inspector, dismiss, free_port, missing_debugger
from runtime.services.logs import LogService
from tests.fakes import ListSink
from tests.integration.debuggers import adapters
from tests.integration.project import eventually

MESSAGE = b"Content-Length: 2\r\n\r\n{}"
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def process(port: int = 0) -> AsyncIterator[tuple[int, asyncio.Queue[Streams]]]:
    """What listens where a runner's debugger would: its port and the connections that it gets."""
    connections: asyncio.Queue[Streams] = asyncio.Queue()
    accepted: list[asyncio.StreamWriter] = []

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer)
        connections.put_nowait((reader, writer))

    server = await asyncio.start_server(accept, LOOPBACK, port)
    try:
        yield server.sockets[0].getsockname()[1], connections
    finally:
        server.close()
        for writer in accepted:
            writer.close()


@asynccontextmanager
async def inspecting() -> AsyncIterator[tuple[Inspector, int]]:
    """An inspector that runs, and its known port."""
    port = free_port()
    inspector = Inspector("node", port, LogService(ListSink(), SystemClock(), LogLevel.DEBUG))
    async with anyio.create_task_group() as tasks:
        await tasks.start(inspector.run)
        yield inspector, port
        tasks.cancel_scope.cancel()


async def test_what_is_said_arrives_on_either_side() -> None:
    async with inspecting() as (inspector, known), process() as (port, connections):
        inspector.point_at(port)
        reader, writer = await asyncio.open_connection(LOOPBACK, known)
        writer.write(b"from the debugger")
        there, back = await connections.get()
        assert await there.readexactly(17) == b"from the debugger"
        back.write(b"x" * 1_000_000)
        assert await reader.readexactly(1_000_000) == b"x" * 1_000_000
        writer.close()
        assert await there.read() == b""


async def test_what_a_process_says_at_its_end_still_arrives() -> None:
    async with inspecting() as (inspector, known), process() as (port, connections):
        inspector.point_at(port)
        reader, writer = await asyncio.open_connection(LOOPBACK, known)
        _, back = await connections.get()
        back.write(b"x" * 1_000_000)
        back.close()
        assert await reader.read() == b"x" * 1_000_000
        writer.close()


async def test_a_debugger_that_comes_early_waits_for_the_process() -> None:
    async with inspecting() as (inspector, known), process() as (port, connections):
        _, writer = await asyncio.open_connection(LOOPBACK, known)
        writer.write(b"early")
        inspector.point_at(port)
        there, _ = await connections.get()
        assert await there.readexactly(5) == b"early"
        writer.close()


async def test_a_debugger_that_finds_the_process_dead_is_led_to_the_next() -> None:
    async with inspecting() as (inspector, known), process() as (port, connections):
        inspector.point_at(free_port())
        _, writer = await asyncio.open_connection(LOOPBACK, known)
        writer.write(b"hello")
        await asyncio.sleep(0)
        inspector.point_at(port)
        there, _ = await connections.get()
        assert await there.readexactly(5) == b"hello"
        writer.close()


async def test_one_that_waits_too_long_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.01)
    async with inspecting() as (_, known):
        reader, writer = await asyncio.open_connection(LOOPBACK, known)
        assert await reader.read() == b""
        writer.close()


async def test_after_a_reload_debuggers_are_sent_away_and_find_the_new_process() -> None:
    async with inspecting() as (inspector, known), process() as (old, former), process() as (new, connections):
        inspector.point_at(old)
        reader, writer = await asyncio.open_connection(LOOPBACK, known)
        writer.write(b"GET /json/list HTTP/1.1\r\n")
        there, _ = await former.get()
        await there.readline()
        inspector.point_at(new)
        assert await reader.read() == b""
        assert await there.read() == b""
        writer.close()
        _, writer = await asyncio.open_connection(LOOPBACK, known)
        await connections.get()
        writer.close()


async def test_pointing_at_the_same_process_again_harms_nobody() -> None:
    async with inspecting() as (inspector, known), process() as (port, connections):
        inspector.point_at(port)
        reader, writer = await asyncio.open_connection(LOOPBACK, known)
        _, back = await connections.get()
        inspector.point_at(port)
        back.write(b"still there")
        assert await reader.readexactly(11) == b"still there"
        writer.close()


async def test_one_that_speaks_the_adapter_protocol_is_asked_to_attach_anew_between_two_messages() -> None:
    async with inspecting() as (inspector, known), process() as (old, former), process() as (new, _):
        inspector.point_at(old)
        reader, writer = await asyncio.open_connection(LOOPBACK, known)
        writer.write(MESSAGE)
        there, back = await former.get()
        await there.readexactly(len(MESSAGE))
        back.write(MESSAGE[:-1])
        assert await reader.readexactly(len(MESSAGE) - 1) == MESSAGE[:-1]
        inspector.point_at(new)
        back.write(MESSAGE[-1:])
        assert await reader.readexactly(1) == MESSAGE[-1:]
        asked = await _message(reader)
        assert (asked["event"], asked["body"]) == ("terminated", {"restart": True})
        writer.write(b"detached")
        assert await there.readexactly(8) == b"detached"
        back.close()
        assert await reader.read() == b""
        writer.close()


async def test_one_that_does_not_take_its_leave_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.runners.inspection.FAREWELL_SECONDS", 0.01)
    async with inspecting() as (inspector, known), process() as (old, former), process() as (new, _):
        inspector.point_at(old)
        reader, writer = await asyncio.open_connection(LOOPBACK, known)
        writer.write(MESSAGE)
        there, _ = await former.get()
        await there.readexactly(len(MESSAGE))
        inspector.point_at(new)
        await _message(reader)
        assert await reader.read() == b""
        writer.close()


async def test_one_over_the_bound_is_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CONNECTIONS", 1)
    async with inspecting() as (inspector, known), process() as (port, connections):
        inspector.point_at(port)
        _, first = await asyncio.open_connection(LOOPBACK, known)
        await connections.get()
        reader, second = await asyncio.open_connection(LOOPBACK, known)
        assert await reader.read() == b""
        second.close()
        first.close()


async def test_a_taken_port_is_named_with_what_to_do() -> None:
    async with process() as (port, _):
        inspector = Inspector("node", port, LogService(ListSink(), SystemClock(), LogLevel.DEBUG))
        async with anyio.create_task_group() as tasks:
            with pytest.raises(RunnerFault) as caught:
                await tasks.start(inspector.run)
    assert str(caught.value).startswith(f"port {port} for the node debugger cannot be opened: ")
    assert caught.value.fix == f"end what uses it, or choose another: `--inspect node={port + 1}`"


async def test_the_port_is_free_again_at_the_end() -> None:
    async with inspecting() as (_, known):
        pass
    async with process(known) as (port, _):
        assert port == known


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_messages_may_come_in_any_pieces(step: int) -> None:
    framing = Framing()
    stream = MESSAGE + b"Content-Length: 32\r\n\r\n" + b"\r\n\r\nContent-Length: 5\r\n\r\n{" + b"}" * 6 + MESSAGE
    ends = {0, len(MESSAGE), len(stream) - len(MESSAGE), len(stream)}
    for start in range(0, len(stream), step):
        framing.feed(stream[start : start + step])
        assert framing.is_between_messages == (min(start + step, len(stream)) in ends)


def test_what_is_no_message_never_ends() -> None:
    framing = Framing()
    framing.feed(b"HTTP/1.1 200 OK\r\n\r\n" + MESSAGE * 1000)
    assert not framing.is_between_messages


async def test_a_python_with_debugpy_lacks_nothing() -> None:
    assert await missing_debugger((sys.executable, "-m", "debugpy", "main.py"), os.environ) == ""


async def test_a_command_without_debugpy_needs_none() -> None:
    assert await missing_debugger(("not there", "--inspect=127.0.0.1:1", "main.js"), {}) == ""


async def test_a_python_without_debugpy_is_noticed(tmp_path: Path) -> None:
    venv.create(tmp_path, with_pip=False)
    python = str(tmp_path / "bin" / "python")
    found = await missing_debugger((python, "-m", "debugpy", "main.py"), {})
    assert found == (
        "the Python of the steps cannot import debugpy, which --inspect needs "
        "(ModuleNotFoundError: No module named 'debugpy')"
    )


async def test_a_python_that_is_not_there_is_left_to_the_start_of_the_runner() -> None:
    assert await missing_debugger(("/no/such/python", "-m", "debugpy", "main.py"), {}) == ""


async def test_who_looks_for_debugpy_can_be_interrupted(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    python.chmod(0o700)
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(missing_debugger, (str(python), "-m", "debugpy", "main.py"), os.environ)
            while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            tasks.cancel_scope.cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


_KILLED_TOO_EARLY = """
import os, signal, sys
import debugpy
from debugpy.server import api

api._settrace = lambda **options: os.kill(os.getpid(), signal.SIGKILL)
debugpy.listen(("127.0.0.1", int(sys.argv[1])))
"""


async def test_an_adapter_whose_process_was_killed_before_they_met_is_sent_away(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-Xfrozen_modules=off", "-c", _KILLED_TOO_EARLY, str(port)]
    await anyio.run_process(command, cwd=tmp_path, check=False, stdout=DEVNULL, stderr=DEVNULL)
    try:
        assert len(adapters(tmp_path)) == 1
        await dismiss(port)
        assert await anyio.to_thread.run_sync(eventually, lambda: not adapters(tmp_path), 10)
    finally:
        for pid in adapters(tmp_path):
            os.kill(pid, 9)


async def test_where_nothing_is_left_nothing_is_sent_away() -> None:
    await dismiss(free_port())


async def _message(reader: asyncio.StreamReader) -> dict[str, object]:
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(int(head.split(b":")[1]))
    message: dict[str, object] = json.loads(body)
    return message
