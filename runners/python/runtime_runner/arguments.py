"""What handlers give to the methods of their context, on its way into a host call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from runtime_runner import values

ABSENT: Final = object()
"""Stands for an argument that was not given."""


def name(value: Any, what: str) -> str:
    """A group, a key or an id; numbers are taken as their text. Raises TypeError that names the argument."""
    if isinstance(value, str):
        return value
    if is_name(value):
        # As JavaScript writes it, so that both languages mean the same key.
        return repr(value).removesuffix(".0")
    raise TypeError(f"The {what} must be a string, not {type(value).__name__}.")


def is_name(value: Any) -> bool:
    """True for what can be a group, a key or an id."""
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def encode_operations(given: Any) -> bytes:
    """The operations of an update, encoded. Raises TypeError when they are no list."""
    if not isinstance(given, list | tuple):
        raise TypeError(f"update takes a list of operations, not a {type(given).__name__}.")
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
    if not isinstance(given, Mapping):
        raise TypeError(f"The options of {where} must be a dict, not a {type(given).__name__}.")
    unknown = [str(name) for name in given if name not in known]
    if unknown:
        raise TypeError(f"{where} does not know {', '.join(unknown)}; it knows {', '.join(known)}.")
