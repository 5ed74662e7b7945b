"""services/rooms: whoever follows a group or an item knows in the end what is stored, whatever happened in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Generator, Sequence
from types import coroutine
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runtime.catalog import Catalog
from runtime.config import StreamSettings
from runtime.errors import HostCallRefused
from runtime.records import Group, StreamWrite, Written
from runtime.services.rooms import Frame, GroupTooLarge, Place
from runtime.values import decode
from tests.fakes import FakeClock
from tests.streaming import STREAM, Board

GROUP = Place(STREAM, "g")
ITEM = Place(STREAM, "g", "1")


class Listener:
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def deliver(self, frame: Frame) -> None:
        self.frames.append(frame)

    @property
    def events(self) -> list[Any]:
        """The events of the messages since this was last asked."""
        frames, self.frames = self.frames, []
        return [json.loads(frame.text)["event"] for frame in frames]


@pytest.fixture
def board() -> Board:
    return Board(FakeClock())


def summary(events: Sequence[Any]) -> list[tuple[str, Any]]:
    """Kinds and the numbers in their data."""
    return [(event["type"], _numbers(event["data"])) for event in events]


def _numbers(data: Any) -> Any:
    return [_numbers(item) for item in data] if isinstance(data, list) else data.get("n")


async def test_a_group_is_synchronised_also_when_it_is_empty(board: Board) -> None:
    listener = Listener()
    await board.rooms.join(listener, GROUP)
    assert listener.events == [{"type": "sync", "data": []}]
    await board.set("g", "1", n=1)
    await board.set("other", "1", n=9)
    await board.delete("g", "1")
    await board.delete("g", "1")
    assert summary(listener.events) == [("create", 1), ("delete", 1)]


async def test_an_item_is_synchronised_when_there_is_one(board: Board) -> None:
    early, late, other = Listener(), Listener(), Listener()
    await board.rooms.join(early, ITEM)
    await board.set("g", "1", n=1)
    await board.rooms.join(late, ITEM)
    await board.rooms.join(other, Place(STREAM, "g", "2"))
    await board.set("g", "1", n=2)
    assert summary(early.events) == [("create", 1), ("update", 2)]
    assert summary(late.events) == [("sync", 1), ("update", 2)]
    assert other.events == []


async def test_who_follows_an_item_and_its_group_is_told_once(board: Board) -> None:
    listener = Listener()
    for place in (GROUP, ITEM, Place(STREAM, "g", "2")):
        await board.rooms.join(listener, place)
    listener.events  # noqa: B018
    await board.set("g", "1", n=1)
    assert summary(listener.events) == [("create", 1)]
    board.rooms.leave(listener, GROUP)
    await board.set("g", "1", n=2)
    await board.set("g", "3", n=3)
    assert summary(listener.events) == [("update", 2)]


async def test_passing_events_go_to_one_room(board: Board) -> None:
    group, item = Listener(), Listener()
    await board.rooms.join(group, GROUP)
    await board.rooms.join(item, ITEM)
    group.events  # noqa: B018
    await board.send("g", "", "ping", 1)
    await board.send("g", "1", "typing", [2])
    assert group.events == [{"type": "event", "event": {"type": "ping", "data": 1}}]
    assert item.events == [{"type": "event", "event": {"type": "typing", "data": [2]}}]


async def test_a_message_has_the_form_of_the_specification_and_a_websocket_s_header(board: Board) -> None:
    listener = Listener()
    await board.rooms.join(listener, GROUP)
    for size in (0, 100, 200, 70_000):
        await board.set("g", "ü", text="x" * size)
    for frame in listener.frames:
        assert frame.wire.endswith(frame.text) and frame.wire[0] == 0x81
        assert "__motia" not in frame.text.decode()
        message = json.loads(frame.text)
        assert round(message["timestamp"] * 1000) == frame.timestamp
        assert {"streamName", "groupId", "event"} <= message.keys() and frame.wire is frame.wire
    assert json.loads(listener.frames[1].text) | {"timestamp": 0} == {
        "timestamp": 0,
        "streamName": STREAM,
        "groupId": "g",
        "id": "ü",
        "event": {"type": "create", "data": {"text": "", "id": "ü", "_createdAt": "2023-11-14T22:13:20.000Z"}},
    }
    headers = [len(frame.wire) - len(frame.text) for frame in listener.frames]
    assert headers == [2, 4, 4, 4, 10]
    stamps = [frame.timestamp for frame in listener.frames]
    assert stamps == sorted(set(stamps))


async def test_values_that_json_lacks_are_sent_as_javascript_has_them(board: Board) -> None:
    listener = Listener()
    await board.rooms.join(listener, ITEM)
    await board.set("g", "1", bytes=b"\xff", number=float("nan"), deep={"1": [None, True, 2**63]})
    [event] = listener.events
    assert event["data"] | {"id": "", "_createdAt": ""} == {
        "bytes": {"$bytes": "/w=="},
        "number": None,
        "deep": {"1": [None, True, 2**63]},
        "id": "",
        "_createdAt": "",
    }


@pytest.mark.parametrize("depth", [513, 900, 1000])
async def test_what_is_too_deep_for_clients_is_told_of_all_the_same(board: Board, depth: int) -> None:
    value: Any = b"x"
    for _ in range(depth):
        value = [value]
    early, late, item = Listener(), Listener(), Listener()
    await board.rooms.join(early, GROUP)
    await board.set("g", "1", n=1, deep=value)
    await board.rooms.join(late, GROUP)
    await board.rooms.join(item, ITEM)
    assert [summary(each.events)[-1] for each in (early, late, item)] == [("create", 1), ("sync", [1]), ("sync", 1)]


async def test_a_place_may_have_any_name(board: Board) -> None:
    listener, place = Listener(), Place(STREAM, "\ud800", '"\udfff')
    await board.rooms.join(listener, place)
    await board.rooms.join(listener, place.whole)
    await board.send(*place[1:], "typing", 1)
    assert [json.loads(frame.text)["groupId"] for frame in listener.frames] == ["\ud800"] * 2
    assert json.loads(listener.frames[-1].text)["id"] == place.id


async def test_who_has_left_is_told_nothing(board: Board) -> None:
    listener, other = Listener(), Listener()
    for place in (GROUP, ITEM):
        await board.rooms.join(listener, place)
        await board.rooms.join(other, place)
    listener.events  # noqa: B018
    board.rooms.leave_all(listener)
    board.rooms.leave(listener, GROUP)
    await board.set("g", "1", n=1)
    assert listener.events == []
    assert summary(other.events) == [("sync", []), ("create", 1)]


async def test_a_member_may_leave_while_it_is_told(board: Board) -> None:
    class Leaving(Listener):
        def deliver(self, frame: Frame) -> None:
            super().deliver(frame)
            board.rooms.leave_all(self)

    leaving, staying = Leaving(), Listener()
    for member in (leaving, staying):
        await board.rooms.join(member, ITEM)
    await board.set("g", "1", n=1)
    await board.set("g", "1", n=2)
    assert summary(leaving.events) == [("create", 1)]
    assert summary(staying.events) == [("create", 1), ("update", 2)]


async def test_a_stream_that_is_not_known_cannot_be_joined(board: Board) -> None:
    board.streams.catalog = Catalog()
    listener = Listener()
    with pytest.raises(HostCallRefused, match="there is no stream"):
        await board.rooms.join(listener, GROUP)
    board.streams.catalog = board.catalog
    await board.set("g", "1")
    assert listener.frames == []


async def test_who_follows_a_stream_that_goes_and_comes_back_is_told_of_its_changes(board: Board) -> None:
    listener = Listener()
    await board.rooms.join(listener, GROUP)
    board.streams.catalog = Catalog()
    board.streams.catalog = board.catalog
    await board.set("g", "1", n=7)
    assert summary(listener.events) == [("sync", []), ("create", 7)]


# ------------------------------------------------------------ coming back


async def test_changes_since_are_told_to_who_resumes(board: Board) -> None:
    listener = Listener()
    await board.rooms.join(listener, GROUP)
    for n in range(3):
        await board.set("g", "1", n=n)
    await board.send("g", "1", "typing", None)
    seen = listener.frames[1].timestamp
    group, item, elsewhere = Listener(), Listener(), Listener()
    await board.rooms.resume(group, GROUP, seen)
    await board.rooms.resume(item, ITEM, seen)
    await board.rooms.resume(elsewhere, Place(STREAM, "h"), seen)
    await board.set("g", "1", n=3)
    assert summary(group.events) == [("update", 1), ("update", 2), ("update", 3)]
    assert [event["type"] for event in item.events] == ["update", "update", "event", "update"]
    assert elsewhere.events == []


@pytest.mark.parametrize("moment", ["long ago", "to come"])
@pytest.mark.parametrize("bound", [{"max_history": 2}, {"max_history": 0}, {"max_cached_bytes": 0}])
async def test_who_resumes_from_what_is_forgotten_is_synchronised(moment: str, bound: dict[str, int]) -> None:
    board = Board(FakeClock(), settings=StreamSettings(**bound))
    first = Listener()
    await board.rooms.join(first, GROUP)
    seen = first.frames[0].timestamp
    for n in range(3):
        await board.set("g", "1", n=n)
    listener = Listener()
    await board.rooms.resume(listener, GROUP, seen if moment == "long ago" else seen + 10**9)
    await board.set("g", "1", n=3)
    assert summary(listener.events) == [("sync", [2]), ("update", 3)]


async def test_who_fails_to_take_a_change_costs_others_nothing(board: Board) -> None:
    class Broken(Listener):
        def deliver(self, frame: Frame) -> None:
            if frame.kind != "sync":
                raise RuntimeError("broken")

    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["exception"]))
    listener = Listener()
    for member in (Broken(), listener):
        await board.rooms.join(member, GROUP)
    await board.set("g", "1", n=1)
    assert summary(listener.events) == [("sync", []), ("create", 1)]
    assert [str(error) for error in told] == ["broken"]


async def test_a_group_that_is_too_large_is_refused_until_it_is_smaller() -> None:
    board = Board(FakeClock(), settings=StreamSettings(max_sync_bytes=2048))
    listener = Listener()
    for id in ("1", "2"):
        await board.set("g", id, n=1, text="x" * 1000)
    for _ in range(2):
        with pytest.raises(GroupTooLarge, match=r"more than 2048 bytes as JSON \(streams.maxSyncBytes\)"):
            await board.rooms.join(listener, GROUP)
    await board.set("g", "1", n=2)
    assert listener.events == []
    await board.rooms.join(listener, GROUP)
    assert summary(listener.events) == [("sync", [2, 1])]


async def test_what_many_are_sent_is_in_memory_once(board: Board) -> None:
    await board.set("g", "1", text="x" * 1000)
    one, other = Listener(), Listener()
    for listener in (one, other):
        await board.rooms.join(listener, GROUP)
    [first], [second] = one.frames, other.frames
    assert first.pieces[2] is second.pieces[2]
    assert b"".join(first.pieces) == first.wire


# ------------------------------------------------------------ a store that takes its time


@coroutine
def turn() -> Generator[None]:
    """Lets others go first."""
    yield


class SlowStore:
    """Reads in its own time, and says only on `commit` that something was written."""

    def __init__(self) -> None:
        self.by_group: dict[str, dict[str, bytes]] = {}
        self.gone: set[tuple[str, str]] = set()
        self.untold: list[tuple[StreamWrite, Written]] = []
        self.reads = 0

    async def get(self, stream: str, group: str, id: str) -> bytes | None:
        await turn()
        item = self.by_group.get(group, {}).get(id)
        await turn()
        return item

    async def items(self, stream: str, group: str) -> Sequence[bytes]:
        self.reads += 1
        await turn()
        items = tuple(self.by_group.get(group, {}).values())
        await turn()
        return items

    async def groups(self, stream: str, limit: int, after: str | None = None) -> Sequence[Group]:
        raise NotImplementedError

    def settle(self) -> None:
        """What is read here is what will be told of."""

    async def was_deleted(self, stream: str, group: str, id: str) -> bool:
        return (group, id) in self.gone and id not in self.by_group.get(group, {})

    async def write(self, write: StreamWrite) -> Written:
        items = self.by_group.setdefault(write.group, {})
        before = items.get(write.id)
        after = write.change(before)
        if after is before:
            return Written(before, after)
        if after is None:
            items.pop(write.id, None)
            self.gone.add((write.group, write.id))
        else:
            items[write.id] = after
        written = Written(before, after)
        self.untold.append((write, written))
        return written

    def commit(self) -> None:
        untold, self.untold = self.untold, []
        for write, written in untold:
            if write.told is not None:
                write.told(written)


def finish(work: Coroutine[Any, Any, None]) -> None:
    while step(work):
        continue


def step(work: Coroutine[Any, Any, None]) -> bool:
    """Carries on with it; false at its end."""
    try:
        work.send(None)
    except StopIteration:
        return False
    return True


def test_a_thousand_joins_read_a_group_once() -> None:
    store = SlowStore()
    board = Board(FakeClock(), store)
    finish(board.set("g", "1", n=1))
    listeners = [Listener() for _ in range(1000)]
    for listener in listeners:
        finish(board.rooms.join(listener, GROUP))
    assert store.reads == 1
    stamps = [frame.timestamp for listener in listeners for frame in listener.frames]
    assert len(stamps) == 1000 and stamps == sorted(set(stamps))
    store.commit()
    late = Listener()
    finish(board.rooms.join(late, GROUP))
    assert store.reads == 2
    for listener in (*listeners, late):
        board.rooms.leave_all(listener)
    finish(board.rooms.join(late, GROUP))
    assert store.reads == 2, "who comes and goes has it read once"
    board.rooms.leave_all(late)
    finish(board.set("g", "1", n=2))
    store.commit()
    finish(board.rooms.join(late, GROUP))
    assert store.reads == 3
    assert summary(late.events) == [("sync", [1]), ("sync", [1]), ("sync", [2])]


def test_what_is_kept_for_further_joins_is_bounded() -> None:
    store = SlowStore()
    board = Board(FakeClock(), store, StreamSettings(max_cached_bytes=600))
    for group in ("g", "h"):
        finish(board.set(group, "1", text="x" * 150))
    for reads, group in enumerate(("g", "g", "h", "h", "g"), start=1):
        finish(board.rooms.join(Listener(), Place(STREAM, group)))
        assert store.reads == {1: 1, 2: 1, 3: 2, 4: 2, 5: 3}[reads]


class View:
    """What a published client makes of its messages: a group and an item of it, each with the rules it has."""

    def __init__(self) -> None:
        self.group: dict[str, Any] = {}
        self.item: Any = None
        self._group_stamp = self._item_stamp = 0
        self._stamps: dict[str, int] = {}
        self.received = 0

    def deliver(self, frame: Frame) -> None:
        self.received += 1
        message = json.loads(frame.text)
        data = message["event"].get("data")
        if frame.place == ITEM and frame.timestamp > self._item_stamp:
            self._item_stamp = frame.timestamp
            self.item = None if frame.kind == "delete" else data
        if frame.place == GROUP or frame.kind != "sync":
            self._follow_group(frame, data)

    def _follow_group(self, frame: Frame, data: Any) -> None:
        if frame.kind == "sync":
            if frame.timestamp >= self._group_stamp:
                self._group_stamp, self._stamps = frame.timestamp, {}
                self.group = {item["id"]: item for item in data}
            return
        id = data["id"]
        if frame.kind == "create":
            self.group.setdefault(id, data)
        elif frame.kind == "delete" or self._stamps.get(id, 0) < frame.timestamp:
            self._group_stamp = self._stamps[id] = frame.timestamp
            if frame.kind == "delete":
                self.group.pop(id, None)
            elif id in self.group:
                self.group[id] = data


Steps = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.sampled_from([GROUP, ITEM]), st.integers(0, 1)),
        st.tuples(st.just("leave"), st.sampled_from([GROUP, ITEM]), st.integers(0, 1)),
        st.tuples(st.just("go away"), st.just(GROUP), st.integers(0, 1)),
        st.tuples(st.just("set"), st.sampled_from([ITEM, Place(STREAM, "g", "2")]), st.integers(0, 9)),
        st.tuples(st.just("delete"), st.sampled_from([ITEM, Place(STREAM, "g", "2")]), st.just(0)),
        st.tuples(st.just("commit"), st.just(GROUP), st.just(0)),
        st.tuples(st.just("step"), st.just(GROUP), st.integers(0, 1)),
    ),
    max_size=40,
)


class Run:
    """Two clients that come and go while things change."""

    def __init__(self, history: int) -> None:
        self.store = SlowStore()
        self.board = Board(FakeClock(), self.store, StreamSettings(max_history=history))
        self.views = [View(), View()]
        self.joined: list[set[Place]] = [set(), set()]
        self.joining: list[Coroutine[Any, Any, None] | None] = [None, None]

    def do(self, what: str, place: Place, which: int) -> None:
        if what == "set":
            finish(self.board.set(place.group, place.id, n=which))
        elif what == "delete":
            finish(self.board.delete(place.group, place.id))
        elif what == "commit":
            self.store.commit()
        elif what == "step":
            self.go_on(which)
        elif what == "go away":
            self.go_away(which)
        else:
            self.finish(which)  # a socket's messages are answered one after the other
            self.come_or_leave(what, place, which)

    def come_or_leave(self, what: str, place: Place, which: int) -> None:
        if what == "join":
            self.joined[which].add(place)
            self.joining[which] = self.board.rooms.join(self.views[which], place)
            self.go_on(which)
        else:
            self.joined[which].discard(place)
            self.board.rooms.leave(self.views[which], place)

    def go_on(self, which: int) -> None:
        join = self.joining[which]
        if join is not None and not step(join):
            self.joining[which] = None

    def finish(self, which: int) -> None:
        while self.joining[which] is not None:
            self.go_on(which)

    def go_away(self, which: int) -> None:
        join = self.joining[which]
        if join is not None:
            join.close()
        self.joining[which] = None
        self.joined[which].clear()
        self.board.rooms.leave_all(self.views[which])


def shown(item: bytes) -> dict[str, Any]:
    """The item as clients see it."""
    return {key: value for key, value in decode(item).items() if key != "__motia"}


# A group's change while its member joins the item, which is read again.
@example([("join", GROUP, 0), ("join", ITEM, 0), ("set", ITEM, 0), ("commit", GROUP, 0)], 0)
@example([("join", ITEM, 0), ("join", GROUP, 0), ("set", ITEM, 0), ("commit", GROUP, 0)], 0)
# Told before the sync, which is older then, and which a client would pass over.
@example([("set", ITEM, 1), ("commit", GROUP, 0), ("join", GROUP, 0), ("set", ITEM, 2), ("commit", GROUP, 0)], 1000)
@settings(max_examples=500)
@given(Steps, st.sampled_from([0, 2, 1000]))
def test_every_view_is_what_is_stored_in_the_end(steps: list[tuple[str, Place, int]], history: int) -> None:
    run = Run(history)
    for what, place, which in steps:
        run.do(what, place, which)
    for which in (0, 1):
        run.finish(which)
    run.store.commit()
    stored = {id: shown(item) for id, item in run.store.by_group.get("g", {}).items()}
    for view, joined in zip(run.views, run.joined, strict=True):
        if GROUP in joined:
            assert view.group == stored
        if ITEM in joined:
            assert view.item == stored.get("1")
        run.board.rooms.leave_all(view)
    before = [view.received for view in run.views]
    finish(run.board.set("g", "1", n=1))
    run.store.commit()
    assert [view.received for view in run.views] == before
