"""triggers/http: the ASGI application, driven directly."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, MutableMapping
from typing import Any

import pytest

from runtime.catalog import Catalog, build_catalog
from runtime.model import FailureKind, LoadedFile, LogLevel, Manifest, Outcome, RequestRecord, TriggerKind, Validation
from runtime.services.schemas import SchemaService
from runtime.triggers import endings, http
from runtime.values import encode
from tests.fakes import FakePool, Reports
from tests.unit.triggers.asgi import OK, Client, Messages, catalog, failing


@pytest.fixture(autouse=True, params=["by a task", "by a call"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests are answered alike, whether a task waits for the handler or nobody does."""
    monkeypatch.setattr(Client, "calls", request.param == "by a call")


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
APP = "https://app.example.com"


async def test_a_request_becomes_an_invocation_and_its_outcome_the_response() -> None:
    client = await Client(OK).request("GET", "/u/a%20b?x=1&x=2", {"x-y": "z"})
    assert (client.status, client.body) == (200, b'{"ok":true}')
    assert client.headers["content-length"] == "11"
    invocation = client.invocation
    assert (invocation.step.name, invocation.kind, invocation.attempt) == ("Step2", TriggerKind.API, 1)
    assert (invocation.source, invocation.cause_id) == ("", "")
    assert client.payload["pathParams"] == {"id": "a b"}
    assert client.payload["queryParams"] == {"x": ["1", "2"]}
    assert client.payload["headers"] == {"x-y": "z"}
    assert client.payload["path"] == "/u/a b"


@pytest.mark.parametrize("parts", [(b"hello",), (b"he", b"", b"llo")])
@pytest.mark.parametrize("headers", [{"content-length": "5"}, {"transfer-encoding": "chunked"}])
async def test_the_body_is_read_whole(parts: tuple[bytes, ...], headers: dict[str, str]) -> None:
    client = await Client(OK).request("POST", "/a", headers, *parts)
    assert client.payload["body"] == b"hello"


async def test_an_http_2_body_needs_no_header_that_announces_it() -> None:
    client = await Client(OK).request("POST", "/a", {}, b"hello", http_version="2")
    assert client.payload["body"] == b"hello"


async def test_a_client_that_leaves_inside_its_body_runs_nothing() -> None:
    client = Client(OK)
    messages: Messages = [{"type": "http.request", "body": b"hel", "more_body": True}, {"type": "http.disconnect"}]
    await client.exchange("POST", "/a", "", {"content-length": "5"}, messages)
    assert client.fake.invocations == []


async def test_a_declared_length_over_the_limit_is_refused_unread() -> None:
    client = await Client(OK, max_body_bytes=4).request("POST", "/a", {"content-length": "5"}, b"hello")
    assert (client.status, "4 bytes" in client.problem["detail"]) == (413, True)
    assert len(client.unread) == 1
    assert client.fake.invocations == []


@pytest.mark.parametrize("parts", [(b"hello",), (b"hel", b"lo"), (b"h", b"ello", b"and so on")])
async def test_an_undeclared_body_over_the_limit_is_refused(parts: tuple[bytes, ...]) -> None:
    client = await Client(OK, max_body_bytes=4).request("POST", "/a", {"transfer-encoding": "chunked"}, *parts)
    assert client.status == 413
    assert client.fake.invocations == []


async def test_a_body_of_just_the_limit_is_taken() -> None:
    assert (await Client(OK, max_body_bytes=5).request("POST", "/a", {"content-length": "5"}, b"hello")).status == 200


async def test_no_route() -> None:
    client = await Client().request("GET", '/no"where')
    assert (client.status, client.problem["title"]) == (404, "Not Found")


