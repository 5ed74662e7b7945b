"""Places in JSON Schemas: which keywords hold schemas, and where pointers and references lead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

ONE = frozenset(
    {
        "additionalProperties",
        "contains",
        "contentSchema",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
"""Keywords of draft 2020-12 that hold a schema."""
LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
"""Those that hold a list of schemas."""
MAPS = frozenset({"$defs", "dependentSchemas", "patternProperties", "properties"})
"""Those that hold schemas by name."""
_INDEX_DIGITS = 9


def inside(schema: Mapping[str, Any], visit: Callable[[object, str], Any]) -> dict[str, Any]:
    """The schema with what `visit` makes of each schema directly in it, given its pointer from there."""
    new: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ONE:
            new[key] = visit(value, f"/{key}")
        elif key in LISTS and isinstance(value, list | tuple):
            new[key] = [visit(item, f"/{key}/{index}") for index, item in enumerate(value)]
        elif key in MAPS and isinstance(value, Mapping):
            new[key] = {name: visit(item, f"/{key}/{token(name)}") for name, item in value.items()}
        else:
            new[key] = value
    return new


def pointer(path: Iterable[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a path, empty for the value itself."""
    return "".join(f"/{token(str(part))}" for part in path)


def token(name: str) -> str:
    """A name as a part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def plain_token(part: str) -> str:
    """The name that a part of a JSON pointer stands for."""
    return part.replace("~1", "/").replace("~0", "~")


def names_in(pointer: str) -> list[str]:
    """The names that a JSON pointer goes through."""
    return [plain_token(part) for part in pointer.split("/")[1:]]


def names_to(reference: object) -> list[str] | None:
    """The names that a local reference such as `#/$defs/Name` goes through; None for any other."""
    if not isinstance(reference, str) or (reference != "#" and not reference.startswith("#/")):
        return None
    return names_in(unquote(reference))


def member(value: object, name: str) -> Any:
    """What a map or list has under the name; None for nothing."""
    if isinstance(value, Mapping):
        return value.get(name)
    if isinstance(value, list) and name.isdecimal() and len(name) <= _INDEX_DIGITS and int(name) < len(value):
        return value[int(name)]
    return None


def at(root: object, names: Iterable[str]) -> Any:
    """What stands where the names lead; None for nothing."""
    for name in names:
        root = member(root, name)
    return root


def referred(root: object, reference: object) -> Any:
    """What a local reference leads to in its document; None for nothing, and for references to other documents."""
    names = names_to(reference)
    return None if names is None else at(root, names)
