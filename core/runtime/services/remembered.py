"""What the files of steps have said of themselves, kept across starts, so that events of broken ones can wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from runtime.catalog import Catalog
from runtime.definitions.steps import read_step
from runtime.model import LoadedFile, LogLevel, Remembered
from runtime.privatefiles import write_private
from runtime.values import decode, encode

_VERSION: Literal[1] = 1
"""Of the file; what another one means is not known."""


class _Stored(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class _Entry(_Stored):
    language: str
    config: dict[Any, Any]
    schemas: dict[str, Any]
    has_handler: bool


class _Content(_Stored):
    version: Literal[1]
    steps: dict[str, _Entry]


class StepMemory:
    """The steps with a queue that served last, by file, in a small file of this user's alone."""

    def __init__(self, path: Path, report: Callable[[LogLevel, str], None]) -> None:
        self.remembered: Mapping[str, Remembered] = {}
        self._path = path
        self._report = report
        self._stored: bytes | None = None
        """What the file has; None where that is not known, or not what it should be."""
        self._is_told = False

    def read(self) -> None:
        """Remembers what is stored; of a file that is damaged, or of another version, nothing."""
        self.remembered, self._stored = {}, None
        try:
            stored = self._path.read_bytes()
            self.remembered, self._stored = _read(stored), stored
        except FileNotFoundError:
            self._stored = _content({})
        except (OSError, ValueError):
            self._tell("is damaged or of another version, so events of steps that are broken now may not be kept")

    def keep(self, catalog: Catalog) -> None:
        """Remembers the steps of a catalog that is put into use; they are stored when the call returns."""
        before, self.remembered = self.remembered, catalog.remembered
        if self._stored is not None and _steps_of(before) == _steps_of(self.remembered):
            return
        stored, self._stored = self._stored, None
        try:
            content = _content(self.remembered)
            if content != stored:
                write_private(self._path, content)
            self._stored = content
        except (OSError, ValueError) as error:
            self._tell(f"cannot be written ({error}), so events of steps that are broken at a start may not be kept")

    def _tell(self, message: str) -> None:
        if not self._is_told:
            self._is_told = True
            self._report(LogLevel.WARN, f"{self._path} {message}")


def _steps_of(remembered: Mapping[str, Remembered]) -> dict[str, int]:
    """The identities of the steps, which stay the same from catalog to catalog where nothing has changed."""
    return {file: id(each.step) for file, each in remembered.items()}


def _read(data: bytes) -> dict[str, Remembered]:
    """Raises `ValueError` for data that are not whole, or of another version."""
    found: dict[str, Remembered] = {}
    for file, entry in _Content.model_validate(decode(data)).steps.items():
        loaded = LoadedFile(file, entry.config, entry.has_handler, entry.schemas)
        step, _ = read_step(file, entry.language, entry.config, has_handler=entry.has_handler, schemas=entry.schemas)
        if step is not None:
            found[file] = Remembered(step, loaded)
    return found


def _content(remembered: Mapping[str, Remembered]) -> bytes:
    """Raises `ValueError` for a config that nests too deep."""
    steps = {
        file: {
            "language": each.step.language,
            "config": each.loaded.config,
            "schemas": dict(each.loaded.schemas),
            "has_handler": each.loaded.has_handler,
        }
        for file, each in sorted(remembered.items())
    }
    return encode({"version": _VERSION, "steps": steps})