async def test_wrong_method() -> None:
    client = await Client().request("DELETE", "/a")
    assert (client.status, client.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert client.problem["title"] == "Method Not Allowed"


@pytest.mark.parametrize("escape", ["%FF", "%zz", "%"])
async def test_a_bad_escape(escape: str) -> None:
    client = await Client(OK).request("GET", f"/u/{escape}")
    assert (client.status, client.problem["title"]) == (400, "Bad Request")


async def test_head_is_get_without_a_body() -> None:
    client = await Client(OK).request("HEAD", "/a")
    assert (client.status, client.body, client.headers["content-length"]) == (200, b"", "11")
    assert client.payload["method"] == "HEAD"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FailureKind.RUNNER_LOST, 502),
        (FailureKind.OVERLOADED, 503),
        (FailureKind.CANCELLED, 503),
        (FailureKind.UNKNOWN_STEP, 503),
        (FailureKind.DEADLINE, 504),
    ],
)
async def test_failures_of_the_runtime(kind: FailureKind, status: int) -> None:
    client = await Client(failing(kind)).request("GET", "/a")
    assert client.status == client.problem["status"] == status
    assert ("retry-after" in client.headers) == (status == 503)
    assert b"secret" not in client.body


@pytest.mark.parametrize("kind", [FailureKind.HANDLER, FailureKind.NON_RETRIABLE, FailureKind.INVALID_OUTPUT])
async def test_a_throw_is_500_and_its_story_goes_to_the_log(kind: FailureKind) -> None:
    client = await Client(failing(kind)).request("GET", "/a")
    assert (client.status, json.loads(client.body)) == (500, {"error": "Internal server error"})
    [(level, message, step, trace)] = client.reports.lines
    assert (level, step, trace) == (LogLevel.ERROR, "Step0", client.headers["x-trace-id"])
    assert "TypeError: the secret cause" in message
    assert "at secret.ts:1" in message


async def test_invalid_input_is_400_with_its_reason() -> None:
    client = await Client(failing(FailureKind.INVALID_INPUT)).request("GET", "/a")
    assert (client.status, client.problem["detail"]) == (400, "the secret cause")
    assert "TypeError" not in client.body.decode()


async def test_no_room_is_503_with_retry_after() -> None:
    client = await Client(pool=FakePool(None)).request("GET", "/a")
    assert (client.status, client.headers["retry-after"]) == (503, "1")


async def test_an_error_that_asks_for_a_status_gets_it() -> None:
    outcome = failing(FailureKind.NON_RETRIABLE, http_status=409, http_body=encode({"why": "taken"}))
    client = await Client(outcome).request("GET", "/a")
    assert (client.status, json.loads(client.body)) == (409, {"why": "taken"})
    assert client.reports.lines == []


@pytest.mark.parametrize("status", [204, 304])
async def test_an_error_that_asks_for_a_bodiless_status_has_no_body(status: int) -> None:
    client = await Client(failing(FailureKind.HANDLER, http_status=status, http_body=encode("x"))).request("GET", "/a")
    assert (client.status, client.body) == (status, b"")


@pytest.mark.parametrize("status", [1, 99, 100, 600, 4_000_000_000])
async def test_an_error_that_asks_for_no_status_of_http_is_500(status: int) -> None:
    client = await Client(failing(FailureKind.HANDLER, http_status=status)).request("GET", "/a")
    assert client.status == 500


@pytest.mark.parametrize("body", [b"\xc1", b"\x81\x90\x01"])
async def test_an_error_s_body_that_is_no_value_is_500(body: bytes) -> None:
    client = await Client(failing(FailureKind.HANDLER, http_status=409, http_body=body)).request("GET", "/a")
    assert client.status == 500


@pytest.mark.parametrize("payload", [b"", encode({"status": "x"}), b"\xc1", encode({"headers": [1]})])
async def test_a_bad_response_is_500_and_said_in_the_log(payload: bytes) -> None:
    client = await Client(Outcome(payload)).request("GET", "/a")
    assert (client.status, json.loads(client.body)) == (500, {"error": "Internal server error"})
    assert len(client.reports.messages(LogLevel.ERROR)) == 1


