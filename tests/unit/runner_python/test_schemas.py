"""Schemas of Pydantic and of Python's own types; what they mean is held by tests/integration/test_schemas.py."""

from __future__ import annotations

from typing import Any

import pytest

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
