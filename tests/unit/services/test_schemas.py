"""services/schemas: modes, requests, responses, events and items of streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import anyio
import anyio.lowlevel
import msgpack
import pytest

from runtime.catalog import Bound, Catalog
from runtime.errors import HostCallRefused
from runtime.model import (
    ApiTrigger,
    EventTrigger,
    JsonSchema,
    LogLevel,
    Payload,
    Step,
    StreamDefinition,
    TriggerKind,
    Validation,
    Violation,
)
from runtime.records import QueueKey
from runtime.services.readings import Headers
from runtime.services.schemas import SchemaService
from runtime.services.violations import Check
from tests.fakes import Reports

TRACE = "f" * 32
ORDER: JsonSchema = {
    "type": "object",
    "properties": {"price": {"type": "number"}, "id": {"type": "string"}},
    "required": ["price"],
}
PAGE: JsonSchema = {"type": "object", "properties": {"page": {"type": "integer"}, "tag": {"type": "array"}}}


class Checking:
    """A service over one route, one topic and one stream."""

    def __init__(
        self,
        mode: Validation = Validation.ENFORCE,
        own: Validation | None = None,
        body: JsonSchema | None = ORDER,
        responses: Mapping[str, JsonSchema] | None = None,
        stream: JsonSchema | None = ORDER,
    ) -> None:
        self.reports = Reports()
        self.service = SchemaService(mode, self.reports)
        trigger = ApiTrigger(
            "POST", "/orders/:id", body, PAGE, {"properties": {"id": {"type": "integer"}}}, responses or {}
        )
        self.step = Step("Orders", "node", "steps/orders.step.ts", "api", (trigger,), validation=own)
        self.route = Bound(self.step, trigger)
        heard = EventTrigger("order.made", ORDER)
        scoring = Step("Score", "python", "steps/score_step.py", "event", (heard,), validation=own)
        self.service.catalog = Catalog(
            routes=(self.route,),
            subscriptions={
                "order.made": (Bound(scoring, heard),),
                "order.any": (Bound(scoring, EventTrigger("order.any")),),
            },
            streams={"orders": StreamDefinition("orders", "node", "steps/orders.stream.ts", stream)},
        )

    def request(
        self,
        body: Payload = b'{"price":1}',
        form: str = "json",
        query: Mapping[str, Any] | None = None,
        id: str = "7",
        value: object = None,
    ) -> Sequence[Violation]:
        path_params = {"id": id}
        return anyio.run(self.service.check_request, self.route, path_params, query or {}, form, body, value, TRACE)

    def respond(self, status: int, body: Payload = b"", form: str = "json", headers: Headers = ()) -> bool:
        return self.service.check_response(self.route, status, form, body, headers, TRACE)

    def emit(self, data: object, topic: str = "order.made") -> None:
        self.service.check_event(topic, msgpack.packb(data), self.step)

    def warnings(self) -> list[str]:
        return self.reports.messages(LogLevel.WARN)


UNREAD = "a body is read as JSON where its content type is application/json, and this one's is not"


@pytest.mark.parametrize(
    ("form", "body", "value", "expected"),
    [
        ("json", b'{"price":1}', None, []),
        ("json", (b'{"pri', b'ce":1}'), None, []),
        ("json", b'\xef\xbb\xbf{"price":1}', None, []),
        ("json", b'{"price":"x"}', None, [Violation("body", "/price", 'must be a number, is "x"')]),
        ("json", b"[]", None, [Violation("body", "", "must be a map, is a list")]),
        ("json", b"null", None, [Violation("body", "", "must be a map, is null")]),
        ("none", b"", None, [Violation("body", "", "'price' is missing")]),
        ("text", b"hello", None, [Violation("body", "", f'must be a map, is "hello"; {UNREAD}')]),
        ("bytes", b"\xff\x00", None, [Violation("body", "", f'must be a map, is "ÿ\\u0000"; {UNREAD}')]),
        ("value", b"price=1", {"price": "1"}, []),
        ("value", b"price=x", {"price": "x"}, [Violation("body", "/price", 'must be a number, is "x"')]),
        ("value", b"...", {"price": "1", "file": {"filename": "a", "data": b"\xff"}}, []),
    ],
)
def test_bodies_are_held_against_their_schema(
    form: str, body: Payload, value: object, expected: list[Violation]
) -> None:
    assert list(Checking().request(body, form, value=value)) == expected


def test_every_part_of_a_request_is_checked() -> None:
    found = Checking().request(b"{}", query={"page": "x", "tag": "a"}, id="seven")
    assert [(violation.part, violation.pointer) for violation in found] == [
        ("path", "/id"),
        ("query", "/page"),
        ("body", ""),
    ]
    assert not Checking().request(query={"page": "3", "tag": ["a", "b"]})


@pytest.mark.parametrize("body", [b"{", b"", b"{'a':1}", b'{"price":NaN}', b'{"price":1}}', b"\xff"])
def test_what_is_no_json_is_left_to_the_runner(body: bytes) -> None:
    assert not Checking().request(body)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"price":"\\ud800"}', "/price"),  # half a surrogate pair, which JavaScript and Python take
        (b'{"price":"\xff"}', "/price"),
        (b'{"price":' + b"[" * 300 + b"]" * 300 + b"}", "/price"),
        (b'{"price":' + b"[" * 500_000 + b"]" * 500_000 + b"}", ""),
        (b'{"price":1,"note":"\\ud800"}', ""),
        (b'{"price":1,"note":"\\uDC00\\uD83D"}', ""),
        (b'{"price":1,"\\ud83d\\u0041":0}', ""),
    ],
)
def test_odd_json_does_not_get_past_the_check(body: bytes, pointer: str) -> None:
    assert [violation.pointer for violation in Checking().request(body)] == [pointer]


def test_half_a_surrogate_pair_is_refused_and_a_whole_one_is_not() -> None:
    (violation,) = Checking().request(b'{"price":1,"note":"\\ud800"}')
    assert violation.message == "holds half a surrogate pair, which no text can hold and no step can send on"
    for note in (b"\\ud83d\\ude00", b"\\\\ud800", b"\xff"):
        assert not Checking().request(b'{"price":1,"note":"' + note + b'"}')


def test_a_large_body_does_not_keep_others_waiting() -> None:
    checking = Checking(body={"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "null"}]}})
    body = b"[" + b"1," * 2_000_000 + b'"x"]'
    turns = 0

    async def check() -> Sequence[Violation]:
        async with anyio.create_task_group() as others:
            others.start_soon(count)
            found = await checking.service.check_request(checking.route, {"id": "1"}, {}, "json", body, None, TRACE)
            others.cancel_scope.cancel()
        return found

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await anyio.lowlevel.checkpoint()

    assert [violation.pointer for violation in anyio.run(check)] == ["/2000000"]
    assert turns > 2


def test_off_and_no_schema_are_not_watched() -> None:
    off = Checking(own=Validation.OFF)
    assert not off.service.watches_request(off.route)
    assert not off.service.watches_response(off.route)
    assert not off.request(b"{}")
    on = Checking(Validation.OFF, own=Validation.ENFORCE, body=None, responses={"200": ORDER})
    assert on.service.watches_request(on.route)
    assert on.service.watches_response(on.route)
    assert not Checking().service.watches_response(Checking().route)


def test_warn_lets_go_on_and_says_each_fault_once() -> None:
    checking = Checking(Validation.WARN)
    assert checking.request(b"{}") == []
    assert checking.request(b"{}") == []
    assert checking.request(b'{"price":"x"}') == []
    assert checking.reports.lines == [
        (
            LogLevel.WARN,
            "the body of a request does not fit its schema: 'price' is missing (validation is 'warn', so it went on; "
            "this is said once)",
            "Orders",
            TRACE,
        ),
        (
            LogLevel.WARN,
            "the body of a request does not fit its schema: /price: must be a number, is \"x\" (validation is 'warn', "
            "so it went on; this is said once)",
            "Orders",
            TRACE,
        ),
    ]


def test_warn_looks_at_no_value_any_more_where_enough_has_been_said(monkeypatch: pytest.MonkeyPatch) -> None:
    checking = Checking(Validation.WARN, responses={"200": ORDER})

    def go_wrong() -> None:
        checking.request(b"{}", query={"page": "x"}, id="seven")
        checking.respond(200, b"{}")
        checking.emit({})
        checking.service.check_item("orders", "1", {})

    for _ in range(100):
        go_wrong()
    assert len(checking.warnings()) == 6
    monkeypatch.setattr(Check, "misfits", lambda *_: pytest.fail("a value was looked at"))
    go_wrong()


def test_a_new_catalog_is_warned_of_anew() -> None:
    checking = Checking(Validation.WARN)
    for _ in range(200):
        checking.request(b"{}")
    checking.service.catalog = checking.service.catalog
    checking.request(b'{"price":"x"}')
    assert len(checking.warnings()) == 2


def test_what_a_step_says_counts_over_the_project() -> None:
    assert Checking(Validation.ENFORCE, own=Validation.WARN).request(b"{}") == []
    assert Checking(Validation.WARN, own=Validation.ENFORCE).request(b"{}")


@pytest.mark.parametrize(
    ("key", "status", "form", "body", "fits"),
    [
        ("200", 200, "json", b'{"price":1}', True),
        ("200", 200, "json", b"{}", False),
        ("200", 201, "json", b"{}", True),
        ("default", 404, "json", b"{}", False),
        ("default", 204, "none", b"", True),
        ("200", 200, "none", b"", False),
        ("200", 200, "bytes", b"{}", True),
        ("200", 200, "text", b"<p>", False),
        ("200", 200, "text", b'{"price":1}', True),
        ("200", 200, "text", b'{"price":"x"}', False),
        ("default", 304, "none", b"", True),
    ],
)
def test_responses_are_held_against_the_schema_of_their_status(
    key: str, status: int, form: str, body: bytes, fits: bool
) -> None:
    assert Checking(responses={key: ORDER}).respond(status, body, form) is fits


JSON_HEADERS: Headers = [(b"content-type", b"application/json; charset=utf-8")]


@pytest.mark.parametrize("form", ["bytes", "text"])
@pytest.mark.parametrize(
    ("body", "headers", "fits"),
    [
        (b'{"price":1}', JSON_HEADERS, True),
        (b'{"price":"x"}', JSON_HEADERS, False),
        (b'{"price"', JSON_HEADERS, False),
        (b"", JSON_HEADERS, False),
        (b"[" * 100_000, JSON_HEADERS, False),
    ],
)
def test_what_a_handler_sends_as_json_is_held_as_json(form: str, body: bytes, headers: Headers, fits: bool) -> None:
    assert Checking(responses={"200": ORDER}).respond(200, body, form, headers) is fits


def test_packed_bytes_are_not_read() -> None:
    packed = [*JSON_HEADERS, (b"content-encoding", b"gzip")]
    assert Checking(responses={"200": ORDER}).respond(200, b"\x1f\x8b", "bytes", packed)


def test_a_response_that_is_no_json_though_it_says_so_is_named() -> None:
    checking = Checking(responses={"200": ORDER})
    assert not checking.respond(200, b"<p>", "bytes", JSON_HEADERS)
    assert "is no JSON, as its content type says that it is" in checking.reports.lines[0][1]


def test_a_log_line_says_that_there_is_more() -> None:
    checking = Checking(responses={"200": {"items": {"type": "string"}}})
    assert not checking.respond(200, b"[" + b"1," * 50 + b"1]")
    assert "; and more; the handler returned" in checking.reports.lines[0][1]


def test_a_text_is_checked_where_the_schema_asks_for_one() -> None:
    checking = Checking(responses={"200": {"type": "string", "maxLength": 3}})
    assert checking.respond(200, b"abc", "text")
    assert not checking.respond(200, b"abcd", "text")


def test_a_refused_response_is_in_the_log_with_what_it_was() -> None:
    checking = Checking(responses={"200": ORDER})
    assert not checking.respond(200, b'{"price":"much","rest":"' + b"x" * 1000 + b'"}')
    ((level, text, source, trace),) = checking.reports.lines
    assert (level, source, trace) == (LogLevel.ERROR, "Orders", TRACE)
    assert text.startswith("the response with status 200 does not fit responseSchema, and is answered with 500: ")
    assert '/price: must be a number, is "much"; the handler returned {"price":"much","rest":"xxx' in text
    assert len(text) < 800


def test_a_response_that_is_only_warned_of_is_sent() -> None:
    checking = Checking(Validation.WARN, responses={"200": ORDER})
    assert checking.respond(200, b"{}")
    assert checking.respond(200, b"{}")
    assert len(checking.warnings()) == 1


def test_an_event_that_a_subscriber_cannot_take_is_refused() -> None:
    checking = Checking()
    checking.emit({"price": 1})
    checking.emit("anything", "order.any")
    checking.emit("anything", "order.unheard")
    with pytest.raises(HostCallRefused) as refusal:
        checking.emit({"price": "x"})
    assert str(refusal.value) == (
        "the event for 'order.made' does not fit the input of step 'Score': /price: must be a number, is \"x\"; "
        "correct the data, or the step's 'input'"
    )


def test_an_event_of_the_control_api_is_refused_as_well() -> None:
    with pytest.raises(HostCallRefused, match="must be a map, is null"):
        Checking().service.check_event("order.made", b"", None)


def test_an_event_is_warned_of_once() -> None:
    checking = Checking(Validation.WARN)
    checking.emit({})
    checking.emit({})
    assert len(checking.warnings()) == 1
    assert checking.reports.lines[0][2] == "Orders"


def test_items_are_held_against_the_schema_of_their_stream() -> None:
    checking = Checking()
    checking.service.check_item("orders", "1", {"price": 1})
    checking.service.check_item("others", "1", {})
    with pytest.raises(
        HostCallRefused, match="the item '1' does not fit the schema of stream 'orders': 'price' is missing"
    ):
        checking.service.check_item("orders", "1", {})


def test_a_stream_may_ask_for_the_id_of_its_items() -> None:
    Checking(stream={"required": ["id"], "properties": {"id": {"const": "1"}}}).service.check_item("orders", "1", {})
    Checking(stream={"properties": {"a": {}}, "additionalProperties": False}).service.check_item(
        "orders", "1", {"a": 1}
    )


def test_items_are_warned_of_once() -> None:
    checking = Checking(Validation.WARN)
    checking.service.check_item("orders", "1", {})
    checking.service.check_item("orders", "2", {})
    assert len(checking.warnings()) == 1


def test_a_schema_that_is_none_is_told_and_not_used() -> None:
    checking = Checking(body={"type": "strin"})
    assert checking.warnings() == [
        "steps/orders.step.ts: the schema for 'body' of step 'Orders' is not used: it is no JSON Schema at /type: "
        '"strin" is not known'
    ]
    assert not checking.request(b"[]")


def test_a_text_that_breaks_the_bound_of_a_text_is_not_taken_for_lost_json() -> None:
    (violation,) = Checking(body={"type": ["string", "null"], "maxLength": 3}).request(b"abcd", "text")
    assert violation.message == "must have at most 3 characters, has 4"


def test_an_edited_payload_is_held_against_the_input_of_its_step() -> None:
    checking = Checking()
    with pytest.raises(HostCallRefused, match="input of step 'Score': /price: must be a number"):
        checking.service.check_redrive(QueueKey("order.made", "Score"), msgpack.packb({"price": "x"}))
    for queue in (QueueKey("order.made", "Other"), QueueKey("order.made", "Score", TriggerKind.CRON)):
        checking.service.check_redrive(queue, msgpack.packb({"price": "x"}))


# ------------------------------------------------------------ another catalog while requests are under way


def renewed(checking: Checking, **schemas: JsonSchema) -> Bound[ApiTrigger]:
    """Puts a catalog into use in which the route has other schemas."""
    trigger = ApiTrigger("POST", "/orders/:id", schemas.get("body"), response_schemas={"200": schemas["response"]})
    route = Bound(Step("Orders", "node", "steps/orders.step.ts", "api", (trigger,)), trigger)
    checking.service.catalog = Catalog(routes=(route,))
    return route


def test_a_request_that_was_routed_before_is_held_against_the_schemas_of_its_route() -> None:
    checking = Checking()
    route = renewed(checking, body={"required": ["new"]}, response={})
    assert checking.service.watches_request(checking.route)
    assert [violation.message for violation in checking.request(b"{}")] == ["'price' is missing"]
    checking.route = route
    assert [violation.message for violation in checking.request(b"{}")] == ["'new' is missing"]


def test_a_route_that_had_no_schemas_stays_unchecked() -> None:
    checking = Checking()
    free = ApiTrigger("POST", "/free")
    checking.route = Bound(Step("Free", "node", "steps/free.step.ts", "api", (free,)), free)
    checking.service.catalog = Catalog(routes=(checking.route,))
    assert not checking.service.watches_request(checking.route)
    renewed(checking, body={"required": ["new"]}, response={})
    assert checking.request(b"{}") == []


def test_a_response_to_what_was_routed_before_is_held_against_no_schema() -> None:
    checking = Checking(responses={"200": {"type": "object"}})
    assert not checking.respond(200, b"1")
    route = renewed(checking, response={"type": "string"})
    assert not checking.service.watches_response(checking.route)
    assert checking.respond(200, b"1")
    checking.route = route
    assert not checking.respond(200, b"1")


def test_schemas_that_stay_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[JsonSchema] = []

    def compile_and_note(schema: JsonSchema) -> Check:
        compiled.append(schema)
        return Check(schema)

    checking = Checking()
    monkeypatch.setattr("runtime.services.schemas.Check", compile_and_note)
    renewed(checking, body=ORDER, response={"type": "string"})
    assert compiled == [{"type": "string"}]
    assert [violation.message for violation in checking.request(b"{}")] == ["'price' is missing"]
    renewed(checking, response={"type": "string"})
    renewed(checking, body=ORDER, response={"type": "string"})
    assert compiled.count(ORDER) == 1, "of schemas that have left a catalog nothing is kept"
