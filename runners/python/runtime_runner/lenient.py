"""Pydantic's own writer of JSON Schema, told never to ask for more than its models do; it is not imported here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any


@cache
def lenient(base: Any) -> Any:
    """A subclass of the class GenerateJsonSchema: all names that a field may have, any value for what code makes one of
    first, and for what JSON Schema has no word for.
    """

    class Lenient(base):  # type: ignore[misc]
        def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> Any:
            return {}

        def function_before_schema(self, schema: Any) -> Any:
            return {} if self._is_opaque(schema) else super().function_before_schema(schema)

        def function_wrap_schema(self, schema: Any) -> Any:
            return {} if self._is_opaque(schema) else super().function_wrap_schema(schema)

        def model_schema(self, schema: Any) -> Any:
            return self._with_names(schema, super().model_schema(schema), schema["cls"].model_config)

        def dataclass_schema(self, schema: Any) -> Any:
            return self._with_names(schema, super().dataclass_schema(schema), _config_of(schema))

        def typed_dict_schema(self, schema: Any) -> Any:
            return self._with_names(schema, super().typed_dict_schema(schema), _config_of(schema))

        def _is_opaque(self, schema: Any) -> bool:
            """True where a function of the project's makes the value out of another, of which nothing is told."""
            owner = str(getattr(schema["function"]["function"], "__module__", ""))
            is_theirs = owner.partition(".")[0] not in ("pydantic", "pydantic_core")
            return self.mode == "validation" and is_theirs and not schema.get("json_schema_input_schema")

        def _with_names(self, schema: Any, written: Any, config: Mapping[str, Any]) -> Any:
            if self.mode != "validation" or "properties" not in written:
                return written
            renamed = dict(written)
            for name, field in _fields_of(schema):
                _name(renamed, name, field.get("validation_alias", name), config)
            return renamed

    return Lenient


def _config_of(schema: Any) -> Mapping[str, Any]:
    return getattr(schema.get("cls"), "__pydantic_config__", None) or {}


def _fields_of(schema: Any) -> Iterable[tuple[str, Any]]:
    """The fields of a model or of what is like one, which may stand inside functions."""
    while "schema" in schema:
        schema = schema["schema"]
    fields = schema.get("fields", ())
    return fields.items() if isinstance(fields, Mapping) else ((field["name"], field) for field in fields)


def _name(written: dict[str, Any], name: str, alias: Any, config: Mapping[str, Any]) -> None:
    """Lets a field be given under each name that the model takes it by; `written` has it under one of them."""
    paths = _paths(alias) if config.get("validate_by_alias", True) is not False else []
    if not paths or config.get("populate_by_name") or config.get("validate_by_name"):
        paths.append([name])
    known = next((path[0] for path in paths if len(path) == 1 and path[0] in written["properties"]), None)
    at = _paths(alias)[0][0] if known is None else known
    at = at if at in written["properties"] else name
    if len(paths) == 1 and paths[0] == [at]:
        return
    properties = dict(written["properties"])
    field = properties.pop(at, {})
    for path in paths:
        properties.setdefault(path[0], field if len(path) == 1 else {})
    written["properties"] = properties
    if at in written.get("required", ()):
        written["required"] = [key for key in written["required"] if key != at]
        if not written["required"]:
            del written["required"]
        choice = {"anyOf": [{"required": [path[0]]} for path in paths]}
        written["allOf"] = [*written.get("allOf", ()), choice]


def _paths(alias: Any) -> list[list[Any]]:
    """An alias as the paths that it stands for: a name, a path, or several of either."""
    if isinstance(alias, str):
        return [[alias]]
    return [list(path) for path in alias] if alias and isinstance(alias[0], list) else [list(alias)]
