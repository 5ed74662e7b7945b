"""Whatever a value and a schema are, judging and explaining take little time, and what does not fit is explained."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.jsonschemas.places import pointer
from runtime.jsonschemas.validators import compile_schema
from runtime.services.violations import MAX_VIOLATIONS, Check

PATIENCE = 0.5
"""Seconds for one check: ten times what it should take, as the machine has other work."""
MAX_BYTES = 10_000
EXPRESSION = {"$ref": "#/$defs/E"}
quickly = settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))

names = st.sampled_from(["a", "b", "op", "child"])
scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "not", "neg", "long enough"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)
plain_facets: Mapping[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(["string", "integer", "null", "boolean", "object", "array", ["object", "array"]]),
    "const": scalars,
    "enum": st.lists(scalars, min_size=1, max_size=3, unique_by=json.dumps),
    "minimum": st.integers(-2, 2),
    "maxLength": st.integers(0, 4),
    "minItems": st.integers(0, 3),
    "maxProperties": st.integers(0, 3),
    "required": st.lists(names, max_size=2, unique=True),
    "uniqueItems": st.booleans(),
    "pattern": st.sampled_from(["^x", "t$"]),
}


def applied(inner: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    several = st.lists(inner, min_size=1, max_size=2)
    named = st.dictionaries(names, inner, max_size=3)
    return {
        "properties": named,
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "o"]), inner, max_size=2),
        "additionalProperties": inner | st.just(False),
        "items": inner,
        "prefixItems": several,
        "allOf": several,
        "contains": inner,
        "propertyNames": st.fixed_dictionaries({"maxLength": st.integers(1, 3)}),
        "dependentSchemas": named,
        "not": inner,
    }


def choices(inner: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    several = st.lists(inner, min_size=1, max_size=3)
    return {"anyOf": several, "oneOf": several, "if": inner, "then": inner, "else": inner}


def schemas(*kinds: Callable[[st.SearchStrategy[Any]], dict[str, st.SearchStrategy[Any]]]) -> st.SearchStrategy[Any]:
    facets = st.fixed_dictionaries({}, optional=dict(plain_facets))

    def around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.fixed_dictionaries(
            {}, optional={**{name: one for kind in kinds for name, one in kind(inner).items()}, **plain_facets}
        )

    return st.recursive(facets, around, max_leaves=6)


@quickly
@given(schema=schemas(applied), value=values)
def test_every_place_that_does_not_fit_is_named(schema: Any, value: Any) -> None:
    naive = {pointer(fault.instance_path) for fault in compile_schema(schema).iter_errors(value)}
    found = Check(schema).misfits(value)
    assert bool(found) is bool(naive)
    if len(found) < MAX_VIOLATIONS:
        assert {misfit.pointer for misfit in found} == naive


@quickly
@given(schema=schemas(applied, choices), value=values)
def test_a_value_is_explained_where_it_does_not_fit_and_only_there(schema: Any, value: Any) -> None:
    found = Check(schema).misfits(value)
    assert bool(found) is not compile_schema(schema).is_valid(value)
    naive = [pointer(fault.instance_path) for fault in compile_schema(schema).iter_errors(value)]
    for misfit in found:
        assert any(misfit.pointer == place or misfit.pointer.startswith(f"{place}/") for place in naive)
        assert misfit.message


recursive = st.lists(schemas(applied, choices), min_size=1, max_size=4).flatmap(
    lambda parts: st.lists(
        st.sampled_from(
            [
                *parts,
                {"properties": {"child": EXPRESSION}},
                {"properties": {"op": {"const": "not"}, "child": EXPRESSION}, "required": ["child"]},
                {"properties": {"child": EXPRESSION, "op": {"const": "neg"}}, "additionalProperties": False},
                {"additionalProperties": EXPRESSION, "type": "object"},
                {"items": EXPRESSION, "type": "array"},
                {"prefixItems": [EXPRESSION, EXPRESSION]},
                {"contains": EXPRESSION},
                {"not": {"properties": {"child": EXPRESSION}, "type": "object"}},
                {"unevaluatedProperties": False, "anyOf": [{"properties": {"child": EXPRESSION}}, {"type": "null"}]},
                {"if": {"properties": {"child": EXPRESSION}}, "else": {"items": EXPRESSION}},
            ]
        ),
        min_size=2,
        max_size=6,
    )
)
wrappings = st.lists(
    st.sampled_from(
        [
            lambda inner: {"op": "not", "child": inner},
            lambda inner: {"child": inner, "op": "abs"},
            lambda inner: {"a": inner, "b": 1},
            lambda inner: [inner],
            lambda inner: [1, inner],
        ]
    ),
    min_size=1,
    max_size=3,
)


@quickly
@given(
    branches=recursive,
    word=st.sampled_from(["anyOf", "oneOf", "allOf"]),
    wraps=wrappings,
    leaf=scalars,
    depth=st.integers(0, 150),
)
def test_recursive_unions_and_deep_values_take_little_time(
    branches: list[Any], word: str, wraps: list[Callable[[Any], Any]], leaf: Any, depth: int
) -> None:
    value = leaf
    for level in range(depth):
        value = wraps[level % len(wraps)](value)
    assert len(json.dumps(value)) < MAX_BYTES
    check = Check({**EXPRESSION, "$defs": {"E": {word: branches}}})
    began = time.process_time()
    found = check.misfits(value)
    assert time.process_time() - began < PATIENCE
    assert bool(found) is not check.fits(value)


@pytest.mark.parametrize("word", ["anyOf", "oneOf"])
@pytest.mark.parametrize("op", ["abs", "unheard of"])
@pytest.mark.parametrize("depth", [5, 10, 12, 40, 150])
def test_a_union_of_expressions_is_explained_at_any_depth(word: str, op: str, depth: int) -> None:
    branches = [
        {"type": "object", "properties": {"child": EXPRESSION, "op": {"const": name}}, "required": ["child", "op"]}
        for name in ("not", "neg", "abs")
    ]
    value: Any = "x"
    for _ in range(depth):
        value = {"op": op, "child": value}
    check = Check({**EXPRESSION, "$defs": {"E": {word: [*branches, {"type": "number"}]}}})
    began = time.process_time()
    (misfit,) = check.misfits(value)
    assert time.process_time() - began < PATIENCE
    if op == "abs" and depth <= 40:
        assert misfit.pointer == "/child" * depth
        assert misfit.message == 'must be a map or a number, is "x"'
