"""JSON Schema 2020-12 -> draft-07, which AsyncAPI's own schemas are built on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.jsonschemas.places import inside


def to_draft_07(schema: object) -> Any:
    """The schema in words of draft-07, as far as they go.

    What only later drafts say stays, for those who read it; draft-07 ignores what it does not know.
    """
    if not isinstance(schema, Mapping):
        return schema
    new = inside(schema, lambda child, _: to_draft_07(child))
    new.pop("discriminator", None)  # OpenAPI's is an object; AsyncAPI's is a name, and means something else
    if "prefixItems" in new:
        if "items" in new:
            new["additionalItems"] = new["items"]
        new["items"] = new["prefixItems"]
    dependencies = {**new.get("dependentRequired", {}), **new.get("dependentSchemas", {})}
    if dependencies:
        new["dependencies"] = dependencies
    if "$ref" in new and len(new) > 1:  # a reference there hides all that stands beside it
        new["allOf"] = [*new.get("allOf", ()), {"$ref": new.pop("$ref")}]
    return new


def as_map(schema: Any) -> dict[str, Any]:
    """The same as a map, which is what AsyncAPI asks for where a schema stands by itself."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    return dict(schema)
