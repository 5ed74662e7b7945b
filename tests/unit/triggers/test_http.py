"""triggers/http: the ASGI application, driven directly."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote

import pytest

from runtime.catalog import Catalog, build_catalog
from runtime.config import HttpSettings
from runtime.dispatcher import Dispatcher
from runtime.model import Failure, FailureKind, Invocation, LoadedFile, LogLevel, Manifest, Outcome, TriggerKind, whole
from runtime.triggers.http import HttpEdge
from runtime.values import decode, encode
from tests.fakes import FakePool, FakeRunner, Reports

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OK = Outcome(encode({"status": 200, "form": "json", "body": b'{"ok":true}'}))
Messages = list[MutableMapping[str, Any]]


def catalog(*routes: tuple[str, str]) -> Catalog:
    steps = (
        LoadedFile(f"steps/{i}.step.ts", {"type": "api", "name": f"Step{i}", "method": m, "path": p}, has_handler=True)
        for i, (m, p) in enumerate(routes)
    )
    return build_catalog([Manifest("node", tuple(steps))])


class Client:
    """A server of one connection: it speaks ASGI with the edge and keeps what comes back."""

    def __init__(self, *script: Outcome, max_body_bytes: int = 1000, pool: FakePool | None = None) -> None:
        self.fake = FakeRunner(*script)
        self.reports = Reports()
        dispatcher = Dispatcher({"node": pool or FakePool(self.fake)})
        self.edge = HttpEdge(dispatcher, self.reports, HttpSettings(max_body_bytes=max_body_bytes, queue_timeout=0.25))
        self.edge.use(catalog(("GET", "/a"), ("POST", "/a"), ("GET", "/u/:id"), ("PUT", "/f/:rest*")))
        self.unread: Messages = []
        self.sent: Messages = []

    async def request(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, *parts: bytes, **scope: Any
    ) -> Client:
        path, _, query = target.partition("?")
        messages: Messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        if messages:
            messages[-1]["more_body"] = False
        return await self.exchange(method, path, query, headers or {}, messages, **scope)

    async def exchange(
        self, method: str, path: str, query: str, headers: Mapping[str, str], messages: Messages, **scope: Any
    ) -> Client:
        self.unread, self.sent = messages, []

        async def receive() -> MutableMapping[str, Any]:
            return self.unread.pop(0) if self.unread else {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            self.sent.append(message)

        full: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            **scope,
        }
        await self.edge(full, receive, send)
        return self

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode("latin-1") for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["content-type"] == "application/problem+json"
        document: dict[str, Any] = json.loads(self.body)
        assert document["status"] == self.status
        return document

    @property
    def invocation(self) -> Invocation:
        [invocation] = self.fake.invocations
        return invocation

    @property
    def payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = decode(whole(self.invocation.payload))
        return payload


def failing(kind: FailureKind, **more: Any) -> Outcome:
    return Outcome(failure=Failure(kind, "the secret cause", "TypeError", "at secret.ts:1", **more))


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
    assert (client.status, client.headers["allow"]) == (405, "GET, POST")
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
