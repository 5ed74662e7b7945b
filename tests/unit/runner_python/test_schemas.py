"""Schemas of Pydantic and of Python's own types; what they mean is held by tests/integration/test_schemas.py."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.jsonschemas.validators import compile_schema
from tests.unit.runner_python.conftest import MakeProject

TELL = """
loaded = load("steps/x_step.py")
[step] = loaded.manifest.steps
tell({
    "schemas": {place: json.loads(text) for place, text in step.schemas.items()},
    "warnings": loaded.warnings,
    "pydantic": "pydantic" in sys.modules,
})
"""


def written(make_project: MakeProject, code: str) -> Any:
    project = make_project({"steps/x_step.py": code})
    return project.ask(TELL)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("Schema = object()", "it is a object, which is no schema"),
        ("Schema = 7", "it is a int, which is no schema"),
        ("Schema = list[int]", "only Pydantic 2 can tell the schema of a type, and the project does not import it"),
        ("Schema = {'type': int}", "Object of type type is not JSON serializable"),
        ("Schema = {}\nSchema['a'] = Schema", "Circular reference detected"),
    ],
)
def test_what_cannot_be_written_is_told_and_the_step_loads(make_project: MakeProject, code: str, reason: str) -> None:
    found = written(make_project, f"{code}\nconfig = {{'type': 'event', 'name': 'X', 'input': Schema}}")
    assert found == {
        "schemas": {},
        "warnings": [f"steps/x_step.py: input cannot be written as JSON Schema: {reason}; it is not validated"],
        "pydantic": False,
    }


@pytest.mark.parametrize(("config", "outside"), [("{}", "name"), ("{'serialize_by_alias': True}", "alias")])
def test_what_goes_out_has_the_names_that_the_model_writes(
    make_project: MakeProject, config: str, outside: str
) -> None:
    found = written(
        make_project,
        f"""
from pydantic import BaseModel, Field
class M(BaseModel):
    model_config = {config}
    name: int = Field(1, alias="alias")
config = {{"bodySchema": M, "responseSchema": M, "emits": [{{"topic": "t", "schema": M}}]}}
""",
    )
    assert {place: list(schema["properties"]) for place, schema in found["schemas"].items()} == {
        "/bodySchema": ["alias"],
        "/responseSchema": [outside],
        "/emits/0/schema": [outside],
    }


def test_a_class_that_gives_a_schema_like_pydantic_s_is_asked(make_project: MakeProject) -> None:
    code = (
        "class M:\n    @classmethod\n    def model_json_schema(cls): return {'title': 'M'}\nconfig = {'bodySchema': M}"
    )
    assert written(make_project, code) == {
        "schemas": {"/bodySchema": {"title": "M"}},
        "warnings": [],
        "pydantic": False,
    }


def test_what_stands_at_the_place_of_a_schema_and_is_none_stays(make_project: MakeProject) -> None:
    code = "config = {'queryParams': [{'name': 'page'}], 'responseSchema': {}, 'input': None}"
    assert written(make_project, code) == {"schemas": {}, "warnings": [], "pydantic": False}


MODELS = """
from typing import Annotated
from pydantic import (
    AliasChoices, AliasPath, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
)
from pydantic.alias_generators import to_camel
from pydantic.dataclasses import dataclass
class ByName(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")
    order_id: int
    unit_price: float = 0
class Nested(BaseModel):
    orders: list[ByName]
class Choices(BaseModel):
    user: int = Field(validation_alias=AliasChoices("user", "uid", AliasPath("ids", 0)))
class Deep(BaseModel):
    user: int = Field(validation_alias=AliasPath("ids", 0))
class NoAlias(BaseModel):
    model_config = ConfigDict(validate_by_alias=False, validate_by_name=True)
    order_id: int = Field(alias="orderId")
class OnlyAlias(BaseModel):
    order_id: int = Field(alias="orderId")
class Checked(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    order_id: int = Field(alias="orderId")
    @model_validator(mode="after")
    def good(self): return self
class Before(BaseModel):
    tags: Annotated[list[str], BeforeValidator(lambda text: text.split(","))]
    count: int
    @field_validator("count", mode="before")
    @classmethod
    def digits(cls, value): return len(value)
class Whole(BaseModel):
    a: int
    @model_validator(mode="before")
    @classmethod
    def from_text(cls, value): return {"a": value}
@dataclass(config=ConfigDict(populate_by_name=True))
class Data:
    order_id: int = Field(alias="orderId")
"""


@pytest.mark.parametrize(
    ("model", "fitting", "unfit"),
    [
        ("ByName", [{"orderId": 1}, {"order_id": 1, "unitPrice": 2}], [{}, {"orderId": "x"}, {"order_id": "x"}]),
        ("Nested", [{"orders": [{"orderId": 1}, {"order_id": 1}]}], [{"orders": [{}]}]),
        ("Choices", [{"user": 1}, {"uid": 1}, {"ids": [1]}], [{}, {"uid": "x"}]),
        ("Deep", [{"ids": [1]}], [{}, {"user": 1}]),
        ("NoAlias", [{"order_id": 1}], [{"orderId": 1}]),
        ("OnlyAlias", [{"orderId": 1}], [{"order_id": 1}, {}]),
        ("Checked", [{"orderId": 1}, {"order_id": 1}], [{}]),
        ("Before", [{"tags": "a,b", "count": "abc"}], [{}]),
        ("Whole", [7], []),
        ("Data", [{"orderId": 1}, {"order_id": 1}], [{}]),
    ],
)
def test_what_comes_in_fits_just_when_the_model_takes_it(
    make_project: MakeProject, model: str, fitting: list[Any], unfit: list[Any]
) -> None:
    project = make_project({"steps/x_step.py": f"{MODELS}\nconfig = {{'input': {model}}}"})
    taken = project.ask(
        TELL.replace(
            '"warnings"',
            f"""    "taken": [not faults(sys.modules, {model!r}, each) for each in {[*fitting, *unfit]!r}],
    "warnings\"""",
        ).replace(
            "\ntell(",
            """
def faults(modules, model, value):
    import pydantic
    [module] = [m for m in list(modules.values()) if getattr(m, "OnlyAlias", None)]
    try:
        pydantic.TypeAdapter(getattr(module, model)).validate_python(value)
    except pydantic.ValidationError as error:
        return [str(error)]
tell(""",
        )
    )
    assert taken["taken"] == [True] * len(fitting) + [False] * len(unfit)
    schema = compile_schema(taken["schemas"]["/input"])
    assert [schema.is_valid(each) for each in [*fitting, *unfit]] == taken["taken"]


def test_a_status_whose_schema_cannot_be_written_is_one_all_the_same(make_project: MakeProject) -> None:
    found = written(make_project, "config = {'responseSchema': {200: object(), 404: {'type': 'object'}}}")
    assert found["schemas"] == {"/responseSchema/200": True, "/responseSchema/404": {"type": "object"}}
