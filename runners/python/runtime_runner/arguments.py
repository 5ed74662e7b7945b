"""What handlers give to the methods of their context, on its way into a host call."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from itertools import takewhile
from typing import Any, Final, NoReturn

from runtime_runner import values

ABSENT: Final = object()
"""Stands for an argument that was not given."""
MIN_LIKENESS = 3
"""Characters in common from which on a member may be the one that was meant."""


def name(value: Any, what: str) -> str:
    """A group, a key or an id; whole numbers are taken as their digits, so that all languages mean the same key.

    Raises TypeError that names the argument, which for a lone surrogate is `Unsendable`.
    """
    if isinstance(value, str):
        return well_formed(value, what)
    if is_name(value):
        return str(int(value))
    if isinstance(value, float):
        raise TypeError(f"The {what} must be a string or a whole number, not {value!r}.")
    raise TypeError(f"The {what} must be a string, not {kind_of(value)}.")


def well_formed(text: str, what: str) -> str:
    """The text. Raises `Unsendable` for one with a lone surrogate, which is none in UTF-8."""
    if not text.isascii():
        values.utf8(text, f"The {what}")
    return text


def is_name(value: Any) -> bool:
    """True for what can be a group, a key or an id."""
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, str | int) and not isinstance(value, bool)


def encode_operations(given: Any) -> bytes:
    """The operations of an update, encoded. Raises TypeError when they are no list."""
    if not isinstance(given, list | tuple):
        raise TypeError(f"update takes a list of operations, not {kind_of(given)}.")
    return values.encode(given, "operations")


def encode_options(given: Mapping[str, Any] | None, known: tuple[str, ...], where: str) -> bytes:
    """Options, encoded, those that are None left out. Raises TypeError for one that is not known."""
    if given is None:
        return b""
    check_keys(given, known, where)
    named = {name: value for name, value in given.items() if value is not None}
    return values.encode(named, "options") if named else b""


def check_keys(given: Any, known: tuple[str, ...], where: str) -> None:
    """Raises TypeError for what is no dict, or has other keys."""
    check_dict(given, where)
    unknown = [str(name) for name in given if name not in known]
    if unknown:
        raise TypeError(f"{where} does not know {', '.join(unknown)}; it knows {', '.join(known)}.")


def check_dict(given: Any, where: str) -> None:
    """Raises TypeError for options that are no dict."""
    if not isinstance(given, Mapping):
        raise TypeError(f"The options of {where} must be a dict, not {kind_of(given)}.")


def kind_of(value: Any) -> str:
    """What a value is, for errors."""
    return values.UNAWAITED if inspect.isawaitable(value) else type(value).__name__


def refuse_member(owner: Any, where: str, name: str) -> NoReturn:
    """Raises AttributeError that says what there is instead of `name` in a part of the context."""
    known = [member for member in dir(type(owner)) if not member.startswith("_")]
    near = max(known, key=lambda member: (_likeness(member, name), -len(member)))
    is_near = _likeness(near, name) >= MIN_LIKENESS
    fix = f"did you mean {near}?" if is_near else f"it has {', '.join(known)}."
    raise AttributeError(f"{where} has no {name!r}; {fix}")


def _likeness(one: str, other: str) -> int:
    """How many characters two names have in common from the start, however they are spelt."""
    spelt = [name.replace("_", "").lower() for name in (one, other)]
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(*spelt, strict=False))))
