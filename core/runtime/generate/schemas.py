"""JSON Schemas -> shapes."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from runtime.generate.shapes import (
    Both,
    Constant,
    Field,
    ListOf,
    Named,
    Plain,
    Record,
    Shape,
    TupleOf,
    Union,
    both,
    one_line,
    union,
)
from runtime.jsonschemas.places import referred
from runtime.model import JsonSchema

MAX_DEPTH = 40
"""Schemas inside schemas; what lies deeper is `Plain.UNKNOWN`."""
MAX_EXACT_INTEGER = 2**53 - 1
"""A larger constant is only known to be a number: JavaScript would round it."""


class Shapes:
    """Reads the schemas of one project; what they define by name is gathered in `definitions`."""

    def __init__(self) -> None:
        self.definitions: dict[str, Shape] = {}
        self._names: dict[str, str] = {}
        self._unread: list[tuple[str, _Document, object]] = []

    def read(self, schema: JsonSchema, name: str) -> Shape:
        """The shape of a schema; `name` is for one that refers to itself as a whole."""
        shape = _Document(self, schema, name).shape(schema, 0)
        read: list[str] = []
        while self._unread:  # a list, because a chain of definitions may be longer than Python's stack
            definition, document, found = self._unread.pop()
            self.definitions[definition] = document.shape(found, 1)
            read.append(definition)
        for definition in read:
            if definition in self._at_once(self.definitions[definition]):
                self.definitions[definition] = Plain.UNKNOWN
        return shape

    def define(self, identity: str, wanted: str, document: _Document, found: object) -> Named:
        """The definition with this identity, made when it is new; its name has a number where another took it."""
        if identity not in self._names:
            name, number = wanted, 2
            while name in self.definitions:
                name, number = f"{wanted}{number}", number + 1
            self._names[identity] = name
            self.definitions[name] = Plain.UNKNOWN
            self._unread.append((name, document, found))
        return Named(self._names[identity])

    def _at_once(self, shape: Shape) -> set[str]:
        """The definitions that the shape is made of without a list or record between: those must not be its own."""
        reached: set[str] = set()
        waiting = [shape]
        while waiting:
            match waiting.pop():
                case Union(members) | Both(members):
                    waiting += members
                case Named(name) if name not in reached:
                    reached.add(name)
                    waiting.append(self.definitions[name])
        return reached


class _Document:
    """One schema as a whole, to which its references point."""

    def __init__(self, shapes: Shapes, root: JsonSchema, name: str) -> None:
        self._shapes = shapes
        self._root = root
        self._name = name
        self._identities: dict[str, str] = {}

    def shape(self, schema: object, depth: int) -> Shape:
        if schema is False:
            return Plain.NEVER
        if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
            return Plain.UNKNOWN
        parts = [self._own(schema, depth)]
        if isinstance(schema.get("$ref"), str):
            parts.append(self._reference(schema["$ref"]))
        parts += [self.shape(each, depth + 1) for each in _list(schema, "allOf")]
        for key in ("anyOf", "oneOf"):
            if choices := _list(schema, key):
                parts.append(union(self.shape(each, depth + 1) for each in choices))
        return both(parts)

    def _own(self, schema: Mapping[str, Any], depth: int) -> Shape:
        """What the schema says itself, without those that it is made of."""
        if "const" in schema:
            return constant(schema["const"])
        if isinstance(schema.get("enum"), list):
            return union(map(constant, schema["enum"]))
        return union(self._typed(kind, schema, depth) for kind in _kinds(schema))

    def _typed(self, kind: str, schema: Mapping[str, Any], depth: int) -> Shape:
        if kind == "object":
            return self._record(schema, depth)
        if kind == "array":
            return self._list(schema, depth)
        return _PLAIN.get(kind, Plain.UNKNOWN)

    def _record(self, schema: Mapping[str, Any], depth: int) -> Shape:
        properties = _map(schema, "properties")
        required = [name for name in _list(schema, "required") if isinstance(name, str)]
        fields = [
            Field(name, self.shape(each, depth + 1), name in required, comment_of(each))
            for name, each in properties.items()
        ]
        fields += [Field(name, Plain.UNKNOWN, True) for name in dict.fromkeys(required) if name not in properties]
        return Record(tuple(fields), self._others(schema, depth, known=bool(fields)))

    def _others(self, schema: Mapping[str, Any], depth: int, *, known: bool) -> Shape | None:
        """What keys may have that are not named; silence means none beside named ones, and any where none is named."""
        patterns = list(_map(schema, "patternProperties").values())
        others = schema.get("additionalProperties", None if known or patterns else True)
        if others is False and not known and not patterns:
            return None if any(key in schema for key in _COMBINED) else Plain.NEVER
        if others is None or others is False:
            return union(self.shape(each, depth + 1) for each in patterns) if patterns else None
        return union(self.shape(each, depth + 1) for each in (others, *patterns))

    def _list(self, schema: Mapping[str, Any], depth: int) -> Shape:
        prefix = _list(schema, "prefixItems")
        if not prefix:
            return ListOf(self.shape(schema.get("items", True), depth + 1))
        items = tuple(self.shape(each, depth + 1) for each in prefix)
        least = schema.get("minItems")
        required = min(least, len(items)) if isinstance(least, int) and least >= 0 else len(items)
        rest = schema.get("items", False)
        return TupleOf(items, required, None if rest is False else self.shape(rest, depth + 1))

    def _reference(self, target: str) -> Shape:
        """A definition of its own for what is referred to, so that it may refer to itself."""
        found = referred(self._root, target)
        if found is None:
            return Plain.UNKNOWN
        wanted = type_name(target.rpartition("/")[2] if "/" in target else self._name)
        return self._shapes.define(self._identity(target), wanted, self, found)

    def _identity(self, target: str) -> str:
        """The same for what means the same in two schemas: all that can be reached from there."""
        if target not in self._identities:
            self._identities[target] = self._work_out_identity(target)
        return self._identities[target]

    def _work_out_identity(self, target: str) -> str:
        reached: dict[str, object] = {}
        waiting = [target]
        while waiting:
            each = waiting.pop()
            if each not in reached:
                reached[each] = referred(self._root, each)
                waiting += _references(reached[each])
        text = json.dumps([target, reached], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


_PLAIN = {plain.value: plain for plain in (Plain.STRING, Plain.NUMBER, Plain.INTEGER, Plain.BOOLEAN, Plain.NULL)}
_OF_OBJECTS = ("properties", "required", "additionalProperties", "patternProperties")
_OF_LISTS = ("items", "prefixItems")
_COMBINED = ("$ref", "allOf", "anyOf", "oneOf")


def constant(value: object) -> Shape:
    """The shape of one JSON value."""
    if value is None:
        return Plain.NULL
    if isinstance(value, bool | str):
        return Constant(json.dumps(value))
    if isinstance(value, int | float):
        return Constant(json.dumps(value)) if math.isfinite(value) and abs(value) <= MAX_EXACT_INTEGER else Plain.NUMBER
    if isinstance(value, list):
        return TupleOf(tuple(map(constant, value)), len(value))
    if isinstance(value, Mapping):
        return Record(tuple(Field(str(key), constant(item), True) for key, item in value.items()))
    return Plain.UNKNOWN


def type_name(text: str) -> str:
    """A name for a type, made of any text: its words with capitals, `Type` before what would begin with a digit."""
    words = re.findall(r"[A-Za-z0-9]+", unquote(text))
    name = "".join(word[0].upper() + word[1:] for word in words)
    return name if name and not name[0].isdigit() else f"Type{name}"


def comment_of(schema: object) -> str:
    """The description of a schema, on one line; empty when there is none."""
    text = schema.get("description") if isinstance(schema, Mapping) else None
    return one_line(text) if isinstance(text, str) else ""


def _kinds(schema: Mapping[str, Any]) -> Sequence[str]:
    """The types that a schema names, or that its keys are about."""
    kind = schema.get("type")
    kinds = [kind] if isinstance(kind, str) else kind if isinstance(kind, list) else []
    if not kinds:
        kinds = [
            name for name, keys in (("object", _OF_OBJECTS), ("array", _OF_LISTS)) if any(key in schema for key in keys)
        ]
    bare = not any(key in schema for key in (*_OF_OBJECTS, *_OF_LISTS))
    if not kinds or (bare and any(key in schema for key in _COMBINED) and set(kinds) <= {"object", "array"}):
        return ("unknown",)
    return kinds


def _list(schema: Mapping[str, Any], key: str) -> list[Any]:
    value = schema.get(key)
    return value if isinstance(value, list) else []


def _map(schema: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = schema.get(key)
    return value if isinstance(value, Mapping) else {}


def _references(schema: object) -> list[str]:
    if isinstance(schema, list):
        return [target for item in schema for target in _references(item)]
    if not isinstance(schema, Mapping):
        return []
    own = [schema["$ref"]] if isinstance(schema.get("$ref"), str) else []
    return own + [target for value in schema.values() for target in _references(value)]
