"""How Python's imports are taught the project: step files by path, neighbours by name, one module for each file."""

from __future__ import annotations

import builtins
import importlib
import os
import sys
import zlib
from collections import deque
from collections.abc import Mapping, Sequence
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
    SourcelessFileLoader,
)
from importlib.util import find_spec, module_from_spec, resolve_name, spec_from_file_location
from types import ModuleType
from typing import Any

from runtime_runner.project import RUNNER_FOLDER, Project

SCANNED_FOLDERS = ("steps", "src")


class SourceLoader(SourceFileLoader):
    """Loads a file of the project, from bytecode only where that was made of the file as it is now.

    Python compares whole seconds and sizes: of a file that was saved twice in a second it would run the first.
    """

    def path_stats(self, path: str) -> Mapping[str, int]:
        """What bytecode is compared with; of `mtime`, here in nanoseconds, Python keeps the lowest 32 bits."""
        stats = os.stat(path)
        return {"mtime": stats.st_mtime_ns, "size": stats.st_size}


LOADERS = (
    (ExtensionFileLoader, EXTENSION_SUFFIXES),
    (SourceLoader, SOURCE_SUFFIXES),
    (SourcelessFileLoader, BYTECODE_SUFFIXES),
)
"""Python's own but for the sources."""


class Modules:
    """Imports the project's files, each under the dotted name of its place."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._import = builtins.__import__
        self._folders: dict[str, str | None] = {}
        self._imports: dict[str, set[str]] = {}
        self._noting = False

    def install(self) -> None:
        """Puts the project root first on `sys.path`, the runner's folder nowhere, and takes over `import`."""
        sys.path[:] = [self._project.root, *(path for path in sys.path if os.path.abspath(path) != RUNNER_FOLDER)]
        builtins.__import__ = self._import_for
        sys.path_hooks.insert(0, self._finder_of)
        sys.path_importer_cache.clear()
        for folder in SCANNED_FOLDERS:
            # An installed package of the same name must not come before the project's folder.
            if os.path.isdir(self._project.path(folder)):
                self._open_package("", self._project.root, folder)

    def load(self, file: str) -> ModuleType:
        """The module of a file of the project, imported at most once. What its code raises comes through."""
        *folders, name = file.split("/")
        package, path = "", self._project.root
        imports = self._imports.setdefault(self._project.path(file), set())
        self._noting = True
        try:
            for folder in folders:
                package = self._open_package(package, path, folder)
                path = os.path.join(path, folder)
                imports.update(filter(None, (sys.modules[package].__file__,)))
            return self._load_from(package, os.path.join(path, name), name.removesuffix(".py"))
        finally:
            self._noting = False

    def look_again(self) -> None:
        """Finds files that have come since the last time."""
        importlib.invalidate_caches()

    def forget(self, file: str) -> None:
        """Makes a file be loaded anew the next time."""
        path = self._project.path(file)
        for name in [name for name, module in sys.modules.items() if getattr(module, "__file__", None) == path]:
            del sys.modules[name]

    def imports_of(self, file: str) -> list[str]:
        """The project's files that a file has imported while loading, directly or not, in path order."""
        start = self._project.path(file)
        found = {start}
        waiting = deque(found)
        while waiting:
            fresh = self._imports.get(waiting.popleft(), set()) - found
            found |= fresh
            waiting.extend(fresh)
        return sorted(filter(None, map(self._project.relative, found - {start})))

    def _load_from(self, package: str, path: str, stem: str) -> ModuleType:
        name = _join(package, stem)
        if "." not in stem:
            spec = find_spec(name)
            if spec is not None and spec.origin == path:
                return _execute(name, spec)
        name = _join(package, _safe_name(stem))
        return _execute(name, _spec_of(name, path))

    def _finder_of(self, folder: str) -> FileFinder:
        if self._project.relative(os.path.join(folder, "__init__.py")) is None:
            raise ImportError(f"{folder} is not the user's own.")
        return FileFinder(folder, *LOADERS)

    def _open_package(self, package: str, parent: str, folder: str) -> str:
        path = os.path.join(parent, folder)
        init = os.path.join(path, "__init__.py")
        regular = os.path.isfile(init)
        if "." in folder or (not regular and os.path.isfile(f"{path}.py")):
            folder = _safe_name(folder)
        name = _join(package, folder)
        if name not in sys.modules:
            if regular:
                spec: ModuleSpec | None = _spec_of(name, init, [path])
            else:
                spec = ModuleSpec(name, None, is_package=True)
                spec.submodule_search_locations = [path]
            _execute(name, spec)
        return name

    def _import_for(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        package = globals.get("__package__") if globals else None
        place = self._neighbour(name, package, globals) if package and globals and level == 0 else None
        if place is None:
            module = self._import(name, globals, locals, fromlist or (), level)
        else:
            module = self._import(place, globals, locals, fromlist or (), 0)
            if not fromlist:
                # `import a.b` binds a, and a is not the top of the name that it has here.
                module = sys.modules[_join(package or "", name.partition(".")[0])]
        if self._noting and globals:
            self._note(place or resolve_name("." * level + name, package or ""), globals, fromlist or ())
        return module

    def _neighbour(self, name: str, package: str, globals: Mapping[str, Any]) -> str | None:
        """The full name of what `import name` means beside a file of the project; None for what lies elsewhere."""
        folder = self._folder_of(package)
        head = name.partition(".")[0]
        if folder is None or head in sys.stdlib_module_names:
            return None
        path = os.path.join(folder, head)
        if os.path.isfile(f"{path}.py"):
            is_neighbour = f"{path}.py" != globals.get("__file__")
        elif os.path.isfile(os.path.join(path, "__init__.py")):
            is_neighbour = True
        else:
            is_neighbour = os.path.isdir(path) and head not in sys.modules and find_spec(head) is None
        return _join(package, name) if is_neighbour else None

    def _folder_of(self, package: str) -> str | None:
        if package not in self._folders:
            path = next(iter(getattr(sys.modules.get(package), "__path__", ())), None)
            self._folders[package] = path if self._project.relative(path) else None
        return self._folders[package]

    def _note(self, name: str, globals: Mapping[str, Any], fromlist: Sequence[str]) -> None:
        importer = globals.get("__file__")
        if self._project.relative(importer) is None:
            return
        parts = name.split(".")
        names = [".".join(parts[: end + 1]) for end in range(len(parts))]
        names += [f"{name}.{item}" for item in fromlist]
        files = (getattr(sys.modules.get(name), "__file__", None) for name in names)
        self._imports.setdefault(str(importer), set()).update(
            file for file in files if file and self._project.relative(file)
        )


def _spec_of(name: str, path: str, folders: list[str] | None = None) -> ModuleSpec | None:
    return spec_from_file_location(name, path, loader=SourceLoader(name, path), submodule_search_locations=folders)


def _execute(name: str, spec: ModuleSpec | None) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    if spec is None:
        raise ImportError(f"{name} is no Python file.")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        if spec.loader is not None:
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    parent, _, leaf = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], leaf, module)
    return module


def _safe_name(name: str) -> str:
    # A dot would read as a package; the checksum keeps "a.b" and "a_b" apart.
    return f"{name.replace('.', '_')}_{zlib.crc32(name.encode()):08x}"


def _join(package: str, name: str) -> str:
    return f"{package}.{name}" if package else name
