"""The HTTP edge as its users meet it: one suite over both servers, plain and with TLS."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.project import RunningProject, eventually, running, write_project
from tests.unit.web.serving import certificate

APP = "https://app.example.com"
_STEPS = {
    "echo": """
        def handler(req, ctx):
            raw = req.rawBody if isinstance(req.rawBody, str) else {"hex": req.rawBody.hex()}
            body = {"hex": req.body.hex()} if isinstance(req.body, bytes) else req.body
            keys = ("method", "path", "pathParams", "queryParams")
            return {"status": 200, "body": {"body": body, "rawBody": raw, "host": req.headers.get("host"),
                                            **{key: req[key] for key in keys}}}
    """,
    "upload": """
        def handler(req, ctx):
            fields = {name: text for name, text in req.body.items() if isinstance(text, str)}
            files = {name: {**file, "data": len(file.data)} for name, file in req.body.items() if name not in fields}
            return {"status": 200, "body": {"files": files, "fields": fields, "rawBytes": len(req.rawBody)}}
    """,
    "answer": """
        ANSWERS = {
            "text": {"status": 200, "body": "<b>hi</b>"},
            "bytes": {"status": 200, "body": b"\\x00\\xff"},
            "list": {"status": 201, "body": [1, None, "\\u00e4"]},
            "cookies": {"status": 200, "body": {}, "headers": {"Set-Cookie": ["a=1", "b=2"]}},
            "csv": {"body": "a;b", "headers": {"Content-Type": "text/csv"}},
            "empty": {"status": 204, "body": "never sent"},
            "teapot": {"status": 99},
            "cors": {"status": 200, "body": {}, "headers": {"Access-Control-Allow-Origin": "https://mine"}},
        }

        def handler(req, ctx):
            return ANSWERS[req.pathParams.kind]
    """,
    "throw": """
        from motia import HttpError

        def handler(req, ctx):
            if req.pathParams.kind == "text":
                raise HttpError(409, "taken")
            if req.pathParams.kind == "map":
                raise HttpError(422, {"why": "taken"})
            raise ValueError("the secret cause")
    """,
    "slow": """
        import asyncio

        async def handler(req, ctx):
            await asyncio.sleep(30)
            return {"status": 200, "body": {}}
    """,
    "stream": """
        import asyncio

        seen = []
        gates = {}

        async def produce(kind):
            seen.append("begun")
            try:
                yield "one"
                if kind == "broken":
                    raise ValueError("the secret cause")
                if kind == "held":
                    await asyncio.Event().wait()
                yield b"two"
            finally:
                seen.append("ended")

        def handler(req, ctx):
            if req.pathParams.kind == "seen":
                return {"status": 200, "body": seen}
            return {"status": 200, "body": produce(req.pathParams.kind)}
    """,
    "events": """
        def handler(req, ctx):
            events = ({"event": "tick", "id": number, "data": {"n": number}} for number in range(2))
            return {"status": 200, "headers": {"content-type": "text/event-stream"}, "body": events}
    """,
    "checked": """
        def handler(req, ctx):
            return {"status": 200, "body": {"ok": req.body.get("ok", True)}}
    """,
}
_CONFIGS: dict[str, dict[str, Any]] = {
    "echo": {"triggers": [{"type": "api", "method": m, "path": p} for m, p in [("GET", "/echo/*"), ("POST", "/echo")]]},
    "upload": {"type": "api", "method": "POST", "path": "/upload"},
    "answer": {"type": "api", "method": "GET", "path": "/answer/:kind"},
    "throw": {"type": "api", "method": "GET", "path": "/throw/:kind"},
    "slow": {"type": "api", "method": "GET", "path": "/slow", "infrastructure": {"handler": {"timeout": 1}}},
    "stream": {"type": "api", "method": "GET", "path": "/stream/:kind"},
    "events": {"type": "api", "method": "GET", "path": "/events"},
    "checked": {
        "type": "api",
        "method": "POST",
        "path": "/checked",
        "validate": True,
        "bodySchema": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
        "responseSchema": {"200": {"type": "object", "properties": {"ok": {"type": "boolean"}}}},
    },
}


def steps() -> dict[str, str]:
    """The project's files: a step for each kind of request and answer."""
    return {
        f"steps/{name}_step.py": f"config = {{'name': {name!r}, **{_CONFIGS[name]!r}}}\n" + _dedented(code)
        for name, code in _STEPS.items()
    }


