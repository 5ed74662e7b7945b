"""The same shapes, written with each library that steps use, reach the core as JSON Schemas that mean the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runtime._gen import runner_pb2 as pb
from runtime.configfile import load_settings
from runtime.jsonschemas.drafts import to_2020_12
from runtime.runners.manifest import find_runners
from runtime.services.violations import Check
from tests.conformance.core_double import connected
from tests.conformance.project import Project
from tests.packages import link_packages

ROOT = Path(__file__).resolve().parents[2]

ZOD = """
import { z } from '%s'
const sku = z.object({ sku: z.string().min(1), qty: z.number().int().min(1), price: z.number().positive() })
const order = z.object({
  id: z.string().uuid(), email: z.string().email(), items: z.array(sku).min(1), note: z.string().optional(),
  kind: z.enum(['retail', 'trade']), labels: z.record(z.string(), z.string()).optional(), parent: z.string().nullable(),
  count: z.number().default(1),
})
const tree: any = z.object({ value: z.string(), children: z.array(z.lazy(() => tree)) })
const either = z.union([z.object({ by: z.literal('card'), number: z.string() }), z.object({ by: z.literal('cash') })])
"""
ZOD_MINI = """
import { z } from '%s'
const sku = z.object({
  sku: z.string().check(z.minLength(1)), qty: z.int().check(z.gte(1)), price: z.number().check(z.positive()),
})
const order = z.object({
  id: z.uuid(), email: z.email(), items: z.array(sku).check(z.minLength(1)), note: z.optional(z.string()),
  kind: z.enum(['retail', 'trade']), labels: z.optional(z.record(z.string(), z.string())),
  parent: z.nullable(z.string()), count: z._default(z.number(), 1),
})
const tree: any = z.object({ value: z.string(), children: z.array(z.lazy(() => tree)) })
const either = z.union([z.object({ by: z.literal('card'), number: z.string() }), z.object({ by: z.literal('cash') })])
"""
VALIBOT = """
import * as v from 'valibot'
const sku = v.object({
  sku: v.pipe(v.string(), v.minLength(1)), qty: v.pipe(v.number(), v.integer(), v.minValue(1)),
  price: v.pipe(v.number(), v.gtValue(0)),
})
const order = v.object({
  id: v.pipe(v.string(), v.uuid()), email: v.pipe(v.string(), v.email()),
  items: v.pipe(v.array(sku), v.minLength(1)),
  note: v.optional(v.string()), kind: v.picklist(['retail', 'trade']),
  labels: v.optional(v.record(v.string(), v.string())), parent: v.nullable(v.string()),
  count: v.optional(v.number(), 1),
})
const tree: any = v.object({ value: v.string(), children: v.array(v.lazy(() => tree)) })
const either = v.variant('by', [
  v.object({ by: v.literal('card'), number: v.string() }), v.object({ by: v.literal('cash') }),
])
"""
ARKTYPE = """
import { scope, type } from 'arktype'
const order = type({
  id: 'string.uuid', email: 'string.email',
  items: type({ sku: 'string > 0', qty: 'number.integer >= 1', price: 'number > 0' }).array().atLeastLength(1),
  'note?': 'string', kind: "'retail' | 'trade'", 'labels?': { '[string]': 'string' }, parent: 'string | null',
  'count?': 'number',
})
const tree = scope({ tree: { value: 'string', children: 'tree[]' } }).export().tree
const either = type({ by: "'card'", number: 'string' }).or({ by: "'cash'" })
"""
TYPEBOX = """
import { Type } from '@sinclair/typebox'
const sku = Type.Object({
  sku: Type.String({ minLength: 1 }), qty: Type.Integer({ minimum: 1 }), price: Type.Number({ exclusiveMinimum: 0 }),
})
const order = Type.Object({
  id: Type.String({ format: 'uuid' }), email: Type.String({ format: 'email' }), items: Type.Array(sku, { minItems: 1 }),
  note: Type.Optional(Type.String()), kind: Type.Union([Type.Literal('retail'), Type.Literal('trade')]),
  labels: Type.Optional(Type.Record(Type.String(), Type.String())), parent: Type.Union([Type.String(), Type.Null()]),
  count: Type.Optional(Type.Number()),
})
const tree = Type.Recursive((self) => Type.Object({ value: Type.String(), children: Type.Array(self) }))
const either = Type.Union([
  Type.Object({ by: Type.Literal('card'), number: Type.String() }), Type.Object({ by: Type.Literal('cash') }),
])
"""
DRAFT_4: Mapping[str, Any] = {
    "order": {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "type": "object",
        "definitions": {
            "sku": {
                "type": "object",
                "properties": {
                    "sku": {"type": "string", "minLength": 1},
                    "qty": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
                    "price": {"type": "number", "minimum": 0, "exclusiveMinimum": True},
                },
                "required": ["sku", "qty", "price"],
            }
        },
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "email": {"type": "string", "format": "email"},
            "items": {"type": "array", "items": {"$ref": "#/definitions/sku"}, "minItems": 1},
            "note": {"type": "string"},
            "kind": {"enum": ["retail", "trade"]},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "parent": {"type": "string", "nullable": True},
            "count": {"type": "number"},
        },
        "required": ["id", "email", "items", "kind", "parent"],
    },
    "tree": {
        "type": "object",
        "properties": {"value": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
        "required": ["value", "children"],
    },
    "either": {
        "oneOf": [
            {"properties": {"by": {"const": "card"}, "number": {"type": "string"}}, "required": ["by", "number"]},
            {"properties": {"by": {"const": "cash"}}, "required": ["by"]},
        ],
        "type": "object",
    },
}
JSON_NODE = "".join(f"const {name} = {json.dumps(schema)}\n" for name, schema in DRAFT_4.items())
JSON_PYTHON = "".join(f"{name} = {schema!r}\n" for name, schema in DRAFT_4.items())
PYDANTIC = """
from typing import Annotated, Literal
from uuid import UUID
from pydantic import BaseModel, Field, TypeAdapter

