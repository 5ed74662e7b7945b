"""triggers/ticks: when the ticks of an expression are."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
import tzlocal
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.triggers.ticks import next_tick, ticks_back, zone_of

NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")
UTC = ZoneInfo("UTC")
MINUTE, HOUR = 60.0, 3600.0


def at(*parts: int, zone: ZoneInfo = NEW_YORK) -> float:
    return datetime(*parts, tzinfo=zone).timestamp()  # type: ignore[misc, arg-type]


EVERY_HOUR = ["* * * * *", "30 * * * *", "0 */2 * * *", "*/7 * * * 0", "*/40 59 * * * *", "@hourly"]
NIGHTLY = ["30 1 * * *", "30 2 * * *", "*/20 2 * * *", "15,45 1-3 * * *", "0 0-23 * * *", "*/40 59 1,2 * * *", "@Daily"]
SELDOM = ["*/7 3 * * 0", "0 9 29 2 *", "0 12 L * *", "0 12 * * MON#1"]
EXPRESSIONS = EVERY_HOUR + NIGHTLY + SELDOM
ZONES = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut", "America/Havana", "UTC"]
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))


def matches(expression: str, local: datetime) -> bool:
    """Whether a clock that shows this time, to the second, is one of the expression's."""
    before = local.replace(tzinfo=None, fold=0) - timedelta(seconds=1)
    return croniter(expression, before, second_at_beginning=True).get_next(datetime) == local.replace(
        tzinfo=None, fold=0
    )


@given(st.sampled_from(EXPRESSIONS), MOMENTS, st.sampled_from(ZONES))
def test_ticks_strictly_increase_and_match_their_expression(expression: str, moment: datetime, name: str) -> None:
    zone, tick = ZoneInfo(name), moment.timestamp()
    for _ in range(5):
        before, tick = tick, next_tick(expression, tick, zone)
        assert tick > before
        local = datetime.fromtimestamp(tick, zone)
        follows_gap = datetime.fromtimestamp(tick - 1, zone).utcoffset() != local.utcoffset()
        assert follows_gap or matches(expression, local)


@given(st.sampled_from(EXPRESSIONS), MOMENTS, st.sampled_from(ZONES))
def test_ticks_are_the_same_both_ways(expression: str, moment: datetime, name: str) -> None:
    zone, start = ZoneInfo(name), moment.timestamp()
    forwards = [start]
    for _ in range(8):
        forwards.append(next_tick(expression, forwards[-1], zone))
    back = takewhile(lambda tick: tick > start, ticks_back(expression, forwards[-1], zone))
    assert [*back] == forwards[:0:-1]


