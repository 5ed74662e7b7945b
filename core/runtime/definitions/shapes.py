"""What a JSON Schema says at one place of a value: the types, the values and the properties there may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from runtime.jsonschemas.places import member, names_to

MAX_DEPTH = 32
"""Schemas and references inside one another that are followed."""
_MAX_ALTERNATIVES = 32
"""Combinations of `anyOf` and `oneOf` at one place that are looked at."""
_SHOWN_VALUES, _SHOWN_CHARACTERS = 4, 40

_TYPES = frozenset({"null", "boolean", "object", "array", "string", "integer", "fraction"})
_NUMBER = frozenset({"integer", "fraction"})
# What may add properties, or speaks of some, in ways that are not followed.
_OPENING = frozenset(
    {
        "$dynamicRef",
        "dependentRequired",
        "dependentSchemas",
        "if",
        "minProperties",
        "patternProperties",
        "propertyNames",
    }
)
_UNKNOWN: Mapping[str, Any] = {"additionalProperties": True}


class Node(NamedTuple):
    """A schema, and the document that its references are about."""

    schema: Mapping[str, Any]
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Shape:
    """Schemas that all hold at one place, less their `$ref`, `allOf`, `anyOf` and `oneOf`; none of them is anything."""

    nodes: tuple[Node, ...] = ()

    def __and__(self, other: Shape) -> Shape:
        return Shape(self.nodes + other.nodes)

    def all(self, key: str) -> list[Any]:
        """What the schemas say under a keyword, those that say something."""
        return [node.schema[key] for node in self.nodes if key in node.schema]

    def required(self) -> set[str]:
        """The properties that an object has for certain."""
        return {name for names in self.all("required") for name in names}

    def properties(self) -> set[str]:
        """The properties of which something is said."""
        return {name for properties in self.all("properties") for name in properties}

    def may_have(self, name: str) -> bool:
        """False where the properties are told and this is none of them, though nothing may forbid it."""
        others = (*self.all("additionalProperties"), *self.all("unevaluatedProperties"))
        if not self.properties() and False not in others:
            return True
        told = [properties[name] for properties in self.all("properties") if name in properties]
        return name in self.required() or any(schema is not False for schema in (*told, *others))

    def forbids(self, name: str) -> bool:
        """True where an object certainly has no such property."""
        return any(
            node.schema.get("additionalProperties") is False
            and name not in node.schema.get("properties", {})
            and "patternProperties" not in node.schema
            for node in self.nodes
        )

    @cached_property
    def types(self) -> frozenset[str]:
        """The types that a value may have; a number is an integer or a fraction."""
        types = _TYPES
        for given in self.all("type"):
            names = [given] if isinstance(given, str) else given
            types &= frozenset().union(*(_NUMBER if name == "number" else {name} for name in names))
        values = self.values
        return types if values is None else types & {_type_of(value) for value in values.values()}

    @cached_property
    def values(self) -> dict[object, Any] | None:
        """The only values that there may be, by what tells them apart; None where there is no such list."""
        found: dict[object, Any] | None = None
        for values in [[value] for value in self.all("const")] + self.all("enum"):
            keys = {_key(value): value for value in values}
            found = keys if found is None else {key: value for key, value in found.items() if key in keys}
        return found

    def __str__(self) -> str:
        values, types = self.values, self.types
        if values is None:
            names = [*sorted(types - _NUMBER), "number"] if types >= _NUMBER else sorted(types)
            return " or ".join(names) or "nothing"
        shown = [repr(value)[:_SHOWN_CHARACTERS] for value in list(values.values())[:_SHOWN_VALUES]]
        return (" or ".join(shown) or "nothing") + (" and others" if len(values) > len(shown) else "")


class Unfolding:
    """Takes schemas apart until its steps are used up; what comes then says nothing."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def document(self, schema: Mapping[str, Any] | bool) -> list[Shape]:
        """The shapes of which a value of the whole schema has one."""
        return self.alternatives(schema, schema if isinstance(schema, Mapping) else {}, 0)

    def inside(self, shape: Shape, keys: Sequence[str], depth: int) -> list[Shape]:
        """The alternatives for a part of a value, of which each schema of the shape says something, or nothing."""
        found = [Shape()]
        for node in shape.nodes:
            schema: Any = node.schema
            for key in keys:
                schema = schema.get(key) if isinstance(schema, Mapping) else None
            if schema is not None:
                found = self._both(found, self.alternatives(schema, node.document, depth + 1))
        return found

    def alternatives(self, schema: Any, document: Mapping[str, Any], depth: int) -> list[Shape]:
        """The shapes of which a value has one; none where nothing is allowed."""
        self.steps -= 1
        if isinstance(schema, bool):
            return [Shape()] if schema else []
        unknown = [Shape((Node(_UNKNOWN, document),))]
        if not isinstance(schema, Mapping) or depth > MAX_DEPTH or self.steps < 0:
            return unknown
        if "$id" in schema:
            document = schema
        found = [Shape((Node(schema, document),))]
        if schema.keys() & _OPENING:
            found = self._both(found, unknown)
        if "$ref" in schema:
            target = _resolve(document, schema["$ref"])
            found = self._both(found, unknown if target is None else self.alternatives(target, document, depth + 1))
        for part in schema.get("allOf", ()):
            found = self._both(found, self.alternatives(part, document, depth + 1))
        for key in ("anyOf", "oneOf"):
            if key in schema:
                choice = [shape for part in schema[key] for shape in self.alternatives(part, document, depth + 1)]
                found = self._both(found, choice)
        return found

    def _both(self, one: list[Shape], other: list[Shape]) -> list[Shape]:
        """The alternatives of what is in both; too many of them say nothing."""
        if len(one) * len(other) > _MAX_ALTERNATIVES:
            return [Shape((Node(_UNKNOWN, _UNKNOWN),))]
        self.steps -= len(one) * len(other)
        return [mine & theirs for mine in one for theirs in other]


def _resolve(document: Mapping[str, Any], reference: object) -> Any:
    """What a local reference leads to; None for any other, and across the border of a document inside this one."""
    names = names_to(reference)
    if names is None:
        return None
    at: Any = document
    for name in names:
        at = member(at, name)
        if isinstance(at, Mapping) and "$id" in at:
            return None
    return at


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if isinstance(value, int) or value.is_integer() else "fraction"
    return {type(None): "null", str: "string", list: "array"}.get(type(value), "object")


def _key(value: object, depth: int = 0) -> object:
    """Equal for equal JSON values: 1 and 1.0 are, 1 and true are not. What is too deep counts as equal."""
    if depth > MAX_DEPTH:
        return ...
    if isinstance(value, Mapping):
        return frozenset((name, _key(item, depth + 1)) for name, item in value.items())
    if isinstance(value, list):
        return tuple(_key(item, depth + 1) for item in value)
    return (isinstance(value, bool), value)
