"""Types of any schema are texts that TypeScript and Python can read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runtime.catalog import Catalog
from runtime.generate.python import python_types
from runtime.generate.typescript import typescript_types
from runtime.model import StreamDefinition
from tests.types.checking import COMPILERS, TSCONFIG, pyright, tsc

EXAMPLES = 200
MODULE = "declare module 'motia' {\n  interface MotiaStream<TData> {\n    get(): TData;\n  }\n}\n"

_names = st.one_of(
    st.sampled_from(["id", "first-name", "class", "list", "__proto__", "$ref", "'", '"', "\\", "*/"]), st.text()
)
_values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text())
_references = st.sampled_from(
    ["#", "#/$defs/a", "#/$defs/b c", "#/$defs/missing", "#/properties/id", "other.json", "#anchor"]
)
_plain = st.one_of(
    st.booleans(),
    st.just({}),
    st.builds(
        lambda kind: {"type": kind},
        st.sampled_from(["string", "number", "integer", "boolean", "null", "array", "object"]),
    ),
    st.builds(lambda values: {"enum": values}, st.lists(_values | st.lists(_values, max_size=2), max_size=4)),
    st.builds(lambda value: {"const": value}, _values | st.dictionaries(_names, _values, max_size=2)),
    st.builds(lambda target: {"$ref": target}, _references),
)


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, min_size=1, max_size=3)
    optional = {
        "description": st.text(),
        "required": st.lists(_names, max_size=2),
        "additionalProperties": inner,
        "patternProperties": st.dictionaries(st.just("^x"), inner, max_size=1),
    }
    return st.one_of(
        st.fixed_dictionaries({"properties": st.dictionaries(_names, inner, max_size=4)}, optional=optional),
        st.fixed_dictionaries({"type": st.just(["array", "null"]), "items": inner}),
        st.fixed_dictionaries(
            {"prefixItems": lists}, optional={"items": inner, "minItems": st.integers(0, 4), "type": st.just("array")}
        ),
        st.fixed_dictionaries({}, optional={"allOf": lists, "anyOf": lists, "oneOf": lists, "type": st.just("object")}),
    )


_schemas = st.recursive(_plain, _containers, max_leaves=8)
_documents = st.builds(
    lambda schema, definitions: {**schema, "$defs": definitions} if isinstance(schema, dict) else schema,
    _schemas,
    st.fixed_dictionaries({"a": _schemas, "b c": _schemas}),
)


def catalog_of(schemas: list[Any]) -> Catalog:
    definitions = (
        StreamDefinition(f"s{number}", "node", "s.stream.ts", schema) for number, schema in enumerate(schemas)
    )
    return Catalog(streams={stream.name: stream for stream in definitions})


@pytest.mark.timeout(240)
def test_types_of_any_schema_can_be_read(tmp_path: Path) -> None:
    schemas: list[Any] = []

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(_documents)
    @example({"type": ["array", "null"], "prefixItems": [{"$ref": "#"}], "items": {"type": "string"}, "minItems": 0})
    @example({"prefixItems": [{"type": ["array"], "items": {"type": "object", "allOf": [{"oneOf": [{"$ref": "#"}]}]}}]})
    @example(
        {
            "prefixItems": [
                {"type": ["array", "null"], "items": {"allOf": [{"items": {}}], "oneOf": [{"$ref": "#"}]}},
                {"type": "array", "items": {}},
            ]
        }
    )
    def read_alone(schema: Any) -> None:
        catalog = catalog_of([schema])
        typescript_types(catalog, MODULE).encode()
        exec(compile(python_types(catalog), "runtime_types.py", "exec"), {"__name__": "runtime_types"})
        schemas.append(schema)

    read_alone()
    (tmp_path / "tsconfig.json").write_text(json.dumps(TSCONFIG), encoding="utf-8")
    written = typescript_types(catalog_of(schemas), MODULE)
    (tmp_path / "types.d.ts").write_text(written, encoding="utf-8")
    (tmp_path / "runtime_types.py").write_text(python_types(catalog_of(schemas)), encoding="utf-8")
    faults = tsc(tmp_path, COMPILERS["TypeScript 7"])
    assert faults == [], [written.splitlines()[line - 1] for _, line, _ in faults]
    assert pyright(tmp_path) == []