def _dedented(code: str) -> str:
    return "\n".join(line.removeprefix("        ") for line in code.splitlines()) + "\n"


@dataclass(frozen=True)
class Edge:
    """A project that runs, and how it is spoken to."""

    project: RunningProject
    client: httpx.Client
    server: str

    @contextmanager
    def connection(self) -> Iterator[socket.socket]:
        """A bare connection, encrypted where the edge is."""
        with socket.create_connection(("127.0.0.1", self.client.base_url.port or 0), 10) as plain:
            if self.client.base_url.scheme == "http":
                yield plain
                return
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(plain) as encrypted:
                yield encrypted

    def say(self, data: bytes) -> bytes:
        """All that comes back on a connection of its own, until the edge ends it."""
        with self.connection() as connection:
            connection.sendall(data)
            return received(connection)


def received(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


@contextmanager
def edge(
    root: Path, server: str, *, http: str = "", trusted: Path | None = None, http2: bool = False
) -> Iterator[Edge]:
    """Runs the project with this server."""
    settings = f"http:\n  server: {server}\n  maxBodyBytes: 200000\n  maxFormParts: 5\n  maxQueryKeys: 20\n{http}"
    verify = ssl.create_default_context(cafile=str(trusted)) if trusted is not None else True
    with (
        running(write_project(root, {"runtime.yaml": settings, **steps()})) as project,
        httpx.Client(base_url=project.url, verify=verify, timeout=10, http2=http2) as client,
    ):
        yield Edge(project, client, server)


_KINDS = ("uvicorn", "hypercorn", "tls", "http2")


@pytest.fixture(scope="module", params=_KINDS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    root = tmp_path_factory.mktemp("edge")
    if request.param in ("uvicorn", "hypercorn"):
        with edge(root, request.param) as made:
            yield made
        return
    (root / "certs").mkdir()
    trusted, _ = certificate(root / "certs")
    tls = "  tls: { certificate: certs/edge.pem, key: certs/edge.key }\n"
    with edge(root, "hypercorn", http=tls, trusted=trusted, http2=request.param == "http2") as made:
        yield made


def test_the_protocol_is_the_one_that_was_asked_for(served: Edge, request: pytest.FixtureRequest) -> None:
    kind = request.node.callspec.params["served"]
    answer = served.client.get("/echo/x")
    assert answer.http_version == ("HTTP/2" if kind == "http2" else "HTTP/1.1")
    assert served.project.url.startswith("https://" if kind in ("tls", "http2") else "http://")
    assert answer.json()["host"] == served.client.base_url.netloc.decode()


def test_queries_nest(served: Edge) -> None:
    query = served.client.get("/echo/a%20b/?x=1&x=2&y[z]=3&w[]=4&__proto__=5").json()
    assert query["queryParams"] == {"x": ["1", "2"], "y": {"z": "3"}, "w": ["4"], "__proto__": "5"}
    assert query["path"] == "/echo/a b/"


def test_a_query_of_too_many_keys_is_400(served: Edge) -> None:
    answer = served.client.get("/echo/x?" + "&".join("a=1" for _ in range(21)))
    assert (answer.status_code, answer.json()["status"]) == (400, 400)


@pytest.mark.parametrize(
    ("content_type", "sent", "body", "raw"),
    [
        ("application/json", b'{"a": [1]}', {"a": [1]}, '{"a": [1]}'),
        ("application/vnd.x+json", b" 5 ", 5, " 5 "),
        ("application/x-www-form-urlencoded", b"a[b]=1&c=2&c=3", {"a": {"b": "1"}, "c": ["2", "3"]}, None),
        ("text/plain", "ä".encode(), "ä", "ä"),
        ("text/plain; charset=iso-8859-1", b"\xe4", "ä", {"hex": "e4"}),
        ("text/plain; charset=klingon", b"\xe4", {"hex": "e4"}, {"hex": "e4"}),
        ("image/png", b"\x00\xff", {"hex": "00ff"}, {"hex": "00ff"}),
        ("", b"abc", {"hex": "616263"}, "abc"),
        ("application/json", b"", {}, ""),
    ],
)
def test_bodies(served: Edge, content_type: str, sent: bytes, body: object, raw: object) -> None:
    headers = {"content-type": content_type} if content_type else {}
    read = served.client.post("/echo", content=sent, headers=headers).json()
    assert (read["body"], read["rawBody"]) == (body, sent.decode() if raw is None else raw)


def test_an_encoded_body_is_bytes(served: Edge) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    assert served.client.post("/echo", content=b"\x1f\x8b", headers=headers).json()["body"] == {"hex": "1f8b"}


def test_malformed_json_is_400_without_a_stack(served: Edge) -> None:
    answer = served.client.post("/echo", content=b"{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert "Traceback" not in answer.text
    assert "step.py" not in answer.text


def test_forms_with_files(served: Edge) -> None:
    files = {"photo": ("a ä.png", b"\x89PNG" * 20_000, "image/png")}
    read = served.client.post("/upload", data={"title": "ä"}, files=files).json()
    assert read["fields"] == {"title": "ä"}
    assert read["files"] == {"photo": {"filename": "a ä.png", "contentType": "image/png", "data": 80_000}}
    assert read["rawBytes"] > 80_000


def test_malformed_forms_and_long_ones(served: Edge) -> None:
    headers = {"content-type": "multipart/form-data"}
    assert served.client.post("/upload", content=b"x", headers=headers).status_code == 400
    headers = {"content-type": "multipart/form-data; boundary=b"}
    assert served.client.post("/upload", content=b"--b--nothing", headers=headers).status_code in (200, 400)
    files = [("f", (str(i), b"x")) for i in range(6)]
    assert served.client.post("/upload", files=files).status_code == 413


@pytest.mark.parametrize("size", [200_001, 3_000_000])
def test_a_body_over_the_limit_is_413(served: Edge, size: int) -> None:
    answer = served.client.post("/echo", content=b"x" * size)
    assert (answer.status_code, answer.json()["title"]) == (413, "Content Too Large")
    assert len(answer.headers["x-trace-id"]) == 32
    assert served.client.get("/echo/x").status_code == 200


def test_a_body_over_the_limit_in_chunks_is_413(served: Edge) -> None:
    answer = served.client.post("/echo", content=iter([b"x" * 50_000] * 20))
    assert answer.status_code == 413
    assert served.client.post("/echo", content=iter([b"a", b"b"])).json()["rawBody"] == "ab"


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "content"),
    [
        ("text", 200, "text/html; charset=utf-8", b"<b>hi</b>"),
        ("bytes", 200, "application/octet-stream", b"\x00\xff"),
        ("list", 201, "application/json", '[1,null,"ä"]'.encode()),
        ("csv", 200, "text/csv", b"a;b"),
        ("empty", 204, None, b""),
        ("teapot", 500, "application/json", b'{"error": "Internal server error"}'),
    ],
)
def test_responses(served: Edge, kind: str, status: int, content_type: str | None, content: bytes) -> None:
    answer = served.client.get(f"/answer/{kind}")
    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers.get("content-type") == content_type
    assert len(answer.headers["x-trace-id"]) == 32


def test_a_header_with_several_values_is_repeated(served: Edge) -> None:
    assert served.client.get("/answer/cookies").headers.get_list("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "text"),
    [
        ("text", 409, "text/plain; charset=utf-8", "taken"),
        ("map", 422, "application/json", '{"why": "taken"}'),
        ("other", 500, "application/json", '{"error": "Internal server error"}'),
    ],
)
def test_what_is_thrown(served: Edge, kind: str, status: int, content_type: str, text: str) -> None:
    answer = served.client.get(f"/throw/{kind}")
    assert (answer.status_code, answer.headers["content-type"], answer.text) == (status, content_type, text)


def test_a_handler_that_takes_too_long_is_504(served: Edge) -> None:
    answer = served.client.get("/slow")
    assert (answer.status_code, answer.json()["title"]) == (504, "Gateway Timeout")


def test_methods(served: Edge) -> None:
    head = served.client.head("/answer/text")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "9")
    wrong = served.client.delete("/answer/text")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    options = served.client.options("/answer/text")
    assert (options.status_code, options.headers["allow"], options.content) == (204, "GET, HEAD, OPTIONS", b"")
    assert served.client.get("/nowhere").status_code == 404


