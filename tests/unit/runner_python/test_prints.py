"""What user code prints, on the way to the core."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.logs import MAX_LINE_BYTES
from runtime_runner.prints import Printed
from runtime_runner.threads import InContext
from tests.unit.runner_python.bench import Bench, bench

Lines = list[tuple[int, str]]
INFO, WARN = pb.LOG_LEVEL_INFO, pb.LOG_LEVEL_WARN


@asynccontextmanager
async def _taken_over() -> AsyncIterator[tuple[Bench, dict[str, io.BytesIO]]]:
    """A bench that has taken over stdout and stderr, and where these go otherwise."""
    names = ("stdout", "stderr", "__stdout__", "__stderr__")
    saved = {name: getattr(sys, name) for name in names}
    real = {name: io.BytesIO() for name in ("stdout", "stderr")}
    for name, stream in real.items():
        setattr(sys, name, io.TextIOWrapper(stream, "utf-8", line_buffering=True))
    try:
        async with bench() as runner:
            runner.prints.install()
            yield runner, real
    finally:
        for name in names:
            setattr(sys, name, saved[name])


async def _printed(handler: Callable[..., Any]) -> Lines:
    """Runs it as a handler; gives the lines that came before the result."""
    async with _taken_over() as (runner, real):
        await runner.value(handler)
        assert (real["stdout"].getvalue(), real["stderr"].getvalue()) == (b"", b"")
        return _lines(runner)


def _lines(runner: Bench) -> Lines:
    kinds = [each.WhichOneof("kind") for each in runner.envelopes]
    before = runner.envelopes[: kinds.index("result")]
    assert all(each.log.invocation_id == 1 for each in before)
    return [(each.log.level, each.log.message) for each in before]


async def test_lines_end_where_they_are_broken_and_at_the_end_of_the_run() -> None:
    async def handler() -> None:
        print("one", 2, end=" ")
        await asyncio.sleep(0)
        print("aside", file=sys.stderr, flush=True)
        print("line\n\nthe next\r")
        assert sys.stdout.write("and a rest") == len("and a rest")
        sys.stdout.writelines(["", "\n", "again"])

    assert await _printed(handler) == [
        (WARN, "aside"),
        (INFO, "one 2 line"),
        (INFO, ""),
        (INFO, "the next"),
        (INFO, "and a rest"),
        (INFO, "again"),
    ]


def _plain() -> None:
    print("from a thread")


async def _to_thread() -> None:
    await asyncio.to_thread(_plain)


async def _in_executor() -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(InContext())
    await loop.run_in_executor(None, _plain)


async def _in_task() -> None:
    async def speak() -> None:
        _plain()

    await asyncio.create_task(speak())


async def _in_callback() -> None:
    loop = asyncio.get_running_loop()
    loop.call_soon(_plain)
    await asyncio.sleep(0)


async def _through_dunder() -> None:
    print("from a thread", file=sys.__stdout__)


@pytest.mark.parametrize("handler", [_plain, _to_thread, _in_executor, _in_task, _in_callback, _through_dunder])
async def test_whatever_a_run_starts_prints_as_the_run(handler: Callable[..., Any]) -> None:
    assert await _printed(handler) == [(INFO, "from a thread")]


async def test_runs_beside_each_other_are_told_apart() -> None:
    async def handler(number: int) -> None:
        for _ in range(3):
            sys.stdout.write(f"{number}")
            await asyncio.sleep(0)

    async with _taken_over() as (runner, _):
        runner.install(handler)
        await asyncio.gather(*(runner.start(number, id=number) for number in range(1, 9)))
        lines = {each.log.invocation_id: each.log.message for each in runner.envelopes if each.HasField("log")}
        assert lines == {number: str(number) * 3 for number in range(1, 9)}


async def test_what_reports_on_stderr_belongs_to_the_run() -> None:
    async def handler() -> None:
        nobody_listens.warning("last resort")
        nobody_listens.info("not shown")
        stream.handle(logging.makeLogRecord({"msg": "by a handler"}))

    async with _taken_over() as (runner, _):
        stream = logging.StreamHandler(sys.stderr)
        nobody_listens = logging.Logger("nobody listens")
        await runner.value(handler)
        assert _lines(runner) == [(WARN, "last resort"), (WARN, "by a handler")]


async def test_a_redirection_goes_where_it_points() -> None:
    async def handler() -> str:
        with contextlib.redirect_stdout(io.StringIO()) as text:
            print("caught")
        print("told")
        return text.getvalue()

    async with _taken_over() as (runner, _):
        assert await runner.value(handler) == "caught\n"
        assert _lines(runner) == [(INFO, "told")]


async def test_only_the_last_state_of_a_line_that_is_drawn_over_and_over_is_told() -> None:
    async def handler() -> None:
        for done in range(101):
            print(f"\r{done} %", end="", file=sys.stderr)

    assert await _printed(handler) == [(WARN, "100 %")]


async def test_a_very_long_line_is_cut() -> None:
    async def handler() -> None:
        for _ in range(100):
            sys.stdout.write("x" * 1000)
        print("\nshort")
        print("x" * MAX_LINE_BYTES)
        print("ä" * MAX_LINE_BYTES, "\r")

    lines = [line for _, line in await _printed(handler)]
    half = MAX_LINE_BYTES // 2
    assert lines == ["x" * MAX_LINE_BYTES + "…", "short", "x" * MAX_LINE_BYTES, "ä" * half + "…"]


async def test_a_body_prints_until_its_last_piece() -> None:
    async def pieces() -> Any:
        try:
            print("begun", end="")
            yield "a"
        finally:
            print(" and done", end="")

    async with _taken_over() as (runner, _):
        runner.install(lambda: {"status": 200, "body": pieces()})
        request = {"method": "GET", "path": "/", "form": "none", "body": b""}
        await runner.start(request, trigger=pb.TRIGGER_KIND_API)
        await runner.line_seen.wait()
        assert [each.log.message for each in runner.envelopes if each.HasField("log")] == ["begun and done"]


async def test_what_a_run_has_left_behind_prints_with_its_step_and_trace() -> None:
    left: list[asyncio.Task[None]] = []
    ended = asyncio.Event()

    async def late() -> None:
        await ended.wait()
        print("late", end="")
        print("r")
        await asyncio.to_thread(_plain)

    async def handler(input: Any, ctx: Any) -> None:
        left.append(asyncio.create_task(late()))
        logger.append(ctx.logger)
        print("in time")

    logger: list[Any] = []
    async with _taken_over() as (runner, real):
        await runner.run(handler, step_name="X", trace_id="t" * 32)
        ended.set()
        await left[0]
        logger[0].info("logged")
        await runner.idle()
        logs = runner.sent("log")
        assert [(log.message, log.invocation_id) for log in logs] == [
            ("in time", 1),
            ("later", 0),
            ("from a thread", 0),
            ("logged", 0),
        ]
        assert [(log.step_name, log.trace_id) for log in logs] == [("", ""), *[("X", "t" * 32)] * 3]
        assert real["stdout"].getvalue() == b""


async def test_what_is_printed_outside_of_runs_is_left_alone() -> None:
    async def handler() -> None:
        sys.stdout.buffer.write(b"raw\n")

    async with _taken_over() as (runner, real):
        print("outside")
        await runner.value(handler)
        assert _lines(runner) == []
        assert real["stdout"].getvalue() == b"outside\nraw\n"


async def test_the_streams_are_what_they_were() -> None:
    async with _taken_over() as (_, real):
        for stream in (sys.stdout, sys.stderr):
            assert isinstance(stream, Printed)
            assert (stream.encoding, stream.mode, stream.isatty(), stream.line_buffering) == ("utf-8", "w", False, True)
            with pytest.raises(TypeError):
                stream.write(b"bytes")  # type: ignore[arg-type]
        assert sys.stdout.buffer is real["stdout"]
        assert sys.__stdout__ is sys.stdout


async def test_threads_of_a_run_do_not_tear_lines() -> None:
    barrier = threading.Barrier(4, timeout=10)

    def speak(name: str) -> None:
        barrier.wait()
        for _ in range(200):
            sys.stdout.write(f"{name}\n")

    async def handler() -> None:
        await asyncio.gather(*(asyncio.to_thread(speak, name * 50) for name in "abcd"))

    lines = await _printed(handler)
    assert sorted(lines) == sorted((INFO, name * 50) for name in "abcd" for _ in range(200))