async def test_a_traceparent_is_honoured() -> None:
    client = await Client(OK).request("GET", "/a", {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    assert client.invocation.trace_id == client.headers["x-trace-id"] == TRACE


async def test_a_traceparent_is_returned() -> None:
    client = await Client(OK).request("GET", "/a", {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    assert client.headers["traceparent"].split("-")[1] == TRACE


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "00",
        "x" * 55,
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"zz-{TRACE}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{TRACE[:-1]}-00f067aa0ba902b7-011",
    ],
)
async def test_a_bad_traceparent_begins_a_new_trace(traceparent: str) -> None:
    client = await Client(OK).request("GET", "/a", {"traceparent": traceparent})
    assert client.status == 200
    assert re.fullmatch("[0-9a-f]{32}", client.headers["x-trace-id"])
    assert client.headers["x-trace-id"] != TRACE


@pytest.mark.parametrize(("method", "target"), [("GET", "/a"), ("GET", "/none"), ("DELETE", "/a"), ("GET", "/u/%FF")])
async def test_every_response_has_a_trace_id(method: str, target: str) -> None:
    assert len((await Client(OK).request(method, target)).headers["x-trace-id"]) == 32


async def test_a_new_catalog_serves_the_next_request() -> None:
    client = Client(OK, OK)
    client.edge.use(catalog(("GET", "/new")))
    assert (await client.request("GET", "/a")).status == 404
    assert (await client.request("GET", "/new")).status == 200


async def test_another_kind_of_connection_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="websocket"):
        await Client().request("GET", "/a", type="websocket")


FORM = {"content-length": "9", "content-type": "multipart/form-data; boundary=b"}


async def test_a_form_arrives_read() -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n'
    client = await Client(OK).request("POST", "/a", {**FORM, "content-length": str(len(body))}, body)
    assert (client.payload["form"], client.payload["value"], client.payload["body"]) == ("value", {"a": "1"}, body)


async def test_a_large_form_arrives_read() -> None:
    body = b"a=" + b"x" * 300_000
    headers = {"content-length": str(len(body)), "content-type": "application/x-www-form-urlencoded"}
    client = await Client(OK, max_body_bytes=400_000).request("POST", "/a", headers, body)
    assert client.payload["value"] == {"a": "x" * 300_000}


async def test_a_malformed_form_runs_nothing() -> None:
    client = await Client(OK).request("POST", "/a", FORM, b"--b--nope")
    client = await Client(OK).request("POST", "/a", FORM, b"malformed")
    assert (client.status, "multipart" in client.problem["detail"]) == (400, True)
    assert client.fake.invocations == []


async def test_a_form_of_too_many_parts_is_413() -> None:
    headers = {"content-length": "11", "content-type": "application/x-www-form-urlencoded"}
    client = await Client(OK, max_form_parts=2).request("POST", "/a", headers, b"a=1&b=2&c=3")
    assert (client.status, client.problem["title"]) == (413, "Content Too Large")


async def test_a_query_of_too_many_keys_is_400() -> None:
    client = await Client(OK, max_query_keys=2).request("GET", "/a?a=1&b=2&c=3")
    assert (client.status, client.fake.invocations) == (400, [])


@pytest.mark.parametrize("length", ["x", "-1", "1_0", "9" * 30, "+5"])
async def test_a_length_that_is_none_is_refused(length: str) -> None:
    client = await Client(OK).request("POST", "/a", {"content-length": length}, b"hello")
    assert client.status == 413


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("no <b>", "text/plain; charset=utf-8", b"no <b>"),
        (b"\xff", "application/octet-stream", b"\xff"),
        ([1, "ä"], "application/json", '[1, "ä"]'.encode()),
        (None, "application/json", b"null"),
    ],
)
async def test_what_an_error_says_follows_the_rules_of_returned_bodies(
    body: object, content_type: str, expected: bytes
) -> None:
    client = await Client(failing(FailureKind.HANDLER, http_status=418, http_body=encode(body))).request("GET", "/a")
    assert (client.status, client.body, client.headers["content-type"]) == (418, expected, content_type)


@pytest.mark.parametrize("body", [{"a": b"\xff"}, [b""], {"a": {b"k": 1}}, float("nan"), [float("inf")]])
async def test_what_an_error_cannot_say_is_500_and_in_the_log(body: object) -> None:
    client = await Client(failing(FailureKind.HANDLER, http_status=418, http_body=encode(body))).request("GET", "/a")
    assert (client.status, client.body) == (500, b'{"error": "Internal server error"}')
    [message] = client.reports.messages(LogLevel.ERROR)
    assert message.startswith("the body of the HttpError cannot be sent")


async def test_a_runner_that_could_not_send_what_an_error_says_is_500_and_in_the_log() -> None:
    client = await Client(failing(FailureKind.INVALID_OUTPUT, http_status=418)).request("GET", "/a")
    assert client.status == 500
    assert len(client.reports.messages(LogLevel.ERROR)) == 1


