"""runners/slot: when a process that has died is followed by another, and how soon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import anyio
import pytest
from anyio.lowlevel import checkpoint

from runtime.config import LinkSettings
from runtime.model import LogLevel, Manifest
from runtime.runners.discovery import LanguageFiles
from runtime.runners.process import EXIT_UNFIT, Ending, RunnerProcess
from runtime.runners.slot import Difference, Slot
from runtime.services.logs import LogService
from tests.fakes import FakeClock, ListSink, settle
from tests.unit.runners.dialled import FILES, pass_time

SETTINGS = LinkSettings.model_validate(
    {"restartBackoff": 1, "restartBackoffMax": 5, "maxLoadDeaths": 3, "stableAfter": 10}
)
CHANGED = Difference(("steps/a.step.ts",), is_on_disk=True)
LATER = LanguageFiles(("steps/b.step.ts",), ())


class FakeLink:
    """As much of a link as a slot sees."""

    is_welcomed = True

    def __init__(self) -> None:
        self.loaded: asyncio.Future[Manifest] = asyncio.get_running_loop().create_future()


class FakeProcess:
    """A process that loads, and ends, when a test says so."""

    def __init__(self) -> None:
        self.link = FakeLink()
        self.since = 1.0
        self.ended = asyncio.Event()
        self.ending: Ending | None = None
        self.is_leaving = False
        self.loads: list[LanguageFiles] = []

    def load(self, files: LanguageFiles) -> None:
        self.loads.append(files)

    def drain(self, grace: float) -> None:
        self.is_leaving = True

    def kill(self) -> None:
        self.die(-9)

    def die(self, code: int = 1, last_words: str = "") -> None:
        """Ends it, once."""
        if self.ending is None:
            if not self.link.loaded.done():
                self.link.loaded.cancel()
            self.ending = Ending(code, last_words)
            self.ended.set()


class Kept:
    """A slot and its owner, who takes every process unless it is told otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waits: list[float] = []
        self.difference: Difference | None = None
        self.times_outdated = 0
        self.lost_processes = 0
        self.started: list[FakeProcess] = []
        self.sink = ListSink()
        logs = LogService(self.sink, FakeClock(), LogLevel.DEBUG)
        self.slot = Slot(1, "the node runner", SETTINGS, logs, self)
        self._time = monkeypatch
        monkeypatch.setattr(anyio, "sleep", self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await checkpoint()

    @property
    def process(self) -> FakeProcess:
        """The newest."""
        return self.started[-1]

    def start(self) -> RunnerProcess:
        self.started.append(FakeProcess())
        return cast(RunnerProcess, self.process)

    async def files(self) -> LanguageFiles:
        return LATER

    async def accept(self, process: RunnerProcess, manifest: Manifest) -> Difference | None:
        return self.difference

    def outdated(self) -> None:
        self.times_outdated += 1

    def lost(self, process: RunnerProcess) -> None:
        self.lost_processes += 1

    async def load(self) -> None:
        self.process.link.loaded.set_result(Manifest("node"))
        await settle()

    async def die(self, code: int = 1, last_words: str = "", after: float = 0.0) -> None:
        """Ends the newest, so many seconds from now."""
        pass_time(self._time, after)
        self.process.die(code, last_words)
        await settle()


@asynccontextmanager
async def kept(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Kept]:
    """A slot whose first process has been started."""
    made = Kept(monkeypatch)
    running = asyncio.ensure_future(made.slot.run(made.start(), FILES))
    await settle()
    yield made
    made.slot.kill()
    async with asyncio.timeout(5):
        await running


async def test_the_first_loads_what_it_is_given_and_the_next_what_is_there_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with kept(monkeypatch) as made:
        await made.load()
        assert (made.slot.state, made.slot.settled.is_set()) == ("serving", True)
        await made.die(-9)
        assert [process.loads for process in made.started] == [[FILES], [LATER]]
        assert (made.slot.restarts, made.lost_processes) == (1, 1)
        assert "the node runner ended (signal 9) and is started again" in made.sink.messages(LogLevel.WARN)


async def test_the_wait_doubles_until_one_has_served_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    async with kept(monkeypatch) as made:
        for _ in range(5):
            await made.load()
            await made.die(after=9)
        assert made.waits == [1, 2, 4, 5, 5]
        await made.load()
        await made.die(after=11)
        assert made.waits[5:] == [1]


async def test_deaths_while_loading_stop_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with kept(monkeypatch) as made:
        await made.die(2)
        await made.die(2)
        assert made.slot.state != "given up"
        await made.die(2, "no such thing")
        assert made.slot.given_up == "died 3 times before it had loaded: no such thing"
        assert (made.slot.state, made.slot.is_unfit, len(made.started)) == ("given up", False, 3)


async def test_only_deaths_in_a_row_count(monkeypatch: pytest.MonkeyPatch) -> None:
    async with kept(monkeypatch) as made:
        for _ in range(3):
            await made.die()
            await made.die()
            await made.load()
            await made.die()
        assert not made.slot.given_up


async def test_one_that_is_unfit_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with kept(monkeypatch) as made:
        await made.die(EXIT_UNFIT, "no gem 'grpc'")
        assert (made.slot.given_up, made.slot.is_unfit) == ("no gem 'grpc'", True)
        assert len(made.started) == 1


async def test_one_that_differs_from_the_others_from_the_start_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async with kept(monkeypatch) as made:
        made.difference = Difference(("steps/a.step.ts",), is_on_disk=False)
        await made.load()
        assert "left out: what it has loaded of steps/a.step.ts differs" in made.slot.given_up
        assert (made.slot.state, len(made.started), made.waits, made.times_outdated) == ("given up", 1, [], 0)
        assert made.process.ending is not None
        assert made.sink.messages(LogLevel.WARN) == [], "its generation tells of it"


async def test_one_before_whose_load_a_file_has_changed_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    async with kept(monkeypatch) as made:
        made.difference = Difference(("steps/helper.ts",), is_on_disk=True)
        await made.load()
        assert (made.slot.state, made.slot.given_up, made.times_outdated) == ("waiting", "", 1)
        [told] = made.sink.messages(LogLevel.WARN)
        assert told.endswith(
            "waits for the next reload: steps/helper.ts has changed on disk since the others began to load"
        )
        made.difference = None
        made.slot.resume()
        await settle()
        await made.load()
        assert made.slot.state == "serving"


async def test_one_that_has_served_and_finds_other_code_waits_for_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    async with kept(monkeypatch) as made:
        await made.load()
        made.difference = CHANGED
        await made.die(-9)
        await made.load()
        assert (made.slot.state, made.slot.given_up, made.times_outdated) == ("waiting", "", 1)
        assert (len(made.started), made.waits) == (2, [1]), "nothing is tried again"
        [_, told] = made.sink.messages(LogLevel.WARN)
        assert told.startswith("the node runner waits for the next reload: steps/a.step.ts has changed")
        made.difference = None
        made.slot.resume()
        await settle()
        await made.load()
        assert (made.slot.state, len(made.started), made.waits) == ("serving", 3, [1])


async def test_a_turn_is_none_for_one_that_does_not_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with kept(monkeypatch) as made:
        await made.load()
        made.slot.resume()
        await made.die()
        assert (made.waits, len(made.started)) == ([1], 2)


async def test_one_that_waits_for_its_turn_ends_where_it_should_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    async with kept(monkeypatch) as made:
        await made.load()
        made.difference = CHANGED
        await made.die(-9)
        await made.load()
        made.slot.drain(1.0)
        await settle()
        assert len(made.started) == 2


async def test_one_that_was_told_to_leave_has_no_successor(monkeypatch: pytest.MonkeyPatch) -> None:
    async with kept(monkeypatch) as made:
        await made.load()
        made.slot.drain(1.0)
        await made.die(0)
        assert len(made.started) == 1
        assert made.sink.messages(LogLevel.WARN) == []


async def test_one_that_still_loads_is_ended_where_it_should_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    async with kept(monkeypatch) as made:
        made.slot.drain(1.0)
        await settle()
        assert made.process.ending == Ending(-9, "")
        assert len(made.started) == 1


async def test_nothing_is_started_after_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async with kept(monkeypatch) as made:
        made.slot.kill()
        await settle()
        assert len(made.started) == 1
        assert made.process.ending is not None
