"""JSON Schemas of any draft in use -> draft 2020-12, the one that everything else sees."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from runtime.jsonschemas.places import LISTS, MAPS, ONE, member, plain_token
from runtime.jsonschemas.validators import compile_schema
from runtime.model import JsonSchema

_MAX_DEPTH = 100
"""Schemas inside schemas; deeper ones are refused."""
_MERGED = frozenset({"definitions", "dependencies"})
"""Words whose content joins that of newer ones beside them, which therefore come first."""
_OLD_DRAFT = re.compile(r"draft-0[467]\b")
# What has no meaning of its own any more: beside the list of items, for other documents, for the whole schema.
_DROPPED = frozenset({"$recursiveAnchor", "$schema", "additionalItems", "nullable"})
# What says nothing of values; the words that may stand beside a reference in drafts that ignored all others.
_ANNOTATIONS = frozenset(
    {"$anchor", "$comment", "$defs", "$id", "default", "deprecated", "description", "examples", "readOnly", "title"}
    | {"writeOnly"}
)

Schema = Mapping[str, Any]


def to_2020_12(schema: object) -> JsonSchema:
    """The schema in draft 2020-12, without `$schema`; what is given stays as it is.

    `$schema` tells its draft; without one it is taken as 2020-12, and what only older drafts and OpenAPI 3.0 say is
    understood all the same. Raises `ValueError` for what is no JSON Schema, nests too deep or refers to what is not
    in it: nothing is fetched.
    """
    if not isinstance(schema, Mapping | bool):
        raise ValueError(f"a JSON Schema is a map, not a {type(schema).__name__}")
    upgraded = schema if isinstance(schema, bool) else _Upgrade(schema).schema(schema, 0)
    compile_schema(upgraded)
    return upgraded


class _Upgrade:
    """Rewrites a schema and those inside it; one for each document, to which local references point."""

    def __init__(self, document: Schema) -> None:
        self._document = document
        dialect = document.get("$schema")
        self._is_old = isinstance(dialect, str) and _OLD_DRAFT.search(dialect) is not None
        self._is_draft_4 = isinstance(dialect, str) and "draft-04" in dialect

    def schema(self, schema: object, depth: int) -> Any:
        """One schema, with all inside it; what is none stays for the check that follows."""
        if not isinstance(schema, Mapping):
            return schema
        if depth > _MAX_DEPTH:
            raise ValueError(f"the schema nests more than {_MAX_DEPTH} deep")
        if depth and isinstance(schema.get("$id"), str) and not str(schema["$id"]).startswith("#"):
            return _Upgrade({**_dialect(self._document), **schema})._one(schema, depth)
        return self._one(schema, depth)

    def _one(self, schema: Schema, depth: int) -> dict[str, Any]:
        if self._is_old and "$ref" in schema:
            schema = {key: value for key, value in schema.items() if key in _ANNOTATIONS | {"$ref", "definitions"}}
        new: dict[str, Any] = {}
        for key, value in sorted(schema.items(), key=lambda item: item[0] in _MERGED):
            if key in ONE and not (key == "items" and isinstance(value, list)):
                new[key] = self.schema(value, depth + 1)
            elif key in LISTS and isinstance(value, list):
                new[key] = [self.schema(item, depth + 1) for item in value]
            elif key in MAPS and isinstance(value, Mapping):
                new[key] = self._map(value, depth)
            elif key in _REWRITES:
                _REWRITES[key](self, schema, new, depth)
            elif key not in _DROPPED:
                new[key] = value
        return _nullable(new) if schema.get("nullable") is True else new

    def _map(self, schemas: Schema, depth: int) -> dict[str, Any]:
        return {str(name): self.schema(schema, depth + 1) for name, schema in schemas.items()}

    def _old_id(self, schema: Schema, new: dict[str, Any], depth: int) -> None:
        if self._is_draft_4:
            self._name(schema["id"], new)
        else:
            new["id"] = schema["id"]

    def _id(self, schema: Schema, new: dict[str, Any], depth: int) -> None:
        self._name(schema["$id"], new)

    def _name(self, name: object, new: dict[str, Any]) -> None:
        """An id that is only a fragment is what is an anchor now."""
        if isinstance(name, str) and name.startswith("#"):
            if len(name) > 1:
                new["$anchor"] = name[1:]
        else:
            new["$id"] = name

    def _definitions(self, schema: Schema, new: dict[str, Any], depth: int) -> None:
        definitions = _as_map("definitions", schema["definitions"])
        named = _as_map("$defs", schema.get("$defs", {}))
        for name in definitions:
            if name in named and named[name] != definitions[name]:
                raise ValueError(f"both 'definitions' and '$defs' of the schema define '{name}'")
        new["$defs"] = {**self._map(definitions, depth), **new.get("$defs", {})}

    def _items(self, schema: Schema, new: dict[str, Any], depth: int) -> None:
        """A list of items, the way until 2019-09."""
        if schema["items"]:
            new["prefixItems"] = [self.schema(item, depth + 1) for item in schema["items"]]
        if "additionalItems" in schema:
            new["items"] = self.schema(schema["additionalItems"], depth + 1)

    def _dependencies(self, schema: Schema, new: dict[str, Any], depth: int) -> None:
        dependencies = _as_map("dependencies", schema["dependencies"])
        for name, needed in dependencies.items():
            keyword = "dependentRequired" if isinstance(needed, list) else "dependentSchemas"
            known = _as_map(keyword, new.get(keyword, {}))
            new[keyword] = {**known, name: needed if isinstance(needed, list) else self.schema(needed, depth + 1)}

    def _exclusive(self, bound: str, exclusive: str, schema: Schema, new: dict[str, Any]) -> None:
        """A limit that is exclusive by a flag beside it, as in draft-04."""
        if schema[exclusive] is True and bound in schema:
            new[exclusive] = schema[bound]
        elif not isinstance(schema[exclusive], bool):
            new[exclusive] = schema[exclusive]

    def _exclusive_minimum(self, schema: Schema, new: dict[str, Any], depth: int) -> None:
        self._exclusive("minimum", "exclusiveMinimum", schema, new)

    def _exclusive_maximum(self, schema: Schema, new: dict[str, Any], depth: int) -> None:
        self._exclusive("maximum", "exclusiveMaximum", schema, new)

    def _minimum(self, schema: Schema, new: dict[str, Any], depth: int) -> None:
        if schema.get("exclusiveMinimum") is not True:
            new["minimum"] = schema["minimum"]

    def _maximum(self, schema: Schema, new: dict[str, Any], depth: int) -> None:
        if schema.get("exclusiveMaximum") is not True:
            new["maximum"] = schema["maximum"]

    def _ref(self, schema: Schema, new: dict[str, Any], depth: int) -> None:
        target = schema["$ref"]
        new["$ref"] = self._moved(target) if isinstance(target, str) and target.startswith("#/") else target

    def _recursive_ref(self, schema: Schema, new: dict[str, Any], depth: int) -> None:
        """In a single document, which is all there is here, it means that document."""
        new["$ref"] = "#"

    def _moved(self, target: str) -> str:
        """A local reference after the keywords on its way have changed their names."""
        moved: list[str] = []
        at: Any = self._document
        inside = "schema"
        for part in target[2:].split("/"):
            name = plain_token(unquote(part))
            new, inside = _step(at, name, inside)
            moved.append(part if new == name else new)
            at = member(at, name)
        return "#/" + "/".join(moved)


def _step(at: object, name: str, inside: str) -> tuple[str, str]:
    """The new name of one step of a pointer, and whether a schema, several of them or something else is behind it."""
    if inside == "several":
        return name, "schema"
    if inside == "other" or not isinstance(at, Mapping):
        return name, "other"
    has_list = isinstance(at.get("items"), list)
    if name == "items" and has_list:
        return "prefixItems", "several"
    if name == "additionalItems" and has_list:
        return "items", "schema"
    if name in ("definitions", "dependencies"):
        return {"definitions": "$defs", "dependencies": "dependentSchemas"}[name], "several"
    if name in LISTS or name in MAPS:
        return name, "several"
    return name, "schema" if name in ONE else "other"


def _as_map(keyword: str, value: object) -> Schema:
    if isinstance(value, Mapping):
        return value
    raise ValueError(f"'{keyword}' of the schema is no map")


def _dialect(document: Schema) -> Schema:
    return {"$schema": document["$schema"]} if "$schema" in document else {}


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema, which also takes null."""
    types = schema.get("type")
    if isinstance(types, str | list) and not schema.keys() & {"$ref", "allOf", "anyOf", "const", "if", "not", "oneOf"}:
        known = [types] if isinstance(types, str) else types
        schema["type"] = known if "null" in known else [*known, "null"]
        if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
        return schema
    kept = {key: value for key, value in schema.items() if key in _ANNOTATIONS}
    checks = {key: value for key, value in schema.items() if key not in _ANNOTATIONS}
    return {**kept, "anyOf": [checks, {"type": "null"}]} if checks else kept


_Rewrite = Callable[[_Upgrade, Schema, dict[str, Any], int], None]
_REWRITES: Mapping[str, _Rewrite] = {
    "$id": _Upgrade._id,
    "$recursiveRef": _Upgrade._recursive_ref,
    "$ref": _Upgrade._ref,
    "definitions": _Upgrade._definitions,
    "dependencies": _Upgrade._dependencies,
    "exclusiveMaximum": _Upgrade._exclusive_maximum,
    "exclusiveMinimum": _Upgrade._exclusive_minimum,
    "id": _Upgrade._old_id,
    "items": _Upgrade._items,
    "maximum": _Upgrade._maximum,
    "minimum": _Upgrade._minimum,
}
