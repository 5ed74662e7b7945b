"""One value of a table, replaced by what a change makes of it."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from runtime.records import Change, Written


class Statements(NamedTuple):
    """How a table finds a row's place and value by its names, and inserts, replaces and deletes a row."""

    find: str
    insert: str
    replace: str
    delete: str


def apply_change(
    connection: sqlite3.Connection, statements: Statements, names: tuple[str | bytes, ...], change: Change
) -> Written:
    """Changes one value in the open transaction; what the change raises leaves it as it was."""
    place, before = connection.execute(statements.find, names).fetchone() or (None, None)
    after = change(before)
    if after is None:
        if place is not None:
            connection.execute(statements.delete, (place,))
    elif place is None:
        connection.execute(statements.insert, (*names, after))
    else:
        connection.execute(statements.replace, (after, place))
    return Written(before, after)
