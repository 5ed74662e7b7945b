"""The operations of an atomic `update`, applied to a value."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from runtime.errors import HostCallRefused
from runtime.values import encode

_PARTS = ("op", "path", "value")
_MISSING = object()
NOTHING = object()
"""Stands for no value, before the operations and after one that has removed the whole."""


def apply_updates(value: Any, operations: object) -> Any:
    """The value after all operations, in order; the given one may be changed, and both may be `NOTHING`.

    An operation is `{op, path?, value?}`; `path` is a dotted string or a list of keys, absent for the whole
    value. Raises `HostCallRefused` that names the operation which does not fit.
    """
    if not isinstance(operations, list):
        raise HostCallRefused("update takes a list of operations, such as [{'op': 'increment', 'path': 'count'}]")
    root = {} if value is NOTHING else {"": value}
    for index, operation in enumerate(operations):
        name = operation.get("op") if isinstance(operation, Mapping) else None
        if not isinstance(name, str) or name not in _OPERATIONS:
            known = ", ".join(_OPERATIONS)
            raise HostCallRefused(f"operation {index} of update has no known 'op'; known are {known}")
        for part in operation:
            if part not in _PARTS:
                raise HostCallRefused(f"operation {index} of update has '{part}'; known are {', '.join(_PARTS)}")
        place = _place(root, _path(operation.get("path")), index, make=name != "remove")
        if place is not None:
            value = copy.deepcopy(operation["value"]) if "value" in operation else _MISSING
            _OPERATIONS[name](*place, value, index)
    return root.get("", NOTHING)


def encode_updated(value: object) -> bytes:
    """The value as MessagePack. Raises `HostCallRefused` for a sum that no value can hold."""
    try:
        return encode(value)
    except OverflowError as error:
        raise HostCallRefused("the update makes an integer that 64 bits cannot hold") from error


def _path(path: object) -> list[str]:
    if path is None or path == "":
        return []
    return [str(part) for part in path] if isinstance(path, list) else str(path).split(".")


def _place(root: dict[str, Any], path: list[str], index: int, make: bool) -> tuple[dict[str, Any], str] | None:
    """The map that holds the last key of the path; where nothing is on the way, maps are made, or it is None."""
    holder, key = root, ""
    for part in path:
        if holder.get(key) is None:
            if not make:
                return None
            holder[key] = {}
        inner = holder[key]
        if not isinstance(inner, dict):
            raise HostCallRefused(f"operation {index} of update: '{'.'.join(path)}' leads through what is no map")
        holder, key = inner, part
    return holder, key


def _set(holder: dict[str, Any], key: str, value: Any, index: int) -> None:
    holder[key] = None if value is _MISSING else value


def _increment(holder: dict[str, Any], key: str, value: Any, index: int) -> None:
    holder[key] = _number(holder.get(key, 0), index) + _number(1 if value is _MISSING else value, index)


def _decrement(holder: dict[str, Any], key: str, value: Any, index: int) -> None:
    holder[key] = _number(holder.get(key, 0), index) - _number(1 if value is _MISSING else value, index)


def _append(holder: dict[str, Any], key: str, value: Any, index: int) -> None:
    current = holder.get(key)
    if current is not None and not isinstance(current, list):
        raise HostCallRefused(f"operation {index} of update appends to a value that is no list")
    holder[key] = [*(current or []), None if value is _MISSING else value]


def _merge(holder: dict[str, Any], key: str, value: Any, index: int) -> None:
    current = holder.get(key)
    if not isinstance(value, dict) or not (current is None or isinstance(current, dict)):
        raise HostCallRefused(f"operation {index} of update merges, which takes a map into a map")
    holder[key] = {**(current or {}), **value}


def _remove(holder: dict[str, Any], key: str, value: Any, index: int) -> None:
    holder.pop(key, None)


def _number(value: Any, index: int) -> int | float:
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise HostCallRefused(f"operation {index} of update counts with {value!r}, which is no number")
    return value


_OPERATIONS: Mapping[str, Callable[[dict[str, Any], str, Any, int], None]] = {
    "set": _set,
    "increment": _increment,
    "decrement": _decrement,
    "append": _append,
    "merge": _merge,
    "remove": _remove,
}