class Sku(BaseModel):
    sku: Annotated[str, Field(min_length=1)]
    qty: Annotated[int, Field(ge=1)]
    price: Annotated[float, Field(gt=0)]

class order(BaseModel):
    id: UUID
    email: Annotated[str, Field(json_schema_extra={"format": "email"})]
    items: Annotated[list[Sku], Field(min_length=1)]
    note: str = ""
    kind: Literal["retail", "trade"]
    labels: dict[str, str] = {}
    parent: str | None
    count: float = 1

class tree(BaseModel):
    value: str
    children: "list[tree]"

class Card(BaseModel):
    by: Literal["card"]
    number: str

class Cash(BaseModel):
    by: Literal["cash"]

either = TypeAdapter(Card | Cash)
"""
PYDANTIC_1 = """
from typing import Dict, List, Literal, Optional, Union
from uuid import UUID
from pydantic.v1 import BaseModel, Field

class Sku(BaseModel):
    sku: str = Field(min_length=1)
    qty: int = Field(ge=1)
    price: float = Field(gt=0)

class order(BaseModel):
    id: UUID
    email: str = Field(format="email")
    items: List[Sku] = Field(min_items=1)
    note: Optional[str]
    kind: Literal["retail", "trade"]
    labels: Dict[str, str] = {}
    parent: str = Field(nullable=True)
    count: float = 1

class tree(BaseModel):
    value: str
    children: List["tree"]
tree.update_forward_refs()

class Card(BaseModel):
    by: Literal["card"]
    number: str

class Cash(BaseModel):
    by: Literal["cash"]

class either(BaseModel):
    __root__: Union[Card, Cash]
"""
TYPES = """
from dataclasses import dataclass
from typing import Annotated, Literal
from typing_extensions import TypedDict
from uuid import UUID
from pydantic import Field

@dataclass
class Sku:
    sku: Annotated[str, Field(min_length=1)]
    qty: Annotated[int, Field(ge=1)]
    price: Annotated[float, Field(gt=0)]

