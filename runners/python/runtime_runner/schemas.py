"""Schemas of whatever kind as JSON Schema. Pydantic is asked where the project uses it, and never imported here."""

from __future__ import annotations

import inspect
import json
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

from runtime_runner.lenient import lenient

MAX_REASON = 200
"""Characters of a reason that a warning tells."""

_VALIDATION, _SERIALIZATION = "validation", "serialization"


class UnwritableSchema(ValueError):
    """A schema that cannot be written as JSON Schema."""


def is_model(value: Any) -> bool:
    """True for what can only be a schema, wherever it stands: Pydantic's classes and type adapters."""
    if isinstance(value, type):
        return callable(getattr(value, "model_json_schema", None)) or _is_old_model(value)
    return callable(getattr(value, "json_schema", None)) and callable(getattr(value, "validate_python", None))


def write(schema: Any, *, is_output: bool) -> bytes:
    """The schema as JSON text, of what goes out or else of what comes in. Raises an error that says why it is none."""
    written = _convert(schema, _SERIALIZATION if is_output else _VALIDATION)
    try:
        return json.dumps(written, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError as error:
        raise UnwritableSchema("it contains itself or nests too deep") from error


def reason_of(error: Exception) -> str:
    """Why a schema could not be written, as one line."""
    return " ".join(f"{error}".split("\n\n")[0].split())[:MAX_REASON] or type(error).__name__


def _convert(schema: Any, mode: str) -> Any:
    if isinstance(schema, Mapping | bool):
        return schema
    give = getattr(schema, "model_json_schema", None)
    if isinstance(schema, type) and callable(give):
        return _ask(give, mode)
    if isinstance(schema, type) and _is_old_model(schema):
        return schema.schema()  # type: ignore[attr-defined]
    if is_model(schema):
        return _ask(schema.json_schema, mode)
    if not isinstance(schema, type | types.UnionType) and not hasattr(schema, "__origin__"):
        raise UnwritableSchema(f"it is a {type(schema).__name__}, which is no schema")
    pydantic = sys.modules.get("pydantic")
    if pydantic is None or not hasattr(pydantic, "TypeAdapter"):
        raise UnwritableSchema("only Pydantic 2 can tell the schema of a type, and the project does not import it")
    return _ask(pydantic.TypeAdapter(schema).json_schema, mode)


def _is_old_model(value: type) -> bool:
    """True for the classes of Pydantic 1."""
    return hasattr(value, "__fields__") and callable(getattr(value, "schema", None))


def _ask(give: Callable[..., Any], mode: str) -> Any:
    """Asks for a schema; Pydantic's take whatever the model does, see `lenient`."""
    if "schema_generator" not in inspect.signature(give).parameters:
        return give()
    writer = lenient(sys.modules["pydantic.json_schema"].GenerateJsonSchema)
    # What goes out has the names that model_dump() writes: aliases only where the model says so.
    config = getattr(getattr(give, "__self__", None), "model_config", {})
    by_alias = mode == _VALIDATION or bool(config.get("serialize_by_alias"))
    return give(mode=mode, by_alias=by_alias, schema_generator=writer)
