"""compatibility: where what one step emits can never fit what another takes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.definitions.compatibility import Fault, Mismatch, compare, mismatches
from runtime.model import Emit, EventTrigger, JsonSchema, Severity, Step, Validation

STRING, INTEGER, NUMBER, NULL = ({"type": name} for name in ("string", "integer", "number", "null"))


def record(*required: str, **properties: JsonSchema) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def many(items: JsonSchema, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


def found(producer: JsonSchema, subscriber: JsonSchema) -> list[tuple[str, str]]:
    return [(each.fault.value, each.pointer) for each in compare(producer, subscriber)]


# ------------------------------------------------------------ what is found


@pytest.mark.parametrize(
    ("producer", "subscriber", "mismatches"),
    [
        (record(a=STRING), record("id", id=STRING), [("missing", "/id")]),
        (record("id", id=STRING), record("id", id=INTEGER), [("clash", "/id")]),
        (record(id=STRING), record(id=INTEGER), [("clash", "/id")]),
        (STRING, record(), [("clash", "")]),
        (record(o=record(a=STRING)), record(o=record("b", "c")), [("missing", "/o/b"), ("missing", "/o/c")]),
        (record(l=many(record(sku=STRING))), record(l=many(record("price"))), [("missing", "/l/*/price")]),
        (record(l=many(STRING)), record(l=many(NULL)), [("clash", "/l/*")]),
        (record("a/b~", **{"a/b~": STRING}), record(**{"a/b~": NULL}), [("clash", "/a~1b~0")]),
        ({"const": "a"}, {"enum": ["b", "c"]}, [("clash", "")]),
        ({"const": True}, {"const": 1}, [("clash", "")]),
        ({"enum": [1, 2.5]}, STRING, [("clash", "")]),
        ({"enum": [0.5]}, INTEGER, [("clash", "")]),
        (record("x", x=STRING), {**record(a=STRING), "additionalProperties": False}, [("refused", "/x")]),
        (record("x", x=STRING), record(x=False), [("clash", "/x")]),
        ({"allOf": [record(a=STRING), record(b=STRING)]}, record("c"), [("missing", "/c")]),
        (record(a=STRING), {"allOf": [record("b"), record("c")]}, [("missing", "/b"), ("missing", "/c")]),
        ({"type": "object", "additionalProperties": False}, record("a"), [("missing", "/a")]),
        ({"anyOf": [record(a=STRING), NULL]}, record("id"), [("missing", "/id")]),
        ({"anyOf": [STRING, NULL]}, {"oneOf": [INTEGER, record()]}, [("clash", "")]),
        (record("t", t={"const": 1}), {"oneOf": [record("t", t={"const": n}) for n in (2, 3)]}, [("clash", "")]),
        ({"$ref": "#/$defs/A", "$defs": {"A": record(a=STRING)}}, record("id"), [("missing", "/id")]),
    ],
)
def test_what_can_never_fit(producer: JsonSchema, subscriber: JsonSchema, mismatches: list[tuple[str, str]]) -> None:
    assert found(producer, subscriber) == mismatches


@pytest.mark.parametrize(
    ("producer", "subscriber"),
    [
        (True, record("id")),
        (record("id"), True),
        ({}, record("id")),
        ({"type": "object"}, record("id")),
        (record(), record("id")),
        (record("id", a=STRING), record("id")),
        (record(id=STRING), record("id")),
        ({**record(a=STRING), "additionalProperties": True}, record("id")),
        ({**record(a=STRING), "additionalProperties": STRING}, record("id")),
        ({**record(a=STRING), "patternProperties": {"^i": STRING}}, record("id")),
        ({**record(a=STRING), "minProperties": 2}, record("id")),
        ({**record(a=STRING), "if": True, "then": record(id=STRING)}, record("id")),
        ({**record(a=STRING), "dependentRequired": {"a": ["id"]}}, record("id")),
        ({**record(a=STRING), "$ref": "https://example.org/more"}, record("id")),
        ({**record(a=STRING), "allOf": [record(id=STRING)]}, record("id")),
        ({"anyOf": [record(a=STRING), record(id=STRING)]}, record("id")),
        (record(a=STRING), {"anyOf": [record("a"), record("id")]}),
        ({"anyOf": [STRING, NULL]}, STRING),
        (NUMBER, INTEGER),
        (INTEGER, NUMBER),
        ({"const": 1.0}, {"const": 1}),
        ({"const": 2.0}, INTEGER),
        ({"enum": ["a", "b"]}, {"enum": ["b", "c"]}),
        (many(True, prefixItems=[STRING]), many(INTEGER)),
        ({"type": "string", "pattern": "^a"}, {"type": "string", "pattern": "^b"}),
        ({"type": "integer", "minimum": 5}, {"type": "integer", "maximum": 1}),
        (record(a=False), record("b", a=STRING, b=STRING) | {"required": []}),
    ],
)
def test_what_may_fit_is_not_spoken_of(producer: JsonSchema, subscriber: JsonSchema) -> None:
    assert found(producer, subscriber) == []


def test_schemas_that_hold_themselves_are_compared_once() -> None:
    def tree(*required: str) -> dict[str, Any]:
        return {"$ref": "#/$defs/T", "$defs": {"T": record(*required, child={"$ref": "#/$defs/T"})}}

    assert ("missing", "/id") in found(tree(), tree("id"))
    assert len(found(tree(), tree("id"))) < 4


def test_a_reference_that_leads_to_itself_says_nothing() -> None:
    assert found({"$ref": "#"}, record("id")) == []


def test_a_document_inside_has_references_of_its_own() -> None:
    inner = {"$id": "urn:x", "$ref": "#/$defs/A", "$defs": {"A": STRING}}
    assert found(record(a=inner) | {"$defs": {"A": INTEGER}}, record(a=INTEGER)) == [("clash", "/a")]


def test_the_work_is_bounded() -> None:
    choice: JsonSchema = STRING
    for _ in range(12):
        choice = {"anyOf": [record(a=choice, b=choice), record(b=choice, c=choice)]}
    assert compare(choice, {"anyOf": [choice, NULL]}) == []
    assert compare(record(a=STRING), record("id"), steps=1) == []


# ------------------------------------------------------------ nothing is found that is not so

NAMES = ("a", "b")
SCALARS = (None, True, 0, 1.5, "x")


def _objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {"properties": st.dictionaries(st.sampled_from(NAMES), inner, max_size=2)},
        optional={
            "type": st.sampled_from(["object", ["object", "null"]]),
            "required": st.lists(st.sampled_from(NAMES), unique=True),
            "additionalProperties": st.just(False) | inner,
        },
    )


def _schemas() -> st.SearchStrategy[JsonSchema]:
    types = st.sampled_from(["null", "boolean", "integer", "number", "string", "object", "array"])
    leaves = st.one_of(
        st.booleans(),
        st.fixed_dictionaries({"type": types | st.lists(types, min_size=1, max_size=3, unique=True)}),
        st.fixed_dictionaries({"const": st.sampled_from(SCALARS)}),
        st.fixed_dictionaries({"enum": st.lists(st.sampled_from(SCALARS), min_size=1, max_size=3, unique_by=repr)}),
        st.sampled_from([{"$ref": "#/$defs/D"}, {"$ref": "#/$defs/E"}]),
    )

    def around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        objects = _objects(inner)
        arrays = st.fixed_dictionaries(
            {"items": inner}, optional={"type": st.just("array"), "minItems": st.sampled_from([0, 1])}
        )
        parts = st.lists(inner, min_size=1, max_size=2)
        choices = st.dictionaries(st.sampled_from(["allOf", "anyOf", "oneOf"]), parts, min_size=1, max_size=2)
        return objects | objects | arrays | choices | st.builds(lambda one, other: {**one, **other}, objects, choices)

    return st.recursive(leaves, around, max_leaves=6)


def _documents() -> st.SearchStrategy[dict[str, Any] | bool]:
    def document(schema: Any, one: Any, other: Any) -> dict[str, Any] | bool:
        return schema if isinstance(schema, bool) else {**schema, "$defs": {"D": one, "E": other}}

    return st.builds(document, _objects(_schemas()) | _schemas(), _schemas(), _schemas())


def _universe() -> list[Any]:
    """All values of two levels over a few names and scalars."""
    values: list[Any] = list(SCALARS)
    for _ in range(2):
        objects = [
            {name: value for name, value in zip(NAMES, pair, strict=True) if value is not ...}
            for pair in itertools.product([..., *values], repeat=2)
        ]
        values = [*SCALARS, [], *([value] for value in values), *objects]
    return values


UNIVERSE = _universe()


def _at(value: Any, pointer: str) -> Iterator[Any]:
    """What a value has at a place, in every item."""
    key, _, rest = pointer[1:].partition("/")
    inner: list[Any] = []
    if not pointer:
        yield value
        return
    if key == "*" and isinstance(value, list):
        inner = value
    elif isinstance(value, dict) and key in value:
        inner = [value[key]]
    for each in inner:
        yield from _at(each, f"/{rest}" if rest else "")


def _hold(mismatch: Mismatch, producer: Callable[[Any], bool], both: list[Any]) -> None:
    if mismatch.never:
        assert both == []
    if mismatch.fault is not Fault.MISSING:
        assert not any(True for value in both for _ in _at(value, mismatch.pointer))
        return
    parent, _, name = mismatch.pointer.rpartition("/")
    for value in both:
        for holder in [each for each in _at(value, parent) if isinstance(each, dict)]:
            assert name in holder
            taken = holder.pop(name)
            assert producer(value), "the producer knows the property"
            holder[name] = taken


@settings(max_examples=300, deadline=None)
@given(_documents(), _documents())
def test_what_is_found_is_so(producer: dict[str, Any] | bool, subscriber: dict[str, Any] | bool) -> None:
    try:
        one, other = (jsonschema_rs.validator_for(schema).is_valid for schema in (producer, subscriber))
        both = [value for value in UNIVERSE if one(value) and other(value)]
    except (ValueError, RecursionError):
        return  # a reference that leads to itself alone
    for mismatch in compare(producer, subscriber):
        _hold(mismatch, one, both)


# ------------------------------------------------------------ the steps of a project


def producer(schema: JsonSchema | None, name: str = "Create") -> Step:
    return Step(name, "node", f"steps/{name}.step.ts", "api", emits=(Emit("t", schema=schema),))


def taker(schema: JsonSchema | None, name: str = "Score", mode: Validation | None = None) -> Step:
    return Step(name, "python", f"steps/{name}_step.py", "event", (EventTrigger("t", schema),), validation=mode)


def test_an_emit_that_lacks_what_a_subscriber_requires() -> None:
    [problem] = mismatches([producer(record(a=STRING)), taker(record("id"))], Validation.WARN)
    assert problem.message == "topic 't': step 'Create' emits no 'id', which step 'Score' requires"
    assert (problem.file, problem.severity) == ("steps/Create.step.ts", Severity.WARNING)
    assert "steps/Score_step.py" in problem.fix


def test_places_further_in_are_named_by_pointer() -> None:
    [problem] = mismatches([producer(record(o=record(a=STRING))), taker(record(o=record("id")))], Validation.WARN)
    assert "emits no '/o/id'" in problem.message


def test_an_emit_of_another_type() -> None:
    [problem] = mismatches([producer(record(n=STRING)), taker(record(n=INTEGER))], Validation.WARN)
    assert problem.message == (
        "topic 't': step 'Create' emits what step 'Score' does not take: 'n' is string here and integer there"
    )
    [problem] = mismatches([producer(STRING), taker(record())], Validation.WARN)
    assert "the data is string here and object there" in problem.message


def test_an_emit_of_what_is_not_allowed() -> None:
    closed = {**record(), "additionalProperties": False}
    [problem] = mismatches([producer(record("x")), taker(closed)], Validation.WARN)
    assert "emits 'x', which the input of step 'Score' does not allow" in problem.message


def test_subscribers_that_no_event_can_satisfy_together() -> None:
    one, two, three = (taker(record("n", n=kind), str(kind["type"])) for kind in (STRING, INTEGER, STRING))
    first, second = mismatches([one, two, three], Validation.ENFORCE)
    assert (first.file, second.file, first.severity) == (two.file, three.file, Severity.ERROR)
    assert first.message == (
        "topic 't': no event can fit the input of both step 'string' and step 'integer': "
        "'n' is string here and integer there"
    )
    assert one.file in first.fix


@pytest.mark.parametrize("swapped", [False, True])
def test_a_subscriber_that_forbids_what_another_requires(swapped: bool) -> None:
    pair = [taker({**record(), "additionalProperties": False}, "Closed"), taker(record("x", x=STRING), "Open")]
    [problem] = mismatches(pair[::-1] if swapped else pair, Validation.WARN)
    who = ("first", "second") if swapped else ("second", "first")
    assert problem.message.endswith(f": 'x' is required by the {who[0]} and not allowed by the {who[1]}")


def test_subscribers_that_want_different_properties_are_no_rivals() -> None:
    assert mismatches([taker(record("a", a=STRING)), taker(record("b", b=STRING), "Two")], Validation.ENFORCE) == []


@pytest.mark.parametrize(
    ("project", "own", "severity"),
    [
        (Validation.OFF, None, None),
        (Validation.WARN, Validation.OFF, None),
        (Validation.ENFORCE, None, Severity.ERROR),
        (Validation.OFF, Validation.WARN, Severity.WARNING),
        (Validation.ENFORCE, Validation.WARN, Severity.WARNING),
    ],
)
def test_the_mode_of_the_subscriber_counts(
    project: Validation, own: Validation | None, severity: Severity | None
) -> None:
    problems = mismatches([producer(record(a=STRING)), taker(record("id"), mode=own)], project)
    assert [problem.severity for problem in problems] == ([severity] if severity else [])


@pytest.mark.parametrize(("emitted", "taken"), [(None, record("id")), (record(a=STRING), None)])
def test_without_a_schema_nothing_is_said(emitted: JsonSchema | None, taken: JsonSchema | None) -> None:
    assert mismatches([producer(emitted), taker(taken)], Validation.ENFORCE) == []


def test_other_topics_are_other_events() -> None:
    other = Step("Other", "node", "o", "event", (EventTrigger("u", record("id")),))
    assert mismatches([producer(record(a=STRING)), other], Validation.ENFORCE) == []


def test_an_endless_list_of_faults_is_cut() -> None:
    names = [f"p{number}" for number in range(100)]
    assert len(mismatches([producer(record(a=STRING)), taker(record(*names))], Validation.WARN)) == 8
