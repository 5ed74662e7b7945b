"""generate/openapi: the document of a catalog is valid and says what the edge does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from openapi_spec_validator import OpenAPIV31SpecValidator

from runtime.catalog import Catalog
from runtime.generate.openapi import openapi
from runtime.model import ApiTrigger, QueryParam
from runtime.triggers.queries import read_pairs
from tests.unit.generate.catalogs import NODE, TREE, catalog, catalogs, step

ERRORS = {"400", "500", "502", "503", "504"}


def document(of: Catalog) -> dict[str, Any]:
    """The document of a catalog, which is JSON and valid."""
    made = openapi(of, title="Orders", version="1.2.3")
    assert json.loads(json.dumps(made)) == made
    OpenAPIV31SpecValidator(made).validate()
    return made


def operation(trigger: ApiTrigger, **more: Any) -> dict[str, Any]:
    """The operation of the only route."""
    (item,) = document(catalog(step("Only", trigger, **more)))["paths"].values()
    found: dict[str, Any] = item[trigger.method.lower()]
    return found


def test_an_empty_project_has_a_document() -> None:
    made = document(Catalog())
    assert made["openapi"] == "3.1.0"
    assert made["info"] == {"title": "Orders", "version": "1.2.3"}
    assert made["paths"] == {}
    assert "servers" not in made


@given(catalogs())
def test_the_document_of_any_catalog_is_valid(any_catalog: Catalog) -> None:
    made = document(any_catalog)
    described = sum(len(item) for item in made["paths"].values()) + len(made.get("x-overlapped", []))
    assert described == len(any_catalog.routes)


@given(catalogs())
def test_the_same_catalog_gives_the_same_document(any_catalog: Catalog) -> None:
    first, second = document(any_catalog), document(any_catalog)
    assert json.dumps(first) == json.dumps(second)


def test_a_document_that_is_changed_changes_no_other() -> None:
    of = catalog(step("A", ApiTrigger("GET", "/a")))
    document(of)["components"]["responses"].clear()
    assert document(of)["components"]["responses"].keys() >= {"BadRequest"}


# ------------------------------------------------------------ paths


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/", "/"),
        ("/users", "/users"),
        ("/users/", "/users"),
        ("/users/:id", "/users/{id}"),
        ("/files/:path*", "/files/{path}"),
        ("/files/*", "/files/{rest}"),
        ("/a/:id/b/:id", "/a/{id}/b/{id2}"),
        ("/a/*/b/*", "/a/{rest}/b/{rest2}"),
        ("/a{b}/größe/x y", "/a%7Bb%7D/gr%C3%B6%C3%9Fe/x%20y"),
        ("/v1.0/@me", "/v1.0/@me"),
    ],
)
def test_paths(path: str, written: str) -> None:
    assert list(document(catalog(step("A", ApiTrigger("GET", path))))["paths"]) == [written]


def test_methods_of_one_path_share_it_whatever_their_parameters_are_called() -> None:
    uuid = {"type": "object", "properties": {"orderId": {"type": "string", "format": "uuid"}}}
    made = document(
        catalog(
            step("Get", ApiTrigger("GET", "/orders/:id")),
            step("Put", ApiTrigger("PUT", "/orders/:orderId/", path_schema=uuid)),
        )
    )
    assert list(made["paths"]) == ["/orders/{id}"]
    parameter = made["paths"]["/orders/{id}"]["put"]["parameters"][0]
    assert parameter["name"] == "id"
    assert parameter["schema"] == {"type": "string", "format": "uuid"}


def test_a_wildcard_says_that_it_takes_slashes() -> None:
    (parameter,) = operation(ApiTrigger("GET", "/files/:path*"))["parameters"]
    assert "slashes" in parameter["description"]
    assert parameter["required"] is True


def test_a_wildcard_that_openapi_cannot_tell_from_a_parameter_is_named() -> None:
    made = document(
        catalog(
            step("Any", ApiTrigger("GET", "/files/:path*"), ApiTrigger("DELETE", "/files/*", index=1)),
            step("One", ApiTrigger("GET", "/files/:id")),
        )
    )
    assert made["paths"]["/files/{id}"]["get"]["operationId"] == "One"
    assert made["paths"]["/files/{id}"]["delete"]["operationId"] == "Any2"
    assert made["x-overlapped"] == [{"operationId": "Any", "method": "GET", "path": "/files/:path*"}]


# ------------------------------------------------------------ operations


def test_an_operation_is_its_step() -> None:
    made = operation(ApiTrigger("GET", "/a"), description="Shows an a", flows=("orders", "users"))
    assert made["operationId"] == "Only"
    assert made["description"] == "Shows an a"
    assert made["tags"] == ["orders", "users"]


def test_the_flows_are_the_tags() -> None:
    first = step("A", ApiTrigger("GET", "/a"), flows=("users", "orders"))
    second = step("B", ApiTrigger("GET", "/b"), flows=("orders",))
    assert document(catalog(first, second))["tags"] == [{"name": "orders"}, {"name": "users"}]


def test_every_route_of_a_step_has_an_id_of_its_own() -> None:
    several = step("A", ApiTrigger("GET", "/a"), ApiTrigger("GET", "/b", index=1), ApiTrigger("GET", "/c", index=2))
    made = document(catalog(several, step("A2", ApiTrigger("GET", "/d"))))
    ids = {path: item["get"]["operationId"] for path, item in made["paths"].items()}
    assert ids == {"/a": "A", "/b": "A2_", "/c": "A3", "/d": "A2"}


def test_path_parameters_have_the_types_of_the_schema() -> None:
    schema = {
        "type": "object",
        "properties": {"id": {"$ref": "#/$defs/Id"}, "day": {"type": "string", "description": "Which day"}},
        "$defs": {"Id": {"type": "integer"}},
    }
    made = document(catalog(step("A", ApiTrigger("GET", "/:id/:day/:more", path_schema=schema))))
    id, day, more = made["paths"]["/{id}/{day}/{more}"]["get"]["parameters"]
    assert id["schema"] == {"$ref": "#/components/schemas/Id"}
    assert made["components"]["schemas"]["Id"] == {"type": "integer"}
    assert day["description"] == "Which day"
    assert more["schema"] == {"type": "string", "minLength": 1}


def test_query_parameters_come_from_the_list_and_from_the_schema() -> None:
    schema = {
        "type": "object",
        "properties": {
            "page": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "filter": {"type": "object", "properties": {"name": {"type": "string"}}},
            "listed": True,
        },
        "required": ["page"],
    }
    listed = (QueryParam("listed", "In the list"), QueryParam("tags", "Any of them"))
    made = operation(ApiTrigger("GET", "/a", query_schema=schema, query_params=listed))
    by_name = {parameter.pop("name"): parameter for parameter in made["parameters"]}
    assert list(by_name) == ["listed", "tags", "page", "filter"]
    assert by_name["listed"] == {
        "in": "query",
        "required": False,
        "description": "In the list",
        "schema": {"type": "string"},
    }
    assert by_name["page"] == {"in": "query", "required": True, "schema": {"type": "integer"}}
    assert by_name["tags"]["description"] == "Any of them"
    assert (by_name["tags"]["style"], by_name["tags"]["explode"]) == ("form", True)
    assert (by_name["filter"]["style"], by_name["filter"]["explode"]) == ("deepObject", True)


# ------------------------------------------------------------ bodies and answers


def test_a_body_with_a_schema_is_json_and_required() -> None:
    made = operation(ApiTrigger("POST", "/a", body_schema=TREE))
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/OnlyBody"}}}
    assert made["requestBody"] == {"required": True, "content": content}


def test_a_body_is_optional_where_an_empty_object_fits() -> None:
    made = operation(ApiTrigger("POST", "/a", body_schema={"type": "object"}))
    assert made["requestBody"]["required"] is False


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_step_without_a_body_schema_takes_anything(method: str) -> None:
    assert operation(ApiTrigger(method, "/a"))["requestBody"] == {"content": {"*/*": {}}}


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD", "OPTIONS"])
def test_other_methods_have_no_body_of_their_own(method: str) -> None:
    made = operation(ApiTrigger(method, "/a"))
    assert "requestBody" not in made
    assert "413" not in made["responses"]


def test_the_answers_of_the_schemas() -> None:
    schemas = {"200": NODE, "204": True, "404": {"type": "string"}, "default": {"type": ["string", "null"]}}
    made = operation(ApiTrigger("GET", "/a", response_schemas=schemas))["responses"]
    assert made["200"]["content"] == {"application/json": {"schema": {"$ref": "#/components/schemas/OnlyResponse200"}}}
    assert "content" not in made["204"]
    assert list(made["404"]["content"]) == ["text/*"]
    assert list(made["default"]["content"]) == ["application/json", "text/*"]


def test_a_step_without_schemas_may_answer_anything() -> None:
    made = operation(ApiTrigger("GET", "/a"))["responses"]
    assert made.keys() == {"200", "default", *ERRORS}
    assert "content" not in made["200"]


def test_what_the_server_answers_stands_beside_what_the_step_answers() -> None:
    schemas = {"200": TREE, "400": {"type": "object"}, "500": {"type": "object"}}
    made = operation(ApiTrigger("POST", "/a", response_schemas=schemas))["responses"]
    assert made["400"]["content"].keys() == {"application/json", "application/problem+json"}
    assert len(made["500"]["content"]["application/json"]["schema"]["anyOf"]) == 2
    assert made["413"] == {"$ref": "#/components/responses/ContentTooLarge"}


def test_answers_to_head_have_no_body() -> None:
    made = operation(ApiTrigger("HEAD", "/a", response_schemas={"200": TREE}))["responses"]
    assert made.keys() == {"200", *ERRORS}
    assert not any("content" in answer or "$ref" in answer for answer in made.values())


def test_every_answer_has_a_trace_id() -> None:
    made = document(catalog(step("A", ApiTrigger("POST", "/a", response_schemas={"200": TREE, "400": TREE}))))
    for answer in made["paths"]["/a"]["post"]["responses"].values():
        if "$ref" in answer:
            answer = made["components"]["responses"][answer["$ref"].rpartition("/")[2]]
        assert "X-Trace-Id" in answer["headers"]


def test_a_busy_server_says_when_to_come_back() -> None:
    assert "Retry-After" in document(Catalog())["components"]["responses"]["ServiceUnavailable"]["headers"]


@pytest.mark.parametrize(
    ("path", "written", "names"),
    [
        ("/l/:a-:b", "/l/{a-_b}", ["a-_b"]),
        ("/e/:id.json", "/e/{id_json}", ["id_json"]),
        ("/x/:a.b/:a_b", "/x/{a_b}/{a_b2}", ["a_b", "a_b2"]),
        ("/x/:größe", "/x/{größe}", ["größe"]),
    ],
)
def test_parameters_have_names_that_tools_can_read(path: str, written: str, names: list[str]) -> None:
    [(text, item)] = document(catalog(step("Only", ApiTrigger("GET", path))))["paths"].items()
    assert text == written
    assert [parameter["name"] for parameter in item["get"]["parameters"]] == names


def test_a_list_of_objects_says_how_it_is_sent() -> None:
    items = {"type": "array", "items": {"type": "object"}, "description": "What to find."}
    [parameter] = operation(ApiTrigger("GET", "/", query_schema={"properties": {"by": items}}))["parameters"]
    assert parameter["description"] == (
        "What to find. Each item begins with `by[][key]=value`; `by[other]=value` gives the item that came last one "
        "more key."
    )
    assert read_pairs(b"by[][a]=1&by[b]=2&by[][a]=3", 9, 9) == {"by": [{"a": "1", "b": "2"}, {"a": "3"}]}
