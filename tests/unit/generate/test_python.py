"""Python types: TypedDicts, their names, and what Python cannot say."""

from __future__ import annotations

import types
from typing import Any

import pytest

from runtime.catalog import Catalog
from runtime.generate.python import python_types
from runtime.generate.pytypes import PythonTypes
from runtime.generate.schemas import Shapes
from runtime.model import ApiTrigger, EventTrigger, StateTrigger, Step, StreamDefinition, StreamTrigger


def declared(schema: Any) -> tuple[str, str]:
    """The type of a schema and the declarations that it needs."""
    shapes = Shapes()
    shape = shapes.read(schema, "Root")
    python = PythonTypes("", ())
    python.define(shapes.definitions)
    return python.text(shape, "Root"), "\n".join(python.declared())


def catalog_of(*steps: Step) -> Catalog:
    return Catalog(steps=steps)


def module_of(catalog: Catalog) -> types.ModuleType:
    module = types.ModuleType("runtime_types")
    exec(compile(python_types(catalog), "runtime_types.py", "exec"), module.__dict__)
    return module


def event(name: str, schema: Any = None) -> Step:
    return Step(name, "python", f"steps/{name}_step.py", "event", (EventTrigger("t", schema),))


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, "Any"),
        ({"type": "integer"}, "int"),
        ({"type": "number"}, "float"),
        ({"enum": ["a", "b", None]}, 'Literal["a", "b"] | None'),
        ({"enum": ["it's", "b"]}, 'Literal["b"] | str'),
        ({"const": 1.5}, "float"),
        ({"type": "array", "items": {"type": "string"}}, "list[str]"),
        ({"prefixItems": [{"type": "string"}, {"type": "null"}]}, "list[str | None]"),
        ({"type": "object"}, "dict[str, Any]"),
        ({"additionalProperties": {"type": "integer"}}, "dict[str, int]"),
        ({"properties": {"a": {}}, "additionalProperties": True}, "dict[str, Any]"),
        ({"properties": {"": {}}}, "dict[str, Any]"),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, "int"),
    ],
)
def test_a_schema_as_python(schema: Any, expected: str) -> None:
    assert declared(schema)[0] == expected


def test_a_record_is_a_class_and_optional_keys_say_so() -> None:
    schema = {
        "properties": {"id": {"type": "string", "description": "Its\nname."}, "n": {"type": "null"}},
        "required": ["id"],
    }
    assert declared(schema) == (
        "Root",
        "class Root(TypedDict):\n    # Its name.\n    id: str\n    n: NotRequired[None]",
    )


@pytest.mark.parametrize("key", ["first-name", "class", "__mangled", "list", "Literal"])
def test_keys_that_no_class_can_have_are_given_as_texts(key: str) -> None:
    name, text = declared({"properties": {key: {"type": "string"}}, "required": [key]})
    assert text == f'{name} = TypedDict("Root", {{\n    {key!r}: "str",\n}})'


def test_records_that_hold_at_once_are_merged() -> None:
    left = {"properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["a"]}
    right = {"properties": {"b": {"const": "x"}, "c": {}}, "required": ["b"]}
    _, text = declared({"allOf": [left, right]})
    assert text == 'class Root(TypedDict):\n    a: int\n    b: Literal["x"]\n    c: NotRequired[Any]'


def test_a_step_that_watches_takes_changes() -> None:
    streams = {name: StreamDefinition(name, "python", f"{name}_stream.py") for name in ("board", "chat")}
    triggers = (StreamTrigger("board"), StateTrigger("g"), StreamTrigger("chat"), StateTrigger("h"), StreamTrigger("x"))
    steps = tuple(
        Step(name, "python", f"{name}_step.py", "triggers", watched)
        for name, watched in (("All", triggers), ("One", triggers[:1]))
    )
    module = module_of(Catalog(steps=steps, streams=streams))
    assert module.AllChange == "StreamChange[BoardItem] | StateChange | StreamChange[ChatItem] | StreamChange[Any]"
    assert module.OneChange == "StreamChange[BoardItem]"
    assert module.StreamChange[int].__origin__.__annotations__.keys() > {"streamName", "id", "operation"}


def test_a_type_that_refers_to_itself() -> None:
    module = module_of(catalog_of(event("Walk", {"properties": {"next": {"$ref": "#"}}})))
    name = module.WalkInput
    assert vars(module)[name].__annotations__["next"].__forward_arg__ == f"NotRequired[{name}]"


def test_names_that_are_taken_get_a_number() -> None:
    steps = (event("foo-bar", {"type": "string"}), event("FooBar", {"type": "integer"}), event("Emit"))
    module = module_of(catalog_of(*steps))
    assert {module.FooBarInput, module.FooBar2Input} == {"str", "int"}
    assert module.EmitContext == "Context[NoEmit[Awaitable[str]], Streams]"


def test_odd_names_of_topics_and_streams_make_a_file_that_can_be_read() -> None:
    step = Step("1\ud800 'x'", "python", "steps/odd\n_step.py", "api", (ApiTrigger("GET", "/:a'b"),))
    assert "Type1XRequest" in vars(module_of(catalog_of(step)))


def test_what_is_not_written_yet_can_be_imported_and_private_names_cannot() -> None:
    module = module_of(Catalog())
    assert module.NewStepContext is Any
    with pytest.raises(AttributeError):
        module._private  # noqa: B018
