"""services/textstreams: texts that grow, whoever watches them, and their end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from runtime.config import StreamSettings
from runtime.contracts import TextStore
from runtime.errors import HostCallRefused, StorageFault
from runtime.model import LogLevel
from runtime.records import Text
from runtime.services.textstreams import CLEAN_SECONDS, CLEAN_TEXTS, TextService
from runtime.storage.memory.texts import MemoryTextStore
from tests.fakes import FakeClock, Reports, settle

KEPT = 3600.0
BEGAN = 1_700_000_000_000_000


class Writing:
    def __init__(self, store: TextStore | None = None) -> None:
        self.clock = FakeClock()
        self.store = store or MemoryTextStore()
        self.reports = Reports()
        self.service = TextService(self.store, self.clock, StreamSettings(max_text_bytes=1024, keep_texts=KEPT))

    async def whole(self, id: str) -> Text | None:
        return await self.service.read(id, 0, 10_000)

    @asynccontextmanager
    async def cleaning(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.service.run(self.reports))
        await settle()
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def writing() -> Writing:
    return Writing()


async def test_what_is_written_is_read(writing: Writing) -> None:
    await writing.service.write("t", "Grüße, ")
    await writing.service.write("t", "💩")
    assert await writing.whole("t") == Text("Grüße, 💩".encode(), 13, False, BEGAN)
    await writing.service.close("t")
    await writing.service.close("t")
    assert await writing.whole("t") == Text("Grüße, 💩".encode(), 13, True, BEGAN)
    with pytest.raises(HostCallRefused, match="is closed"):
        await writing.service.write("t", "more")


@pytest.mark.parametrize("piece", [1, None, b"bytes", ["text"], {"text": "a"}])
async def test_only_text_is_taken(writing: Writing, piece: object) -> None:
    with pytest.raises(HostCallRefused, match=f"takes text, not a {type(piece).__name__}"):
        await writing.service.write("t", piece)
    assert await writing.whole("t") is None


async def test_a_text_has_an_id(writing: Writing) -> None:
    for call in (writing.service.write("", "a"), writing.service.close("")):
        with pytest.raises(HostCallRefused, match="needs an id"):
            await call


async def test_the_limit_counts_bytes(writing: Writing) -> None:
    await writing.service.write("t", "ü" * 512)
    with pytest.raises(HostCallRefused, match=r"1025 bytes, over the limit of 1024 \(streams.maxTextBytes\)"):
        await writing.service.write("t", "u")


@pytest.mark.parametrize("size", [4, 5, 6, 7, 9])
async def test_a_part_never_splits_a_character(writing: Writing, size: int) -> None:
    text = "aß💩日本b💩💩é"
    await writing.service.write("t", text)
    parts, start = [], 0
    while (part := await writing.service.read("t", start, size, BEGAN)) is not None and part.data:
        assert len(part.data) <= size
        assert part.end == start + len(part.data)
        parts.append(part.data.decode())
        start = part.end
    assert "".join(parts) == text


@pytest.mark.parametrize("start", [1, 2, 3, 5, 9, 10**30])
async def test_an_offset_that_is_none_of_ours_is_the_beginning(writing: Writing, start: int) -> None:
    await writing.service.write("t", "💩💩")
    assert await writing.service.read("t", start, 100, BEGAN) == Text("💩💩".encode(), 8, False, BEGAN)
    assert await writing.service.read("t", 4, 100, BEGAN) == Text("💩".encode(), 8, False, BEGAN)
    assert await writing.service.read("t", 8, 100, BEGAN) == Text(b"", 8, False, BEGAN)


async def test_an_offset_of_a_text_that_was_forgotten_is_the_beginning_of_the_one_that_has_its_id(
    writing: Writing,
) -> None:
    await writing.service.write("t", "before it")
    await writing.clock.advance(KEPT + 1)
    await writing.store.forget(writing.clock.now(), 1)
    await writing.service.write("t", "the other one")
    later = BEGAN + int((KEPT + 1) * 1_000_000)
    assert await writing.service.read("t", 4, 100, BEGAN) == Text(b"the other one", 13, False, later)
    assert await writing.service.read("t", 4, 100, later) == Text(b"other one", 13, False, later)


class Watching:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.told = 0

    def __call__(self) -> None:
        self.told += 1


async def test_who_watches_hears_of_each_growth_and_the_end(writing: Writing) -> None:
    one, other = Watching(), Watching()
    stop = writing.service.watch("t", one)
    stop_other = writing.service.watch("t", other)
    writing.service.watch("u", other)
    await writing.service.write("t", "aü")
    stop_other()
    await writing.service.write("t", "b")
    await writing.service.close("t")
    assert (one.told, other.told) == (3, 1)
    stop()
    await writing.service.close("t")
    assert one.told == 3


async def test_who_watches_hears_of_nothing_that_is_refused(writing: Writing) -> None:
    watching = Watching()
    writing.service.watch("t", watching)
    await writing.service.close("t")
    await writing.service.close("t")
    for text in ("more", "x" * 2000):
        with pytest.raises(HostCallRefused):
            await writing.service.write("t", text)
    assert watching.told == 1


class _SlowStore(MemoryTextStore):
    """Says that something is stored only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.say: list[Callable[[], None]] = []

    async def append(
        self, id: str, data: bytes, now: float, max_bytes: int, told: Callable[[], None] | None = None
    ) -> int:
        end = await super().append(id, data, now, max_bytes)
        self.say += [told] if told is not None else []
        await asyncio.Event().wait()
        return end


async def test_who_watches_hears_of_a_piece_when_it_is_stored_though_its_writer_was_cancelled() -> None:
    store = _SlowStore()
    writing = Writing(store)
    watching = Watching()
    writing.service.watch("t", watching)
    task = asyncio.create_task(writing.service.write("t", "abc"))
    await settle()
    assert watching.told == 0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert watching.told == 0
    [stored] = store.say
    stored()
    assert watching.told == 1


async def test_a_text_is_forgotten_when_it_has_rested_long_enough(writing: Writing) -> None:
    count = 2 * CLEAN_TEXTS + 1
    for number in range(count):
        await writing.service.write(f"old {number}", "a")
    async with writing.cleaning():
        await writing.clock.advance(KEPT / 2)
        await writing.service.write("young", "a")
        await writing.clock.advance(KEPT / 2 - 1)
        assert await writing.whole("old 0") is not None
        await writing.clock.advance(CLEAN_SECONDS + 1)
        assert [await writing.whole(f"old {number}") for number in range(count)] == [None] * count
        assert await writing.whole("young") is not None


class _FaultyStore(MemoryTextStore):
    faults = 3

    async def forget(self, before: float, limit: int) -> int:
        if self.faults:
            self.faults -= 1
            raise StorageFault("the disk is full")
        return await super().forget(before, limit)


async def test_what_cannot_be_forgotten_now_is_forgotten_later() -> None:
    writing = Writing(_FaultyStore())
    await writing.service.write("t", "a")
    await writing.clock.advance(KEPT + 1)
    async with writing.cleaning():
        await writing.clock.advance(2 * CLEAN_SECONDS)
        assert await writing.whole("t") is not None
        [message] = writing.reports.messages(LogLevel.ERROR)
        assert message == "old texts cannot be removed, tried again: the disk is full"
        await writing.clock.advance(CLEAN_SECONDS)
        assert (await writing.whole("t"), len(writing.reports.lines)) == (None, 1)
