"""The versions of values: never used twice, whatever becomes of values, process and clock."""

from __future__ import annotations

import sqlite3

from runtime.contracts import Clock
from runtime.storage.sqlite.database import Database

_RESERVED = "SELECT reserved FROM versions"
_RESERVE = "UPDATE versions SET reserved = ?"
_AHEAD = 60_000_000
"""Microseconds of versions that are reserved at once, so that few writes have to."""


class Versions:
    """Microseconds of the clock, or more where that would not be new.

    The database holds a bound that no version has passed yet. A process begins behind the one that it finds: the value
    of a version that it must not use again may be gone, and the clock may have been set back.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._last = 0
        self._reserved = 0
        self._rollbacks = 0

    def next(self, connection: sqlite3.Connection) -> int:
        """The version of what is written in the open transaction."""
        version = int(self._clock.now() * 1e6)
        if version <= self._last:
            version = self._last + 1
        if version > self._reserved or self._rollbacks != self._database.rollbacks:
            version = self._reserve(connection, version)
        self._last = version
        return version

    def _reserve(self, connection: sqlite3.Connection, version: int) -> int:
        (stored,) = connection.execute(_RESERVED).fetchone()
        if not self._last:
            version = max(version, stored + 1)
        # A transaction that is rolled back takes its reservation along, so this looks again after each.
        self._rollbacks = self._database.rollbacks
        self._reserved = stored
        if version > stored:
            self._reserved = version + _AHEAD
            connection.execute(_RESERVE, (self._reserved,))
        return version
