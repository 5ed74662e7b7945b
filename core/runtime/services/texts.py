"""Texts of queries, paths and forms, read as the types that a schema asks for, so that it can be held against them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice, product
from typing import Any

from runtime.jsonschemas.facts import parts, types
from runtime.model import JsonSchema
from runtime.services.violations import Check

_NUMBER = re.compile(r"-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,3})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}
_MAX_TRIES = 64
"""Readings of one value that are held against its schema where texts of it may be read in several ways."""
_MAX_TEXTS = 4_000
"""Texts that are read anew in all those readings together."""
_MAX_FAULTS = 1_000
"""Faults of one reading that are looked at to find a better one."""
_MAX_TOGETHER = 8
"""Texts of one value that are read anew together."""
_MAX_CHECKS = 256
"""Schemas that are kept compiled; past that they are compiled anew."""

_Path = tuple[str | int, ...]
_checks: dict[int, Check] = {}


def read_texts(value: object, schema: JsonSchema, root: JsonSchema) -> Any:
    """The value with its texts read by the schema's types; what cannot be read so stays a text.

    A text that a schema takes in several ways ('all' or a number) is read so that the whole fits, where any such
    reading is found. A single text becomes a list where only a list fits. `root` is the document that references
    point into.
    """
    reader = _Reader(root, {})
    first = reader.read(value, schema, ())
    if not reader.ways:
        return first
    check = _check_of(schema, root)
    return first if check is None else _Search(check, value, schema, root).best(first, reader.ways)


def _check_of(schema: JsonSchema, root: JsonSchema) -> Check | None:
    """What a whole document is held against; None for a part of one, which cannot be held against anything alone."""
    if schema is not root:
        return None
    known = _checks.get(id(root))
    if known is None or known.schema is not root:
        if len(_checks) >= _MAX_CHECKS:
            _checks.clear()
        known = _checks[id(root)] = Check(root)
    return known


class _Search:
    """Looks among the readings of one value for one that fits."""

    def __init__(self, check: Check, value: object, schema: JsonSchema, root: JsonSchema) -> None:
        self._check = check
        self._value = value
        self._schema = schema
        self._root = root

    def best(self, first: Any, ways: Mapping[_Path, int]) -> Any:
        """The first reading that fits; where none is found, the one with the fewest texts that do not."""
        picked: dict[_Path, int] = {}
        reading, tries, most = first, 0, _most_tries(ways)
        while faults := self._faults(reading):
            at_fault = {path for path in ways if any(path[: len(fault)] == fault for fault in faults)}
            # A text at whose own place something is wrong is read anew; the rest may depend on one another.
            own = {path for path in at_fault if path in faults and picked.get(path, 0) + 1 < ways[path]}
            tries += 1
            if not own or tries > most:
                hopeless = self._read({path: way for path, way in picked.items() if path not in faults})
                return next(self._combined(at_fault, ways, picked), hopeless)
            picked |= {path: picked.get(path, 0) + 1 for path in own}
            reading = self._read(picked)
        return reading

    def _combined(
        self, at_fault: Collection[_Path], ways: Mapping[_Path, int], picked: Mapping[_Path, int]
    ) -> Iterator[Any]:
        """The readings that fit, of those that differ in these texts; the first of them are tried."""
        paths = sorted(at_fault, key=repr) if len(at_fault) <= _MAX_TOGETHER else []
        for choice in islice(product(*(range(ways[path]) for path in paths)), _most_tries(ways)):
            reading = self._read({**picked, **dict(zip(paths, choice, strict=True))})
            if self._check.fits(reading):
                yield reading

    def _read(self, picked: Mapping[_Path, int]) -> Any:
        return _Reader(self._root, picked).read(self._value, self._schema, ())

    def _faults(self, reading: object) -> set[_Path]:
        """The first places that do not fit, none when the reading does."""
        return {misfit.path for misfit in self._check.misfits(reading, _MAX_FAULTS)}


class _Reader:
    """One way to read a value: `picked` says by place which of the ways to read a text is taken, else the first."""

    def __init__(self, root: JsonSchema, picked: Mapping[_Path, int]) -> None:
        self.ways: dict[_Path, int] = {}
        """How many ways there are, by the place of each text that has several."""
        self._root = root
        self._picked = picked

    def read(self, value: object, schema: JsonSchema, path: _Path) -> Any:
        """A part of the value that stands at the path."""
        if isinstance(value, str):
            return self._read_text(value, schema, path)
        if isinstance(value, list):
            return self._read_list(value, schema, path)
        if isinstance(value, Mapping):
            found = parts(self._root, schema)
            return {key: self.read(item, _of_key(key, found), (*path, key)) for key, item in value.items()}
        return value

    def _read_text(self, text: str, schema: JsonSchema, path: _Path) -> Any:
        wanted = types(self._root, schema)
        ways = _readings(text, wanted)
        if len(ways) == 1:
            return self._read_list([text], schema, path) if ways[0] is _AS_LIST else ways[0]
        self.ways[path] = len(ways)
        way = ways[self._picked.get(path, 0)]
        return self._read_list([text], schema, path) if way is _AS_LIST else way

    def _read_list(self, items: list[object], schema: JsonSchema, path: _Path) -> list[Any]:
        inner = _any_of(part["items"] for part in parts(self._root, schema) if "items" in part)
        return [self.read(item, inner, (*path, index)) for index, item in enumerate(items)]


def _most_tries(ways: Collection[_Path]) -> int:
    return min(_MAX_TRIES, _MAX_TEXTS // len(ways) + 1)


_AS_LIST = object()
"""A reading: the text is the only item of a list."""


def _readings(text: str, wanted: Collection[str]) -> list[Any]:
    """The ways to read a text, the likeliest first; the text itself where it can be read as no type that is named."""
    takes_text = not wanted or "string" in wanted
    found: list[Any] = [text] if takes_text else [_AS_LIST] if "array" in wanted else []
    if ("integer" in wanted or "number" in wanted) and _NUMBER.fullmatch(text):
        found.append(float(text) if any(sign in text for sign in ".eE") else int(text))
    if "boolean" in wanted and text in _BOOLEANS:
        found.append(_BOOLEANS[text])
    if "null" in wanted and text in ("", "null"):
        found.append(None)
    if takes_text and "array" in wanted:
        found.append(_AS_LIST)
    return found or [text]


def _of_key(key: object, found: Collection[Mapping[str, Any]]) -> JsonSchema:
    """What schemas of a map say of the value under the key."""
    named = [part["properties"][key] for part in found if key in part.get("properties", {})]
    return _any_of(named or (part["additionalProperties"] for part in found if "additionalProperties" in part))


def _any_of(schemas: Iterable[JsonSchema]) -> JsonSchema:
    several = list(schemas)
    return True if not several else several[0] if len(several) == 1 else {"anyOf": several}