@dataclass
class order:
    id: UUID
    email: Annotated[str, Field(json_schema_extra={"format": "email"})]
    items: Annotated[list[Sku], Field(min_length=1)]
    kind: Literal["retail", "trade"]
    parent: str | None
    note: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    count: float = 1

@dataclass
class tree:
    value: str
    children: "list[tree]"

Card = TypedDict("Card", {"by": Literal["card"], "number": str})
Cash = TypedDict("Cash", {"by": Literal["cash"]})
either = Card | Cash
"""
NODE = {
    "zod3": ZOD % "zod3",
    "zod3_25": ZOD % "zod3_25",
    "zod3_25_v4": ZOD % "zod3_25/v4",
    "zod4_0": ZOD % "zod4_0",
    "zod4_0_mini": ZOD_MINI % "zod4_0/mini",
    "zod4_1": ZOD % "zod4_1",
    "zod4": ZOD % "zod4",
    "zod4_v3": ZOD % "zod4/v3",
    "zod4_mini": ZOD_MINI % "zod4/mini",
    "valibot": VALIBOT,
    "arktype": ARKTYPE,
    "typebox": TYPEBOX,
    "json_node": JSON_NODE,
}
PYTHON = {"pydantic": PYDANTIC, "pydantic_1": PYDANTIC_1, "types": TYPES, "json_python": JSON_PYTHON}
SHAPES = ("order", "tree", "either")

ORDER = {
    "id": "123e4567-e89b-42d3-a456-426614174000",
    "email": "ada@example.com",
    "items": [{"sku": "a", "qty": 2, "price": 1.5}],
    "kind": "trade",
    "parent": "p",
}
FITS: Mapping[str, tuple[Any, ...]] = {
    "order": (
        ORDER,
        {**ORDER, "note": "n", "labels": {"a": "b"}, "count": 2.5},
        {**ORDER, "unknown": 1},
    ),
    "tree": (
        {"value": "a", "children": []},
        {"value": "a", "children": [{"value": "b", "children": [{"value": "c", "children": []}]}]},
    ),
    "either": ({"by": "card", "number": "1"}, {"by": "cash"}),
}
MISFITS: Mapping[str, tuple[Any, ...]] = {
    "order": (
        None,
        [],
        {},
        {**ORDER, "id": "x"},
        {**ORDER, "email": "nobody"},
        {**ORDER, "items": []},
        {**ORDER, "items": [{"sku": "", "qty": 2, "price": 1.5}]},
        {**ORDER, "items": [{"sku": "a", "qty": 0, "price": 1.5}]},
        {**ORDER, "items": [{"sku": "a", "qty": 1.5, "price": 1.5}]},
        {**ORDER, "items": [{"sku": "a", "qty": 1, "price": 0}]},
        {**ORDER, "items": [{"sku": "a", "qty": 1}]},
        {**ORDER, "kind": "other"},
        {**ORDER, "labels": {"a": 1}},
        {**ORDER, "count": "1"},
    ),
    "tree": ({"value": "a"}, {"value": "a", "children": [{"value": 1, "children": []}]}),
    "either": ({"by": "card"}, {"by": "cheque"}, {}),
}


class Loaded:
    """What a runner has said of a project."""

    def __init__(self, manifest: pb.Manifest, warnings: list[str]) -> None:
        assert not manifest.load_failures
        self.warnings = warnings
        entries: list[Any] = [*manifest.steps, *manifest.streams]
        self.schemas = {
            (Path(entry.file).name.split(".")[0].removesuffix("_step"), place): json.loads(text)
            for entry in entries
            for place, text in entry.schemas.items()
        }


async def load(language: str, root: Path, files: Mapping[str, str]) -> Loaded:
    """Has the language's own runner load the files as steps."""
    runner = next(each for each in find_runners(ROOT, load_settings(ROOT, {})) if each.manifest.language == language)
    suffix = ".step.ts" if language == "node" else "_step.py"
    (root / "steps").mkdir()
    for name, text in files.items():
        (root / "steps" / f"{name}{suffix}").write_text(text, encoding="utf-8")
    project = Project(runner, root, root / ".runtime" / "cache")
    project.cache.mkdir(parents=True)
    async with connected(project) as core:
        logs = [envelope.log for envelope in core.envelopes() if envelope.WhichOneof("kind") == "log"]
        assert all(log.invocation_id == 0 and log.level == pb.LOG_LEVEL_WARN for log in logs)
        return Loaded(core.manifest, [log.message for log in logs])


