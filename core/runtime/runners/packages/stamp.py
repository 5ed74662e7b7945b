"""What was installed last into a folder, as a hash in a file inside it: deleting the folder forgets it."""

from __future__ import annotations

from pathlib import Path

from runtime.errors import RunnerFault

STAMP_FILE = ".runtime-install"
_UNFINISHED_FILE = ".runtime-unfinished"
"""While it is there, what is being installed is not whole; it holds what is being done."""


def is_installed(folder: Path, key: str) -> bool:
    """True when the folder holds what the key stands for."""
    if unfinished(folder):
        return False
    try:
        return (folder / STAMP_FILE).read_text(encoding="utf-8") == key
    except (OSError, UnicodeDecodeError):
        return False


def note_installed(folder: Path, key: str) -> None:
    """Notes that the folder holds it now. Raises `RunnerFault` when it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / STAMP_FILE).write_text(key, encoding="utf-8")
        (folder / _UNFINISHED_FILE).unlink(missing_ok=True)
    except OSError as error:
        raise RunnerFault(f"{folder / STAMP_FILE} cannot be written: {error.strerror}") from error


def note_begun(folder: Path, what: str) -> None:
    """Notes that the folder is not whole from now on. Raises `RunnerFault` when it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _UNFINISHED_FILE).write_text(what, encoding="utf-8")
    except OSError as error:
        raise RunnerFault(f"{folder / _UNFINISHED_FILE} cannot be written: {error.strerror}") from error


def unfinished(folder: Path) -> str:
    """What was begun in the folder and has not come to its end; empty for nothing."""
    try:
        return (folder / _UNFINISHED_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def is_ours(folder: Path) -> bool:
    """True for a folder that the runtime has filled, or begun to."""
    return (folder / STAMP_FILE).exists() or bool(unfinished(folder))
