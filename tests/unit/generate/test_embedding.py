"""generate/embedding: schemas mean the same in the document as they did alone, whatever they are called."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.generate.embedding import Components
from runtime.model import JsonSchema
from tests.unit.generate.catalogs import NODE, SCHEMAS, TREE

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 2), st.text(max_size=3), st.sampled_from(["a", "x y"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(["first", "all", "value", "next"]), st.text(max_size=3)), inner),
    ),
    max_leaves=8,
)


def accepts(components: Components, embedded: Any, value: object) -> bool:
    """Whether the value fits an embedded schema, with the components around it."""
    schema = {"allOf": [embedded], "components": {"schemas": components.schemas}}
    return jsonschema_rs.Draft202012Validator(schema, offline=True).is_valid(value)


def embedded(schema: JsonSchema) -> tuple[Components, Any]:
    components = Components({"Problem": {"type": "object"}})
    return components, components.reference("Body", schema)


@given(st.lists(SCHEMAS, min_size=1, max_size=3), VALUES)
def test_an_embedded_schema_takes_what_it_took_alone(schemas: list[JsonSchema], value: object) -> None:
    components = Components({"Problem": {"type": "object"}})
    references = [components.reference("Body", schema) for schema in schemas]
    for schema, reference in zip(schemas, references, strict=True):
        alone = jsonschema_rs.Draft202012Validator(schema).is_valid(value)  # type: ignore[arg-type]
        assert accepts(components, reference, value) == alone


def test_recursion() -> None:
    components, list_schema = embedded(NODE)
    assert accepts(components, list_schema, {"value": 1, "next": {"value": 2, "next": None}})
    assert not accepts(components, list_schema, {"value": 1, "next": {"value": "2"}})
    components, tree = embedded(TREE)
    assert accepts(components, tree, {"name": "a", "children": [{"name": "b"}], "first/born": {"name": "c"}})
    assert not accepts(components, tree, {"name": "a", "children": [{"name": 1}]})
    assert not accepts(components, tree, {"name": "a", "first/born": {}})


def test_definitions_that_are_the_same_are_shared() -> None:
    components = Components({})
    components.reference("A", NODE)
    components.reference("B", NODE)
    assert components.schemas.keys() == {"A", "B", "Node"}
    assert components.schemas["B"] == {"$ref": "#/components/schemas/Node"}


def test_definitions_that_only_share_a_name_are_kept_apart() -> None:
    components = Components({"Item": {"type": "object"}})
    kinds = [{"type": "string"}, {"type": "integer"}, {"type": "integer"}]
    for name, kind in zip("ABC", kinds, strict=True):
        components.reference(name, {"$ref": "#/$defs/Item", "$defs": {"Item": kind}})
    found = {name: schema["$ref"].rpartition("/")[2] for name, schema in components.schemas.items() if "$ref" in schema}
    assert found == {"A": "A_Item", "B": "B_Item", "C": "C_Item"}


def test_definitions_that_refer_to_different_ones_are_kept_apart() -> None:
    def schema(inner: str) -> JsonSchema:
        return {
            "$ref": "#/$defs/Outer",
            "$defs": {"Outer": {"items": {"$ref": "#/$defs/Inner"}}, "Inner": {"type": inner}},
        }

    components = Components({})
    text, number = components.reference("A", schema("string")), components.reference("B", schema("number"))
    assert accepts(components, text, ["a"])
    assert not accepts(components, text, [1])
    assert accepts(components, number, [1])
    assert not accepts(components, number, ["a"])


@pytest.mark.parametrize(
    "schema",
    [
        {"$id": "https://example.com/a.json", "properties": {"b": {"$ref": "https://example.com/a.json#/$defs/B"}}},
        {"$id": "https://example.com/a.json", "properties": {"b": {"$ref": "a.json#/$defs/B"}}},
        {"$id": "urn:example:a", "properties": {"b": {"$ref": "#/$defs/B"}}},
        {"properties": {"b": {"$ref": "#here"}}},
        {"properties": {"b": {"$dynamicRef": "#there"}}},
        {"properties": {"b": {"$ref": "inner.json"}}},
        {"properties": {"b": {"$ref": "#/$defs/outer/properties/b"}}},
    ],
)
def test_names_inside_a_schema_are_followed(schema: dict[str, Any]) -> None:
    named = {"type": "integer", "$anchor": "here", "$dynamicAnchor": "there"}
    defs = {"B": named, "I": {"$id": "inner.json", "$ref": "#/$defs/X", "$defs": {"X": {"type": "integer"}}}}
    defs["outer"] = {"properties": {"b": {"type": "integer"}}}
    whole = {**schema, "$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": defs}
    components, reference = embedded(whole)
    assert accepts(components, reference, {"b": 1})
    assert not accepts(components, reference, {"b": "1"})


def test_data_that_looks_like_a_reference_stays() -> None:
    data = {"$ref": "#/$defs/Item"}
    schema = {"properties": {"$ref": {"const": data}}, "enum": [data], "default": data, "examples": [data]}
    components, _ = embedded({**schema, "$defs": {"Item": {}}})
    assert components.schemas["Body"] == schema


def test_a_part_brings_along_what_it_refers_to() -> None:
    components = Components({})
    root = {"properties": {"a": {"$ref": "#/$defs/A"}, "all": {"$ref": "#"}}, "$defs": {"A": {"type": "string"}}}
    assert components.part("Query", root, root["properties"]["a"]) == {"$ref": "#/components/schemas/A"}
    assert components.part("Query", root, root["properties"]["all"]) == {"$ref": "#/components/schemas/Query"}
    assert components.schemas.keys() == {"A", "Query"}


def test_schemas_that_are_true_or_false_stay_in_place() -> None:
    for schema in (True, False):
        components, reference = embedded(schema)
        assert reference is schema
        assert components.schemas.keys() == {"Problem"}


PETS: dict[str, Any] = {
    "oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}],
    "$defs": {"Cat": {"properties": {"kind": {"const": "cat"}}}, "Dog": {"properties": {"kind": {"const": "dog"}}}},
}


@pytest.mark.parametrize(
    ("target", "moved"),
    [
        ("#/$defs/Cat", "#/components/schemas/Cat"),
        ("#/definitions/Cat", "#/components/schemas/Cat"),
        ("Cat", "#/components/schemas/Cat"),
        ("#/oneOf/0", "#/components/schemas/Body/oneOf/0"),
    ],
)
def test_what_a_discriminator_names_is_named_where_it_is_now(target: str, moved: str) -> None:
    components, _ = embedded({**PETS, "discriminator": {"propertyName": "kind", "mapping": {"cat": target}}})
    assert components.schemas["Body"]["discriminator"] == {"propertyName": "kind", "mapping": {"cat": moved}}


@pytest.mark.parametrize("target", ["#/$defs/Bird", "Bird", "https://example.com/bird", 7])
def test_what_a_discriminator_names_in_vain_is_left_out(target: object) -> None:
    components, _ = embedded({**PETS, "discriminator": {"propertyName": "kind", "mapping": {"bird": target}}})
    assert components.schemas["Body"]["discriminator"] == {"propertyName": "kind"}


@pytest.mark.parametrize("given_one", ["kind", None, {}, {"mapping": {}}, {"propertyName": "kind", "mapping": []}])
def test_a_discriminator_that_is_none_is_left_out(given_one: object) -> None:
    components, _ = embedded({**PETS, "discriminator": given_one})
    assert "discriminator" not in components.schemas["Body"]