async def test_an_error_that_says_nothing_has_no_body() -> None:
    client = await Client(failing(FailureKind.HANDLER, http_status=404)).request("GET", "/a")
    assert (client.body, "content-type" in client.headers) == (b"", False)


async def test_options_answers_what_the_path_has() -> None:
    client = await Client(OK).request("OPTIONS", "/a")
    assert (client.status, client.body, client.headers["allow"]) == (204, b"", "GET, HEAD, OPTIONS, POST")
    assert "content-type" not in client.headers
    assert client.fake.invocations == []


async def test_a_step_s_own_options_runs() -> None:
    client = Client(OK)
    client.edge.use(catalog(("GET", "/a"), ("OPTIONS", "/a")))
    assert (await client.request("OPTIONS", "/a")).body == b'{"ok":true}'


async def test_options_of_an_unknown_path_is_404() -> None:
    assert (await Client(OK).request("OPTIONS", "/none")).status == 404


async def test_a_preflight_is_answered() -> None:
    asked = {"origin": APP, "access-control-request-method": "POST"}
    client = await Client(cors={"origins": [APP]}).request("OPTIONS", "/a", asked)
    assert (client.status, client.headers["access-control-allow-origin"]) == (204, APP)
    assert client.headers["access-control-allow-methods"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [("GET", "/a", 500), ("GET", "/none", 404), ("DELETE", "/a", 405), ("GET", "/u/%FF", 400), ("POST", "/a", 413)],
)
async def test_errors_can_be_read_by_pages_too(method: str, target: str, status: int) -> None:
    client = Client(failing(FailureKind.HANDLER), cors={"origins": [APP]})
    length = {"content-length": "5000"} if status == 413 else {}
    await client.request(method, target, {"origin": APP, **length})
    assert (client.status, client.headers["access-control-allow-origin"]) == (status, APP)


async def test_pages_of_this_machine_may_call_in_development_alone() -> None:
    for development in (True, False):
        client = await Client(OK, development=development).request("GET", "/a", {"origin": "http://localhost:5173"})
        assert ("access-control-allow-origin" in client.headers) is development


def enforcing(told: Callable[[RequestRecord], None] | None = None, **config: object) -> Client:
    """A client of one route, POST /s, with these schemas."""
    step = {"type": "api", "name": "Step", "method": "POST", "path": "/s/:id", "validate": True}
    schemas = {f"/{name}": schema for name, schema in config.items()}
    manifest = Manifest("node", (LoadedFile("steps/s.step.ts", {**step, **config}, True, schemas),))  # type: ignore[arg-type]
    service = SchemaService(Validation.WARN, Reports())
    service.catalog = build_catalog([manifest])
    client = Client(OK, OK, schemas=service, told=told)
    client.edge.use(service.catalog)
    return client


JSON = {"content-type": "application/json", "content-length": "9"}


async def test_a_request_that_does_not_fit_runs_nothing() -> None:
    client = enforcing(bodySchema={"type": "object", "properties": {"n": {"type": "integer"}}})
    await client.request("POST", "/s/1", JSON, b'{"n":"x"}')
    [error] = client.problem["errors"]
    assert (client.status, error["in"], error["pointer"]) == (400, "body", "/n")
    assert error["message"]
    assert client.fake.invocations == []


PLAIN_FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8", "content-length": "9"}


@pytest.mark.parametrize(
    ("headers", "body", "is_told"),
    [
        (PLAIN_FORM, b'{"a": 12}', True),
        (PLAIN_FORM, b" [1, 2, 3", True),
        (PLAIN_FORM, b"a=1&b=222", False),
        (JSON, b'{"a": 12}', False),
    ],
)
async def test_json_that_was_read_as_a_form_is_told_so(headers: dict[str, str], body: bytes, is_told: bool) -> None:
    client = enforcing(bodySchema={"type": "object", "required": ["n"]})
    await client.request("POST", "/s/1", headers, body)
    assert client.status == 400
    assert ("the body was read as a form" in client.problem["detail"]) is is_told


async def test_a_refused_request_is_told_of_with_its_step() -> None:
    records: list[RequestRecord] = []
    await enforcing(records.append, bodySchema={"required": ["n"]}).request("POST", "/s/1", JSON, b'{"a": 12}')
    assert [(record.status, record.step) for record in records] == [(400, "Step")]


