"""Which files are the user's."""

from __future__ import annotations

import os

RUNNER_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOREIGN_FOLDERS = frozenset(("node_modules", "site-packages", "dist-packages", "python_modules", "venv"))


class Project:
    """The folder that holds the user's files; what others wrote may lie in it as well."""

    def __init__(self, root: str) -> None:
        self.root = os.path.abspath(root)
        self._prefixes = tuple({os.path.join(path, "") for path in (self.root, os.path.realpath(root))})
        self._known: dict[str, str | None] = {}

    def path(self, file: str) -> str:
        """The absolute path of a file that is given relative to the project root, with "/"."""
        return os.path.join(self.root, *file.split("/"))

    def relative(self, path: str | None) -> str | None:
        """The path relative to the project root, with "/"; None for what is not the user's own."""
        if path is None or not os.path.isabs(path):
            # What was compiled elsewhere calls its files "<frozen ...>" or gives a path of its build.
            return None
        if path not in self._known:
            self._known[path] = self._relative(os.path.normpath(path))
        return self._known[path]

    def _relative(self, path: str) -> str | None:
        if path.startswith(os.path.join(RUNNER_FOLDER, "")):
            return None
        for prefix in self._prefixes:
            if path.startswith(prefix):
                parts = path.removeprefix(prefix).split(os.sep)
                is_foreign = any(part in FOREIGN_FOLDERS or part.startswith(".") for part in parts[:-1])
                return None if is_foreign else "/".join(parts)
        return None
