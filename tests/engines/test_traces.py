"""The trace store of every engine: spans, the traces they add up to, and how those are found and forgotten."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.contracts import TraceStore
from runtime.model import (
    Retention,
    Span,
    Then,
    TraceQuery,
    TraceStatus,
    TraceSummary,
    TriggerKind,
    whole,
)
from runtime.storage.sqlite.trace_rows import SPAN_BITS, span_place
from runtime.traces import ERROR_CHARACTERS, summary_of
from tests.engines.traces import BOOM, NOW, ODD, STORES, id_of, line, operation, span

ALL = Retention(10**6, 10**6, 10**9, 2**40)
EVERYTHING = TraceQuery(limit=1000)


@pytest.fixture(params=STORES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def store(name: str, tmp_path: Path) -> AsyncIterator[TraceStore]:
    store = STORES[name](tmp_path)
    async with store.open():
        yield store


def found(store: TraceStore, **query: Any) -> list[str]:
    """Trace ids of a page, without leading zeros."""
    return [trace.trace_id.lstrip("0") for trace in store.traces(TraceQuery(**query)).traces]


# ------------------------------------------------------------ what was written is there


FULL = span(
    began=NOW + 0.25,
    kind=TriggerKind.API,
    attempt=3,
    queue="order.created",
    queued=1.5,
    cause_id="e-1",
    repeats=id_of(9),
    is_sampled=False,
    started=NOW + 0.5,
    http_status=418,
    failure=replace(BOOM, retryable=False, http_status=418, http_body=b"\xa3tea"),
    then=Then.DEAD,
    delivery=7,
    operations=[operation(), operation(name="emit", target="paid", event_id="e-2", error="refused")],
    lost_operations=2,
    input_size=9,
)
STRANGE = span(
    step=ODD, source=ODD, failure=replace(BOOM, message=ODD), cause_id=ODD, operations=[operation(group=ODD, key=ODD)]
)


@pytest.mark.parametrize("written", [span(), FULL, STRANGE], ids=["plain", "full", "strange"])
def test_a_span_comes_back_as_it_was(store: TraceStore, written: Span) -> None:
    store.write([written], [])
    assert list(store.spans(id_of(1), 10)) == [written]
    assert store.traces(EVERYTHING).traces == [summary_of([written])]
    assert list(store.summaries([id_of(1), id_of(2)])) == [summary_of([written])]


def test_an_input_in_pieces_comes_back_whole(store: TraceStore) -> None:
    store.write([span(input=(b"\x01", b"\x02", b""))], [])
    (read,) = store.spans(id_of(1), 10)
    assert whole(read.input) == b"\x01\x02"


def test_causes_of_any_number_are_kept(store: TraceStore) -> None:
    failure = BOOM
    for number in range(2000):
        failure = replace(BOOM, message=str(number), cause=failure)
    store.write([span(failure=failure)], [])
    read = store.spans(id_of(1), 10)[0].failure
    messages = []
    while read is not None:
        messages.append(read.message)
        read = read.cause
    assert messages == [*map(str, reversed(range(2000))), "no such order", "of old"]


def test_a_large_input_is_kept(store: TraceStore) -> None:
    store.write([span(input=bytes(3_000_000))], [])
    assert store.spans(id_of(1), 10)[0].input == bytes(3_000_000)


def test_spans_come_in_the_order_in_which_they_began_and_no_more_than_asked_for(store: TraceStore) -> None:
    store.write([span(number=number, began=NOW - number) for number in range(5)], [])
    store.write([span(number=9, began=NOW - 2.5), span(trace=2)], [])
    ids = [int(each.span_id, 16) for each in store.spans(id_of(1), 100)]
    assert ids == [4, 3, 9, 2, 1, 0]
    assert [int(each.span_id, 16) for each in store.spans(id_of(1), 2)] == [4, 3]


def test_of_those_behind_the_first_those_that_failed_are_found(store: TraceStore) -> None:
    spans = [span(number=number, began=NOW + number, failure=BOOM if number % 3 else None) for number in range(20)]
    store.write([*spans[10:], span(2, failure=BOOM)], [])
    store.write(spans[:10], [])
    ids = [int(each.span_id, 16) for each in store.spans(id_of(1), 8, failed=4)]
    assert ids == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 13]
    assert len(store.spans(id_of(1), 8, failed=100)) == 16
    assert len(store.spans(id_of(1), 100, failed=100)) == 20


def test_a_span_is_found_by_its_id(store: TraceStore) -> None:
    store.write([span(1, number, NOW + number) for number in range(3000)], [])
    store.write([span(2, 7, step="other")], [])
    assert store.span(id_of(1), f"{2999:016x}") == span(1, 2999, NOW + 2999)
    assert store.span(id_of(1), f"{3000:016x}") is None
    found = store.span(id_of(2), f"{7:016x}")
    assert found is not None and found.step == "other"
    assert store.span(id_of(3), f"{7:016x}") is None


def test_a_long_error_is_cut_in_summaries_alone(store: TraceStore) -> None:
    long = replace(BOOM, message="x" * 65_000)
    store.write([span(1, failure=long), span(2, failure=replace(BOOM, type="", message="y" * ERROR_CHARACTERS))], [])
    whole, cut = (trace.error for trace in store.traces(EVERYTHING).traces)
    assert (whole, cut) == (
        "y" * ERROR_CHARACTERS,
        f"{BOOM.type}: {'x' * ERROR_CHARACTERS}"[: ERROR_CHARACTERS - 1] + "…",
    )
    assert store.spans(id_of(1), 1)[0].failure == long


@pytest.mark.parametrize("id", ["", "nothing", "\ud800", id_of(7), "x" * 5000])
def test_of_a_trace_that_is_not_there_there_is_nothing(store: TraceStore, id: str) -> None:
    store.write([span()], [])
    assert list(store.spans(id, 10)) == []
    assert list(store.summaries([id])) == []


def test_nothing_to_write_is_no_fault(store: TraceStore) -> None:
    assert list(store.write([], [])) == []
    assert store.traces(EVERYTHING) == ([], 0)


# ------------------------------------------------------------ what spans add up to


MOMENTS = st.sampled_from([NOW, NOW, NOW + 1, NOW + 2.5])
SPANS = st.lists(
    st.tuples(
        st.integers(1, 3),  # few traces, so that they meet
        MOMENTS,
        st.sampled_from(["a", "b", "c", ODD]),
        st.sampled_from(["", "", id_of(8), id_of(9)]),
        st.sampled_from([None, BOOM, replace(BOOM, message=ODD), replace(BOOM, message="")]),
        st.sampled_from([0, 0, 200, 500]),
        st.sampled_from([0.0, 1.0, 1.0, 3.0]),
        st.sampled_from(list(TriggerKind)),
    ),
    max_size=12,
)


def made(number: int, row: tuple[Any, ...]) -> Span:
    trace, began, step, repeats, failure, status, lasts, kind = row
    ended = began + lasts if lasts else 0.0
    more = {"repeats": repeats, "failure": failure, "http_status": status, "kind": kind, "source": f"s{number}"}
    return span(trace, number, began, step=step, ended=ended, **more)


@given(rows=SPANS, seed=st.integers(0, 99), cuts=st.lists(st.integers(0, 12), max_size=4).map(sorted))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_spans_add_up_to_the_same_in_any_order_and_parts(
    tmp_path_factory: pytest.TempPathFactory, name: str, rows: list[tuple[Any, ...]], seed: int, cuts: list[int]
) -> None:
    spans = [made(number, row) for number, row in enumerate(rows)]
    ordered = random.Random(seed).sample(spans, len(spans))
    folder = tmp_path_factory.mktemp("traces")
    expected: dict[str, list[Span]] = {}
    for each in ordered:
        expected.setdefault(each.trace_id, []).append(each)
    summaries = [summary_of(of_trace) for of_trace in expected.values()]
    store = STORES[name](folder)
    async with store.open():
        for start, end in zip([0, *cuts], [*cuts, 12], strict=True):
            store.write(ordered[start:end], [])
        assert list(store.traces(EVERYTHING).traces) == summaries[::-1]
        assert sorted(store.summaries(expected), key=_id) == sorted(summaries, key=_id)
    if name == "sqlite":
        async with (again := STORES[name](folder)).open():
            again.write(extra := [span(1, 99, NOW - 5, step="first", failure=BOOM)], [])
            late = summary_of([*expected.get(id_of(1), []), *extra])
            assert list(again.summaries([id_of(1)])) == [late]


def _id(trace: TraceSummary) -> str:
    return trace.trace_id


def test_late_spans_are_told_apart_from_thousands_of_other_traces(store: TraceStore) -> None:
    store.write([span(1, 1)], [])
    for start in range(2, 10_002, 1000):
        store.write([span(number, number) for number in range(start, start + 1000)], [])
    store.write([span(1, 2, NOW + 1, failure=BOOM)], [])
    (trace,) = store.summaries([id_of(1)])
    assert (trace.spans, trace.failed, trace.error) == (2, 1, "LookupError: no such order")
    assert len(store.spans(id_of(1), 10)) == 2


def test_places_of_spans_do_not_run_into_the_next_trace() -> None:
    last = span_place(7, 10**12)
    assert last == span_place(7, (1 << SPAN_BITS) - 1)
    assert last + 1 == span_place(8, 0)


# ------------------------------------------------------------ lists


@pytest.fixture
def shop(store: TraceStore) -> TraceStore:
    """Four traces of a shop."""
    store.write([span(1, 1, NOW, step="take", kind=TriggerKind.API, source="POST /Orders", http_status=201)], [])
    store.write([span(2, 1, NOW + 10, step="ship*", failure=replace(BOOM, message="Straße [7] *?"))], [])
    store.write([span(3, 1, NOW + 20, step="hi", source="hi\x1ehi"), span(1, 2, NOW + 21, step="ship")], [])
    store.write([span(4, 1, NOW + 30, step="ta", kind=TriggerKind.CRON, source="0 * * * *")], [])
    return store


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, "4321"),
        ({"status": TraceStatus.FAILED}, "2"),
        ({"status": TraceStatus.OK}, "431"),
        ({"status": TraceStatus.RUNNING}, ""),
        ({"kind": TriggerKind.API}, "1"),
        ({"kind": TriggerKind.STREAM}, ""),
        ({"steps": frozenset({"ship"})}, "1"),
        ({"steps": frozenset({"ship*"})}, "2"),
        ({"steps": frozenset({"t"})}, ""),
        ({"steps": frozenset({"take", "ta", "none"})}, "41"),
        ({"steps": frozenset({ODD})}, ""),
        ({"steps": frozenset(map(str, range(2000))) | {"hi"}}, "3"),
        ({"since": NOW + 10}, "432"),
        ({"until": NOW + 10}, "1"),
        ({"since": NOW + 1, "until": NOW + 30, "status": TraceStatus.OK}, "3"),
        ({"text": "post /ORDERS"}, "1"),
        ({"text": "SHIP"}, "21"),
        ({"text": "STRASSE"}, "2"),
        ({"text": "straße [7] *?"}, "2"),
        ({"text": "*"}, "42"),
        ({"text": "[7]"}, "2"),
        ({"text": "?"}, "2"),
        ({"text": "[a-z]"}, ""),
        ({"text": "nowhere"}, ""),
        ({"text": "\ud800"}, ""),
        ({"text": "hi\x1ehi"}, "3"),
        ({"text": "take\x1eship"}, ""),
        ({"text": id_of(3)[-8:]}, "3"),
        ({"text": "ship", "kind": TriggerKind.EVENT}, "2"),
        ({"limit": 2}, "43"),
        ({"limit": 0}, ""),
    ],
)
def test_what_a_query_finds(shop: TraceStore, query: dict[str, Any], ids: str) -> None:
    assert found(shop, **query) == list(ids)


def test_a_text_with_half_a_pair_is_found(store: TraceStore) -> None:
    store.write([span(1, source=ODD), span(2, source="half a pair ?")], [])
    assert found(store, text=ODD) == ["1"]
    assert found(store, text="pair \ud800") == ["1"]
    assert found(store, text="PAIR ?") == ["2"]
    assert found(store, text="\0, Ü") == ["1"]


def test_pages_follow_each_other_to_the_end(store: TraceStore) -> None:
    store.write([span(number, failure=BOOM if number % 3 else None) for number in range(1, 31)], [])
    query = TraceQuery(limit=7, status=TraceStatus.FAILED)
    pages: list[list[int]] = []
    while not pages or query.before:
        page = store.traces(query)
        pages.append([int(trace.trace_id, 16) for trace in page.traces])
        store.write([span(1000 + len(pages), failure=BOOM)], [])  # what is new does not shift what is old
        query = query._replace(before=page.next)
    assert [len(page) for page in pages] == [7, 7, 6]
    assert [*chain(*pages)] == [number for number in range(30, 0, -1) if number % 3]


def test_a_page_that_is_just_full_is_the_last(store: TraceStore) -> None:
    store.write([span(number) for number in range(1, 4)], [])
    assert store.traces(TraceQuery(limit=3)).next == 0
    assert store.traces(TraceQuery(limit=2)).next != 0
    assert len(store.traces(TraceQuery(limit=2, before=2**70)).traces) == 2


WORDS = st.text(st.sampled_from("aAbß[*?]\x1e\ud800é"), max_size=6)


@given(texts=st.lists(WORDS, min_size=1, max_size=6), asked=WORDS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_finds_the_same_in_every_engine(store: TraceStore, texts: list[str], asked: str) -> None:
    store.clear()
    store.write([span(number, source=text) for number, text in enumerate(texts, 1)], [])
    wanted = [text for text in reversed(texts) if asked.casefold() in text.casefold()]
    own = {id_of(number): text for number, text in enumerate(texts, 1)}
    listed = [trace.name for trace in store.traces(TraceQuery(text=asked)).traces]
    beside = [id for id in own if asked and (asked.casefold() in "a" or asked in id)]  # the step, and ids
    assert listed == (texts[::-1] if beside else wanted)


# ------------------------------------------------------------ forgetting


def test_all_is_forgotten_and_begins_anew(store: TraceStore) -> None:
    store.write([span(number) for number in range(1, 400)], [line()])
    before = store.traces(TraceQuery(limit=1)).next
    assert store.clear() == 399
    assert store.clear() == 0
    assert store.traces(EVERYTHING) == ([], 0)
    assert list(store.spans(id_of(1), 10)) == []
    store.write([span(1, 5), span(2, 5)], [])
    assert found(store) == ["2", "1"]
    assert store.traces(TraceQuery(limit=1)).next > before
    assert len(store.spans(id_of(1), 10)) == 1


@pytest.mark.parametrize("count", [0, 1, 5, 300, 1000])
def test_no_more_traces_are_kept_than_may_be(store: TraceStore, count: int) -> None:
    for start in range(1, 401, 100):
        store.write([span(number, each, NOW) for number in range(start, start + 100) for each in range(3)], [])
    store.prune(ALL._replace(traces=count), NOW)
    kept = [id_of(number) for number in range(400, max(400 - count, 0), -1)]
    assert [trace.trace_id for trace in store.traces(EVERYTHING).traces] == kept
    assert [len(store.spans(id_of(number), 10)) for number in (1, 400)] == [3 * (count > 399), 3 * (count > 0)]


def test_a_span_that_comes_after_its_trace_was_forgotten_is_a_trace_of_its_own(store: TraceStore) -> None:
    store.write([span(1, failure=BOOM), span(2), span(3)], [])
    store.prune(ALL._replace(traces=2), NOW)
    store.write([span(1, 2, step="late")], [])
    assert found(store) == ["1", "3", "2"]
    (trace,) = store.summaries([id_of(1)])
    assert (trace.spans, trace.failed, trace.steps) == (1, 0, ("late",))
    store.prune(ALL._replace(traces=1), NOW)
    assert [each.step for each in store.spans(id_of(1), 10)] == ["late"]


def test_what_is_too_old_is_forgotten(store: TraceStore) -> None:
    store.write([span(number, 1, NOW + number) for number in range(10)], [])
    store.write([span(3, 2, NOW + 100)], [])
    store.prune(ALL._replace(age=10.0), NOW + 16)
    assert found(store) == ["9", "8", "7", "6"]  # the third has a young span as well, and began long ago
    store.write([span(3, 3, NOW + 17)], [])
    assert (found(store)[0], len(store.spans(id_of(3), 9))) == ("3", 1)  # what comes then begins it anew
    store.prune(ALL._replace(age=10.0), NOW + 1000)
    assert found(store) == []


@given(
    rounds=st.lists(st.lists(st.tuples(st.integers(1, 5), st.floats(0, 20), st.floats(0, 20))), max_size=8),
    age=st.floats(1, 8),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_trace_outlives_its_age_whatever_joins_what(
    tmp_path_factory: pytest.TempPathFactory, name: str, rounds: list[list[tuple[int, float, float]]], age: float
) -> None:
    async with (store := STORES[name](tmp_path_factory.mktemp("traces"))).open():
        for now, joining in enumerate(rounds, round(NOW) + 10):
            spans = [
                span(trace, number, now - ago, ended=now - ago + lasts)
                for number, (trace, ago, lasts) in enumerate(joining)
            ]
            store.write([span(9, now - round(NOW), now), *spans], [])  # one trace goes on and on
            before = {trace.trace_id for trace in store.traces(EVERYTHING).traces if trace.began >= now - age}
            store.prune(ALL._replace(age=age), now)
            kept = store.traces(EVERYTHING).traces
            assert {trace.trace_id for trace in kept} == before
            assert all(len(store.spans(trace.trace_id, 10**6)) == trace.spans for trace in kept)


def test_many_that_are_too_old_go_with_all_their_spans(store: TraceStore, name: str, tmp_path: Path) -> None:
    for start in range(0, 1000, 100):
        traces = range(start + 1, start + 101)
        store.write([span(each, number, NOW + each % 2 * 100) for each in traces for number in range(7)], [])
    store.prune(ALL._replace(age=50.0), NOW + 120)
    assert found(store, limit=1000) == [f"{number:x}" for number in range(999, 0, -2)]
    assert sum(len(store.spans(id_of(number), 9)) for number in range(1, 1001)) == 500 * 7
    if name == "sqlite":
        with closing(sqlite3.connect(tmp_path / "traces.db")) as connection:
            assert connection.execute("SELECT count(*) FROM spans").fetchone() == (500 * 7,)
    store.prune(ALL._replace(traces=400), NOW + 120)
    assert len(found(store, limit=1000)) == 400


def test_what_does_not_fit_is_forgotten_the_oldest_first(store: TraceStore) -> None:
    for start in range(0, 400, 50):
        spans = [span(number, 1, NOW + number, input=bytes(20_000)) for number in range(start + 1, start + 51)]
        store.write(spans, [line("x" * 1000, NOW + number) for number in range(start, start + 50)])
    store.prune(ALL._replace(bytes=4_000_000), NOW)
    kept = [int(trace.trace_id, 16) for trace in store.traces(EVERYTHING).traces]
    assert 40 <= len(kept) <= 200
    assert kept == list(range(400, 400 - len(kept), -1))


def test_pruning_what_is_within_bounds_changes_nothing(store: TraceStore) -> None:
    store.prune(ALL, NOW)
    store.write([span(1), span(2)], [line()])
    store.prune(ALL, NOW)
    assert found(store) == ["2", "1"]


Step = Callable[[TraceStore], object]


def _write(traces: list[int]) -> Step:
    return lambda store: store.write([span(number, 1, NOW + (number * 3) % 8) for number in traces], [])


def _prune(traces: int, age: float) -> Step:
    return lambda store: store.prune(ALL._replace(traces=traces, age=age), NOW + 8)


STEPS = st.lists(
    st.one_of(
        st.lists(st.integers(1, 8), max_size=4).map(_write),
        st.tuples(st.integers(0, 6), st.sampled_from([1.0, 4.0, 100.0])).map(lambda each: _prune(*each)),
        st.just(lambda store: store.clear()),
    ),
    max_size=12,
)


@given(steps=STEPS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_engines_agree_after_any_writes_and_prunes(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    stores = [make(tmp_path_factory.mktemp("traces")) for make in STORES.values()]
    async with stores[0].open(), stores[1].open():
        for step in steps:
            for store in stores:
                step(store)
            listed = [list(store.traces(EVERYTHING).traces) for store in stores]
            assert listed[0] == listed[1]
