"""The catalog's routes -> an OpenAPI 3.1 document."""

from __future__ import annotations

import copy
from typing import Any

from runtime.catalog import Bound, Catalog
from runtime.generate.answers import COMPONENTS, SCHEMAS, answers
from runtime.generate.embedding import Components, component_name
from runtime.generate.parameters import Template, parameters, read_template
from runtime.jsonschemas.validators import compile_schema
from runtime.model import ApiTrigger

Route = Bound[ApiTrigger]

_WITH_BODY = frozenset({"PATCH", "POST", "PUT"})


def openapi(catalog: Catalog, *, title: str, version: str) -> dict[str, Any]:
    """The document as JSON values, the same for the same catalog.

    The routes are where the document is. Two routes that OpenAPI cannot tell apart
    (a parameter and a wildcard at one place, of one method) are the first one's; the other stands in `x-overlapped`.
    """
    return _Document(catalog).build(title, version)


class _Document:
    def __init__(self, catalog: Catalog) -> None:
        self._components = Components(SCHEMAS)
        self._ids = _operation_ids(catalog)
        self._routes = [(read_template(route.trigger.path), route) for route in catalog.routes]
        self._routes.sort(key=lambda item: (item[0].has_wildcard, item[0].text, item[1].trigger.method))
        self._paths: dict[str, dict[str, Any]] = {}
        self._templates: dict[str, Template] = {}
        self._overlapped: list[dict[str, Any]] = []

    def build(self, title: str, version: str) -> dict[str, Any]:
        for template, route in self._routes:
            self._add(template, route)
        tags = dict.fromkeys(flow for _, route in self._routes for flow in route.step.flows)
        document: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": title, "version": version}}
        if tags:
            document["tags"] = [{"name": flow} for flow in sorted(tags)]
        document["paths"] = dict(sorted(self._paths.items()))
        document["components"] = {"schemas": dict(sorted(self._components.schemas.items())), **COMPONENTS}
        if self._overlapped:
            document["x-overlapped"] = self._overlapped
        return copy.deepcopy(document)  # so that whoever changes theirs changes nobody else's

    def _add(self, template: Template, route: Route) -> None:
        """Puts a route among the paths; paths that differ in the names of their parameters only are one path."""
        shown = self._templates.setdefault(template.shape, template)
        operations = self._paths.setdefault(shown.text, {})
        method = route.trigger.method.lower()
        if method in operations:
            self._overlapped.append(
                {"operationId": self._ids[_key(route)], "method": route.trigger.method, "path": route.trigger.path}
            )
            return
        operations[method] = self._operation(template.renamed(shown), route)
        self._paths[shown.text] = dict(sorted(operations.items()))

    def _operation(self, template: Template, route: Route) -> dict[str, Any]:
        step, trigger, id = route.step, route.trigger, self._ids[_key(route)]
        name = component_name(id)
        operation: dict[str, Any] = {"operationId": id, "summary": step.name}
        if step.description:
            operation["description"] = step.description
        if step.flows:
            operation["tags"] = list(dict.fromkeys(step.flows))
        if given := parameters(template, trigger, self._components, name):
            operation["parameters"] = given
        body = self._request_body(trigger, name)
        if body is not None:
            operation["requestBody"] = body
        operation["responses"] = answers(trigger, self._components, name, has_body=body is not None)
        return operation

    def _request_body(self, trigger: ApiTrigger, name: str) -> dict[str, Any] | None:
        """A body is required unless an empty object, which a request without one counts as, fits as well."""
        if trigger.body_schema is None:
            return {"content": {"*/*": {}}} if trigger.method in _WITH_BODY else None
        schema = self._components.reference(f"{name}Body", trigger.body_schema)
        is_required = not compile_schema(trigger.body_schema).is_valid({})
        return {"required": is_required, "content": {"application/json": {"schema": schema}}}


def _operation_ids(catalog: Catalog) -> dict[tuple[str, int], str]:
    """The step's name; for the second and further routes of a step with a number that no step's name ends with."""
    taken = {step.name for step in catalog.steps}
    ids: dict[tuple[str, int], str] = {}
    routes_of: dict[str, int] = {}
    for route in catalog.routes:
        name = route.step.name
        number = routes_of[name] = routes_of.get(name, 0) + 1
        id = name if number == 1 else f"{name}{number}"
        while number > 1 and id in taken:
            id += "_"
        taken.add(id)
        ids[_key(route)] = id
    return ids


def _key(route: Route) -> tuple[str, int]:
    return route.step.name, route.trigger.index
