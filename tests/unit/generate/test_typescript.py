"""Handlers in TypeScript: what each kind of step gets, and names that need quotes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from runtime.catalog import Catalog, build_catalog
from runtime.generate.typescript import quoted, typescript_types
from runtime.model import LoadedFile, Manifest

NUMBER = {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}
TEXT = {"type": "object", "properties": {"t": {"type": "string"}}}


BOARD = LoadedFile("board.stream.ts", {"name": "board"}, schemas={"/schema": NUMBER})


def catalog_of(*files: tuple[dict[str, Any], dict[str, Any]]) -> Catalog:
    steps = (LoadedFile(f"steps/s{at}.step.ts", config, True, schemas) for at, (config, schemas) in enumerate(files))
    return build_catalog([Manifest("node", tuple(steps), (BOARD,))])


def handler(name: str, catalog: Catalog) -> str:
    found = re.search(rf"^    {re.escape(quoted(name))}: (.*);$", typescript_types(catalog, ""), re.MULTILINE)
    assert found is not None
    return found[1]


def api(**more: Any) -> dict[str, Any]:
    return {"type": "api", "name": "A", "method": "GET", "path": "/a", **more}


def event(name: str, topic: str) -> dict[str, Any]:
    return {"type": "event", "name": name, "subscribes": [topic]}


def test_an_untyped_route() -> None:
    assert handler("A", catalog_of((api(), {}))) == "ApiRouteHandler<any, ApiResponse, never>"


def test_path_parameters_come_from_the_path() -> None:
    typed = handler("A", catalog_of((api(path="/a/:id/files/:rest*"), {})))
    assert typed == "ApiRouteHandler<any, ApiResponse, never, { id: string; rest: string }>"


def test_responses_by_status() -> None:
    schemas = {f"/responseSchema/{status}": TEXT for status in ("200", "204", "default")}
    responses: dict[str, Any] = {"200": {}, "204": {}, "default": {}}
    typed = handler("A", catalog_of((api(responseSchema=responses), schemas)))
    body = "{ t?: string }"
    assert f"<200, {body}> | ApiResponse<204, {body}> | TypedResponse<number, {body}>, never>" in typed


def test_query_values_are_texts_whatever_their_schema() -> None:
    query = {
        "type": "object",
        "properties": {
            "page": {"type": "integer"},
            "sort": {"enum": ["up", "down"]},
            "tag": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["sort"],
    }
    typed = handler("A", catalog_of((api(queryParams={}), {"/queryParams": query})))
    assert typed.endswith("{ page?: string; sort: 'up' | 'down'; tag?: string | string[] }>")


@pytest.mark.parametrize(
    ("subscribers", "data"),
    [
        ([{}], "data?: unknown"),
        ([{"/input": NUMBER}], "data: { n: number }"),
        ([{"/input": NUMBER}, {}], "data: { n: number }"),
        ([{"/input": NUMBER}, {"/input": NUMBER}], "data: { n: number }"),
        ([{"/input": NUMBER}, {"/input": TEXT}], "data: { n: number } & { t?: string }"),
    ],
)
def test_an_emit_takes_what_all_subscribers_take(subscribers: list[dict[str, Any]], data: str) -> None:
    events = [(event(f"E{at}", "t"), schemas) for at, schemas in enumerate(subscribers)]
    typed = handler("A", catalog_of((api(emits=["t"]), {}), *events))
    assert typed == f"ApiRouteHandler<any, ApiResponse, {{ topic: 't'; {data} }}>"


def test_an_event_step_takes_its_input() -> None:
    catalog = catalog_of((event("E", "t"), {"/input": NUMBER}), (event("F", "t"), {}))
    assert [handler(name, catalog) for name in "EF"] == [
        "EventHandler<{ n: number }, never>",
        "EventHandler<any, never>",
    ]


def test_several_triggers_are_a_union() -> None:
    triggers = [
        {"type": "api", "method": "GET", "path": "/x"},
        {"type": "event", "topic": "t"},
        {"type": "cron", "cron": "0 * * * *"},
    ]
    typed = handler("T", catalog_of(({"name": "T", "triggers": triggers}, {"/triggers/1/input": NUMBER})))
    assert typed == "TriggersHandler<TypedRequest<any> | { n: number }, ApiResponse, never, true>"


@pytest.mark.parametrize(
    ("triggers", "typed"),
    [
        ([{"type": "state", "groupId": "g"}], "StateHandler<any, never>"),
        ([{"type": "state", "groupId": "g"}, {"type": "state", "groupId": "h"}], "StateHandler<any, never>"),
        ([{"type": "stream", "streamName": "board"}], "StreamHandler<StreamItem<{ n: number }>, never>"),
        ([{"type": "stream", "streamName": "none"}], "StreamHandler<any, never>"),
        (
            [{"type": "state", "groupId": "g"}, {"type": "stream", "streamName": "board"}],
            "EventHandler<StateChange<any> | StreamChange<StreamItem<{ n: number }>>, never>",
        ),
        (
            [{"type": "stream", "streamName": "board"}, {"type": "cron", "cron": "@daily"}],
            "TriggersHandler<StreamChange<StreamItem<{ n: number }>>, void, never, true>",
        ),
        (
            [{"type": "event", "topic": "t", "input": TEXT}, {"type": "state", "groupId": "g"}],
            "EventHandler<{ t?: string } | StateChange<any>, never>",
        ),
    ],
)
def test_a_step_that_watches_takes_changes(triggers: list[dict[str, Any]], typed: str) -> None:
    assert handler("W", catalog_of(({"name": "W", "triggers": triggers}, {}))) == typed


def test_names_that_would_end_a_string_are_quoted() -> None:
    assert quoted("\ud800") == "'\\ud800'"
    name = "it's\\ \u2028"
    assert quoted(name) == "'it\\'s\\\\ \\u2028'"
    assert handler(name, catalog_of((api(name=name), {}))).startswith("ApiRouteHandler<")


def test_a_description_cannot_end_its_comment() -> None:
    written = typescript_types(catalog_of((api(description="ends */ here\nand\u2028on"), {})), "")
    assert "/** steps/s0.step.ts: ends * / here and on */" in written


def test_the_order_of_files_does_not_matter() -> None:
    steps = [(api(), {}), (event("E", "t"), {"/input": NUMBER})]
    bodies = [typescript_types(catalog_of(*order), "") for order in (steps, steps[::-1])]
    first, second = (re.sub(r"steps/s\d", "", body) for body in bodies)
    assert first == second