def ticks_by_the_rule(expression: str, start: float, end: float, zone: ZoneInfo, *, every_hour: bool) -> list[float]:
    """The documented rule, said anew, minute by minute of both clocks."""
    ticks = set()
    moments = [start + 60 * count for count in range(int(end - start) // 60)]
    for moment in moments:
        local = datetime.fromtimestamp(moment, zone)
        if matches(expression, local) and (every_hour or local.fold == 0):
            ticks.add(moment)
        skipped = int((local.utcoffset() or timedelta()).total_seconds())
        skipped -= int((datetime.fromtimestamp(moment - 60, zone).utcoffset() or timedelta()).total_seconds())
        if skipped > 0 and not every_hour:
            gone = [local - timedelta(minutes=count) for count in range(1, skipped // 60 + 1)]
            ticks |= {moment for wall in gone if matches(expression, wall)}
    return sorted(ticks)


@settings(max_examples=30)
@given(
    st.builds(
        "{} {} * * *".format,
        st.sampled_from(["0", "30", "*/20", "5,55", "10-50/15"]),
        st.sampled_from(["*", "*/2", "*/3", "0", "1", "2", "3", "0-3", "1,2", "2-23/2"]),
    ),
    st.sampled_from(
        [
            ("Europe/Berlin", (2024, 3, 31)),
            ("Europe/Berlin", (2024, 10, 27)),
            ("America/New_York", (2024, 3, 10)),
            ("America/New_York", (2024, 11, 3)),
            ("Australia/Lord_Howe", (2024, 4, 7)),
            ("Australia/Lord_Howe", (2024, 10, 6)),
            ("America/Havana", (2024, 3, 10)),
            ("America/Havana", (2024, 11, 3)),
        ]
    ),
)
def test_the_day_of_a_time_change_by_the_rule(expression: str, change: tuple[str, tuple[int, int, int]]) -> None:
    zone = ZoneInfo(change[0])
    start = at(*change[1], zone=zone) - 2 * HOUR
    end = start + 9 * HOUR
    ticks = [next_tick(expression, start - 1, zone)]
    while ticks[-1] < end:
        ticks.append(next_tick(expression, ticks[-1], zone))
    every_hour = expression.split()[1].startswith("*")
    assert ticks[:-1] == ticks_by_the_rule(expression, start, end, zone, every_hour=every_hour)
    back = takewhile(lambda tick: tick >= start, ticks_back(expression, end - 1, zone))
    assert [*back] == ticks[-2::-1]


def clock_times(expression: str, zone: ZoneInfo, *day: int) -> list[str]:
    """What clocks show at the ticks before 5 o'clock, with the offset."""
    tick, shown = next_tick(expression, at(*day, zone=zone) - 1, zone), []
    while tick < at(*day, 5, zone=zone):
        shown.append(datetime.fromtimestamp(tick, zone).strftime("%H:%M%z").removesuffix("00"))
        tick = next_tick(expression, tick, zone)
    return shown


@pytest.mark.parametrize(
    ("expression", "spring", "autumn"),
    [
        ("30 2 * * *", ["03:00+02"], ["02:30+02"]),
        ("*/20 2 * * *", ["03:00+02"], ["02:00+02", "02:20+02", "02:40+02"]),
        ("0 2,3 * * *", ["03:00+02"], ["02:00+02", "03:00+01"]),
        ("30 1-3 * * *", ["01:30+01", "03:00+02", "03:30+02"], ["01:30+02", "02:30+02", "03:30+01"]),
        (
            "30 * * * *",
            ["00:30+01", "01:30+01", "03:30+02", "04:30+02"],
            ["00:30+02", "01:30+02", "02:30+02", "02:30+01", "03:30+01", "04:30+01"],
        ),
        ("0 */2 * * *", ["00:00+01", "04:00+02"], ["00:00+02", "02:00+02", "02:00+01", "04:00+01"]),
        ("0 4 * * *", ["04:00+02"], ["04:00+01"]),
    ],
)
def test_time_changes_in_berlin(expression: str, spring: list[str], autumn: list[str]) -> None:
    assert clock_times(expression, BERLIN, 2024, 3, 31) == spring
    assert clock_times(expression, BERLIN, 2024, 10, 27) == autumn


@pytest.mark.parametrize(
    ("expression", "spring", "autumn"),
    [
        ("30 2 * * *", ["03:00-04"], ["02:30-05"]),
        ("30 1 * * *", ["01:30-05"], ["01:30-04"]),
        (
            "@hourly",
            ["00:00-05", "01:00-05", "03:00-04", "04:00-04"],
            ["00:00-04", "01:00-04", "01:00-05", "02:00-05", "03:00-05", "04:00-05"],
        ),
        ("45 0,1 1,2 * * *", ["01:00-05", "01:01-05", "03:00-04"], ["01:00-04", "01:01-04", "02:00-05", "02:01-05"]),
    ],
)
def test_time_changes_in_new_york(expression: str, spring: list[str], autumn: list[str]) -> None:
    assert clock_times(expression, NEW_YORK, 2024, 3, 10) == spring
    assert clock_times(expression, NEW_YORK, 2024, 11, 3) == autumn


def test_where_the_library_differs() -> None:
    """It runs a fixed hour twice and moves `*/2` into an odd hour; here neither happens."""

    def of_library(expression: str, *day: int) -> list[str]:
        ticks = croniter(expression, datetime(*day, 1, 30, tzinfo=BERLIN))  # type: ignore[misc, arg-type, call-arg]
        return [ticks.get_next(datetime).strftime("%H:%M%z") for _ in range(2)]

    assert of_library("30 2 * * *", 2024, 10, 27) == ["02:30+0200", "02:30+0100"]
    assert of_library("0 */2 * * *", 2024, 3, 31) == ["03:00+0200", "04:00+0200"]


def test_a_start_in_the_second_pass_of_an_hour_does_not_run_it_again() -> None:
    second = datetime(2024, 10, 27, 2, 10, tzinfo=BERLIN, fold=1).timestamp()
    assert next_tick("30 2 * * *", second, BERLIN) == at(2024, 10, 28, 2, 30, zone=BERLIN)
    assert next_tick("30 2-3 * * *", second, BERLIN) == at(2024, 10, 27, 3, 30, zone=BERLIN)
    assert next_tick("30 * * * *", second, BERLIN) == second + 20 * MINUTE


def test_a_day_that_a_zone_left_out() -> None:
    apia = ZoneInfo("Pacific/Apia")
    eve = at(2011, 12, 29, 12, zone=apia)
    assert next_tick("0 9 * * *", eve, apia) == at(2011, 12, 31, 0, zone=apia)
    assert next_tick("0 * * * *", at(2011, 12, 29, 23, zone=apia), apia) == at(2011, 12, 31, 0, zone=apia)


def test_seconds_come_first_of_six_fields() -> None:
    assert next_tick("30 0 9 * * *", at(2024, 6, 1, 0), NEW_YORK) == at(2024, 6, 1, 9, 0, 30)
    assert next_tick("*/10 * * * * *", at(2024, 6, 1, 0), NEW_YORK) == at(2024, 6, 1, 0, 0, 10)


@pytest.mark.parametrize(
    ("expression", "parts"),
    [
        ("0 9 * JAN MON", (2025, 1, 6, 9)),
        ("0 9 * * 7", (2024, 6, 2, 9)),
        ("@hourly", (2024, 6, 1, 13)),
        ("@daily", (2024, 6, 2)),
        ("@yearly", (2025, 1, 1)),
        ("0 0 13 * FRI", (2024, 6, 7)),
        ("0 0 29 2 *", (2028, 2, 29)),
    ],
)
def test_names(expression: str, parts: tuple[int, ...]) -> None:
    parts = (*parts, 0)[:4]
    assert next_tick(expression, at(2024, 6, 1, 12), NEW_YORK) == at(*parts)


@pytest.fixture
def machine_in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    tzlocal.reload_localzone()
    yield
    monkeypatch.undo()
    time.tzset()
    tzlocal.reload_localzone()


@pytest.mark.usefixtures("machine_in_new_york")
@pytest.mark.parametrize("zone", ["America/New_York", ""])
@pytest.mark.parametrize("day", [(2024, 3, 10), (2024, 11, 3), (2024, 6, 1)])
def test_nine_o_clock_is_nine_o_clock_on_the_day_of_a_time_change(day: tuple[int, int, int], zone: str) -> None:
    evening_before = (datetime(*day, 22) - timedelta(days=1)).replace(tzinfo=NEW_YORK).timestamp()
    assert next_tick("0 9 * * *", evening_before, zone_of(zone)) == at(*day, 9)
