"""generate/asyncapi: the document of a catalog is valid by AsyncAPI's own schema and names who sends what to whom."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given

from runtime.catalog import Catalog
from runtime.generate.asyncapi import asyncapi
from runtime.model import Emit, EventTrigger, StreamDefinition
from tests.integration.project import REPOSITORY
from tests.unit.generate.catalogs import NODE, TREE, catalog, catalogs, step

_OFFICIAL = REPOSITORY / "tests/node_packages/node_modules/@asyncapi/specs/schemas/3.0.0.json"
ID = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
TOTAL = {"type": "object", "properties": {"total": {"type": "number"}}}


@cache
def official() -> jsonschema_rs.Draft7Validator:
    return jsonschema_rs.Draft7Validator(json.loads(_OFFICIAL.read_text(encoding="utf-8")), offline=True)


def document(of: Catalog) -> dict[str, Any]:
    """The document of a catalog, which is JSON and valid, and all of whose references lead somewhere."""
    made = asyncapi(of, title="Orders", version="1.2.3")
    text = json.dumps(made)
    assert json.loads(text) == made
    assert [f"{error.instance_path}: {error.message[:300]}" for error in official().iter_errors(made)] == []
    for operation in made["operations"].values():
        for reference in [operation["channel"], *operation["messages"]]:
            _, *parts = reference["$ref"].split("/")
            at: Any = made
            for part in parts:
                at = at[part]
    return made


def payload(of: Catalog, topic: str) -> Any:
    """The payload of the message of a topic, references resolved at its top."""
    made = document(of)
    found = made["channels"][f"topic.{topic}"]["messages"]["event"]["payload"]
    return found, made["components"]["schemas"]


def test_an_empty_project_has_a_document() -> None:
    made = document(Catalog())
    assert made["asyncapi"] == "3.0.0"
    assert made["info"] == {"title": "Orders", "version": "1.2.3"}


@given(catalogs())
def test_the_document_of_any_catalog_is_valid(any_catalog: Catalog) -> None:
    made = document(any_catalog)
    assert json.dumps(made) == json.dumps(document(any_catalog))


def test_the_official_schema_refuses_what_is_wrong() -> None:
    made = asyncapi(catalog(step("A", emits=(Emit("t"),))), title="x", version="1")
    made["operations"]["A.send.t"]["action"] = "throw"
    assert not official().is_valid(made)


def test_a_topic_is_a_channel_with_its_steps() -> None:
    sender = step("Send", emits=(Emit("order.created", label="when paid"),), flows=("orders",), description="Takes it")
    made = document(catalog(sender, step("Receive", EventTrigger("order.created"))))
    channel = made["channels"]["topic.order.created"]
    assert channel["address"] == "order.created"
    sent, received = made["operations"]["Send.send.order.created"], made["operations"]["Receive.receive.order.created"]
    assert (sent["action"], received["action"]) == ("send", "receive")
    assert sent["channel"] == received["channel"] == {"$ref": "#/channels/topic.order.created"}
    assert (sent["summary"], sent["description"], sent["tags"]) == ("when paid", "Takes it", [{"name": "orders"}])


def test_topics_that_nobody_hears_or_nobody_declares_are_channels_too() -> None:
    made = document(catalog(step("A", EventTrigger("heard"), emits=(Emit("unheard"),))))
    assert made["channels"].keys() == {"topic.heard", "topic.unheard"}


@pytest.mark.parametrize("topic", ["a/b", "a b", "größe", "~", "%41"])
def test_any_topic_is_an_address(topic: str) -> None:
    (channel,) = document(catalog(step("A", EventTrigger(topic))))["channels"].values()
    assert channel["address"] == channel["title"] == topic


@pytest.mark.parametrize("topic", ["a{b}", "a?b", "a#b"])
def test_topics_that_would_be_read_otherwise_are_no_address(topic: str) -> None:
    (channel,) = document(catalog(step("A", EventTrigger(topic))))["channels"].values()
    assert "address" not in channel
    assert channel["title"] == topic


def test_topics_that_are_written_alike_are_kept_apart() -> None:
    made = document(catalog(step("A", EventTrigger("a/b"), EventTrigger("a b"))))
    assert sorted(channel["address"] for channel in made["channels"].values()) == ["a b", "a/b"]
    assert len(made["operations"]) == 2


# ------------------------------------------------------------ messages


def test_a_message_without_schemas_may_be_anything() -> None:
    found, _ = payload(catalog(step("A", EventTrigger("t"))), "t")
    assert found == {}


def test_a_message_is_what_the_subscriber_asks_for() -> None:
    found, schemas = payload(catalog(step("A", EventTrigger("t", ID)), step("B", emits=(Emit("t"),))), "t")
    assert found == {"$ref": "#/components/schemas/AInput.topic.t"}
    assert schemas["AInput.topic.t"] == ID


def test_subscribers_that_ask_for_the_same_ask_once() -> None:
    found, _ = payload(catalog(step("A", EventTrigger("t", ID)), step("B", EventTrigger("t", ID))), "t")
    assert found == {"$ref": "#/components/schemas/AInput.topic.t"}


def test_a_message_fits_all_subscribers_and_one_of_the_emitters() -> None:
    found, _ = payload(
        catalog(
            step("A", EventTrigger("t", ID)),
            step("B", EventTrigger("t", TOTAL)),
            step("C", emits=(Emit("t", schema=NODE),)),
            step("D", emits=(Emit("t", schema=TREE),)),
        ),
        "t",
    )
    asked_a, asked_b, promised = found["allOf"]
    assert (asked_a["$ref"], asked_b["$ref"]) == (
        "#/components/schemas/AInput.topic.t",
        "#/components/schemas/BInput.topic.t",
    )
    assert len(promised["anyOf"]) == 2


def test_a_schema_that_nothing_fits_is_no_schema_left_out() -> None:
    assert document(catalog(step("A", EventTrigger("t", False))))["channels"]["topic.t"]["messages"]["event"] == {
        "name": "t",
        "title": "t",
        "payload": {"not": {}},
    }


# ------------------------------------------------------------ streams


def board(schema: Any) -> dict[str, Any]:
    return document(catalog(streams=(StreamDefinition("board", "node", "board.stream.ts", schema),)))


def test_a_stream_is_a_channel_over_a_web_socket() -> None:
    made = board(ID)
    channel = made["channels"]["stream.board"]
    assert channel["bindings"]["ws"]["method"] == "GET"
    assert channel["messages"].keys() == {"join", "leave", "sync", "create", "update", "delete", "event", "error"}
    received = {message["$ref"].rpartition("/")[2] for message in made["operations"]["board.subscribe"]["messages"]}
    assert received == {"join", "leave"}


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ("event", {"type": "event", "event": {"type": "typing", "data": "Ann"}}),
        ("error", {"type": "event", "event": {"type": "error", "data": {"code": "STREAM_NOT_FOUND", "message": "m"}}}),
        ("delete", {"type": "delete", "data": {"id": "1", "_createdAt": "2025-01-31T12:00:00Z"}}),
        ("delete", {"type": "delete", "data": {"id": "1"}}),
    ],
)
def test_what_a_client_receives_is_described(message: str, event: dict[str, Any]) -> None:
    made = board(None)
    payload = made["channels"]["stream.board"]["messages"][message]["payload"]
    judge = jsonschema_rs.Draft7Validator({**payload, "components": made["components"]})
    frame = {"timestamp": 1_700_000_000_000.125, "streamName": "board", "groupId": "g", "event": event}
    assert judge.is_valid(frame)
    assert not judge.is_valid({**frame, "timestamp": "1"})
    assert not judge.is_valid({**frame, "event": {"type": "event", "event": {"type": 1}}})


def test_a_subscription_need_not_have_an_id() -> None:
    join = board(None)["channels"]["stream.board"]["messages"]["join"]["payload"]
    assert jsonschema_rs.is_valid(join, {"type": "join", "data": {"streamName": "board", "groupId": "g"}})
    assert not jsonschema_rs.is_valid(join, {"type": "join", "data": {"streamName": "board"}})


def test_an_item_has_its_id_and_time_beside_its_data() -> None:
    closed = {**TOTAL, "additionalProperties": False}
    item = board(closed)["components"]["schemas"]["board.item"]
    value = {"total": 1, "id": "1", "_createdAt": "2025-01-31T12:00:00Z"}
    assert jsonschema_rs.Draft7Validator(item).is_valid(value)
    assert not jsonschema_rs.Draft7Validator(item).is_valid({**value, "other": 1})
    assert not jsonschema_rs.Draft7Validator(item).is_valid({"total": 1})


def test_items_inside_an_item_are_data() -> None:
    made = board(TREE)
    whole = {"$ref": "#/components/schemas/board.item", "components": made["components"]}
    value = {"name": "a", "children": [{"name": "b"}], "id": "1", "_createdAt": "2025-01-31T12:00:00Z"}
    assert jsonschema_rs.Draft7Validator(whole).is_valid(value)
    assert not jsonschema_rs.Draft7Validator(whole).is_valid({**value, "children": [{"id": "2"}]})


@pytest.mark.parametrize("schema", [None, True, NODE, {"$ref": "#/$defs/~1", "$defs": {"/": {"type": "object"}}}])
def test_an_item_of_any_schema_has_its_id_and_time(schema: Any) -> None:
    made = board(schema)
    whole = {"$ref": "#/components/schemas/board.item", "components": made["components"]}
    value = {"value": 1, "id": "1", "_createdAt": "2025-01-31T12:00:00Z"}
    assert jsonschema_rs.Draft7Validator(whole).is_valid(value)
    assert not jsonschema_rs.Draft7Validator(whole).is_valid({"value": 1})
