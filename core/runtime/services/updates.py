"""The operations of an atomic `update`, applied to a value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any

from runtime.errors import HostCallRefused
from runtime.values import MAX_DEPTH, decode, encode, nests_deeper

_PARTS = ("op", "path", "value")
_MAX_SHOWN = 40
"""Characters of an unknown operation that the error repeats."""
_MISSING = object()
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,19}")
"""All integers that a value may have as a key, and some more."""
NOTHING = object()
"""Stands for no value, before the operations and after one that has removed the whole."""


def apply_updates(value: Any, operations: object, where: str = "") -> Any:
    """The value after all operations, in order; the given one may be changed, and both may be `NOTHING`.

    An operation is `{op, path?, value?}`; `path` is a dotted string or a list of keys, absent for the whole
    value. Raises `HostCallRefused` that names the operation which does not fit, its path, and `where` the value is.
    """
    try:
        return _applied(value, operations)
    except HostCallRefused as error:
        if not where:
            raise
        raise HostCallRefused(f"{error} ({where})") from error


def _applied(value: Any, operations: object) -> Any:
    if not isinstance(operations, list):
        raise HostCallRefused("update takes a list of operations, such as [{'op': 'increment', 'path': 'count'}]")
    root = {} if value is NOTHING else {"": value}
    for index, operation in enumerate(operations):
        name = operation.get("op") if isinstance(operation, Mapping) else None
        if not isinstance(name, str) or name not in _OPERATIONS:
            raise HostCallRefused(f"operation {index} of update {_no_operation(name)}")
        for part in operation:
            if part not in _PARTS:
                raise HostCallRefused(f"operation {index} of update has '{part}'; known are {', '.join(_PARTS)}")
        path = _path(operation.get("path"), index)
        given = operation.get("value", _MISSING)
        _check_depth(len(path) + (name == "append"), given, index)
        place = _place(root, path, index, make=name != "remove")
        if place is not None:
            # A copy, since later operations may change what this one puts there, and all are applied again.
            copied = decode(encode(given)) if isinstance(given, dict | list) else given
            try:
                _OPERATIONS[name](*place, copied, index)
            except HostCallRefused as error:
                raise HostCallRefused(f"{error}, at '{'.'.join(path)}'" if path else str(error)) from error
    return root.get("", NOTHING)


def encode_updated(value: object) -> bytes:
    """The value as MessagePack. Raises `HostCallRefused` for a sum that no value can hold."""
    try:
        return encode(value)
    except OverflowError as error:
        raise HostCallRefused("the update makes an integer that 64 bits cannot hold") from error


def _no_operation(name: object) -> str:
    if not isinstance(name, str):
        return f"has no 'op' that is a text; known are {', '.join(_OPERATIONS)}"
    near = difflib.get_close_matches(name[:_MAX_SHOWN], _OPERATIONS, n=1)
    fix = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(_OPERATIONS)}"
    return f"has the 'op' {name[:_MAX_SHOWN]!r}, which is not known; {fix}"


def _check_depth(above: int, value: object, index: int) -> None:
    """Raises `HostCallRefused` for a value that, below so many maps and lists, would make the whole nest too deep."""
    if above > MAX_DEPTH or nests_deeper(value, MAX_DEPTH - above):
        raise HostCallRefused(f"operation {index} of update makes a value that nests more than {MAX_DEPTH} deep")


def _path(path: object, index: int) -> list[str]:
    if path is None or path == "":
        return []
    if isinstance(path, str):
        return path.split(".")
    return [_part(part, index) for part in (path if isinstance(path, list) else [path])]


def _part(part: object, index: int) -> str:
    """A key of a path; a whole number is the key that is written so."""
    if isinstance(part, str):
        return part
    if isinstance(part, int) and not isinstance(part, bool):
        return str(part)
    raise HostCallRefused(
        f"operation {index} of update has a path with a {type(part).__name__} in it; it takes a text such as 'a.b', or "
        "a list of texts and whole numbers"
    )


def _key(holder: dict[Any, Any], part: str) -> str | int:
    """The key that a part of a path means: the text, or the integer that Python has written it as."""
    if part not in holder and _INTEGER.fullmatch(part) and int(part) in holder:
        return int(part)
    return part


def _place(root: dict[Any, Any], path: list[str], index: int, make: bool) -> tuple[dict[Any, Any], str | int] | None:
    """The map that holds the last key of the path; where nothing is on the way, maps are made, or it is None."""
    holder: dict[Any, Any] = root
    key: str | int = ""
    for part in path:
        if holder.get(key) is None:
            if not make:
                return None
            holder[key] = {}
        inner = holder[key]
        if not isinstance(inner, dict):
            raise HostCallRefused(f"operation {index} of update: '{'.'.join(path)}' leads through what is no map")
        holder, key = inner, _key(inner, part)
    return holder, key


def _set(holder: dict[Any, Any], key: str | int, value: Any, index: int) -> None:
    holder[key] = None if value is _MISSING else value


def _increment(holder: dict[Any, Any], key: str | int, value: Any, index: int) -> None:
    holder[key] = _number(holder.get(key, 0), index) + _number(1 if value is _MISSING else value, index)


def _decrement(holder: dict[Any, Any], key: str | int, value: Any, index: int) -> None:
    holder[key] = _number(holder.get(key, 0), index) - _number(1 if value is _MISSING else value, index)


def _append(holder: dict[Any, Any], key: str | int, value: Any, index: int) -> None:
    current = holder.get(key)
    if current is not None and not isinstance(current, list):
        raise HostCallRefused(f"operation {index} of update appends to a value that is no list")
    holder[key] = [*(current or []), None if value is _MISSING else value]


def _merge(holder: dict[Any, Any], key: str | int, value: Any, index: int) -> None:
    current = holder.get(key)
    if not isinstance(value, dict) or not (current is None or isinstance(current, dict)):
        raise HostCallRefused(f"operation {index} of update merges, which takes a map into a map")
    holder[key] = {**(current or {}), **value}


def _remove(holder: dict[Any, Any], key: str | int, value: Any, index: int) -> None:
    holder.pop(key, None)


def _number(value: Any, index: int) -> int | float:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise HostCallRefused(f"operation {index} of update counts with {value!r}, which is no number")
    return value


_OPERATIONS: Mapping[str, Callable[[dict[Any, Any], str | int, Any, int], None]] = {
    "set": _set,
    "increment": _increment,
    "decrement": _decrement,
    "append": _append,
    "merge": _merge,
    "remove": _remove,
}
