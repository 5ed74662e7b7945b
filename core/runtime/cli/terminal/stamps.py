"""Times of lines: made once a second, for there may be ten thousand lines in it."""

from __future__ import annotations

import time

_END_OF_CALENDARS = 253_402_300_800.0  # the year 10000


class Stamps:
    """Writes Unix times down."""

    def __init__(self, *, universal: bool) -> None:
        """Universal is date and time of UTC, as RFC 3339 has it; else the time of day where the machine stands."""
        self._read = time.gmtime if universal else time.localtime
        self._form = "%Y-%m-%dT%H:%M:%S" if universal else "%H:%M:%S"
        self._zone = "+00:00" if universal else ""
        self._second = -1
        self._text = ""

    def __call__(self, moment: float) -> str:
        """The time with milliseconds; now for what is no time that a calendar has."""
        if not 0 < moment < _END_OF_CALENDARS:
            moment = time.time()
        second, micros = divmod(int(moment * 1_000_000), 1_000_000)
        if second != self._second:
            self._second, self._text = second, time.strftime(self._form, self._read(second))
        return f"{self._text}.{micros // 1000:03}{self._zone}"
