"""Catalog -> what the handlers of one language take, answer and emit, as shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runtime.catalog import Catalog
from runtime.generate.schemas import Shapes, type_name
from runtime.generate.shapes import (
    Both,
    Constant,
    Field,
    ListOf,
    Named,
    Plain,
    Record,
    Shape,
    TupleOf,
    Union,
    both,
    union,
)
from runtime.model import ApiTrigger, CronTrigger, EventTrigger, JsonSchema, StateTrigger, Step, StreamTrigger


@dataclass(frozen=True, slots=True)
class Request:
    """What one route hands over; `body` and `query` are None where there is no schema."""

    body: Shape | None
    path: Record
    query: Shape | None


@dataclass(frozen=True, slots=True)
class Response:
    """What a route answers with this status, or, with "default", with any other."""

    status: str
    body: Shape


@dataclass(frozen=True, slots=True)
class Emission:
    """A topic and the data that all who take it need; None where nobody says what that is."""

    topic: str
    data: Shape | None


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an item of a stream, `item` being None where any data fits; of state where `stream` is empty."""

    stream: str = ""
    item: Shape | None = None


@dataclass(frozen=True, slots=True)
class Handler:
    """What a step's handler takes, answers and emits; an input is None where any data fits."""

    step: Step
    requests: tuple[Request, ...]
    responses: tuple[Response, ...]
    inputs: tuple[Shape | None, ...]
    changes: tuple[Change, ...]
    is_scheduled: bool
    emits: tuple[Emission, ...]


@dataclass(frozen=True, slots=True)
class ProjectTypes:
    """All that is to be written down; streams have None where any item fits."""

    handlers: tuple[Handler, ...]
    streams: Mapping[str, Shape | None]
    definitions: Mapping[str, Shape]


def project_types(catalog: Catalog, language: str) -> ProjectTypes:
    """The handlers of the steps in this language by name, and the streams of the whole project."""
    reader = _Reader(catalog)
    steps = sorted((step for step in catalog.steps if step.language == language), key=lambda step: step.name)
    handlers = tuple(reader.handler(step) for step in steps if step.triggers)
    streams = {name: reader.item(name) for name in sorted(catalog.streams)}
    return ProjectTypes(handlers, streams, dict(sorted(reader.shapes.definitions.items())))


class _Reader:
    def __init__(self, catalog: Catalog) -> None:
        self.shapes = Shapes()
        self._catalog = catalog

    def handler(self, step: Step) -> Handler:
        routes = [trigger for trigger in step.triggers if isinstance(trigger, ApiTrigger)]
        events = [trigger for trigger in step.triggers if isinstance(trigger, EventTrigger)]
        inputs = dict.fromkeys(self.optional(each.input_schema, step.name, "Input") for each in events)
        return Handler(
            step,
            tuple(dict.fromkeys(self._request(step, route) for route in routes)),
            tuple(dict.fromkeys(each for route in routes for each in self._responses(step, route))),
            tuple(inputs),
            tuple(dict.fromkeys(self._changes(step))),
            any(isinstance(trigger, CronTrigger) for trigger in step.triggers),
            tuple(self._emission(step, topic) for topic in sorted({emit.topic for emit in step.emits})),
        )

    def item(self, stream: str) -> Shape | None:
        """The shape of a stream's items without what the runtime adds to them."""
        definition = self._catalog.streams.get(stream)
        return None if definition is None else self.optional(definition.schema, stream, "Item")

    def optional(self, schema: JsonSchema | None, *place: str) -> Shape | None:
        """The shape of a schema that need not be there."""
        return None if schema is None else self.shapes.read(schema, type_name(" ".join(place)))

    def _request(self, step: Step, route: ApiTrigger) -> Request:
        query = self.optional(route.query_schema, step.name, "QueryParams")
        path = self.optional(route.path_schema, step.name, "PathParams")
        return Request(
            self.optional(route.body_schema, step.name, "Body"),
            _path_params(route.path, path),
            None if query is None else self._text(query),
        )

    def _responses(self, step: Step, route: ApiTrigger) -> Iterable[Response]:
        for status, schema in sorted(route.response_schemas.items()):
            yield Response(status, self.shapes.read(schema, type_name(f"{step.name} Response {status}")))

    def _changes(self, step: Step) -> Iterable[Change]:
        for trigger in step.triggers:
            if isinstance(trigger, StateTrigger):
                yield Change()
            elif isinstance(trigger, StreamTrigger):
                yield Change(trigger.stream, self.item(trigger.stream))

    def _emission(self, step: Step, topic: str) -> Emission:
        subscribers = self._catalog.subscriptions.get(topic, ())
        said = [(bound.step.name, bound.trigger.input_schema) for bound in subscribers]
        said += [(step.name, emit.schema) for emit in step.emits if emit.topic == topic]
        shapes = [self.shapes.read(schema, type_name(f"{name} Input")) for name, schema in said if schema is not None]
        return Emission(topic, both(shapes) if shapes else None)

    def _text(self, shape: Shape) -> Shape:
        """What a query parameter of the shape arrives as: validation reads numbers in texts, handlers get the texts."""
        match shape:
            case Record(fields, others):
                texts = (Field(each.name, self._text(each.shape), each.required, each.comment) for each in fields)
                return Record(tuple(texts), None if others is None else self._text(others))
            case ListOf(item):
                return union([self._text(item), ListOf(self._text(item))])
            case TupleOf():
                return ListOf(Plain.STRING)
            case Union(members):
                return union(map(self._text, members))
            case Both(members):
                return both(map(self._text, members))
            case Named(name):
                return self._text_of_named(name)
            case Constant(json) if json.startswith('"'):
                return shape
            case Plain.UNKNOWN | Plain.NEVER:
                return shape
            case _:
                return Plain.STRING

    def _text_of_named(self, name: str) -> Shape:
        """The text of a definition that has no parts; one that has them could go on without end."""
        text = self._text(found) if isinstance(found := self.shapes.definitions[name], Plain | Constant) else None
        if isinstance(found, Union) and all(isinstance(each, Plain | Constant) for each in found.members):
            text = self._text(found)
        return text or Plain.UNKNOWN


def _path_params(path: str, declared: Shape | None) -> Record:
    """Texts by name, as the path has them; a schema can only say which texts."""
    said = {each.name: each for each in declared.fields} if isinstance(declared, Record) else {}
    names = [part[1:].removesuffix("*") for part in path.split("/") if part.startswith(":")]
    return Record(tuple(_path_param(name, said.get(name)) for name in dict.fromkeys(names)))


def _path_param(name: str, said: Field | None) -> Field:
    texts = said.shape.members if said and isinstance(said.shape, Union) else [said.shape] if said else []
    known = tuple(each for each in texts if isinstance(each, Constant) and each.json.startswith('"'))
    is_known = bool(known) and len(known) == len(texts)
    return Field(name, union(known) if is_known else Plain.STRING, True, said.comment if said else "")
