"""Queries and urlencoded forms -> maps: a repeated name is an array, brackets in a name nest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qsl

_NESTED = re.compile(r"([^\[]+)((?:\[[^\[\]]*\])+)")
_BRACKET = re.compile(r"\[([^\[\]]*)\]")
_NOTHING = object()


class TooManyKeys(ValueError):
    """More keys than the limit; the message is for the client."""


class Leaf(dict[str, Any]):
    """A map that is one value, such as a file of a form: names do not reach into it."""


def read_pairs(encoded: bytes, max_keys: int, max_depth: int) -> dict[str, Any]:
    """Names and values of a query or form; see `place`. Raises `TooManyKeys`."""
    if encoded.count(b"&") >= max_keys:
        raise TooManyKeys(f"there are more than {max_keys} keys")
    values: dict[str, Any] = {}
    for name, value in _pairs(encoded.decode("utf-8", "replace")):
        if name not in values and "[" not in name:
            values[name] = value
        else:
            place(values, name, value, max_depth)
    return values


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    if "%" in text or "+" in text:
        return parse_qsl(text, keep_blank_values=True, errors="replace")
    return [(pair.partition("=")[0], pair.partition("=")[2]) for pair in text.split("&") if pair]


def place(values: dict[str, Any], name: str, value: object, max_depth: int) -> None:
    """Puts a value where its name says: `a` and again `a` make an array, `a[]` always, `a[b]` a map.

    Where names disagree about what `a` is, it becomes an array of all; a map in its last place takes the next key.
    Brackets that are not closed, or that do not end the name, are characters like others; of more than `max_depth`
    brackets, those that are deeper stay one key, as they were written.
    """
    nested = _NESTED.fullmatch(name)
    path = [name] if nested is None else [nested[1], *_keys(nested[2], max_depth)]
    values[path[0]] = _joined(values.get(path[0], _NOTHING), path[1:], value)


def _keys(brackets: str, most: int) -> list[str]:
    keys = _BRACKET.findall(brackets)
    if len(keys) <= most:
        return keys
    return [*keys[:most], "".join(f"[{key}]" for key in keys[most:])]


def _joined(old: Any, path: Sequence[str], value: object) -> Any:
    """What stands in a place after a value has come for it, or for a place below it."""
    if not path or path[0] == "":
        return _added(old, _joined(_NOTHING, path[1:], value) if path else value, as_array=bool(path))
    last = old[-1] if isinstance(old, list) and old else old
    if type(last) is dict:
        last[path[0]] = _joined(last.get(path[0], _NOTHING), path[1:], value)
        return old
    return _added(old, {path[0]: _joined(_NOTHING, path[1:], value)}, as_array=False)


def _added(old: Any, item: object, *, as_array: bool) -> Any:
    if old is _NOTHING:
        return [item] if as_array else item
    if isinstance(old, list):
        old.append(item)
        return old
    return [old, item]