@pytest.mark.parametrize("path", ["/answer/text", "/throw/x", "/nowhere", "/answer/%FF"])
def test_pages_of_this_machine_may_read_everything_in_development(served: Edge, path: str) -> None:
    headers = served.client.get(path, headers={"origin": "http://localhost:5173"}).headers
    assert headers["access-control-allow-origin"] == "http://localhost:5173"
    assert "access-control-allow-origin" not in served.client.get(path, headers={"origin": APP}).headers


def test_a_preflight_and_a_step_s_own_headers(served: Edge) -> None:
    asked = {"origin": "http://localhost:5173", "access-control-request-method": "GET"}
    answer = served.client.options("/answer/text", headers=asked)
    assert (answer.status_code, answer.headers["access-control-allow-methods"]) == (204, "GET, HEAD")
    own = served.client.get("/answer/cors", headers=asked)
    assert own.headers.get_list("access-control-allow-origin") == ["https://mine"]


def test_a_trace_is_carried_on(served: Edge) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = served.client.get("/nowhere", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}).headers
    assert headers["x-trace-id"] == headers["traceparent"].split("-")[1] == trace


def test_requests_that_do_not_fit_are_400_and_responses_500(served: Edge) -> None:
    refused = served.client.post("/checked", json={"n": "x"})
    [error] = refused.json()["errors"]
    assert (refused.status_code, error["in"], error["pointer"]) == (400, "body", "/n")
    assert served.client.post("/checked", json={"n": 1}).status_code == 200
    assert served.client.post("/checked", json={"n": 1, "ok": "no"}).status_code == 500


