"""State with versions, ends, clears and what follows, held against a model that is a few lists."""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.contracts import Engine
from runtime.errors import HostCallRefused, VersionConflict
from runtime.records import Entry, Event, Follow, Group, Placement, Publication, StateClear, StateWrite, Written
from tests.engines.conftest import ENGINES
from tests.engines.events import A
from tests.fakes import FakeClock

GROUPS, KEYS = st.sampled_from("gggh"), st.sampled_from("abc")  # few places, so that operations meet
VALUES = st.sampled_from([b"\x01", b"\x02", b"long enough", None])
UNTIL = st.sampled_from([0.0, 1.0, 1.0, 2.0])
VERSIONS = st.sampled_from(["any", "any", "any", "right", "stale", "none"])
WRITES = st.tuples(st.just("write"), GROUPS, KEYS, VALUES, UNTIL, VERSIONS)
OPERATIONS = st.lists(
    st.one_of(
        WRITES,
        WRITES,
        st.tuples(st.just("touch"), GROUPS, KEYS),
        st.tuples(st.just("append"), GROUPS, KEYS),
        st.tuples(st.just("clear"), GROUPS),
        st.tuples(st.just("wait"), st.sampled_from([0.5, 1.0])),
        st.tuples(st.just("sweep")),
        st.tuples(st.just("reopen")),
    ),
    max_size=30,
)


@dataclass
class Value:
    group: str
    key: str
    value: bytes
    until: float
    version: int = 0


class Model:
    """What state is: values in the order in which they came; `followed` is what watchers have heard."""

    def __init__(self) -> None:
        self.values: list[Value] = []
        self.followed: list[tuple[str, str, bytes | None, bytes | None]] = []
        self.versions: set[int] = set()
        self.newest: dict[tuple[str, str], int] = {}

    def find(self, group: str, key: str) -> Value | None:
        return next((value for value in self.values if (value.group, value.key) == (group, key)), None)

    def remove(self, value: Value) -> None:
        self.values.remove(value)
        self.followed.append((value.group, value.key, value.value, None))

    def end(self, group: str, key: str, now: float) -> None:
        found = self.find(group, key)
        if found is not None and 0 < found.until <= now:
            self.remove(found)

    def put(self, group: str, key: str, after: bytes | None, until: float | None) -> Written:
        found = self.find(group, key)
        if after is None:
            if found is not None:
                self.remove(found)
        elif found is None:
            self.values.append(Value(group, key, after, until or 0.0))
            self.followed.append((group, key, None, after))
        else:
            self.followed.append((group, key, found.value, after))
            found.value = after
            found.until = found.until if until is None else until
        return Written(found.value if found is not None and after is None else None, after)

    def there(self, group: str, now: float) -> list[Value]:
        return [value for value in self.values if value.group == group and not 0 < value.until <= now]


class Run:
    """An engine and the model side by side."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.clock = FakeClock()
        self.model = Model()
        self.heard: list[tuple[str, str, bytes | None, bytes | None]] = []
        self.engine: Engine
        self.stack = AsyncExitStack()

    async def open(self) -> None:
        await self.stack.aclose()
        self.engine = ENGINES[self.name](self.folder, self.clock)
        await self.stack.enter_async_context(self.engine.open())

    def follow(self, group: str, key: str) -> Follow:
        def follow(written: Written) -> Publication:
            self.heard.append((group, key, written.before, written.after))
            return Publication(Event("e", "t", b"", "f" * 32), (Placement(A),))

        return follow

    async def perform(self, operation: tuple[Any, ...]) -> None:
        name, *arguments = operation
        if name == "wait":
            await self.clock.advance(arguments[0])
        elif name == "reopen":
            await (self.open() if self.name != "memory" else self.clock.advance(0))
        else:
            await getattr(self, name)(*arguments)
        await self.drain()

    async def write(self, group: str, key: str, value: bytes | None, until: float, asked: str) -> None:
        now = self.clock.now()
        found = next((one for one in self.model.there(group, now) if one.key == key), None)
        current = found.version if found is not None else 0
        stale = self.model.newest.get((group, key), 5)
        wanted = {"any": None, "right": current, "stale": stale, "none": 0}[asked]
        end = None if value is None else now + until if until else 0.0
        write = StateWrite(group, key, lambda _: value, end, wanted, self.follow(group, key))
        heard = len(self.heard)
        try:
            await self.engine.commit([write])
        except VersionConflict:
            assert wanted not in (None, current)
            del self.heard[heard:]
            return
        assert wanted in (None, current)
        self.model.end(group, key, now)
        self.model.put(group, key, value, end)
        await self.note_version(group, key)

    async def touch(self, group: str, key: str) -> None:
        write = StateWrite(group, key, lambda value: value, follow=self.follow(group, key))
        await self.engine.commit([write])
        self.model.end(group, key, self.clock.now())

    async def append(self, group: str, key: str) -> None:
        """Increments, on the value that is there."""
        write = StateWrite(group, key, lambda value: (value or b"") + b"+", follow=self.follow(group, key))
        (written,) = await self.engine.commit([write])
        self.model.end(group, key, self.clock.now())
        found = self.model.find(group, key)
        self.model.put(group, key, (found.value if found is not None else b"") + b"+", None)
        assert written.after is not None
        await self.note_version(group, key)

    async def clear(self, group: str) -> None:
        await self.engine.commit([StateClear(group, lambda key: self.follow(group, key))])
        for value in [value for value in self.model.values if value.group == group]:
            self.model.remove(value)

    async def sweep(self) -> None:
        for group, key in await self.engine.state.ended(100):
            await self.touch(group, key)
        assert list(await self.engine.state.ended(100)) == []

    async def note_version(self, group: str, key: str) -> None:
        entry, value = await self.engine.state.entry(group, key), self.model.find(group, key)
        if value is not None and entry is not None:
            assert entry.version > max(self.model.versions, default=0)
            value.version = self.model.newest[group, key] = entry.version
            self.model.versions.add(entry.version)

    async def drain(self) -> None:
        """Takes the events, so that the queue never fills."""
        for _ in range(len(await self.engine.events.waiting(A, 100))):
            await self.engine.events.acknowledge(await self.engine.events.take(A))

    async def compare(self) -> None:
        state, now = self.engine.state, self.clock.now()
        groups = []
        for group in "gh":
            there = self.model.there(group, now)
            assert list(await state.keys(group)) == [value.key for value in there]
            assert list(await state.values(group)) == [value.value for value in there]
            for key in "abc":
                entry = await state.entry(group, key)
                found = next((value for value in there if value.key == key), None)
                assert await state.get(group, key) == (None if found is None else found.value)
                assert entry == (None if found is None else Entry(found.value, found.version, found.until))
            groups += [Group(group, len(there))] if there else []
        assert list(await state.groups(10)) == groups
        ends = sorted(value.until for value in self.model.values if value.until)
        assert state.ending() == (ends[0] if ends else None)
        over = sorted((value.group, value.key) for value in self.model.values if 0 < value.until <= now)
        assert sorted(await state.ended(100)) == over
        assert self.heard == self.model.followed


@pytest.mark.parametrize("name", ["memory", "sqlite"])
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(OPERATIONS)
async def test_state_is_what_its_model_is(name: str, operations: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = Run(name, Path(folder))
        async with run.stack:
            await run.open()
            for operation in operations:
                try:
                    await run.perform(operation)
                except HostCallRefused as refused:  # a queue may not be full here
                    raise AssertionError(operation) from refused
                await run.compare()
