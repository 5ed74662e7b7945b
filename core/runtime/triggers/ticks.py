"""When the ticks of a cron expression are, on clocks that are set for daylight saving."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tzlocal import get_localzone

if TYPE_CHECKING:
    from croniter import croniter

_DAY = 24 * 3600


def next_tick(expression: str, after: float, zone: tzinfo) -> float:
    """The Unix time of the first tick later than `after`.

    A local time that the zone leaves out counts at the end of the gap, one that comes twice counts the first
    time. Where the hour is `*` or `*/n`, every moment counts whose local time matches, and no other.
    """
    since = math.floor(after)
    offset = _offset(zone, since)
    local = since + offset
    every_hour = _is_every_hour(expression)
    back = _turn(zone, since, since - _DAY) if not every_hour and _is_second_pass(zone, since) else None
    if back is not None:
        local = max(local, back + _offset(zone, back - 1) - 1)
    while True:
        tick = int(_wall_times(expression, local).get_next(float)) - offset
        turn = _turn(zone, since, tick)
        if turn is None:
            return float(tick)
        shift = _offset(zone, turn) - offset
        if not every_hour and tick < turn + shift:
            return float(turn)
        offset += shift
        local = turn + offset - 1 + (0 if every_hour else max(0, -shift))
        since = turn


def ticks_back(expression: str, until: float, zone: tzinfo) -> Iterator[float]:
    """The Unix times of the ticks not later than `until`, newest first; the same ticks as those of `next_tick`."""
    since = math.floor(until)
    every_hour = _is_every_hour(expression)
    while True:
        offset = _offset(zone, since)
        tick = int(_wall_times(expression, since + offset + 1).get_prev(float)) - offset
        turn = _turn(zone, since, tick)
        if turn is None:
            if every_hour or not _is_second_pass(zone, tick):
                yield float(tick)
            since = tick - 1
            continue
        gap = offset - _offset(zone, turn - 1)
        left_out = int(_wall_times(expression, turn + offset).get_prev(float)) - offset
        if not every_hour and left_out >= turn - gap:
            yield float(turn)
        since = turn - 1


def zone_of(name: str) -> tzinfo:
    """The zone of that name; the machine's, with its daylight saving, for no name."""
    return ZoneInfo(name) if name else get_localzone()


def _wall_times(expression: str, local: float) -> croniter[float]:
    """The times of the expression on a clock that is never set, around one of them."""
    from croniter import croniter  # it runs the program `file` when it is imported

    return croniter(expression, local, second_at_beginning=True)


def _is_every_hour(expression: str) -> bool:
    fields = expression.split()
    return fields[-4].startswith("*") if len(fields) > 1 else expression.lower() == "@hourly"


def _offset(zone: tzinfo, moment: int) -> int:
    """Seconds that the zone's clocks are ahead of UTC."""
    offset = datetime.fromtimestamp(moment, zone).utcoffset()
    return round(offset.total_seconds()) if offset is not None else 0


def _is_second_pass(zone: tzinfo, moment: int) -> bool:
    """Whether the clocks show this local time for the second time."""
    return datetime.fromtimestamp(moment, zone).fold == 1


def _turn(zone: tzinfo, start: int, end: int) -> int | None:
    """The first moment of another offset on the way from one moment to the other, or None; backwards, the last one."""
    stride = _DAY if end > start else -_DAY
    while start != end:
        stop = min(start + stride, end) if stride > 0 else max(start + stride, end)
        low, high = min(start, stop), max(start, stop)
        if _offset(zone, low) != _offset(zone, high):
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == _offset(zone, low) else (low, middle)
            return high
        start = stop
    return None
