"""The text store of every engine."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.contracts import Engine, TextStore
from runtime.errors import HostCallRefused
from runtime.records import Text
from runtime.storage.sqlite.database import Database
from runtime.storage.sqlite.text_rows import CHUNK_BYTES
from runtime.storage.sqlite.texts import SqliteTextStore
from tests.engines.conftest import DURABLE, Opened

LIMIT = 100_000
NOW = 1_700_000_000.0
BEGAN = 1_700_000_000_000_000


@pytest.fixture
def texts(engine: Engine) -> TextStore:
    return engine.texts


async def append(texts: TextStore, id: str, data: bytes, now: float = NOW, limit: int = LIMIT) -> int:
    return await texts.append(id, data, now, limit)


async def whole(texts: TextStore, id: str) -> bytes | None:
    text = await texts.read(id, 0, LIMIT)
    return None if text is None else text.data


async def test_a_text_grows_at_its_end(texts: TextStore) -> None:
    assert await texts.read("t", 0, LIMIT) is None
    assert await append(texts, "t", b"Hello") == 5
    assert await append(texts, "t", b", world") == 12
    assert await texts.read("t", 0, LIMIT) == Text(b"Hello, world", 12, False, BEGAN)


async def test_a_text_begins_with_a_first_piece_that_is_empty(texts: TextStore) -> None:
    assert await append(texts, "t", b"") == 0
    assert await texts.read("t", 0, LIMIT) == Text(b"", 0, False, BEGAN)


async def test_a_part_is_read_from_an_offset_on(texts: TextStore) -> None:
    await append(texts, "t", b"0123456789")
    assert await texts.read("t", 3, 4) == Text(b"3456", 7, False, BEGAN)
    assert await texts.read("t", 7, 4) == Text(b"789", 10, False, BEGAN)
    assert await texts.read("t", 10, 4) == Text(b"", 10, False, BEGAN)


@pytest.mark.parametrize("start", [11, 10**6, 2**63, 10**30])
async def test_behind_the_end_there_is_nothing(texts: TextStore, start: int) -> None:
    await append(texts, "t", b"0123456789")
    assert await texts.read("t", start, 4) == Text(b"", 10, False, BEGAN)


async def test_texts_do_not_mix(texts: TextStore) -> None:
    ids = ["a", "a/b", "ü\0", "💩", "\ud800", "\ufffd", "1", "1.0", " "]
    for id in ids:
        await append(texts, id, repr(id).encode())
    for id in ids:
        assert await whole(texts, id) == repr(id).encode()


async def test_a_closed_text_takes_no_more(texts: TextStore) -> None:
    await append(texts, "t", b"all")
    assert await texts.close("t", NOW) is True
    assert await texts.close("t", NOW) is False
    with pytest.raises(HostCallRefused, match="text stream 't' is closed"):
        await append(texts, "t", b" and more")
    assert await texts.read("t", 0, LIMIT) == Text(b"all", 3, True, BEGAN)


async def test_closing_what_is_not_there_makes_an_empty_text(texts: TextStore) -> None:
    assert await texts.close("t", NOW) is True
    assert await texts.read("t", 0, LIMIT) == Text(b"", 0, True, BEGAN)


async def test_a_text_may_be_as_long_as_the_limit_and_no_longer(texts: TextStore) -> None:
    await append(texts, "t", b"0123456", limit=10)
    with pytest.raises(HostCallRefused, match=r"would have 11 bytes, over the limit of 10 \(streams.maxTextBytes\)"):
        await append(texts, "t", b"789A", limit=10)
    assert await append(texts, "t", b"789", limit=10) == 10
    with pytest.raises(HostCallRefused, match="over the limit"):
        await append(texts, "u", b"0123456789A", limit=10)
    assert (await whole(texts, "t"), await whole(texts, "u")) == (b"0123456789", None)


async def test_pieces_of_any_size_make_one_text(texts: TextStore) -> None:
    chance = random.Random(7)
    sizes = [
        CHUNK_BYTES,
        1,
        CHUNK_BYTES - 1,
        3 * CHUNK_BYTES,
        0,
        *(chance.randrange(2 * CHUNK_BYTES) for _ in range(9)),
    ]
    written = b""
    for size in sizes:
        piece = chance.randbytes(size)
        written += piece
        assert await append(texts, "t", piece, limit=len(written)) == len(written)
    for _ in range(200):
        start, length = chance.randrange(len(written)), chance.randrange(1, 3 * CHUNK_BYTES)
        read = written[start : start + length]
        assert await texts.read("t", start, length) == Text(read, start + len(read), False, BEGAN)


async def test_appends_at_the_same_time_are_each_there_once_and_in_order(texts: TextStore) -> None:
    pieces = [f"{number};".encode() for number in range(600)]
    await asyncio.gather(*(append(texts, "t", piece) for piece in pieces))
    assert await whole(texts, "t") == b"".join(pieces)


async def test_a_text_that_rests_is_forgotten_the_oldest_first(texts: TextStore) -> None:
    for age, id in enumerate(("new", "middle", "old")):
        await append(texts, id, bytes(CHUNK_BYTES + 1), NOW - age)
    await append(texts, "middle", b"!", NOW + 10)
    await texts.close("new", NOW + 20)
    assert await texts.forget(NOW - 2, 10) == 0
    assert await texts.forget(NOW - 1, 10) == 1
    assert await texts.forget(NOW + 15, 10) == 1
    assert [await whole(texts, id) for id in ("old", "middle")] == [None, None]
    assert await whole(texts, "new") == bytes(CHUNK_BYTES + 1)


async def test_so_many_are_forgotten_at_once_and_no_more(texts: TextStore) -> None:
    for number in range(5):
        await append(texts, str(number), b"x", NOW + number)
    assert await texts.forget(NOW + 100, 2) == 2
    assert [await whole(texts, str(number)) for number in range(5)] == [None, None, b"x", b"x", b"x"]


async def test_a_forgotten_text_begins_anew(texts: TextStore) -> None:
    await append(texts, "t", b"before")
    await texts.close("t", NOW)
    assert await texts.forget(NOW + 1, 10) == 1
    assert await append(texts, "t", b"after", NOW + 0.000002) == 5
    await append(texts, "t", b"wards", NOW + 1)
    assert await texts.read("t", 0, LIMIT) == Text(b"afterwards", 10, False, BEGAN + 2)


@pytest.mark.parametrize("name", DURABLE, indirect=True)
async def test_texts_outlive_the_process(opened: Opened) -> None:
    async with opened() as engine:
        await append(engine.texts, "open", b"a" * (CHUNK_BYTES + 10))
        await append(engine.texts, "closed", b"b")
        await engine.texts.close("closed", NOW)
    async with opened() as engine:
        assert await append(engine.texts, "open", b"c") == CHUNK_BYTES + 11
        assert await whole(engine.texts, "open") == b"a" * (CHUNK_BYTES + 10) + b"c"
        open_one = await engine.texts.read("open", 0, 0)
        assert open_one is not None and open_one.began == BEGAN
        assert await engine.texts.read("closed", 0, LIMIT) == Text(b"b", 1, True, BEGAN)


_WRITER = """
import asyncio, sys
from pathlib import Path
from runtime.storage.sqlite.database import Database
from runtime.storage.sqlite.texts import SqliteTextStore

async def main():
    database = Database(Path(sys.argv[1]), sys.argv[2])
    async with database.open():
        texts = SqliteTextStore(database)
        for number in range(10**9):
            print(await texts.append("t", f"{number};".encode(), 1.0, 10**9), flush=True)

asyncio.run(main())
"""


def end_at_a_kill(path: Path, durability: str, count: int) -> int:
    """Lets a process append, kills it after so many pieces, and returns the last offset that it was told of."""
    command = [sys.executable, "-c", _WRITER, str(path), durability]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline() for _ in range(count)]
        writer.send_signal(signal.SIGKILL)
        told += [line for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    return int(told[-1])


@pytest.mark.parametrize("durability", ["process", "full"])
async def test_what_was_appended_outlives_a_kill(tmp_path: Path, durability: str) -> None:
    path = tmp_path / "runtime.db"
    end = end_at_a_kill(path, durability, 500)
    database = Database(path, "process")
    async with database.open():
        text = await SqliteTextStore(database).read("t", 0, 10**9)
    assert text is not None
    assert text.end >= end
    numbers = text.data.decode().removesuffix(";").split(";")
    assert numbers == [str(number) for number in range(len(numbers))]
