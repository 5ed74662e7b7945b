"""web/heads: what an application sees is what was sent, wherever the network cuts it, whatever bodies look like."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.web.serving import SERVERS, connected, serving

LIMIT = 2000
OFFER = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
TEXTS = [
    b"\r\nUpgrade: websocket\r\n",
    b"\r\n\r\n",
    b"upgrade:",
    b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
    b"0\r\n\r\n",
    b"Content-Length: 0\r\n",
    b"\x00\xff",
    b"x" * 700,
]
OFFERS = [b"", OFFER, b"Upgrade: h2c\r\nConnection: keep-alive, upgrade, HTTP2-Settings\r\n", b"Upgrade: foo\r\n"]


@dataclass(frozen=True)
class Sent:
    """A request: its bytes, and what an application is to see of it."""

    data: bytes
    seen: tuple[str, bytes, bytes, str | None]


@dataclass
class Recorder:
    """Keeps what it is asked and answers with nothing."""

    seen: list[tuple[str, bytes, bytes, str | None]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            assert message["type"] == "http.request"
            body += message["body"]
            more = message.get("more_body", False)
        headers = dict(scope["headers"])
        mark = headers.get(b"x-mark")
        assert b"x-late" not in headers
        self.seen.append((scope["method"], scope["raw_path"], body, mark.decode() if mark is not None else None))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    method = draw(st.sampled_from(["GET", "POST", "PUT"]))
    path = draw(st.sampled_from([b"/", b"/a/b", b"/upgrade:"]))
    body = b"".join(draw(st.lists(st.sampled_from(TEXTS), max_size=6)))
    mark = draw(st.none() | st.sampled_from(["a", "b" * 900]))
    line = b"" if mark is None else b"X-Mark: " + mark.encode() + b" \t\r\n"
    head = f"{method} ".encode() + path + b" HTTP/1.1\r\nHost: x\r\n" + draw(st.sampled_from(OFFERS)) + line
    if draw(st.booleans()):
        framed = b"Content-Length: %d\r\n\r\n" % len(body) + body
    else:
        late = draw(st.sampled_from([b"", b"X-Late: 1\r\nX-Late: 2\r\n", b"Upgrade: h2c\r\n"]))
        chunks = chunked(body, draw(st.integers(1, 900)))
        framed = b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n%b\r\n" % late
    return Sent(head + framed, (method, path, body, mark))


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


def segments(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


async def exchange(port: int, recorder: Recorder, sent: list[Sent], cuts: list[int]) -> list[Any]:
    """What was seen of these requests, sent on a connection of their own, cut there."""
    recorder.seen.clear()
    async with connected(port) as client:
        for segment in segments(b"".join(each.data for each in sent), cuts):
            client.writer.write(segment)
            await client.writer.drain()
            for _ in range(3):
                await asyncio.sleep(0)
        for _ in sent:
            assert (await asyncio.wait_for(client.answer(), 5))[0] == 200
    return list(recorder.seen)


@dataclass(frozen=True)
class Served:
    """A server that runs in a thread of its own."""

    portal: BlockingPortal
    port: int
    recorder: Recorder

    def seen(self, sent: list[Sent], cuts: list[int]) -> list[Any]:
        return self.portal.call(exchange, self.port, self.recorder, sent, cuts)


@pytest.fixture(scope="module", params=SERVERS)
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    recorder = Recorder()
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(serving(request.param, recorder, max_header_bytes=LIMIT)) as (port, _),
    ):
        yield Served(portal, port, recorder)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sent=st.lists(requests(), min_size=1, max_size=5), cuts=st.lists(st.integers(0, 1 << 16), max_size=12))
def test_what_was_sent_is_what_is_seen(served: Served, sent: list[Sent], cuts: list[int]) -> None:
    assert served.seen(sent, cuts) == [each.seen for each in sent]


def test_every_cut_of_an_offer_with_a_body_leaves_it_whole(served: Served) -> None:
    body = b"a\r\nUpgrade: websocket\r\n\r\n"
    data = b"POST / HTTP/1.1\r\nHost: x\r\n" + OFFER + b"Content-Length: %d\r\n\r\n" % len(body) + body
    sent = Sent(data, ("POST", b"/", body, None))
    for cut in range(1, len(data)):
        assert served.seen([sent, sent], [cut]) == [sent.seen, sent.seen]


def test_a_head_behind_a_long_body_is_measured_alone(served: Served) -> None:
    long = b"x" * 50_000
    first = Sent(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n" + long, ("POST", b"/", long, None))
    second = Sent(b"GET / HTTP/1.1\r\nHost: x\r\nX-Mark: a\r\n\r\n", ("GET", b"/", b"", "a"))
    assert served.seen([first, second], [100, len(first.data) + 30]) == [first.seen, second.seen]
    assert served.seen([second] * 100, [len(second.data) * 99 + 30]) == [second.seen] * 100


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("cuts", [[], [1500], [60, 1500, 1800], [50_070]])
async def test_a_head_over_the_limit_is_refused_wherever_it_is_cut(server: str, cuts: list[int]) -> None:
    recorder = Recorder()
    before = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n" + b"x" * 50_000 if 50_070 in cuts else b""
    data = before + b"GET /long HTTP/1.1\r\nHost: x\r\n" + b"X: %b\r\n\r\n" % (b"y" * LIMIT)
    async with serving(server, recorder, max_header_bytes=LIMIT) as (port, _), connected(port) as client:
        for segment in segments(data, cuts):
            client.writer.write(segment)
            await client.writer.drain()
            await asyncio.sleep(0.01)
        answered = await asyncio.wait_for(client.rest(), 5)
    assert answered.count(b" 431 ") == 1
    assert all(path != b"/long" for _, path, _, _ in recorder.seen)
