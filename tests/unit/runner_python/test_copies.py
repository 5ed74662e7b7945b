"""Copies of what runs print, in the process's own output."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.copies import Copies
from runtime_runner.logs import Source
from runtime_runner.prints import Prints
from tests.unit.runner_python.bench import Bench, bench

INFO, WARN = pb.LOG_LEVEL_INFO, pb.LOG_LEVEL_WARN
NAMES = ("stdout", "stderr", "__stdout__", "__stderr__")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where stdout goes."""
    return tmp_path / "stdout"


@asynccontextmanager
async def _copying(file: Path) -> AsyncIterator[tuple[Bench, Prints]]:
    """A bench whose prints are copied; stderr has no descriptor."""
    saved = {name: getattr(sys, name) for name in NAMES}
    sys.stdout = io.TextIOWrapper(io.FileIO(file, "w"), "utf-8", line_buffering=True)
    sys.stderr = io.TextIOWrapper(io.BytesIO(), "utf-8", line_buffering=True)
    try:
        async with bench() as runner:
            prints = Prints(runner.logs, "s")
            prints.install()
            yield runner, prints
            await runner.idle()
    finally:
        sys.stdout.close()
        for name, stream in saved.items():
            setattr(sys, name, stream)


def _bytes(file: Path) -> bytes:
    return file.read_bytes()


def _copies(file: Path) -> list[str]:
    return _bytes(file).decode().replace("\x1es;", "").replace("\x1f", " ").split("\n")[:-1]


def _numbers(runner: Bench) -> list[int]:
    return [log.printed for log in runner.sent("log")]


async def test_each_line_has_a_copy_with_its_number_and_a_piece_without_an_end_one_too(file: Path) -> None:
    run = Source(7)
    async with _copying(file) as (runner, prints):
        for piece in ("one\ntwo", "\nthr", "ee"):
            prints.add(run, INFO, piece)
        assert _copies(file) == ["1;7 one", "0;7 two", "2;7 ", "0;7 thr", "0;7 ee"]
        prints.finish(run)
    assert _copies(file)[-1] == "3;7 "
    assert _numbers(runner) == [1, 2, 3]
    assert [log.message for log in runner.sent("log")] == ["one", "two", "three"]


async def test_a_long_line_is_copied_in_pieces_that_a_pipe_takes_as_a_whole(file: Path) -> None:
    async with _copying(file) as (_, prints):
        prints.add(Source(7), INFO, f"{'ä' * 5000}\n")
    lines = _bytes(file).splitlines(keepends=True)
    assert all(len(line) <= 4096 for line in lines)
    assert b"".join(line.partition(b"\x1f")[2].rstrip(b"\n") for line in lines).decode() == "ä" * 5000


async def test_what_cannot_be_written_as_text_is_shown_in_the_copy_as_in_the_line(file: Path) -> None:
    async with _copying(file) as (runner, prints):
        prints.add(Source(7), INFO, "half \ud800\n1 %\r2 %\r\n")
    assert _copies(file) == ["1;7 half \\ud800", "2;7 \r2 %\r"]
    assert [log.message for log in runner.sent("log")] == ["half \\ud800", "2 %"]


async def test_a_stream_without_a_descriptor_has_no_copies(file: Path) -> None:
    async with _copying(file) as (runner, prints):
        prints.add(Source(7), WARN, "aside\n")
        prints.add(Source(7), INFO, "one\n")
    assert _copies(file) == ["1;7 one"]
    assert _numbers(runner) == [0, 1]


async def test_a_line_with_a_copy_is_dropped_in_a_flood_without_a_word(file: Path) -> None:
    async with _copying(file) as (runner, prints):
        runner.outbox.keep(pb.Limits(max_queued_bytes=1))
        for _ in range(100):
            prints.add(Source(7), INFO, "line\n")
    assert len(_copies(file)) == 100
    assert len(_numbers(runner)) < 100
    assert all("dropped" not in log.message for log in runner.sent("log"))


async def test_what_the_user_does_to_the_descriptors_harms_no_copy(file: Path) -> None:
    async with _copying(file) as (_, prints):
        sys.stdout.close()
        prints.add(Source(7), INFO, "one\n")
    assert _copies(file) == ["1;7 one"]


def test_a_pipe_that_nobody_reads_fails_nothing() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        copies = Copies("s", {INFO: stream})
        assert copies.write(INFO, 7, "one", ends=True) == 1
        os.close(reading)
        assert copies.write(INFO, 7, "two", ends=True) == 0
        assert copies.write(INFO, 7, "three", ends=True) == 0


def test_a_full_pipe_that_refuses_is_waited_for_once() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with os.fdopen(reading, "rb") as reader, os.fdopen(os.dup(writing), "w") as stream:
        copies = _refusing(stream, writing)
        written = 0
        while copies.write(INFO, 7, "x" * 1000, ends=True):
            written += 1
        assert written > 30
        for _ in range(100):
            assert copies.write(INFO, 7, "x" * 1000, ends=True) == 0
        os.read(reading, 1 << 20)
        assert copies.write(INFO, 7, "again", ends=True) == written + 102
        assert reader.readable()


def _refusing(stream: Any, descriptor: int) -> Copies:
    copies = Copies("s", {INFO: stream})
    copies._descriptors = {INFO: descriptor}
    return copies


async def test_a_forked_process_prints_to_its_own_output(file: Path) -> None:
    async with _copying(file) as (_, prints):
        assert _exit_code_of(lambda: int(prints.add(Source(7), INFO, "from the child\n"))) == 0
    assert _copies(file) == []


def _exit_code_of(work: Callable[[], int]) -> int:
    """Does it in a forked process."""
    child = os.fork()
    if child == 0:
        os._exit(work())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
