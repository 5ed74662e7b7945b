"""The tables that the terminal shows."""

from __future__ import annotations


def table_rows(output: str) -> list[list[str]]:
    """The rows of the printed table with their wrapped lines joined."""
    rows: list[list[str]] = []
    for line in output.splitlines():
        if not line.startswith("│"):
            continue
        cells = [cell.strip() for cell in line.strip("│").split("│")]
        if cells[0]:
            rows.append(cells)
        else:
            rows[-1] = [" ".join((old, new)).strip() for old, new in zip(rows[-1], cells, strict=True)]
    return rows
