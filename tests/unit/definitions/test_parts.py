"""definitions.parts: maps inside a config, and the schemas that were taken out of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from runtime.definitions.parts import Part, Reading, Taken, known_keys, place
from runtime.model import JsonSchema, Severity

TEXT = {"type": "string"}


class Inner(Part):
    some_key: int = 0


class Outer(Part):
    one: Inner = Inner()
    several: tuple[Inner, ...] = ()
    anything: Any = None
    needed: str = Field(alias="theName")


@pytest.mark.parametrize(
    ("path", "text"),
    [((), "config"), (("a",), "config.a"), (("a", 0, "b"), "config.a[0].b"), (("x" * 500,), f"config.{'x' * 80}")],
)
def test_a_place_as_people_write_it(path: tuple[str | int, ...], text: str) -> None:
    assert place(path) == text


def test_keys_are_those_of_configs() -> None:
    assert known_keys(Outer) == ("one", "several", "anything", "theName")
    reading = Reading("a", {"one": {"some_key": 1, "someKey": 2}, "theName": "x"}, {})
    outer = reading.part(Outer, reading.config)
    assert outer is not None
    assert outer.one.some_key == 2


def test_every_fault_of_a_part_is_noted_where_it_is() -> None:
    reading = Reading("a", {"one": {"someKey": "x"}, "several": [{}, {"someKey": []}], "thename": ""}, {})
    assert reading.part(Outer, reading.config) is None
    assert [problem.message.split(":")[0] for problem in reading.errors] == [
        "config.one.someKey",
        "config.several[1].someKey",
        "config.theName is missing",
    ]
    assert reading.errors[-1].fix == "rename 'thename' to 'theName'"


def test_unknown_keys_are_found_at_every_level() -> None:
    config = {
        "one": {"somekey": 1},
        "several": [{}, {"x": 1, "gone": None}, "y"],
        "anything": {"z": 1},
        "noe": 1,
        "no": None,
    }
    reading = Reading("a", config, {})
    reading.unknown_keys(reading.config, (), (Outer,), {"noe": "advice"})
    assert [(problem.message.split(" ")[0], problem.fix) for problem in reading.warnings] == [
        ("config.noe", "advice"),
        ("config.one.somekey", "did you mean 'someKey'?"),
        ("config.several[1].x", "remove it, or see the list of keys in the documentation"),
    ]
    assert {problem.severity for problem in reading.warnings} == {Severity.WARNING}


def test_schemas_are_back_at_their_places() -> None:
    config = {"a": [{"b": 1}, 5], "n": None, "t": "text"}
    schemas: dict[str, JsonSchema] = {
        "/x": True,
        "/a/0/s": TEXT,
        "/n/y": True,
        "/new/~1~0": True,
        "/a/1/s": True,
        "/a/9": True,
        "/t/s": True,
    }
    there = Taken(True)
    assert Reading("a", config, schemas).config == {
        "x": there,
        "a": [{"b": 1, "s": Taken(TEXT)}, 5],
        "n": {"y": there},
        "new": {"/~": there},
        "t": "text",
    }
    assert config == {"a": [{"b": 1}, 5], "n": None, "t": "text"}


def test_many_schemas_in_one_place_are_put_back_in_time() -> None:
    schemas = {f"/responseSchema/{number}": True for number in range(100_000)}
    assert len(Reading("a", {}, schemas).config["responseSchema"]) == 100_000


@given(st.dictionaries(st.text("/a0~1", max_size=12), st.just(True)), st.recursive(st.none() | st.integers(), st.lists))
def test_any_pointer_harms_nothing(schemas: dict[str, bool], inner: object) -> None:
    Reading("a", {"a": inner, "0": {"a": inner}}, schemas)
