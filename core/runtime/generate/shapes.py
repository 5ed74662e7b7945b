"""Shapes: what a type can say of a value, the same for every language that types are written in.

A shape says less than a JSON Schema: formats, bounds and patterns are no types.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Plain(Enum):
    """Shapes without parts; the value is the word of JSON Schema."""

    UNKNOWN = "unknown"
    NEVER = "never"
    STRING = "string"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Constant:
    """One text, number or boolean, as JSON: in Python `True == 1`, and they are two."""

    json: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of any length."""

    item: Shape


@dataclass(frozen=True, slots=True)
class TupleOf:
    """A list whose items differ by place; the first `required` are always there, `rest` may follow."""

    items: tuple[Shape, ...]
    required: int
    rest: Shape | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a record."""

    name: str
    shape: Shape
    required: bool
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A map with known keys; `others` is the shape of every other one, None where there are none."""

    fields: tuple[Field, ...] = ()
    others: Shape | None = None


@dataclass(frozen=True, slots=True)
class Union:
    """Any of at least two shapes."""

    members: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """At least two shapes at once."""

    members: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """The definition of this name."""

    name: str


Shape = Plain | Constant | ListOf | TupleOf | Record | Union | Both | Named


def union(members: Iterable[Shape]) -> Shape:
    """The shape of what has any of the shapes; one that takes everything swallows the others."""
    flat = [part for member in members for part in (member.members if isinstance(member, Union) else (member,))]
    kept = tuple(dict.fromkeys(part for part in flat if part is not Plain.NEVER))
    if Plain.UNKNOWN in kept:
        return Plain.UNKNOWN
    return Union(kept) if len(kept) > 1 else kept[0] if kept else Plain.NEVER


def both(members: Iterable[Shape]) -> Shape:
    """The shape of what has all of the shapes."""
    flat = [part for member in members for part in (member.members if isinstance(member, Both) else (member,))]
    kept = tuple(dict.fromkeys(part for part in flat if part is not Plain.UNKNOWN))
    if Plain.NEVER in kept:
        return Plain.NEVER
    return Both(kept) if len(kept) > 1 else kept[0] if kept else Plain.UNKNOWN


def one_line(text: str) -> str:
    """Text for a comment: on one line, with nothing in it that a source file cannot hold."""
    return "".join(each if each.isprintable() else "?" for each in " ".join(text.split()))
