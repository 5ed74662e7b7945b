"""The catalog's topics and streams -> an AsyncAPI 3.0 document."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runtime.catalog import Catalog
from runtime.generate.draft07 import as_map, to_draft_07
from runtime.generate.embedding import Components, component_name
from runtime.generate.stream_messages import changes, requests
from runtime.model import Emit, EventTrigger, JsonSchema, Step, StreamDefinition

_NOT_IN_ADDRESSES = frozenset("{}?#")
"""What AsyncAPI reads as something else than a name (specification 3.0, "Channel Object")."""

_STAMPS: Mapping[str, Any] = {
    "id": {"type": "string"},
    "_createdAt": {"type": "string", "format": "date-time"},
}


def asyncapi(catalog: Catalog, *, title: str, version: str) -> dict[str, Any]:
    """The document as JSON values, the same for the same catalog.

    A channel for each topic that a step emits or subscribes to, and one for each stream. The one message of a topic
    fits what every subscriber asks for and one of the emitters promises.
    """
    return _Document(catalog).build(title, version)


class _Document:
    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._components = Components({})
        self._channels: dict[str, Any] = {}
        self._operations: dict[str, Any] = {}

    def build(self, title: str, version: str) -> dict[str, Any]:
        for topic in sorted(self._topics()):
            self._add_topic(topic)
        for name in sorted(self._catalog.streams):
            self._add_stream(self._catalog.streams[name])
        schemas = {name: as_map(to_draft_07(schema)) for name, schema in sorted(self._components.schemas.items())}
        document = {
            "asyncapi": "3.0.0",
            "info": {"title": title, "version": version},
            "defaultContentType": "application/json",
            "channels": self._channels,
            "operations": dict(sorted(self._operations.items())),
            "components": {"schemas": schemas},
        }
        return copy.deepcopy(document)  # so that whoever changes theirs changes nobody else's

    def _topics(self) -> set[str]:
        emitted = {emit.topic for step in self._catalog.steps for emit in step.emits}
        return emitted | set(self._catalog.subscriptions)

    def _add_topic(self, topic: str) -> None:
        id = _free(f"topic.{component_name(topic)}", self._channels)
        emitters, subscribers = list(self._emitters(topic)), list(self._subscribers(topic))
        message = {"name": topic, "title": topic, "payload": self._payload(id, emitters, subscribers)}
        self._channels[id] = {**_address(topic), "title": topic, "messages": {"event": message}}
        for step, emit in emitters:
            about = emit.label or f"Emits '{topic}'{' on some runs' if emit.conditional else ''}."
            self._add_operation(f"{step.name}.send.{topic}", "send", id, ["event"], step, about)
        for step, _ in subscribers:
            self._add_operation(f"{step.name}.receive.{topic}", "receive", id, ["event"], step, f"Handles '{topic}'.")

    def _emitters(self, topic: str) -> Iterator[tuple[Step, Emit]]:
        for step in self._catalog.steps:
            emit = next((emit for emit in step.emits if emit.topic == topic), None)
            if emit is not None:
                yield step, emit

    def _subscribers(self, topic: str) -> Iterator[tuple[Step, EventTrigger]]:
        bounds = self._catalog.subscriptions.get(topic, ())
        yield from {bound.step.name: (bound.step, bound.trigger) for bound in bounds}.values()

    def _payload(
        self, id: str, emitters: Sequence[tuple[Step, Emit]], subscribers: Sequence[tuple[Step, EventTrigger]]
    ) -> Any:
        asked = self._distinct(
            (f"{step.name}Input.{id}", trigger.input_schema)
            for step, trigger in subscribers
            if trigger.input_schema is not None
        )
        promised = self._distinct(
            (f"{step.name}Emits.{id}", emit.schema) for step, emit in emitters if emit.schema is not None
        )
        everything = [*asked, *([] if not promised else [_any_of(promised)])]
        return as_map(everything[0]) if len(everything) == 1 else {"allOf": everything} if everything else {}

    def _distinct(self, named: Iterator[tuple[str, JsonSchema]]) -> list[Any]:
        """References to the schemas, equal ones once."""
        found: list[JsonSchema] = []
        references: list[Any] = []
        for name, schema in named:
            if schema not in found:
                found.append(schema)
                references.append(self._components.reference(name, schema))
        return references

    def _add_stream(self, stream: StreamDefinition) -> None:
        id = _free(f"stream.{component_name(stream.name)}", self._channels)
        received, sent = requests(stream.name), changes(stream.name, self._item(stream))
        self._channels[id] = {
            "address": "/",
            "title": stream.name,
            "description": f"The stream '{stream.name}' over a WebSocket on the HTTP port; any path will do.",
            "messages": {**received, **sent},
            "bindings": {"ws": {"method": "GET", "bindingVersion": "0.1.0"}},
        }
        about = f"Subscribes to items of the stream '{stream.name}', or ends it."
        self._add_operation(f"{stream.name}.subscribe", "receive", id, list(received), None, about)
        self._add_operation(f"{stream.name}.change", "send", id, list(sent), None, f"What happens to '{stream.name}'.")

    def _item(self, stream: StreamDefinition) -> Any:
        """The schema of an item as clients see it: its data with its id and the time of its creation."""
        stamped: Any = {"type": "object", "properties": _STAMPS, "required": list(_STAMPS)}
        if stream.schema is not None:
            reference = self._components.reference(f"{stream.name}.data", stream.schema)
            data = self._components.at(reference)
            if isinstance(data, Mapping) and isinstance(data.get("properties"), Mapping):  # which may allow no others
                required = list(dict.fromkeys([*data.get("required", ()), *_STAMPS]))
                stamped = {**data, "properties": {**_STAMPS, **data["properties"]}, "required": required}
            else:
                stamped = {"allOf": [stamped, reference]}
        return self._components.define(f"{stream.name}.item", stamped)

    def _add_operation(
        self, wanted: str, action: str, channel: str, messages: Sequence[str], step: Step | None, about: str
    ) -> None:
        place = f"#/channels/{channel}"
        operation: dict[str, Any] = {"action": action, "channel": {"$ref": place}, "summary": about}
        if step is not None:
            operation["title"] = step.name
            if step.description:
                operation["description"] = step.description
            if step.flows:
                operation["tags"] = [{"name": flow} for flow in dict.fromkeys(step.flows)]
        operation["messages"] = [{"$ref": f"{place}/messages/{message}"} for message in messages]
        self._operations[_free(component_name(wanted), self._operations)] = operation


def _any_of(schemas: Sequence[Any]) -> Any:
    return schemas[0] if len(schemas) == 1 else {"anyOf": list(schemas)}


def _address(topic: str) -> dict[str, Any]:
    """The topic as an address; none where its characters would mean something else there."""
    return {} if _NOT_IN_ADDRESSES & set(topic) else {"address": topic}


def _free(wanted: str, taken: Mapping[str, Any]) -> str:
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}.{number}", number + 1
    return name