async def test_a_request_that_fits_runs_and_arrives_as_it_was() -> None:
    client = enforcing(bodySchema={"type": "object"}, queryParams={"type": "object"})
    await client.request("POST", "/s/1?q=1", JSON, b'{"n":"x"}')
    assert (client.status, client.payload["body"], client.payload["queryParams"]) == (200, b'{"n":"x"}', {"q": "1"})


async def test_a_response_that_does_not_fit_is_500() -> None:
    client = enforcing(responseSchema={"type": "object", "required": ["id"]})
    await client.request("POST", "/s/1", JSON, b'{"n":"x"}')
    assert (client.status, json.loads(client.body)) == (500, {"error": "Internal server error"})
    assert why_it_failed(client) == "the response with status 200 does not fit responseSchema"


async def test_the_trace_of_a_response_that_is_none_says_why() -> None:
    client = await Client(Outcome(encode({"form": "none"}))).request("GET", "/a")
    assert client.status == 500
    assert why_it_failed(client).startswith("the handler returned neither a status nor a body")


def why_it_failed(client: Client) -> str:
    """What the span of its request has as the reason."""
    span = client.invocation.span
    assert span is not None
    assert span.failure is not None
    return span.failure.message


async def test_the_trigger_that_fired_is_named() -> None:
    triggers = [{"type": "api", "method": method, "path": "/t"} for method in ("GET", "PUT")]
    client = Client(OK)
    config = {"triggers": triggers, "name": "T"}
    client.edge.use(build_catalog([Manifest("node", (LoadedFile("steps/t.step.ts", config, has_handler=True),))]))
    await client.request("PUT", "/t")
    assert client.invocation.trigger_index == 1


async def test_what_the_runtime_answers_itself_is_not_swallowed_by_wildcards() -> None:
    async def answer(headers: object) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        return 200, [(b"content-type", b"application/json")], b"{}"

    client = Client(OK, OK, builtin={"/openapi.json": answer})
    client.edge.use(catalog(("GET", "/*")))
    await client.request("GET", "/openapi.json")
    assert (client.status, client.body, client.fake.invocations) == (200, b"{}", [])
    await client.request("GET", "/other.json")
    assert len(client.fake.invocations) == 1
    client.edge.use(catalog(("GET", "/openapi.json")))
    await client.request("GET", "/openapi.json")
    assert len(client.fake.invocations) == 2


async def test_people_who_open_a_root_that_no_step_serves_are_led_on() -> None:
    client = Client(OK, landing="/page/")
    page = {"accept": "text/html,*/*"}
    assert (await client.request("GET", "/?a=b", page)).status == 307
    assert client.headers["location"] == "/page/"
    for method, target, headers in (("GET", "/", {"accept": "*/*"}), ("GET", "/other", page), ("POST", "/", page)):
        assert (await client.request(method, target, headers)).status == 404
    assert (await Client(OK).request("GET", "/", page)).status == 404


@pytest.mark.parametrize("path", ["/", "/*", "/:rest*"])
async def test_a_step_that_serves_the_root_comes_first(path: str) -> None:
    client = Client(OK, landing="/page/")
    client.edge.use(catalog(("GET", path)))
    assert (await client.request("GET", "/", {"accept": "text/html"})).status == 200


async def test_pieces_without_bytes_are_not_collected() -> None:
    headers = {"transfer-encoding": "chunked"}
    client = await Client(OK).request("POST", "/a", headers, *[b""] * 50, b"a", *[b""] * 50, b"b")
    assert client.payload["body"] == b"ab"


async def test_json_without_its_content_type_is_explained() -> None:
    client = enforcing(bodySchema={"type": "object", "properties": {"n": {"type": "integer"}}})
    await client.request("POST", "/s/1", {"content-length": "9"}, b'{"n":"x"}')
    [error] = client.problem["errors"]
    assert (client.status, error["in"], error["pointer"]) == (400, "body", "")
    assert "read as JSON where its content type is application/json, and this one's is not" in error["message"]


def listening(*script: Outcome, **more: Any) -> tuple[Client, list[RequestRecord]]:
    told: list[RequestRecord] = []
    return Client(*script, told=told.append, **more), told


