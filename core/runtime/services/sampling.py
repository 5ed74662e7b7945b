"""Which traces are kept."""

from __future__ import annotations

_DIGITS = 8
"""Digits of a trace id that decide, so that every process decides alike."""


class Sampling:
    """Keeps a share of the traces, and of those that begin in one second at most so many."""

    def __init__(self, share: float, most: int) -> None:
        """`share` is from 0 to 1, `most` the number of traces a second."""
        self._is_whole = share >= 1
        # Compared as text, which ids are.
        self._threshold = f"{int(share * 16**_DIGITS):0{_DIGITS}x}"
        self._most = most
        self._second = 0
        self._kept = 0
        self.over = 0
        """Traces that were not kept because they were too many, since the start."""

    def keeps(self, trace_id: str, now: float, wanted: bool | None) -> bool:
        """Whether a trace that begins `now`, a Unix time, is kept.

        `wanted` is what its caller says of it, None for nothing; a share of 1 passes over a no.
        """
        if not self._is_whole and not (trace_id[:_DIGITS] < self._threshold if wanted is None else wanted):
            return False
        second = int(now)
        if second != self._second:
            self._second = second
            self._kept = 0
        if self._kept >= self._most:
            self.over += 1
            return False
        self._kept += 1
        return True
