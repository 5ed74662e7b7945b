"""Catalogs for the tests of what is generated from them: by hand, and any that hypothesis can think of."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from runtime.catalog import Bound, Catalog
from runtime.model import (
    ApiTrigger,
    Emit,
    EventTrigger,
    JsonSchema,
    QueryParam,
    Step,
    StreamDefinition,
    Trigger,
)

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")
NODE: JsonSchema = {
    "$ref": "#/$defs/Node",
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
            },
            "required": ["value"],
        }
    },
}
"""A list, as Pydantic writes it."""
TREE: JsonSchema = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#"}},
        "first/born": {"$ref": "#/properties/children/items"},
    },
    "required": ["name"],
}
"""A tree, as zod writes it."""


def step(name: str, *triggers: Trigger, emits: tuple[Emit, ...] = (), **more: Any) -> Step:
    """A step in the node language."""
    return Step(name, "node", f"steps/{name}.step.ts", "api", triggers, emits=emits, **more)


def catalog(*steps: Step, streams: tuple[StreamDefinition, ...] = ()) -> Catalog:
    """A catalog of steps, all of their triggers wired."""
    topics: dict[str, list[Bound[EventTrigger]]] = {}
    for each in steps:
        for trigger in each.triggers:
            if isinstance(trigger, EventTrigger):
                topics.setdefault(trigger.topic, []).append(Bound(each, trigger))
    return Catalog(
        steps=steps,
        streams={stream.name: stream for stream in streams},
        routes=tuple(Bound(each, t) for each in steps for t in each.triggers if isinstance(t, ApiTrigger)),
        subscriptions={topic: tuple(bounds) for topic, bounds in topics.items()},
    )


# ------------------------------------------------------------ anything

_TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
_PLAIN: st.SearchStrategy[JsonSchema] = st.sampled_from(
    [True, {}, {"type": "string"}, {"type": "integer", "minimum": 0}, {"enum": ["a", None, 1]}, {"format": "uuid"}]
)


def _nested(inner: st.SearchStrategy[JsonSchema]) -> st.SearchStrategy[JsonSchema]:
    return st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, inner),
        st.builds(lambda parts: {"anyOf": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(
            lambda properties, required: {
                "type": "object",
                "properties": properties,
                "required": sorted(properties)[:required],
            },
            st.dictionaries(_TEXTS, inner, max_size=3),
            st.integers(0, 3),
        ),
    )


def _with_references(schema: JsonSchema, names: list[str], definition: JsonSchema) -> JsonSchema:
    """The schema with definitions of these names, each of which refers to the first and to the whole."""
    if isinstance(schema, bool) or not names:
        return schema
    first = f"#/$defs/{quote(names[0].replace('~', '~0').replace('/', '~1'))}"
    defs = {
        name: {
            "anyOf": [definition, {"type": "object", "properties": {"first": {"$ref": first}, "all": {"$ref": "#"}}}]
        }
        for name in names
    }
    return {**schema, "$defs": defs, "allOf": [{"$ref": first}]}


_SIMPLE_NAMES = st.lists(st.sampled_from(["Item", "Node", "a b", "x/y", "Problem", "~"]), max_size=3, unique=True)
SCHEMAS: st.SearchStrategy[JsonSchema] = st.builds(
    _with_references, st.recursive(_PLAIN, _nested, max_leaves=6), _SIMPLE_NAMES, _PLAIN
)
_MAYBE_SCHEMAS = st.one_of(st.none(), SCHEMAS)
_PARTS = st.one_of(
    st.sampled_from(["users", ":id", ":other", ":rest*", "*", "a{b}", "größe", "x y"]),
    _TEXTS.filter(lambda text: not set(text) & set("/:*")),
)


@st.composite
def _routes(draw: st.DrawFn, index: int) -> ApiTrigger:
    return ApiTrigger(
        draw(st.sampled_from(METHODS)),
        "/" + "/".join(draw(st.lists(_PARTS, max_size=4))),
        body_schema=draw(_MAYBE_SCHEMAS),
        query_schema=draw(_MAYBE_SCHEMAS),
        path_schema=draw(_MAYBE_SCHEMAS),
        response_schemas=draw(st.dictionaries(st.sampled_from(["200", "204", "400", "500", "default"]), SCHEMAS)),
        query_params=tuple(
            QueryParam(name, "about", required, schema)
            for name, required, schema in draw(
                st.lists(st.tuples(_TEXTS, st.booleans(), _MAYBE_SCHEMAS), max_size=2, unique_by=lambda item: item[0])
            )
        ),
        index=index,
    )


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    """Any catalog, without two routes of the same method and place."""
    steps: list[Step] = []
    for name in draw(st.lists(_TEXTS, max_size=4, unique=True)):
        routes = [draw(_routes(index)) for index in range(draw(st.integers(0, 2)))]
        topics = draw(st.lists(_TEXTS, max_size=2, unique=True))
        subscribed = [EventTrigger(topic, draw(_MAYBE_SCHEMAS), index=2) for topic in topics]
        emits = tuple(Emit(topic, schema=draw(_MAYBE_SCHEMAS)) for topic in draw(st.lists(_TEXTS, max_size=2)))
        flows = tuple(draw(st.lists(_TEXTS, max_size=2)))
        steps.append(step(name, *routes, *subscribed, emits=emits, flows=flows, description=draw(st.text(max_size=5))))
    streams = [
        StreamDefinition(name, "python", f"{name}.stream.py", draw(_MAYBE_SCHEMAS))
        for name in draw(st.lists(_TEXTS, max_size=2, unique=True))
    ]
    return catalog(*steps, streams=tuple(streams))