ODD_NODE = """
import { z } from 'zod4'
import { z as z3 } from 'zod3'
class Odd { constructor(readonly inner: number) {} }
const coerced = (z: any) => ({
  a: z.coerce.number(), b: z.coerce.boolean(), c: z.number().catch(1), d: z.preprocess(Number, z.number()),
})
export const config = {
  type: 'api', name: 'Odd', method: 'POST', path: '/odd',
  bodySchema: new Odd(1),
  queryParams: z.object({ page: z.coerce.number(), on: z.date().optional() }),
  pathParams: { type: 'object', properties: { id: { type: 'integer' } } },
  emits: ['plain', { topic: 'checked', schema: z.object({ text: z.string().transform((text) => text.length) }) }],
  responseSchema: z.object({
    at: z.date(), size: z.bigint(), count: z.number().default(1), text: z.string().transform(Number),
  }),
  triggers: [
    { type: 'api', method: 'POST', path: '/a', bodySchema: z.object(coerced(z)) },
    { type: 'api', method: 'POST', path: '/b', bodySchema: z3.object(coerced(z3)) },
    { type: 'api', method: 'POST', path: '/c', bodySchema: z.string().regex(/^a+$/i) },
    { type: 'api', method: 'POST', path: '/d', bodySchema: z3.string().regex(/^a+$/i) },
    { type: 'api', method: 'GET', path: '/e', queryParams: [{ name: 'page', schema: z3.coerce.number() }] },
    { type: 'event', topic: 't', input: z3.any().describe('all') },
    {
      type: 'api', method: 'GET', path: '/f',
      responseSchema: { 200: z.strictObject({ a: z.string() }), default: z.null() },
    },
  ],
}
"""
ODD_PYTHON = """
from typing import Callable
from pydantic import BaseModel, Field

class Body(BaseModel):
    run: Callable[[], int] | None = None
    count: int = Field(1, alias="total")

class Odd:
    pass

config = {
    "type": "api", "name": "Odd", "method": "POST", "path": "/odd",
    "bodySchema": Odd(),
    "queryParams": Body,
    "pathParams": {"type": "object"},
    "emits": ["plain", {"topic": "checked", "schema": Body}],
    "responseSchema": list[Body],
    "triggers": [
        {"type": "api", "method": "GET", "path": "/e", "queryParams": [{"name": "page", "schema": int}]},
        {"type": "event", "topic": "t", "input": None},
        {"type": "api", "method": "GET", "path": "/f", "responseSchema": {200: Body, "default": {"type": "null"}}},
    ],
}
"""


async def test_what_cannot_be_written_is_told_and_harms_nothing(tmp_path: Path) -> None:
    link_packages(tmp_path)
    loaded = await load("node", tmp_path, {"odd": ODD_NODE})
    assert loaded.warnings == [
        "steps/odd.step.ts: bodySchema cannot be written as JSON Schema: it is neither a JSON Schema nor an object "
        "that gives one; it is not validated"
    ]
    schemas = {place: to_2020_12(schema) for (_, place), schema in loaded.schemas.items()}
    assert set(schemas) == {
        *("/queryParams", "/pathParams", "/emits/1/schema", "/responseSchema", "/triggers/4/queryParams/0/schema"),
        *(f"/triggers/{number}/bodySchema" for number in range(4)),
        *("/triggers/5/input", "/triggers/6/responseSchema/200", "/triggers/6/responseSchema/default"),
    }
    for place in ("/triggers/0/bodySchema", "/triggers/1/bodySchema"):  # the library would make numbers of all of them
        assert Check(schemas[place]).misfits({"a": "1", "b": 7, "c": "x", "d": "2"}) == []
    for place in ("/triggers/2/bodySchema", "/triggers/3/bodySchema"):
        assert Check(schemas[place]).fits("aAa") and not Check(schemas[place]).fits("b")
    assert schemas["/queryParams"] == {
        "type": "object",
        "properties": {"page": {"type": "number"}, "on": {"type": "string", "format": "date-time"}},
        "required": ["page"],
    }
    answer = Check(schemas["/responseSchema"])
    assert answer.fits({"at": "2020-01-01T00:00:00Z", "size": 1, "count": 1, "text": 1, "more": True})
    assert [misfit.message for misfit in answer.misfits({"at": "2020-01-01T00:00:00Z", "size": 1, "text": 1})] == [
        "'count' is missing"
    ]
    assert not Check(schemas["/triggers/6/responseSchema/200"]).fits({"a": "", "b": 1})


