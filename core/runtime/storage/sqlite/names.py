"""Names as columns hold them: any text, also what is no valid Unicode, comes back as it was."""

from __future__ import annotations


def column_of(name: str) -> str | bytes:
    """The name itself; half a surrogate pair, which SQLite's text cannot hold, makes it bytes."""
    if name.isascii():
        return name
    try:
        name.encode()
    except UnicodeEncodeError:
        return name.encode("utf-8", "surrogatepass")
    return name


def name_of(column: str | bytes) -> str:
    """The name of a column's value."""
    return column if isinstance(column, str) else column.decode("utf-8", "surrogatepass")