def test_a_body_that_is_produced_arrives_in_pieces(served: Edge) -> None:
    with served.client.stream("GET", "/stream/whole") as answer:
        assert (answer.status_code, "content-length" in answer.headers) == (200, False)
        assert b"".join(answer.iter_raw()) == b"onetwo"


def test_server_sent_events(served: Edge) -> None:
    answer = served.client.get("/events")
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.text == 'event: tick\nid: 0\ndata: {"n":0}\n\nevent: tick\nid: 1\ndata: {"n":1}\n\n'


def test_a_body_that_breaks_off_is_seen_to_be_broken(served: Edge) -> None:
    with served.client.stream("GET", "/stream/broken") as answer, pytest.raises(httpx.RemoteProtocolError):
        answer.read()
    served.project.wait_for("the response broke off: ValueError: the secret cause")


def test_the_first_piece_comes_before_the_last_is_made_and_a_client_may_leave(served: Edge) -> None:
    before = len(served.client.get("/stream/seen").json())
    with served.connection() as connection:
        connection.sendall(b"GET /stream/held HTTP/1.1\r\nHost: x\r\n\r\n")
        data = b""
        while b"one" not in data:
            data += connection.recv(65536)
    assert eventually(lambda: len(served.client.get("/stream/seen").json()) == before + 2, 10)


def test_head_of_a_body_that_is_produced_stops_it(served: Edge) -> None:
    assert served.client.head("/stream/held").status_code == 200
    assert served.client.get("/stream/whole").text == "onetwo"  # which begins after that, if it began at all

    def all_have_ended() -> bool:
        seen: list[str] = served.client.get("/stream/seen").json()
        return seen.count("begun") == seen.count("ended")

    assert eventually(all_have_ended, 10)


CLOSE = b"Host: x\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /echo/x HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", b"431"),
        (b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"POST /echo HTTP/1.1\r\n" + CLOSE + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
)
def test_what_is_no_request_is_refused_and_can_be_traced(served: Edge, data: bytes, status: bytes) -> None:
    answer = served.say(data)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"x-trace-id: " in answer.lower()
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == int(status)


def test_pipelined_requests_are_answered_in_order(served: Edge) -> None:
    many = b"".join(b"GET /echo/%d HTTP/1.1\r\nHost: x\r\n\r\n" % number for number in range(20))
    answer = served.say(many + b"GET /echo/last HTTP/1.1\r\n" + CLOSE + b"\r\n")
    places = [answer.find(b'"path":"/echo/%d"' % number) for number in range(20)]
    assert places == sorted(places)
    assert places[0] > 0
    assert b'"/echo/last"' in answer