async def test_what_pydantic_cannot_write_is_told_and_harms_nothing(tmp_path: Path) -> None:
    loaded = await load("python", tmp_path, {"odd": ODD_PYTHON})
    assert loaded.warnings == [
        "steps/odd_step.py: bodySchema cannot be written as JSON Schema: it is a Odd, which is no schema; it is not "
        "validated"
    ]
    schemas: dict[str, Any] = {place: to_2020_12(schema) for (_, place), schema in loaded.schemas.items()}
    assert set(schemas) == {
        *("/queryParams", "/pathParams", "/emits/1/schema", "/responseSchema", "/triggers/0/queryParams/0/schema"),
        *("/triggers/2/responseSchema/200", "/triggers/2/responseSchema/default"),
    }
    assert set(schemas["/queryParams"]["properties"]) == {"run", "total"}
    assert set(schemas["/triggers/2/responseSchema/200"]["properties"]) == {"run", "count"}
    assert Check(schemas["/queryParams"]).fits({"run": "anything"})


def step_of(text: str, language: str) -> str:
    """A step whose triggers take each shape as a body."""
    triggers = ", ".join(
        f"{{'type': 'api', 'method': 'POST', 'path': '/{shape}', 'bodySchema': {shape}}}" for shape in SHAPES
    )
    config = f"config = {{'name': 'x', 'triggers': [{triggers}]}}\n"
    if language == "python":
        return f"{text}\n{config}\nasync def handler(req, ctx):\n    return {{'status': 200}}\n"
    return f"{text}\nexport const {config}\nexport const handler = async () => ({{ status: 200 }})\n"


@pytest.fixture(scope="module")
async def node(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    root = tmp_path_factory.mktemp("node")
    link_packages(root)
    return await load("node", root, {name: step_of(text, "node") for name, text in NODE.items()})


@pytest.fixture(scope="module")
async def python(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    root = tmp_path_factory.mktemp("python")
    return await load("python", root, {name: step_of(text, "python") for name, text in PYTHON.items()})


def hold(loaded: Loaded, library: str) -> None:
    """Checks the tables against what a library's schemas have become."""
    faults: list[tuple[object, ...]] = []
    for number, shape in enumerate(SHAPES):
        check = Check(to_2020_12(loaded.schemas[library, f"/triggers/{number}/bodySchema"]))
        faults += [("misses", shape, value, check.misfits(value)) for value in FITS[shape] if check.misfits(value)]
        faults += [("takes", shape, value) for value in MISFITS[shape] if not check.misfits(value)]
    assert not faults
    assert not loaded.warnings


@pytest.mark.parametrize("library", list(NODE))
async def test_node_libraries_mean_the_same(node: Loaded, library: str) -> None:
    hold(node, library)


@pytest.mark.parametrize("library", list(PYTHON))
async def test_python_libraries_mean_the_same(python: Loaded, library: str) -> None:
    hold(python, library)


async def test_null_is_taken_where_it_may_be(node: Loaded, python: Loaded) -> None:
    for loaded, libraries in ((node, NODE), (python, PYTHON)):
        for library in libraries:
            check = Check(to_2020_12(loaded.schemas[library, "/triggers/0/bodySchema"]))
            assert check.fits({**ORDER, "parent": None}), library
