"""Who hears that something is stored: in time, whatever another of them raises, and of nothing that is undone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runtime.catalog import Catalog
from runtime.config import BusSettings, StreamSettings
from runtime.contracts import Engine
from runtime.errors import HostCallRefused, StorageFault
from runtime.model import StreamDefinition
from runtime.records import Event, Notice, Placement, Publication, QueueKey, StateWrite, StreamWrite, Written
from runtime.services.changes import ChangeService
from runtime.services.rooms import Frame, Place, Rooms
from runtime.services.streams import StreamService
from runtime.storage.sqlite.engine import SqliteEngine
from runtime.values import encode
from tests.engines.events import A, B, depth, publish, take
from tests.fakes import FakeClock, unchecked


@contextmanager
def loop_faults() -> Iterator[list[Any]]:
    """The exceptions that reach the event loop."""
    found: list[Any] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: found.append(context.get("exception")))
    yield found
    loop.set_exception_handler(None)


def fails(written: Written) -> None:
    raise ValueError("cannot hear")


def item(id: str, value: bytes | None = b"\x80") -> StreamWrite:
    return StreamWrite("s", "g", id, lambda _: value)


def sent(id: str, key: str = "", queue: QueueKey = A) -> Publication:
    return Publication(Event(id, "t", b"\x01", "f" * 32), (Placement(queue),), key)


async def test_who_cannot_hear_keeps_nobody_else_from_hearing(engine: Engine) -> None:
    heard: list[object] = []
    await publish(engine.events, "done", queues=(B,))
    delivery = await take(engine.events, B)
    with loop_faults() as faults:
        async with asyncio.timeout(5):
            await asyncio.gather(
                engine.streams.write(item("1")._replace(told=fails)),
                engine.state.write(StateWrite("g", "k", lambda _: b"\x01")),
                engine.commit([item("2")._replace(told=fails), sent("e"), Notice(lambda: heard.append("2"))], delivery),
                engine.streams.write(item("3")._replace(told=heard.append)),
            )
    assert [str(fault) for fault in faults] == ["cannot hear"] * 2
    assert heard == ["2", Written(None, b"\x80")]
    assert (depth(engine.events, A), depth(engine.events, B)) == (1, 0)
    assert len(await engine.streams.items("s", "g")) == 3


async def test_two_events_of_one_key_in_one_commit_are_one(engine: Engine) -> None:
    written = await engine.commit([sent("1", "key"), sent("2", "key"), sent("3"), sent("4", "other")])
    assert [each.event_id for each in written] == ["1", "1", "3", "4"]
    assert depth(engine.events, A) == 3


async def test_what_a_refused_commit_has_deleted_was_never_there(engine: Engine) -> None:
    def refuse(before: bytes | None) -> bytes:
        raise HostCallRefused("no")

    with pytest.raises(HostCallRefused):
        await engine.commit([item("1"), item("1", None), StateWrite("g", "k", refuse)])
    assert not await engine.streams.was_deleted("s", "g", "1")


# ------------------------------------------------------------ texts


async def test_of_a_text_is_told_when_it_is_stored_and_only_then(engine: Engine) -> None:
    heard: list[str] = []
    for text in ("one", "two"):
        stored = partial(heard.append, text)
        task = asyncio.ensure_future(engine.texts.append("t", text.encode(), 1.0, 6, stored))
        if text == "two":
            await asyncio.sleep(0)  # it has begun
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    for _ in range(2):
        await engine.texts.close("t", 1.0, lambda: heard.append("end"))
    with pytest.raises(HostCallRefused):
        await engine.texts.append("t", b"more", 1.0, 6, lambda: heard.append("more"))
    assert heard == ["one", "two", "end"]


async def test_who_waits_for_a_text_does_not_hear_of_one_that_fails(tmp_path: Path) -> None:
    engine = SqliteEngine(tmp_path / "runtime.db", FakeClock(), BusSettings(), "process")
    heard: list[str] = []
    async with engine.open():
        engine._database.connection.execute("PRAGMA max_page_count = 1").fetchall()
        with pytest.raises(StorageFault):
            await engine.texts.append("t", bytes(100_000), 1.0, 10**6, lambda: heard.append("t"))
    assert heard == []


# ------------------------------------------------------------ rooms


class Client:
    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []

    def deliver(self, frame: Frame) -> None:
        self.seen.append((frame.kind, json.loads(frame.data)))


@pytest.mark.parametrize("id", ["", "1"])
async def test_what_may_still_be_undone_is_in_no_snapshot(tmp_path: Path, id: str) -> None:
    clock = FakeClock()
    engine = SqliteEngine(tmp_path / "runtime.db", clock, BusSettings(), "process")
    streams = StreamService(engine, ChangeService(clock), clock, 10**6, unchecked())
    streams.catalog = Catalog(streams={"s": StreamDefinition("s", "node", "steps/s.stream.ts")})
    rooms = Rooms(streams, clock, StreamSettings())
    client = Client()
    async with engine.open():
        connection = engine._database.connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}").fetchall()
        small, _, large = await asyncio.gather(
            streams.set("s", "g", "1", encode({}), ""),
            rooms.join(client, Place("s", "g", id)),
            engine.state.write(StateWrite("g", "k", lambda _: bytes(100_000))),
            return_exceptions=True,
        )
        stored = await streams.get("s", "g", "1")
    assert isinstance(large, StorageFault)
    assert (isinstance(small, bytes), stored) == (True, small), "what was shown is stored"
    [(kind, shown)] = client.seen
    assert (kind, (shown[0] if not id else shown)["id"]) == ("sync", "1")