def test_a_body_is_asked_for_only_where_it_is_wanted(served: Edge) -> None:
    head = b"POST /echo HTTP/1.1\r\n" + CLOSE + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    assert served.say(head % 3_000_000).startswith(b"HTTP/1.1 413 ")
    with served.connection() as connection:
        connection.sendall(head % 3)
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"abc")
        assert b'"rawBody":"abc"' in received(connection)


def test_a_client_that_leaves_harms_nobody(served: Edge) -> None:
    for data in (
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
        b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        with served.connection() as connection:
            connection.sendall(data)
    assert served.client.get("/echo/x").status_code == 200
    assert not any(line.startswith("Traceback") for line in served.project.output.splitlines())
    assert not any(line["step"] == "http" for line in served.project.log_lines())


def test_in_production_no_page_of_another_origin_may_read(tmp_path: Path) -> None:
    settings = f"http:\n  cors: {{ origins: ['{APP}'] }}\n"
    answer = {"steps/answer_step.py": steps()["steps/answer_step.py"]}
    for configured in (False, True):
        root = write_project(tmp_path / str(configured), {**answer, "runtime.yaml": settings if configured else "{}"})
        with running(root, command="start") as project:
            for origin, allowed in ((APP, configured), ("http://localhost:5173", False)):
                headers = project.client.get("/answer/text", headers={"origin": origin}).headers
                assert ("access-control-allow-origin" in headers) is allowed
                assert ("vary" in headers) is configured


@pytest.mark.parametrize("header", [b"", b"Connection: Upgrade\r\nUpgrade: websocket\r\n"])
def test_a_body_may_look_like_a_head(served: Edge, header: bytes) -> None:
    body = b"a\r\nUpgrade: websocket\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n" + header
    first = head + b"Content-Length: %d\r\n\r\n" % len(body)
    with served.connection() as connection:
        for part in (first[:-30], first[-30:], body[:9], body[9:], b"GET /echo/next HTTP/1.1\r\n" + CLOSE + b"\r\n"):
            connection.sendall(part)
        answer = received(connection)
    assert json.dumps(body.decode()).encode() in answer
    assert answer.count(b" 200 ") == 2
    assert b'"/echo/next"' in answer
    assert b"smuggled HTTP/1.1 404" not in answer


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"POST http://foo.example/echo HTTP/1.1\r\n" + CLOSE + b"Content-Length: 0\r\n\r\n", 200),
        (b"GET /echo/x#fragment HTTP/1.1\r\n" + CLOSE + b"\r\n", 200),
        (b"get /echo/x HTTP/1.1\r\n" + CLOSE + b"\r\n", 405),
        (b"FOO /echo/x HTTP/1.1\r\n" + CLOSE + b"\r\n", 405),
        (b"GET /echo/x HTTP/1.1\r\n\r\n", 400),
    ],
)
def test_both_servers_read_heads_alike(served: Edge, data: bytes, status: int) -> None:
    head, _, body = served.say(data).partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    assert head.lower().count(b"\r\ndate: ") == 1
    assert json.loads(body).get("path") == (
        {405: None, 400: None}.get(status, "/echo" if b"POST" in data else "/echo/x")
    )


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_a_stop_takes_its_grace_once(tmp_path: Path, server: str) -> None:
    waits = """
        import asyncio

        async def handler(req, ctx):
            print("it waits", flush=True)
            await asyncio.sleep(3600)
    """
    config = {"type": "api", "name": "Waits", "method": "GET", "path": "/waits"}
    files = {
        "runtime.yaml": f"shutdownGrace: 2\nhttp:\n  server: {server}\n",
        "steps/waits_step.py": f"config = {config!r}\n" + _dedented(waits),
    }
    with running(write_project(tmp_path, files)) as project, httpx.Client(base_url=project.url) as client:
        with socket.create_connection(("127.0.0.1", client.base_url.port or 0)) as connection:
            connection.sendall(b"GET /waits HTTP/1.1\r\nHost: x\r\n\r\n")
            project.wait_for("it waits")
            began = time.perf_counter()
            assert project.stop() == 0
        assert 1.9 < time.perf_counter() - began < 3.7