async def test_a_request_is_told_when_it_is_answered() -> None:
    client, told = listening(OK)
    before = time.time()
    await client.request("GET", "/a?secret=1")
    [record] = told
    assert record[1:4] == ("GET", "/a", 200)
    assert (record.step, record.trace_id, record.ending) == ("Step0", client.headers["x-trace-id"], "")
    assert before <= record.time <= time.time()
    assert 0 <= record.seconds < 1


async def test_its_duration_is_the_handler_s(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter((100.0, 107.5))
    for module in (http, endings):
        monkeypatch.setattr(module, "monotonic", lambda: next(moments))
    client, told = listening(OK)
    await client.request("GET", "/a")
    assert told[0].seconds == 7.5


@pytest.mark.parametrize(
    ("method", "target", "headers", "status", "step"),
    [
        ("HEAD", "/a", {}, 200, "Step0"),
        ("GET", "/none", {}, 404, ""),
        ("DELETE", "/a", {}, 405, ""),
        ("OPTIONS", "/a", {}, 204, ""),
        ("GET", "/u/%FF", {}, 400, ""),
        ("POST", "/a", {"content-length": "5000"}, 413, ""),
        ("GET", "/openapi.json", {}, 200, ""),
    ],
)
async def test_every_answer_is_told(method: str, target: str, headers: dict[str, str], status: int, step: str) -> None:
    async def answer(headers: object) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        return 200, [], b"{}"

    client, told = listening(OK, builtin={"/openapi.json": answer})
    await client.request(method, target, headers)
    assert [record[1:4] for record in told] == [(method, target, status)]
    assert (told[0].step, told[0].trace_id) == (step, client.headers["x-trace-id"])


@pytest.mark.parametrize(("kind", "status"), [(FailureKind.HANDLER, 500), (FailureKind.DEADLINE, 504)])
async def test_failures_are_told_with_their_step(kind: FailureKind, status: int) -> None:
    client, told = listening(failing(kind))
    await client.request("GET", "/a")
    assert [(record.status, record.step) for record in told] == [(status, "Step0")]


async def test_a_client_that_leaves_before_its_request_is_complete() -> None:
    client, told = listening(OK)
    await client.request("POST", "/a", {"content-length": "5"})
    assert [(record.status, record.step, record.ending) for record in told] == [(499, "", "the client left")]


async def test_a_client_that_has_left_when_it_is_answered() -> None:
    client, told = listening(OK)
    await client.request("GET", "/a", client_left=True)  # as the server notes it
    assert [(record.status, record.ending) for record in told] == [(200, "the client left")]


class Renewing(Client):
    """A client whose body arrives while the project is renewed."""

    async def upload(self, renewed: Catalog, **form: str) -> Renewing:
        self.sent = []
        pieces: Messages = [
            {"type": "http.request", "body": b"a=", "more_body": True},
            {"type": "http.request", "body": b"1", "more_body": False},
        ]

        async def receive() -> MutableMapping[str, Any]:
            if len(pieces) == 1:
                self.edge.use(renewed)
            return pieces.pop(0)

        async def send(message: MutableMapping[str, Any]) -> None:
            self.sent.append(message)

        headers = [(name.encode(), value.encode()) for name, value in {"content-length": "3", **form}.items()]
        scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/u/x", "raw_path": b"/u/x"}
        await self.edge({**scope, "query_string": b"", "headers": headers}, receive, send)
        return self


URLENCODED = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize("form", [{}, URLENCODED])
async def test_an_upload_across_a_renewal_runs_the_step_that_serves_then(form: dict[str, str]) -> None:
    client = Renewing(OK)
    client.edge.use(catalog(("POST", "/u/:old")))
    await client.upload(catalog(("GET", "/b"), ("POST", "/u/:new")), **form)
    assert (client.status, client.invocation.step.name) == (200, "Step1")
    assert client.payload["pathParams"] == {"new": "x"}


async def test_an_upload_for_a_step_that_is_gone_when_it_is_there_is_404() -> None:
    client = Renewing(OK)
    client.edge.use(catalog(("POST", "/u/:old")))
    await client.upload(catalog(("GET", "/b")))
    assert (client.status, client.fake.invocations) == (404, [])
