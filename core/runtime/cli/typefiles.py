"""The files that a project's types are kept in: what belongs into them, and writing them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import anyio
import anyio.to_thread

from runtime.catalog import Catalog
from runtime.config import Settings
from runtime.errors import RunnerFault, RuntimeFault
from runtime.generate import python, typescript
from runtime.runners.discovery import find_files
from runtime.runners.manifest import find_runners

TYPESCRIPT_FILE = "types.d.ts"
PYTHON_FILE = "runtime_types.py"
_MODULE = Path("dist") / "motia.d.ts"


def type_files(catalog: Catalog, root: Path, settings: Settings) -> dict[str, str]:
    """Texts by file name, of the languages that the project has steps or streams in.

    Raises `RunnerFault` when the Node runner lacks the types of the module 'motia'.
    """
    languages = {step.language for step in catalog.steps} | {each.language for each in catalog.streams.values()}
    texts: dict[str, str] = {}
    if typescript.LANGUAGE in languages:
        texts[TYPESCRIPT_FILE] = typescript.typescript_types(catalog, _module(root, settings))
    if python.LANGUAGE in languages:
        texts[PYTHON_FILE] = python.python_types(catalog)
    return texts


def write_types(root: Path, catalog: Catalog, settings: Settings) -> list[Path]:
    """Writes the files that are not current and gives their paths. Raises `RuntimeFault` when one cannot be written."""
    return write_texts(root, stale_files(root, type_files(catalog, root, settings)))


def stale_files(root: Path, texts: Mapping[str, str]) -> dict[str, str]:
    """Those of the texts that their files do not hold. Raises `RuntimeFault` for a file that cannot be read."""
    return {name: text for name, text in texts.items() if not _is_current(root / name, text)}


def write_missing(root: Path) -> None:
    """Gives a project with Python steps a `runtime_types.py` before they are loaded, since they may import from it."""
    if (root / PYTHON_FILE).exists():
        return
    files = find_files(root, find_runners(root, Settings()))
    if files[python.LANGUAGE].steps:
        write_texts(root, {PYTHON_FILE: python.python_types(Catalog())})


def write_texts(root: Path, texts: Mapping[str, str]) -> list[Path]:
    """Writes each file as a whole or not at all. Raises `RuntimeFault` when one cannot be written."""
    for name, text in texts.items():
        try:
            _replace(root / name, text)
        except OSError as error:
            raise RuntimeFault(
                f"{name} cannot be written: {error.strerror}", "make the project folder writable"
            ) from error
    return [root / name for name in texts]


class TypeFiles:
    """Keeps the files of a running project current, in a thread; of several catalogs that come at once the last."""

    def __init__(self, root: Path, settings: Settings, say: Callable[[str], None]) -> None:
        """`say` hears why the files could not be written."""
        self._root = root
        self._settings = settings
        self._say = say
        self._catalog = Catalog()
        self._is_due = anyio.Event()

    def use(self, catalog: Catalog) -> None:
        """Has the types of this catalog written soon."""
        self._catalog = catalog
        self._is_due.set()

    async def run(self) -> None:
        """Writes until it is cancelled; what goes wrong is told."""
        while True:
            await self._is_due.wait()
            self._is_due = anyio.Event()
            try:
                await anyio.to_thread.run_sync(write_types, self._root, self._catalog, self._settings)
            except Exception as error:  # whatever it is, the project serves without them
                fix = f"; {error.fix}" if isinstance(error, RuntimeFault) else ""
                self._say(f"the types could not be written: {error}{fix}")


def _module(root: Path, settings: Settings) -> str:
    folder = next(
        runner.folder for runner in find_runners(root, settings) if runner.manifest.language == typescript.LANGUAGE
    )
    try:
        return (folder / _MODULE).read_text(encoding="utf-8")
    except OSError as error:
        raise RunnerFault(
            f"{folder / _MODULE} cannot be read: {error.strerror}", "build the Node runner anew"
        ) from error


def _is_current(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise RuntimeFault(f"{path.name} cannot be read: {error.strerror}", "make it a readable file") from error


def _replace(path: Path, text: str) -> None:
    """Writes beside the file and puts the new one in its place, so that an editor never reads half of it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
