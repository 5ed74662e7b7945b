"""The trace store of every engine: log lines, how they are found and forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.contracts import TraceStore
from runtime.model import LogLevel, LogQuery, LogRecord, Retention
from runtime.storage.sqlite.log_blocks import LINES_PER_BLOCK
from runtime.values import encode
from tests.engines.traces import NOW, ODD, STORES, id_of, line

ALL = Retention(10**6, 10**6, 10**9, 2**40)
EVERYTHING = LogQuery(limit=10**6)


@pytest.fixture(params=STORES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def store(name: str, tmp_path: Path) -> AsyncIterator[TraceStore]:
    store = STORES[name](tmp_path)
    async with store.open():
        yield store


def messages(store: TraceStore, **query: Any) -> list[str]:
    return [record.message for record in store.logs(LogQuery(**query))]


def write_numbers(store: TraceStore, count: int, *, at_once: int = 100) -> None:
    """Lines "0", "1" and so on, one a second."""
    for start in range(0, count, at_once):
        numbers = range(start, min(start + at_once, count))
        store.write([], [line(str(number), NOW + number) for number in numbers])


# ------------------------------------------------------------ what was written is there


@pytest.mark.parametrize(
    "written",
    [
        line(),
        line(ODD, level=LogLevel.ERROR, source=ODD, data=b"\x81\xa1a\xc3", trace_id=id_of(3), span_id="ab" * 8),
        line("", data=bytes(range(256))),
        line("x" * 500_000, source="", trace_id="\ud800"),
    ],
    ids=["plain", "strange", "bytes", "long"],
)
def test_a_line_comes_back_as_it_was(store: TraceStore, written: LogRecord) -> None:
    (stored,) = store.write([], [written])
    assert stored.id > 0
    assert stored == replace(written, id=stored.id)
    assert list(store.logs(EVERYTHING)) == [stored]


@pytest.mark.parametrize("at_once", [1, 7, LINES_PER_BLOCK, 1000])
def test_lines_come_newest_first_with_ids_that_grow(store: TraceStore, at_once: int) -> None:
    write_numbers(store, 1000, at_once=at_once)
    read = list(store.logs(EVERYTHING))
    assert [record.message for record in read] == [str(number) for number in reversed(range(1000))]
    ids = [record.id for record in read]
    assert ids == sorted(set(ids), reverse=True)


def test_pages_follow_each_other_to_the_end(store: TraceStore) -> None:
    write_numbers(store, 1000)
    query, seen = LogQuery(limit=90), []
    while page := store.logs(query):
        assert len(page) <= 90
        seen += [int(record.message) for record in page]
        query = query._replace(before=page[-1].id)
        store.write([], [line("new")])
    assert seen == list(reversed(range(1000)))


def test_what_came_after_a_line_is_found(store: TraceStore) -> None:
    write_numbers(store, 600)
    ids = {record.message: record.id for record in store.logs(EVERYTHING)}
    assert messages(store, after=ids["597"]) == ["599", "598"]
    assert messages(store, after=ids["599"]) == []
    assert messages(store, after=ids["10"], before=ids["12"]) == ["11"]
    assert messages(store, after=2**70) == []
    assert messages(store, before=2**70, limit=1) == ["599"]
    assert messages(store, limit=0) == []


def test_pages_follow_each_other_from_a_moment_on(store: TraceStore) -> None:
    store.write([], [line(str(number), NOW + number) for number in range(1000)])
    query, seen = LogQuery(limit=90, since=NOW + 299.5, oldest_first=True), []
    while page := store.logs(query):
        seen += [int(record.message) for record in page]
        query = query._replace(after=page[-1].id)
    assert seen == list(range(300, 1000))
    assert messages(store, since=NOW + 998) == ["999", "998"]
    assert messages(store, since=NOW + 1000) == []


def test_a_moment_is_found_among_what_is_kept(store: TraceStore) -> None:
    store.write([], [line(str(number), NOW + number % 500) for number in range(1000)])
    store.prune(Retention(10, 600, 1e9, 2**40), NOW)
    kept = messages(store, limit=1000)
    assert messages(store, since=NOW + 450, oldest_first=True, limit=1) == ["450"]
    assert messages(store, since=NOW, oldest_first=True, limit=1000) == kept[::-1]


# ------------------------------------------------------------ searches


@pytest.fixture
def shop(store: TraceStore) -> TraceStore:
    """Six lines of a shop, among many others."""
    lines = [
        line("Order 1 taken", source="take", level=LogLevel.DEBUG, trace_id=id_of(1)),
        line("order 1 not PAID", source="pay", level=LogLevel.ERROR, trace_id=id_of(1)),
        line("2 straße *", source="ship*", level=LogLevel.WARN, data=encode({"orderId": "A-17", "isGift": True})),
        line("3 [x] ü", source="pay", trace_id=id_of(2), data=encode({"größe": ["XL", "xs"]})),
        line("4 end", source="take", level=LogLevel.ERROR),
        line("5 \0\ud800", source="\x1e30pay\x1e"),
    ]
    for number, each in enumerate(lines):
        store.write([], [line(f"noise {number} {other}", source="noise") for other in range(100)])
        store.write([], [each])
    return store


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"source": "pay"}, ["3 [x] ü", "order 1 not PAID"]),
        ({"source": "pay", "level": LogLevel.WARN}, ["order 1 not PAID"]),
        ({"source": "Pay"}, []),
        ({"source": "pa"}, []),
        ({"source": "\x1e30pay\x1e"}, ["5 \0\ud800"]),
        ({"source": "ship*"}, ["2 straße *"]),
        ({"level": LogLevel.ERROR}, ["4 end", "order 1 not PAID"]),
        ({"level": LogLevel.WARN}, ["4 end", "2 straße *", "order 1 not PAID"]),
        ({"trace_id": id_of(1)}, ["order 1 not PAID", "Order 1 taken"]),
        ({"trace_id": id_of(1), "level": LogLevel.INFO}, ["order 1 not PAID"]),
        ({"trace_id": id_of(3)}, []),
        ({"text": "ORDER 1"}, ["order 1 not PAID", "Order 1 taken"]),
        ({"text": "order 1", "source": "take"}, ["Order 1 taken"]),
        ({"text": "order 1", "level": LogLevel.ERROR}, ["order 1 not PAID"]),
        ({"text": "STRASSE"}, ["2 straße *"]),
        ({"text": "e *"}, ["2 straße *"]),
        ({"text": "[X]"}, ["3 [x] ü"]),
        ({"text": "*"}, ["2 straße *"]),
        ({"text": "["}, ["3 [x] ü"]),
        ({"text": "n?t"}, []),
        ({"text": "Ü"}, ["3 [x] ü"]),
        ({"text": "a-17"}, ["2 straße *"]),
        ({"text": "ORDERID"}, ["2 straße *"]),
        ({"text": "GRÖSSE"}, ["3 [x] ü"]),
        ({"text": "\0\ud800"}, ["5 \0\ud800"]),
        ({"text": "take\x1eorder"}, []),
        ({"text": "nowhere"}, []),
        ({"text": "end", "level": LogLevel.ERROR, "source": "pay"}, []),
        ({"limit": 1, "source": "take"}, ["4 end"]),
    ],
)
def test_what_a_query_finds(shop: TraceStore, query: dict[str, Any], found: list[str]) -> None:
    assert messages(shop, **query) == found


@pytest.mark.parametrize(
    "text", ["98765", '"orderId"', '"orderId": 98765', "true", "-0.5", "null", '"Ünï"', "lone", "$bytes"]
)
def test_data_is_found_as_it_is_shown(store: TraceStore, text: str) -> None:
    data = {"orderId": 98765, "isGift": True, "price": -0.5, "none": None, "who": "Ünï", "list": ["lone"], "raw": b"a"}
    store.write([], [line("order", data=encode(data)), line("other", data=encode({"order": 9876}))])
    assert messages(store, text=text) == ["order"]


@pytest.mark.parametrize("data", [b"\xc1", b"\x81\xa1a\xc3" * 3, encode({b"a": 1}), b"\x91" * 2000 + b"\xc0", b""])
def test_what_no_json_can_say_is_no_fault(store: TraceStore, data: bytes) -> None:
    store.write([], [line("odd", data=data)])
    assert messages(store, text="odd") == ["odd"]
    assert messages(store, text="$bytes") == (["odd"] if data else [])


WORDS = st.text(st.sampled_from("aAbß[*?]\x1e\0\ud800é"), max_size=6)
LINES = st.lists(
    st.tuples(
        WORDS,
        st.sampled_from(["a", "b", ODD]),
        st.sampled_from(list(LogLevel)),
        st.sampled_from(["", id_of(1), id_of(2)]),
        st.one_of(st.just(b""), st.binary(max_size=8), WORDS.map(lambda text: encode([text.replace("\ud800", "")]))),
        st.sampled_from([NOW, NOW + 1, NOW + 2]),
    ),
    max_size=8,
)
QUERIES = st.builds(
    LogQuery,
    limit=st.sampled_from([1, 3, 100]),
    before=st.sampled_from([0, 2**70]),
    after=st.sampled_from([0, 0, 0, 2**70]),
    level=st.sampled_from(list(LogLevel)),
    source=st.sampled_from(["", "", "a", ODD, "none"]),
    trace_id=st.sampled_from(["", "", id_of(1), id_of(3)]),
    text=WORDS,
    since=st.sampled_from([0.0, 0.0, NOW, NOW + 1, NOW + 2, NOW + 3]),
    oldest_first=st.booleans(),
)


@given(batches=st.lists(LINES, max_size=4), query=QUERIES)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_engines_find_the_same(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[Any, ...]]], query: LogQuery
) -> None:
    answers = []
    for make in STORES.values():
        async with (store := make(tmp_path_factory.mktemp("logs"))).open():
            for batch in batches:
                rows = [
                    line(text, time, source=source, level=level, trace_id=id, data=data)
                    for text, source, level, id, data, time in batch
                ]
                store.write([], rows)
            answers.append([replace(record, id=0) for record in store.logs(query)])
    assert answers[0] == answers[1]


# ------------------------------------------------------------ forgetting


def test_all_is_forgotten_but_ids_go_on(store: TraceStore) -> None:
    write_numbers(store, 300)
    last = store.logs(LogQuery(limit=1))[0].id
    store.clear()
    assert messages(store) == []
    (stored,) = store.write([], [line("new")])
    assert stored.id > last
    assert messages(store) == ["new"]
    assert messages(store, after=last) == ["new"]


@pytest.mark.parametrize("kept", [0, 1, 99, 256, 700, 1000, 2000])
def test_no_more_lines_are_kept_than_may_be(store: TraceStore, kept: int) -> None:
    write_numbers(store, 1000)
    expected = [str(number) for number in range(999, max(999 - kept, -1), -1)]
    for _ in range(2):
        store.prune(ALL._replace(logs=kept), NOW)
        assert messages(store, limit=2000) == expected
    store.write([], [line("new")])
    assert messages(store, limit=1) == ["new"]
    assert len(messages(store, limit=2000)) == min(kept, 1000) + 1


@pytest.mark.parametrize("age", [1, 100, 500, 5000])
def test_lines_that_are_too_old_are_forgotten(store: TraceStore, age: int) -> None:
    write_numbers(store, 1000)
    store.prune(ALL._replace(age=float(age)), NOW + 1000)
    assert messages(store, limit=2000) == [str(number) for number in range(999, max(999 - age, -1), -1)]


def test_lines_that_do_not_fit_are_forgotten(store: TraceStore) -> None:
    for number in range(2000):
        store.write([], [line(f"{number} {'x' * 2000}", NOW + number)])
    store.prune(ALL._replace(bytes=2_000_000), NOW)
    kept = [int(message.split()[0]) for message in messages(store, limit=2000)]
    assert 100 < len(kept) < 1000
    assert kept == list(range(1999, 1999 - len(kept), -1))


@given(
    steps=st.lists(
        st.one_of(
            st.integers(1, 300),
            st.tuples(st.integers(0, 500), st.sampled_from([1.0, 50.0, 1000.0])),
            st.just("clear"),
        ),
        max_size=10,
    )
)
@settings(max_examples=40, deadline=None)
async def test_engines_keep_the_same(tmp_path_factory: pytest.TempPathFactory, steps: list[Any]) -> None:
    stores = [make(tmp_path_factory.mktemp("logs")) for make in STORES.values()]
    now = NOW
    async with stores[0].open(), stores[1].open():
        for step in steps:
            for store in stores:
                if isinstance(step, int):
                    store.write([], [line(str(now + number), now + number) for number in range(step)])
                elif step == "clear":
                    store.clear()
                else:
                    store.prune(ALL._replace(logs=step[0], age=step[1]), now)
            now += step if isinstance(step, int) else 0
            assert messages(stores[0], limit=10**4) == messages(stores[1], limit=10**4)
