"""What a write means, for every engine."""

from __future__ import annotations

from runtime.errors import VersionConflict
from runtime.records import StateWrite, StreamWrite, Written

PRUNED_ITEMS = 16
"""Deleted items that each further delete forgets, when their time is over or there are too many."""


def is_change(write: StateWrite | StreamWrite, written: Written) -> bool:
    """False when a write has left everything as it was, so that nothing follows and nobody is told."""
    if written.after is not written.before:
        return True
    return written.after is not None and isinstance(write, StateWrite) and write.until is not None


def check_version(write: StateWrite, found: int) -> None:
    """Raises `VersionConflict` when the stored value's version, 0 for none, is not the one that the write asks for."""
    wanted = write.if_version
    if wanted is not None and wanted != found:
        raise VersionConflict.of(write.group, write.key, wanted, found)
