"""What was installed last into a folder, as a hash in a file inside it: deleting the folder forgets it."""

from __future__ import annotations

from pathlib import Path

from runtime.errors import RunnerFault

_FILE = ".runtime-install"


def is_installed(folder: Path, key: str) -> bool:
    """True when the folder holds what the key stands for."""
    try:
        return (folder / _FILE).read_text(encoding="utf-8") == key
    except (OSError, UnicodeDecodeError):
        return False


def note_installed(folder: Path, key: str) -> None:
    """Notes that the folder holds it now. Raises `RunnerFault` when it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _FILE).write_text(key, encoding="utf-8")
    except OSError as error:
        raise RunnerFault(f"{folder / _FILE} cannot be written: {error.strerror}") from error
