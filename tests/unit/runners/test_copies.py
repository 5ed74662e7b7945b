"""runners/copies: what is printed comes twice and is shown once."""

from __future__ import annotations

import asyncio

import pytest

from runtime._gen import runner_pb2 as pb
from runtime.model import LogLevel, LogRecord
from runtime.runners.copies import MOST_LINE_BYTES, MOST_WAITING_BYTES, SHOWN_AFTER, RunnerLines
from runtime.runners.run import Run
from runtime.services.logs import LogService
from tests.fakes import FakeClock, ListSink
from tests.unit.runners.dialled import invocation

INFO, WARN = LogLevel.INFO, LogLevel.WARN
RUNNER = "node runner"


class Sink(ListSink):
    """Tells when it has got a line."""

    def __init__(self) -> None:
        super().__init__()
        self.written = asyncio.Event()

    def write(self, record: LogRecord) -> None:
        super().write(record)
        self.written.set()


class Lines:
    """A process with run 7 under way; what was shown of it."""

    def __init__(self) -> None:
        self.sink = Sink()
        self.runs: dict[int, Run] = {7: Run(invocation(), lambda _: None)}
        self.lines = RunnerLines("node", "s", LogService(self.sink, FakeClock(), LogLevel.DEBUG), self.runs.get)

    def copy(self, number: int, text: str = "copied", id: int = 7, level: LogLevel = INFO) -> None:
        assert self.lines.copy(level, f"{number};{id}\x1f{text}".encode())

    def log(self, number: int, text: str = "logged", level: pb.LogLevel = pb.LOG_LEVEL_INFO) -> None:
        self.lines.log(pb.Log(invocation_id=7, level=level, message=text, printed=number))

    @property
    def shown(self) -> list[str]:
        return [line.message for line in self.sink.records]


async def test_a_line_whose_log_comes_after_its_copy_is_shown_once() -> None:
    lines = Lines()
    lines.copy(1)
    lines.log(1)
    lines.lines.end()
    assert lines.shown == ["logged"]


async def test_a_line_whose_log_comes_before_its_copy_is_shown_once() -> None:
    lines = Lines()
    lines.log(1)
    lines.log(2)
    lines.copy(1)
    lines.copy(2)
    lines.lines.end()
    assert lines.shown == ["logged", "logged"]


async def test_a_copy_whose_log_does_not_come_is_shown_soon_under_its_step() -> None:
    lines = Lines()
    begun = asyncio.get_running_loop().time()
    lines.copy(1, level=WARN)
    assert lines.shown == []
    async with asyncio.timeout(5):
        await lines.sink.written.wait()
    assert asyncio.get_running_loop().time() - begun >= SHOWN_AFTER
    (line,) = lines.sink.records
    assert (line.source, line.trace_id, line.level) == ("a", "f" * 32, WARN)
    lines.log(1, level=pb.LOG_LEVEL_WARN)
    assert lines.shown == ["copied"]


async def test_the_end_of_the_process_shows_what_waits_at_once() -> None:
    lines = Lines()
    lines.copy(1, "one")
    lines.copy(0, "two and ")
    lines.copy(0, "a half")
    lines.lines.end()
    assert lines.shown == ["one", "two and a half"]


async def test_pieces_become_a_line() -> None:
    lines = Lines()
    lines.runs[8] = lines.runs[7]
    lines.copy(0, "one ")
    lines.copy(0, "another", id=8)
    lines.copy(1, "line\r")
    lines.copy(0, "aside", level=WARN)
    lines.lines.end()
    assert lines.shown == ["one line", "another", "aside"]


@pytest.mark.parametrize(("pieces", "shown"), [(["1 %", "\r2 %", "\r3 %"], ["3 %"]), (["1 %\r", "2 %\r"], ["2 %"])])
async def test_only_the_last_state_of_a_line_that_is_drawn_over_is_shown(pieces: list[str], shown: list[str]) -> None:
    lines = Lines()
    for piece in pieces:
        lines.copy(0, piece)
    lines.copy(0, "\r", id=8)
    lines.lines.end()
    assert lines.shown == shown


async def test_lines_whose_logs_were_left_out_keep_their_place() -> None:
    lines = Lines()
    for number in (1, 2, 3, 4):
        lines.copy(number, f"copy {number}")
    for number in (1, 4, 2):
        lines.log(number, f"log {number}")
    assert lines.shown == ["log 1", "copy 2", "copy 3", "log 4"]


async def test_a_log_without_a_number_is_shown() -> None:
    lines = Lines()
    lines.copy(5)
    lines.log(0, "a logger's")
    lines.log(5, "an error", level=pb.LOG_LEVEL_ERROR)
    assert lines.shown == ["a logger's", "an error"]


async def test_a_run_is_known_behind_its_end_and_its_process() -> None:
    lines = Lines()
    lines.copy(1)
    lines.lines.keep({9: lines.runs[7]})
    lines.runs.clear()
    lines.copy(2)
    lines.copy(3, id=9)
    lines.copy(4, id=10)
    lines.lines.end()
    assert [line.source for line in lines.sink.records] == ["a", "a", "a", RUNNER]


async def test_a_log_of_what_a_run_has_left_behind_says_itself_whose_it_is() -> None:
    lines = Lines()
    lines.runs.clear()
    lines.copy(1)
    lines.lines.log(pb.Log(level=pb.LOG_LEVEL_INFO, message="late", printed=1, step_name="b", trace_id="e" * 32))
    lines.lines.end()
    assert [(line.source, line.trace_id, line.message) for line in lines.sink.records] == [("b", "e" * 32, "late")]


async def test_what_waits_is_bounded() -> None:
    lines = Lines()
    for number in range(1, 200):
        lines.copy(number, f"{number:1000}" * 60)
    waiting = 199 - len(lines.shown)
    assert 0.9 * MOST_WAITING_BYTES < waiting * 60_000 < MOST_WAITING_BYTES
    lines.lines.end()
    assert [int(line[:1000]) for line in lines.shown] == list(range(1, 200))


async def test_a_line_without_an_end_is_cut() -> None:
    lines = Lines()
    for _ in range(100):
        lines.copy(0, "x" * 4000)
    lines.copy(1, "x")
    lines.lines.end()
    lines.copy(2, "x" * MOST_LINE_BYTES + "\r")
    lines.copy(3, "€" * MOST_LINE_BYTES)
    lines.lines.end()
    whole = "x" * MOST_LINE_BYTES
    assert lines.shown == [f"{whole}…", whole, "€" * (MOST_LINE_BYTES // 3) + "…"]


async def test_many_lines_without_an_end_are_bounded() -> None:
    lines = Lines()
    for id in range(1000):
        lines.copy(0, str(id), id=id)
    assert 500 < len(lines.shown) < 1000
    lines.lines.end()
    assert lines.shown == [str(id) for id in range(1000)]


@pytest.mark.parametrize("copy", [b"", b"1;7", b"1\x1fa", b";7\x1fa", b"1;x\x1fa", b"-1;7\x1fa", b"1;7;8\x1fa"])
async def test_what_is_no_copy_is_none(copy: bytes) -> None:
    assert not Lines().lines.copy(INFO, copy)
