"""Values as bytes, by the rules of proto/PROTOCOL.md §8."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import msgpack

MAX_DEPTH = 512
"""Levels that a value may have, itself included."""

SCALARS = (type(None), str, int, float, bytes, bytearray, memoryview)

_COLLECTIONS = (dict, list, tuple)  # asked for in each part of a value, and a union would take twice as long

UNAWAITED = "a call that was not awaited; await it first"
"""What an awaitable is that stands where a value should, for errors."""

LARGE_BYTES = 128 << 10
LARGE_PARTS = 2000
"""What is longer or has more parts than this would hold up the event loop; it is coded in a thread."""


class Unsendable(TypeError):
    """A value that cannot cross to another language; the message names the place inside it."""


class Record(dict[str, Any]):
    """A mapping whose keys can be read and written as attributes as well.

    The methods of dict come first: a key named "items" is read as `record["items"]`.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            known = ", ".join(map(str, self)) or "none"
            raise AttributeError(f"There is no {name!r} here; the keys are: {known}.") from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[name]
        except KeyError:
            raise AttributeError(f"There is no {name!r} to delete.") from None

    def copy(self) -> Record:
        """A shallow copy that keeps the attribute access."""
        return Record(self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> Record:
        from copy import deepcopy

        twin = memo[id(self)] = Record()
        twin.update((key, deepcopy(value, memo)) for key, value in self.items())
        return twin

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        # Another process need not know this class.
        return dict, (dict(self),)


def decode(data: bytes) -> Any:
    """The value of the bytes, maps as `Record`; None for no bytes. Raises ValueError for what is no value."""
    if not data:
        return None
    hook = Record if len(data) < LARGE_BYTES else record_in_turn
    return msgpack.unpackb(data, strict_map_key=False, object_hook=hook)


def record_in_turn(pairs: dict[str, Any]) -> Record:
    """A `Record`, made by Python code: there the decoder lets other threads have a turn."""
    return Record(pairs)


def is_large(value: Any, *, text_counts: bool = False) -> bool:
    """True when encoding the value would hold up the event loop.

    Long text does so only where every character is looked at, as for JSON: then `text_counts`.
    """
    parts, size = -1, 0  # the value itself is no part of it
    stack: list[Collection[Any]] = [(value,)]
    while stack:
        items = stack.pop()
        parts += len(items)
        if parts > LARGE_PARTS:
            return True
        for item in items.values() if isinstance(items, dict) else items:
            if isinstance(item, str):
                size += len(item)
            elif isinstance(item, _COLLECTIONS):
                stack.append(item)
        if text_counts and size > LARGE_BYTES:
            return True
    return False


def encode(value: Any, where: str, stand_in: Callable[[Any], Any] | None = None) -> bytes:
    """The bytes of a value. Raises `Unsendable`, naming the place from `where` on, for what cannot cross.

    `stand_in` gives what stands for an object that is not data; without one, `plain` does.
    """
    data = pack(value, where, stand_in)
    if not _crosses(value):
        raise Unsendable(find_fault(value, where, fault_of_scalar) or f"{where} has parts that cannot be sent.")
    return data


def pack(value: Any, where: str, stand_in: Callable[[Any], Any] | None = None) -> bytes:
    """As `encode`, for maps whose keys are known to be strings."""
    try:
        packed: bytes = msgpack.packb(value, default=stand_in or plain)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        fault = find_fault(value, where, fault_of_scalar)
        raise Unsendable(fault or f"{where} cannot be sent: {error}") from (None if fault else error)
    return packed


def plain(value: Any) -> Any:
    """What stands for a value that is not data already. Raises TypeError when nothing does."""
    if isinstance(value, datetime):
        return _iso(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    dump = getattr(value, "model_dump", None)
    if callable(dump) and not isinstance(value, type):
        return dump()
    raise TypeError(f"a {type(value).__name__} is not data")


def utf8(text: str, where: str) -> bytes:
    """The text as UTF-8. Raises `Unsendable` for a lone surrogate."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Unsendable(f"{where} {fault_of_scalar(text)}.") from None


def fault_of_scalar(value: Any) -> str:
    """What keeps a value without parts from crossing; empty when nothing does."""
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return f"is an integer of {value.bit_length()} bits; integers go from -2**63 to 2**64-1"
    if isinstance(value, str) and not _is_text(value):
        return "holds a lone surrogate, which is no text"
    return ""


def fault_in_json(value: Any) -> str:
    """The same for JSON, which has no bytes and no NaN but integers of any size."""
    if isinstance(value, bytes | bytearray | memoryview):
        return "is bytes, which JSON cannot hold; send them as the whole body or as base64 text"
    if isinstance(value, float) and not math.isfinite(value):
        return f"is {value}, which JSON cannot hold"
    if isinstance(value, str) and not _is_text(value):
        return "holds a lone surrogate, which is no text"
    return ""


def find_fault(value: Any, place: str, fault_of: Callable[[Any], str]) -> str | None:
    """A sentence that names the first place inside `value` that cannot cross; None when all can."""
    trail = [iter([(place, value)])]
    above: list[int] = []
    while trail:
        place, item = next(trail[-1], ("", trail))
        if item is trail:
            trail.pop()
            del above[-1:]
            continue
        if len(above) >= MAX_DEPTH and not isinstance(item, SCALARS):
            return f"{place} nests deeper than {MAX_DEPTH} levels."
        if id(item) in above:
            return f"{place} contains itself."
        fault = _fault_at(place, item, fault_of)
        if fault:
            return fault
        if not isinstance(item, SCALARS):
            trail.append(_parts_of(place, item))
            above.append(id(item))
    return None


def _fault_at(place: str, item: Any, fault_of: Callable[[Any], str]) -> str:
    if isinstance(item, SCALARS):
        fault = fault_of(item)
        return f"{place} {fault}." if fault else ""
    if isinstance(item, dict):
        return next(filter(None, (_fault_of_key(place, key, fault_of) for key in item)), "")
    if isinstance(item, list | tuple):
        return ""
    try:
        plain(item)
    except TypeError:
        if inspect.isawaitable(item):
            return f"{place} is {UNAWAITED}."
        return f"{place} is {described(item)}, which cannot be sent; send text, numbers, bytes, dates, lists or maps."
    return ""


def described(value: Any) -> str:
    """What a value is, for errors."""
    if inspect.isawaitable(value):
        return UNAWAITED
    kind = type(value).__name__
    return f"{'an' if kind[:1] in 'aeiouAEIOU' else 'a'} {kind}"


def _fault_of_key(place: str, key: Any, fault_of: Callable[[Any], str]) -> str:
    if isinstance(key, bool) or not isinstance(key, str | int):
        return f"{place} has the key {key!r} of type {type(key).__name__}; keys are strings or integers."
    fault = fault_of(key)
    return f"A key of {place} {fault}." if fault else ""


def _parts_of(place: str, item: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(item, dict):
        for key, part in item.items():
            is_name = isinstance(key, str) and key.isidentifier()
            yield f"{place}.{key}" if is_name else f"{place}[{key!r}]", part
    elif isinstance(item, list | tuple):
        for index, part in enumerate(item):
            yield f"{place}[{index}]", part
    else:
        yield place, plain(item)


def _crosses(value: Any) -> bool:
    # The packer takes any key and more levels than other languages read. Only called for what was
    # packed, so everything ends here.
    level = [value]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                for key in item:
                    if type(key) is not str and (isinstance(key, bool) or not isinstance(key, str | int)):
                        return False
                inner.extend(item.values())
            elif isinstance(item, _COLLECTIONS):
                inner.extend(item)
        if not inner:
            return True
        level = inner
    return not any(isinstance(item, _COLLECTIONS) for item in level)


def _iso(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
