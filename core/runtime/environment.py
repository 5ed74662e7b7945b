"""The project's environment: what the process has, filled up from `.env` files. Values are never printed."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from dotenv.parser import Binding, parse_stream
from dotenv.variables import Variable, parse_variables

from runtime.errors import ConfigFault
from runtime.files import read_file

DEVELOPMENT, PRODUCTION = "development", "production"
MAX_VALUE_BYTES = 120 * 1024
"""Of one variable; Linux starts no process with more than 128 KiB in one."""
MAX_DEPTH = 64
"""Variables that may stand inside each other."""
_PIPE_SECONDS = 3.0
"""For what writes a file that is a named pipe, as some keepers of secrets make it."""
_OPENING = re.compile(r"\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=#\s]+)[^\S\r\n]*=[^\S\r\n]*(?P<quote>['\"])")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_DOLLAR = "\0"
"""A dollar sign that is only that, while a definition waits to be filled in; no value has this character."""


@dataclass(frozen=True, slots=True)
class ProjectEnvironment:
    """Variables by name, and one sentence for each line of a file that could not be used."""

    variables: Mapping[str, str]
    warnings: tuple[str, ...] = ()


def project_environment(root: Path, process: Mapping[str, str], *, development: bool) -> ProjectEnvironment:
    """Fills the process's variables up from the files of the project root, the first of which wins:
    `.env.local`, `.env.development` or `.env.production`, `.env`.

    `${NAME}` and `${NAME:-default}` inside a value mean the variable's final value, whichever file it is from; in a
    definition of NAME itself, what NAME would be without it. Inside single quotes, and behind `\\$` inside double
    quotes, a dollar sign means itself. NODE_ENV is the mode where nothing else sets it.
    A file that is not there counts as empty. Raises `ConfigFault` for one that cannot be read.
    """
    mode = DEVELOPMENT if development else PRODUCTION
    definitions: dict[str, list[str]] = {}
    warnings: list[str] = []
    for name in (".env.local", f".env.{mode}", ".env"):
        found = {}
        for binding in parse_stream(io.StringIO(_read(root / name))):
            fault = _fault(binding)
            if fault:
                warnings.append(f"{name}:{_line(binding)}: {fault}; the line is left out")
            elif binding.key is not None and binding.value is not None:
                found[binding.key] = _definition(binding)  # the last of one file wins, as in a shell
        for key, value in found.items():
            definitions.setdefault(key, []).append(value)
    values = _Values(definitions, process)
    from_files = {name: values.of(name) or "" for name in definitions}
    variables = {"NODE_ENV": mode, **from_files, **process}
    return ProjectEnvironment(MappingProxyType(variables), tuple(warnings))


def _read(path: Path) -> str:
    try:
        return io.TextIOWrapper(io.BytesIO(read_file(path, _PIPE_SECONDS)), encoding="utf-8-sig").read()
    except (FileNotFoundError, IsADirectoryError):  # some call their virtual environment .env
        return ""
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigFault(f"{path.name}:{line}: this is not UTF-8", f"save {path.name} as UTF-8") from None
    except OSError as error:
        raise ConfigFault(f"{path.name} cannot be read: {error.strerror}", "make it readable, or remove it") from error


def _fault(binding: Binding) -> str:
    """What is wrong with a line; empty for a good one, a comment and an empty one."""
    if binding.error:
        return "this is not NAME=value; a value with a quote in it needs another kind of quotes around it"
    if binding.key is not None and binding.value is None:
        return "'=' is missing"
    if "\0" in f"{binding.key}{binding.value}":
        return "it holds a NUL character, which no environment takes"
    return ""


def _definition(binding: Binding) -> str:
    """The value as it is written, each dollar sign that means itself replaced."""
    text, value = binding.original.string, binding.value or ""
    opening = _OPENING.match(text)
    if opening is None:
        return value
    if opening["quote"] == "'":
        return value.replace("$", _DOLLAR)
    escaped = _ESCAPE.sub(lambda found: _DOLLAR if found[1] == "$" else found[0], text[opening.end() :])
    (again,) = parse_stream(io.StringIO(text[: opening.end()] + escaped))
    return again.value or ""


def _line(binding: Binding) -> int:
    """The number of the line on which the statement begins, after the empty lines that count as part of it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


class _Values:
    """Variables with the `${NAME}` inside them filled in, each worked out once."""

    def __init__(self, definitions: Mapping[str, Sequence[str]], process: Mapping[str, str]) -> None:
        """`definitions` has what the files say of each variable, the winner first."""
        self._definitions = definitions
        self._process = process
        self._known: dict[tuple[str, int], str | None] = {}
        self._depth = 0

    def of(self, name: str, place: int = 0) -> str | None:
        """A variable's value by its definitions from `place` on; None when there is none or it would need itself.

        Raises `ConfigFault` for one that no environment takes.
        """
        if name in self._process:
            return self._process[name]
        definitions = self._definitions.get(name, ())
        if place >= len(definitions):
            return None
        if (name, place) not in self._known:
            self._known[name, place] = None
            self._known[name, place] = self._filled(name, place, definitions[place])
        return self._known[name, place]

    def _filled(self, name: str, place: int, definition: str) -> str:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConfigFault(f".env files: more than {MAX_DEPTH} variables stand inside each other, down to {name}")
        parts = []
        for atom in parse_variables(definition):
            if isinstance(atom, Variable):
                value = self.of(atom.name, place + 1 if atom.name == name else 0)
                parts.append(atom.default or "" if value is None else value)
            else:
                parts.append(atom.resolve({}))
        self._depth -= 1
        filled = "".join(parts).replace(_DOLLAR, "$")
        if len(os.fsencode(filled)) > MAX_VALUE_BYTES:
            raise ConfigFault(f".env files: {name} has more than {MAX_VALUE_BYTES} bytes", "keep data in files")
        return filled
