"""What a value does not keep of a schema, in words for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from runtime.jsonschemas.validators import shortened

_MAX_NAMES = 5
"""Names that one message lists."""
_MAX_NAME = 60
"""Characters that it shows of a name."""
_MAX_OPTIONS = 20
"""Values that it lists."""
_KINDS = {"array": "a list", "integer": "a whole number", "null": "null", "object": "a map", "string": "a text"}
_Words = Callable[[Any, Any], str]


def say(facet: str, wanted: Any, value: Any) -> list[str]:
    """What is wrong where the value does not keep a facet of a schema, whose value there is `wanted`."""
    if facet == "required":
        return [f"'{name}' is missing" for name in wanted if name not in value]
    if facet == "dependentRequired":
        needed = dict.fromkeys(name for key in wanted if key in value for name in wanted[key])
        return say("required", needed, value)
    return [_WORDS[facet](wanted, value)]


def kinds(types: Iterable[str]) -> str:
    """JSON types in words, each once, null at the end."""
    return " or ".join(_KINDS.get(name, f"a {name}") for name in sorted(dict.fromkeys(types), key="null".__eq__))


def unknown(names: Sequence[str]) -> str:
    """That a map has keys which its schema does not know."""
    listed = ", ".join(f"'{name[:_MAX_NAME]}'" for name in names[:_MAX_NAMES])
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return f"has the unknown {'key' if len(names) == 1 else 'keys'} {listed}{more}"


def _type(wanted: Any, value: Any) -> str:
    return f"must be {kinds([wanted] if isinstance(wanted, str) else wanted)}, is {shortened(value)}"


def _enum(wanted: Any, value: Any) -> str:
    listed = ", ".join(shortened(option) for option in wanted[:_MAX_OPTIONS])
    return f"must be one of {listed}, is {shortened(value)}"


def _compared(words: str) -> _Words:
    return lambda wanted, value: f"must be {words} {shortened(wanted)}, is {shortened(value)}"


def _count(word: str, unit: str) -> _Words:
    def words(wanted: Any, value: Any) -> str:
        limit = int(wanted)
        return f"must have {word} {limit} {unit}{'' if limit == 1 else 's'}, has {len(value)}"

    return words


_WORDS: Mapping[str, _Words] = {
    "const": _compared("exactly"),
    "enum": _enum,
    "exclusiveMaximum": _compared("less than"),
    "exclusiveMinimum": _compared("greater than"),
    "format": lambda wanted, value: f"must be of the format {wanted}, is {shortened(value)}",
    "maxItems": _count("at most", "item"),
    "maxLength": _count("at most", "character"),
    "maxProperties": _count("at most", "key"),
    "maximum": _compared("at most"),
    "minItems": _count("at least", "item"),
    "minLength": _count("at least", "character"),
    "minProperties": _count("at least", "key"),
    "minimum": _compared("at least"),
    "multipleOf": _compared("a multiple of"),
    "pattern": lambda wanted, value: f"must match the pattern {shortened(wanted)}",
    "type": _type,
    "uniqueItems": lambda wanted, value: "must not hold the same item twice",
}
