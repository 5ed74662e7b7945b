"""Path and query of a route -> the parameters of an operation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from runtime.generate.embedding import Components
from runtime.jsonschemas.facts import members, parts, types
from runtime.model import ApiTrigger, JsonSchema, QueryParam

_IN_PATHS = "!$&'()*+,;=:@"
"""What a part of a path may hold as it is, beside letters, digits and '-._~' (RFC 3986, section 3.3)."""
_NOT_IN_A_NAME = re.compile(r"[^\w-]+")
"""What tools for OpenAPI may take for the end of a placeholder, or for more than one."""
_UNNAMED = "rest"
_ITEMS_NOTE = (
    "Each item begins with `{name}[][key]=value`; `{name}[other]=value` gives the item that came last one more key."
)
"""OpenAPI has no style for lists of objects in queries; this is how the edge reads them."""
_WILDCARD_NOTE = "The rest of the path, with its slashes; it may be empty."


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A part of a path that varies: `name` in the document, `source` in the step's own path, "" for an unnamed one."""

    name: str
    source: str
    is_wildcard: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A route's path as OpenAPI writes it.

    Templates of one `shape` are one path to OpenAPI, whatever their placeholders are called.
    """

    text: str
    shape: str
    placeholders: tuple[Placeholder, ...]

    @property
    def has_wildcard(self) -> bool:
        """True when one of the placeholders stands for any number of parts."""
        return any(placeholder.is_wildcard for placeholder in self.placeholders)

    def renamed(self, other: Template) -> Template:
        """The same with the placeholder names of another template of its shape."""
        pairs = zip(self.placeholders, other.placeholders, strict=True)
        return replace(self, text=other.text, placeholders=tuple(replace(mine, name=its.name) for mine, its in pairs))


def read_template(path: str) -> Template:
    """The template of a path such as `/users/:id` or `/files/:rest*`."""
    placeholders: list[Placeholder] = []
    written: list[str] = []
    for part in path.rstrip("/")[1:].split("/"):
        is_wildcard = part == "*" or (part.startswith(":") and part.endswith("*"))
        if not is_wildcard and not part.startswith(":"):
            written.append(quote(part, _IN_PATHS))
            continue
        source = part.removeprefix(":").removesuffix("*") if is_wildcard else part[1:]
        name = _free_name(source, {placeholder.name for placeholder in placeholders})
        placeholders.append(Placeholder(name, source, is_wildcard))
        written.append(f"{{{name}}}")
    shape = ["{}" if part.startswith("{") else part for part in written]
    return Template("/" + "/".join(written), "/" + "/".join(shape), tuple(placeholders))


def _free_name(source: str, taken: set[str]) -> str:
    """A name that is not taken and can stand between braces."""
    wanted = _NOT_IN_A_NAME.sub("_", source) or _UNNAMED
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}{number}", number + 1
    return name


def parameters(template: Template, trigger: ApiTrigger, components: Components, name: str) -> list[dict[str, Any]]:
    """The parameters of an operation; `name` begins those of schemas that are theirs alone."""
    return _path_parameters(template, trigger, components, name) + _query_parameters(trigger, components, name)


def _path_parameters(
    template: Template, trigger: ApiTrigger, components: Components, name: str
) -> list[dict[str, Any]]:
    root = trigger.path_schema
    properties, _ = members(root)
    found: list[dict[str, Any]] = []
    for placeholder in template.placeholders:
        schema = properties.get(placeholder.source)
        parameter = {"name": placeholder.name, "in": "path", "required": True, **_described(schema)}
        if placeholder.is_wildcard:
            parameter["description"] = " ".join(filter(None, (parameter.get("description"), _WILDCARD_NOTE)))
        if root is not None and schema is not None:
            parameter["schema"] = components.part(f"{name}Path", root, schema)
        else:
            parameter["schema"] = {"type": "string"} if placeholder.is_wildcard else {"type": "string", "minLength": 1}
        found.append(parameter)
    return found


def _query_parameters(trigger: ApiTrigger, components: Components, name: str) -> list[dict[str, Any]]:
    """Those that the config lists, then those that only its schema names."""
    root = trigger.query_schema
    properties, required = members(root)
    listed = {param.name: param for param in trigger.query_params}
    found: list[dict[str, Any]] = []
    for key in dict.fromkeys([*listed, *properties]):
        param = listed.get(key, QueryParam(key))
        schema: JsonSchema = {"type": "string"}
        if param.schema is not None:
            owner, schema = param.schema, param.schema
        elif root is not None and properties.get(key, True) is not True:
            owner, schema = root, properties[key]
        else:
            owner = schema
        parameter = {"name": key, "in": "query", "required": param.required or key in required, **_described(schema)}
        if param.description:
            parameter["description"] = param.description
        if "object" in types(owner, schema):
            parameter |= {"style": "deepObject", "explode": True}
        elif "array" in types(owner, schema):
            parameter |= {"style": "form", "explode": True}
            items = [part["items"] for part in parts(owner, schema) if "items" in part]
            if any("object" in types(owner, item) for item in items):
                note = _ITEMS_NOTE.format(name=key)
                parameter["description"] = " ".join(filter(None, (parameter.get("description"), note)))
        found.append({**parameter, "schema": components.part(f"{name}Query", owner, schema)})
    return found


def _described(schema: JsonSchema | None) -> dict[str, Any]:
    description = schema.get("description") if isinstance(schema, Mapping) else None
    return {"description": description} if isinstance(description, str) and description else {}
