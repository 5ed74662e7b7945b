"""web/server: what an ASGI application says arrives, over each server that can carry it."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import httpx
import pytest

from runtime.config import HttpSettings
from runtime.web.server import listen
from tests.fakes import settle
from tests.unit.web.serving import SERVERS, START, Connection, Streaming, connected, measuring, piece, serving


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers with as many letters as the path says, in one message or in two."""
    size = int(scope["path"].strip("/").removesuffix("-parts"))
    body = b"x" * size
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % size)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    if scope["method"] == "HEAD":
        await send({"type": "http.response.body"})
    elif scope["path"].endswith("-parts"):
        await send({"type": "http.response.body", "body": body[: size // 2], "more_body": True})
        await send({"type": "http.response.body", "body": body[size // 2 :]})
    else:
        await send({"type": "http.response.body", "body": body})


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, int]:
    """The status line of one answer, and how long its body is."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    [length] = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length")]
    return lines[0], len(await reader.readexactly(length))


def get(path: str, more: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: test\r\n{more}\r\n".encode()


@pytest.mark.parametrize("server", SERVERS)
async def test_answers_to_pipelined_requests_keep_their_order(server: str) -> None:
    sizes = [3, 100_000, 0, 1, 70_000, 5]
    async with serving(server, application) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for size in sizes:
            writer.write(get(f"/{size}") + get(f"/{size}-parts"))
        assert [(await answer(reader))[1] for _ in range(2 * len(sizes))] == [s for s in sizes for _ in range(2)]
        writer.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_many_connections_get_their_own_answers(server: str) -> None:
    async def ask(size: int) -> tuple[bytes, int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get(f"/{size}"))
        found = await answer(reader)
        writer.close()
        return found

    async with serving(server, application) as (port, _):
        answers = await asyncio.gather(*(ask(size) for size in range(100)))
    assert answers == [(b"http/1.1 200 ok" if server == "uvicorn" else b"http/1.1 200 ", n) for n in range(100)]


@pytest.mark.parametrize("server", SERVERS)
async def test_head_has_the_head_alone(server: str) -> None:
    async with serving(server, application) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HEAD /500 HTTP/1.1\r\nHost: test\r\n\r\n" + get("/7"))
        assert b"content-length: 500" in await reader.readuntil(b"\r\n\r\n")
        assert (await answer(reader))[1] == 7
        writer.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_a_body_that_an_application_gives_to_head_is_not_sent(server: str) -> None:
    async def careless(scope: Any, receive: Any, send: Any) -> None:
        await application({**scope, "method": "GET"}, receive, send)

    async with serving(server, careless) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HEAD /500 HTTP/1.1\r\nHost: test\r\n\r\n" + get("/7"))
        assert b"content-length: 500" in await reader.readuntil(b"\r\n\r\n")
        assert (await answer(reader))[1] == 7
        writer.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_an_answer_whose_length_is_not_said_has_an_end(server: str) -> None:
    async def terse(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 7})

    async with serving(server, terse) as (port, _), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert [(await client.get("/", timeout=5)).text for _ in range(2)] == ["x" * 7] * 2


@pytest.mark.parametrize("server", SERVERS)
async def test_a_connection_that_is_to_close_is_closed_after_the_answer(server: str) -> None:
    async with serving(server, application) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/9", "Connection: close\r\n"))
        assert (await answer(reader))[1] == 9
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_an_idle_connection_ends_when_it_has_been_kept_long_enough(server: str) -> None:
    async with serving(server, application, keep_alive=1) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/1"))
        await answer(reader)
        began = asyncio.get_running_loop().time()
        assert await reader.read() == b""
        assert 0.9 < asyncio.get_running_loop().time() - began < 3
        writer.close()


@pytest.mark.parametrize("server", SERVERS)
async def test_what_runs_when_the_server_stops_is_answered(server: str) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        entered.set()
        await leave.wait()
        await application(scope, receive, send)

    async with serving(server, slow) as (port, stop):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/11"))
        await entered.wait()
        stop.set()
        leave.set()
        assert (await answer(reader))[1] == 11
        writer.close()


async def test_no_http_is_refused_after_the_answers_that_are_due() -> None:
    async with serving("uvicorn", application) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/4"))
        assert (await answer(reader))[1] == 4
        writer.write(b"this is no request\r\n\r\n")
        assert b" 400 " in await reader.readuntil(b"\r\n\r\n")
        writer.close()


async def test_an_offer_of_http_2_is_passed_over_and_the_body_arrives() -> None:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        headers = [(b"content-length", b"%d" % len(message["body"]))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": message["body"]})

    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    async with serving("uvicorn", echo) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for body in (b"h2c\r\nUpgrade: h2c\r\n\r\n", b"{}"):
            head = b"POST / HTTP/1.1\r\nHost: test\r\n%bContent-Length: %d\r\n\r\n" % (offer, len(body))
            writer.write(head + body)
            assert (await answer(reader))[1] == len(body)
        writer.close()


def test_a_port_that_is_taken_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(Exception, match=rf"127\.0\.0\.1:{other.getsockname()[1]}"):
            listen(HttpSettings(port=other.getsockname()[1]))


async def assert_refused(client: Connection, status: int) -> None:
    """The answer is a problem document of this status, and the connection's last."""
    head = await client.head()
    assert int(head.split()[1]) == status
    assert b"x-trace-id: " in head
    assert b"connection: close" in head
    assert b"content-type: application/problem+json" in head
    assert json.loads(await client.rest())["status"] == status


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    "text",
    [
        "this is no request",
        "GET / HTTP/9.9",
        "GET",
        "G\x01T / HTTP/1.1",
        "GET / HTTP/1.1\r\nno header",
        "GET / HTTP/1.1\r\n: x",
        "POST / HTTP/1.1\r\nContent-Length: x",
        "POST / HTTP/1.1\r\nContent-Length: -5",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5",
    ],
)
async def test_what_is_no_request_is_refused(server: str, text: str) -> None:
    async with serving(server, measuring) as (port, _), connected(port) as client:
        client.writer.write(f"{text}\r\n\r\n".encode())
        await assert_refused(client, 400)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    "text",
    ["GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "GET / HTTP/1.1\r\nX: {}"],
)
async def test_a_head_over_the_limit_is_refused(server: str, text: str) -> None:
    async with serving(server, measuring, max_header_bytes=2000) as (port, _), connected(port) as client:
        client.writer.write(text.format("x" * 5000).encode())
        await assert_refused(client, 431)


@pytest.mark.parametrize("server", SERVERS)
async def test_a_malformed_chunk_ends_the_request(server: str) -> None:
    async with serving(server, measuring) as (port, _), connected(port) as client:
        client.say("POST / HTTP/1.1\nTransfer-Encoding: chunked", b"3\r\nabc\r\n")
        await settle()
        client.writer.write(b"nonsense\r\n")
        await assert_refused(client, 400)


@pytest.mark.parametrize("server", SERVERS)
async def test_the_answer_that_is_due_comes_before_the_refusal(server: str) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        entered.set()
        await leave.wait()
        await measuring(scope, receive, send)

    async with serving(server, slow) as (port, _), connected(port) as client:
        client.say("GET /first HTTP/1.1")
        await entered.wait()
        client.writer.write(b"this is no request\r\n\r\n")
        await settle()
        leave.set()
        assert (await client.answer())[1] == b"GET /first 0"
        rest = await client.rest()
        assert rest == b"" or b" 400 " in rest


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("length", [5, 5_000_000])
async def test_an_unread_body_holds_nothing_up(server: str, length: int) -> None:
    async with serving(server, measuring) as (port, _), connected(port) as client:
        client.say(f"POST /unread HTTP/1.1\nContent-Length: {length}", b"x" * length)
        client.say("GET /next HTTP/1.1")
        assert (await client.answer())[1] == b"POST /unread 0"
        assert (await client.answer())[1] == b"GET /next 0"


@pytest.mark.parametrize("server", SERVERS)
async def test_an_unread_body_in_chunks_holds_nothing_up(server: str) -> None:
    async with serving(server, measuring) as (port, _), connected(port) as client:
        client.say("POST /unread HTTP/1.1\nTransfer-Encoding: chunked", b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n")
        client.say("GET /next HTTP/1.1")
        assert (await client.answer())[1] == b"POST /unread 0"
        assert (await client.answer())[1] == b"GET /next 0"


@pytest.mark.parametrize("server", SERVERS)
async def test_a_body_is_asked_for_when_it_is_wanted(server: str) -> None:
    async with serving(server, measuring) as (port, _), connected(port) as client:
        client.say("POST / HTTP/1.1\nContent-Length: 3\nExpect: 100-continue")
        assert (await client.head()).startswith(b"http/1.1 100 ")
        client.writer.write(b"abc")
        assert (await client.answer())[1] == b"POST / 3"
        client.say("GET /next HTTP/1.1")
        assert (await client.answer())[1] == b"GET /next 0"


@pytest.mark.parametrize("server", SERVERS)
async def test_a_body_that_is_not_wanted_is_not_asked_for(server: str) -> None:
    async with serving(server, measuring) as (port, _), connected(port) as client:
        client.say("POST /unread HTTP/1.1\nContent-Length: 3\nExpect: 100-continue")
        assert (await client.answer()) == (200, b"POST /unread 0")
        assert await client.rest() == b""


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("upgrade", ["h2c", "websocket", "foo/2"])
async def test_an_offer_of_another_protocol_is_passed_over(server: str, upgrade: str) -> None:
    async with serving(server, measuring) as (port, _), connected(port) as client:
        offer = f"Connection: Upgrade, HTTP2-Settings\nUpgrade: {upgrade}\nHTTP2-Settings: AAMAAABk"
        for body in (b"", b"abc"):
            client.say(f"POST / HTTP/1.1\n{offer}\nContent-Length: {len(body)}", body)
            assert (await client.answer())[1] == b"POST / %d" % len(body)


@pytest.mark.parametrize("server", SERVERS)
async def test_a_request_may_name_the_whole_address(server: str) -> None:
    async with serving(server, measuring) as (port, _), connected(port) as client:
        client.say("GET http://test/path?x=1 HTTP/1.1")
        assert (await client.answer())[1] == b"GET /path 0"


@pytest.mark.parametrize("server", SERVERS)
async def test_a_request_may_come_byte_by_byte(server: str) -> None:
    async with serving(server, measuring) as (port, _), connected(port) as client:
        for byte in b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc":
            client.writer.write(bytes([byte]))
            await client.writer.drain()
            await asyncio.sleep(0)
        assert (await client.answer())[1] == b"POST / 3"


BODY = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("begun", ["", "GET / HT", "GET / HTTP/1.1\r\nX: ", BODY, f"{BODY}abc"])
async def test_a_request_that_does_not_come_ends_the_connection(server: str, begun: str) -> None:
    async with serving(server, measuring, keep_alive=0.3) as (port, _), connected(port) as client:
        client.writer.write(begun.encode())
        assert await asyncio.wait_for(client.rest(), 5) == b""


@pytest.mark.parametrize("server", SERVERS)
async def test_a_head_that_trickles_in_ends_the_connection(server: str) -> None:
    async with serving(server, measuring, keep_alive=0.3) as (port, _), connected(port) as client:
        ended = asyncio.ensure_future(client.rest())
        client.writer.write(b"GET / HTTP/1.1\r\n")
        while not ended.done() and not client.writer.is_closing():
            client.writer.write(b"X: y\r\n")
            await asyncio.wait([ended], timeout=0.05)
        assert ended.result() == b""


@pytest.mark.parametrize("server", SERVERS)
async def test_a_slow_body_is_taken_and_so_is_its_time(server: str) -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.5)
        await measuring(scope, receive, send)
        await asyncio.sleep(0.5)

    async with serving(server, slow, keep_alive=0.3) as (port, _), connected(port) as client:
        client.writer.write(BODY.encode())
        for _ in range(9):
            await asyncio.sleep(0.05)
            client.writer.write(b"x")
        assert (await client.answer())[1] == b"POST / 9"


@pytest.mark.parametrize("server", SERVERS)
async def test_a_body_that_stands_in_line_is_not_slow(server: str) -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "GET":
            await asyncio.sleep(0.8)
        await measuring(scope, receive, send)

    async with serving(server, slow, keep_alive=0.3) as (port, _), connected(port) as client:
        client.writer.write(get("/first") + BODY.encode() + b"abc")
        assert (await client.answer())[1] == b"GET /first 0"
        client.writer.write(b"defghi")
        assert (await client.answer())[1] == b"POST / 9"


@pytest.mark.parametrize("server", SERVERS)
async def test_a_client_that_leaves_inside_its_body_is_told_to_the_application(server: str) -> None:
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def listening(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] != "http.disconnect":
            continue
        told.set_result(message["type"])

    async with serving(server, listening) as (port, _):
        async with connected(port) as client:
            client.say("POST / HTTP/1.1\nContent-Length: 10", b"abc")
            await settle()
        assert await asyncio.wait_for(told, 5) == "http.disconnect"


@pytest.mark.parametrize("server", SERVERS)
async def test_head_and_pieces_are_sent_as_they_come(server: str) -> None:
    application = Streaming()
    async with serving(server, application) as (port, _), connected(port) as client:
        client.say("GET / HTTP/1.1")
        assert b"transfer-encoding: chunked" in await client.head()
        for text in (b"one", b"two"):
            application.pieces.put_nowait(text)
            assert await client.reader.readexactly(8) == b"3\r\n%b\r\n" % text
        application.pieces.put_nowait(True)
        assert await client.reader.readexactly(5) == b"0\r\n\r\n"
        client.say("GET / HTTP/1.1")
        assert b" 200 " in await client.head()
        application.pieces.put_nowait(True)


@pytest.mark.parametrize("server", SERVERS)
async def test_a_body_that_breaks_off_has_no_last_chunk(server: str) -> None:
    application = Streaming()
    async with serving(server, application) as (port, _), connected(port) as client:
        client.say("GET / HTTP/1.1")
        await client.head()
        application.pieces.put_nowait(b"one")
        application.pieces.put_nowait(False)
        assert await client.rest() == b"3\r\none\r\n"


@pytest.mark.parametrize("server", SERVERS)
async def test_a_client_of_http_1_0_gets_a_body_until_the_end_of_the_connection(server: str) -> None:
    application = Streaming()
    async with serving(server, application) as (port, _), connected(port) as client:
        client.say("GET / HTTP/1.0")
        assert b"chunked" not in await client.head()
        for given in (b"one", b"two", True):
            application.pieces.put_nowait(given)
        assert await client.rest() == b"onetwo"


@pytest.mark.parametrize("server", SERVERS)
async def test_a_client_that_does_not_read_holds_its_application_back(server: str) -> None:
    sent = 0
    entered, gone = asyncio.Event(), asyncio.Event()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        await send(START)
        while not gone.is_set():
            entered.set()
            await send(piece(b"x" * 65536))
            sent += 1

    async with serving(server, endless) as (port, _), connected(port) as client:
        client.say("GET / HTTP/1.1")
        await entered.wait()
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.1)
        assert sent * 65536 < 64 << 20
        gone.set()
        client.writer.transport.abort()


@pytest.mark.parametrize("server", SERVERS)
async def test_the_end_of_a_client_is_told_between_the_pieces(server: str) -> None:
    told = asyncio.Event()

    async def listening(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        await send(piece(b"one"))
        while (await receive())["type"] != "http.disconnect":
            continue
        told.set()

    async with serving(server, listening) as (port, _):
        async with connected(port) as client:
            client.say("GET / HTTP/1.1")
            await client.head()
        await asyncio.wait_for(told.wait(), 5)


def status_of(answer: bytes) -> int:
    return int(answer.split()[1])


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    ("target", "seen"),
    [
        (b"http://foo.example/py/echo", (b"/py/echo", "/py/echo", b"")),
        (b"HTTPS://foo.example:80?a=b", (b"/", "/", b"a=b")),
        (b"http://foo.example", (b"/", "/", b"")),
        (b"/a%20b#fragment?x", (b"/a%20b", "/a b", b"")),
        (b"/a?x=1#fragment", (b"/a", "/a", b"x=1")),
        (b"//a/b", (b"//a/b", "//a/b", b"")),
        (b"*", (b"*", "*", b"")),
        (b"foo", None),
        (b"?x", None),
        (b"ftp://foo/x", None),
        (b"foo:80", None),
    ],
)
async def test_the_target_of_a_request(server: str, target: bytes, seen: tuple[bytes, str, bytes] | None) -> None:
    found: list[Any] = []

    async def keep(scope: Any, receive: Any, send: Any) -> None:
        found.append((scope["raw_path"], scope["path"], scope["query_string"]))
        await measuring(scope, receive, send)

    async with serving(server, keep) as (port, _), connected(port) as client:
        client.writer.write(b"POST " + target + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert status_of(await client.head()) == (400 if seen is None else 200)
    assert found == ([] if seen is None else [seen])


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("line", ["get / HTTP/1.1", "FOO /x HTTP/1.1", "GETX / HTTP/1.1", "CONNECT x:80 HTTP/1.1"])
@pytest.mark.parametrize("cut", [1, 5, 30])
async def test_a_method_that_nobody_knows_is_405(server: str, line: str, cut: int) -> None:
    async with serving(server, measuring) as (port, _), connected(port) as client:
        data = f"{line}\r\nHost: x\r\n\r\n".encode()
        for segment in (data[:cut], data[cut:]):
            client.writer.write(segment)
            await client.writer.drain()
            await settle()
        head = await client.head()
        assert (status_of(head), b"\r\nallow: " in head) == (405, True)
        assert json.loads(await client.rest())["title"] == "Method Not Allowed"


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", 200),
    ],
)
async def test_a_request_has_one_host(server: str, text: str, status: int) -> None:
    async with serving(server, measuring) as (port, _), connected(port) as client:
        client.writer.write(text.encode())
        assert status_of(await client.head()) == status


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("text", ["GET /9 HTTP/1.1", "GET /9-parts HTTP/1.1", "HEAD /9 HTTP/1.1", "FOO / HTTP/1.1"])
async def test_each_answer_has_a_date(server: str, text: str) -> None:
    async with serving(server, application) as (port, _), connected(port) as client:
        client.say(text)
        assert (await client.head()).count(b"\r\ndate: ") == 1


@pytest.mark.parametrize("server", SERVERS)
async def test_the_values_of_headers_have_no_white_space_around_them(server: str) -> None:
    found: list[Any] = []

    async def keep(scope: Any, receive: Any, send: Any) -> None:
        found.extend(value for name, value in scope["headers"] if name == b"x")
        await measuring(scope, receive, send)

    async with serving(server, keep) as (port, _), connected(port) as client:
        client.writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX: \t a b \t \r\nX:\r\n\r\n")
        await client.answer()
    assert found == [b"a b", b""]


@pytest.mark.parametrize("server", SERVERS)
async def test_a_server_that_stops_takes_no_connection_and_lets_what_runs_end(server: str) -> None:
    application = Streaming()
    async with serving(server, application) as (port, stop), connected(port) as client:
        client.say("GET / HTTP/1.1")
        await client.head()
        stop.set()
        async with asyncio.timeout(3):
            with pytest.raises(ConnectionError):
                while True:
                    async with connected(port):
                        await settle()
        application.pieces.put_nowait(b"one")
        application.pieces.put_nowait(True)
        assert await client.rest() == b"3\r\none\r\n0\r\n\r\n"


@pytest.mark.parametrize("server", SERVERS)
async def test_what_does_not_end_in_the_grace_is_ended(server: str) -> None:
    began = asyncio.get_running_loop().time()
    application = Streaming()
    async with serving(server, application, grace=0.5) as (port, stop), connected(port) as client:
        client.say("GET / HTTP/1.1")
        await client.head()
        stop.set()
        assert await asyncio.wait_for(client.rest(), 5) == b""
        await asyncio.wait_for(application.ended.wait(), 5)
    assert 0.5 < asyncio.get_running_loop().time() - began < 2


@pytest.mark.skipif(not hasattr(socket, "TCP_KEEPIDLE"), reason="this system has no such option")
def test_the_system_finds_out_when_a_client_has_vanished() -> None:
    with listen(HttpSettings(port=0, probe_after=90)) as listener, socket.create_connection(listener.getsockname()):
        listener.setblocking(True)
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            asked = [socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT]
            assert [accepted.getsockopt(socket.IPPROTO_TCP, option) for option in asked] == [90, 15, 6]
