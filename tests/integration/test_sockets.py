"""The sockets of streams over real connections: who may open one, what clients are told, what they cannot break."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Opcode

from runtime.errors import AccessDenied
from runtime.model import LogLevel
from runtime.web.sockets import conversation
from tests.integration.sockets import KINDS, SHAKE, Site, close_code, event_of, masked, said, site

ORIGIN = "https://shop.example"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """A server, over which the test is run."""
    server: str = request.param
    return server


@pytest.fixture
async def place(kind: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A board with settings as they are by default."""
    async with site(kind, tmp_path, origins=(ORIGIN,)) as made:
        yield made


# ------------------------------------------------------------ what clients are told


async def test_a_client_follows_a_group(place: Site) -> None:
    await place.board.set("g", "1", n=1)
    async with place.connect("/any/path?x=1") as client:
        await client.send(said("join"))
        assert [item["n"] for item in (await event_of(client))["data"]] == [1]
        await place.door.saw("joined", "g")
        await place.board.set("g", "1", n=2)
        await place.board.set("h", "1", n=9)
        await place.board.set("g", "2", n=3)
        await place.board.delete("g", "1")
        await place.board.send("g", "", "cheer", "!")
        assert [await event_of(client) | {"data": 0} for _ in range(4)] == [
            {"type": "update", "data": 0},
            {"type": "create", "data": 0},
            {"type": "delete", "data": 0},
            {"type": "event", "event": {"type": "cheer", "data": "!"}, "data": 0},
        ]
        await client.send(said("leave"))
        await place.door.saw("left", "g")
        await place.board.set("g", "3", n=1)
        await client.send(said("join", "empty"))
        message = json.loads(await client.recv())
        assert (message["groupId"], message["event"]) == ("empty", {"type": "sync", "data": []})
    await place.door.saw("left", "empty")
    assert {seen[3] for seen in place.door.seen} == {b"/any/path?x=1"}


async def test_subscriptions_to_one_place_are_told_apart(place: Site) -> None:
    async with place.connect() as client:
        for subscription in ("a", "b", None):
            await client.send(said("join", id="1", subscription=subscription))
        await client.send(said("leave", id="1", subscription="a"))
        await client.send(said("leave", id="1", subscription="a"))
        await client.send(said("leave", id="1", subscription=None))
        await client.send(said("join", "other"))
        assert (await event_of(client))["type"] == "sync"
        await place.board.set("g", "1", n=1)
        assert (await event_of(client))["type"] == "create"
        await client.send(said("leave", id="1", subscription="b"))
        await place.door.saw("left", "g", "1")
        await place.board.set("g", "1", n=2)
        await place.board.set("other", "1", n=3)
        assert (await event_of(client))["data"]["n"] == 3
    joined = [seen[:2] for seen in place.door.seen]
    assert joined == [("joined", "g"), ("joined", "other"), ("left", "g"), ("left", "other")]


@pytest.mark.parametrize(
    ("host", "status"), [("rebound.example", 403), ("localhost", 101), ("127.0.0.1:8000", 101), ("[fe80::1]:80", 101)]
)
async def test_a_page_under_a_name_that_is_not_ours_is_refused(place: Site, host: str, status: int) -> None:
    async with place.raw(*SHAKE, f"Origin: http://{host}", host=host) as client:
        assert await client.status() == status
    async with place.raw(*SHAKE, host=host) as program:
        assert await program.status() == 101


async def test_what_comes_with_the_request_is_not_lost(place: Site) -> None:
    behind = masked(Opcode.TEXT, said("join").encode()) + masked(Opcode.CLOSE, b"\x03\xe8")
    async with place.raw(*SHAKE, behind=behind) as client:
        assert await client.status() == 101
        frames = await client.frames()
    assert [frame.opcode for frame in frames] in ([Opcode.TEXT, Opcode.CLOSE], [Opcode.CLOSE])


async def test_a_message_may_come_in_parts_and_pings_between_them_are_answered(place: Site) -> None:
    message = said("join", "GROUP").replace("GROUP", "gräser").encode()
    cut = message.index("ä".encode()) + 1
    async with place.raw(*SHAKE) as client:
        assert await client.status() == 101
        client.writer.write(masked(Opcode.TEXT, message[:cut], fin=False) + masked(Opcode.PING, b"there?"))
        client.writer.write(masked(Opcode.CONT, b"", fin=False) + masked(Opcode.CONT, message[cut:]))
        await place.door.saw("joined", "gräser")
        client.writer.write(masked(Opcode.CLOSE))
        frames = await client.frames()
    assert [frame.opcode for frame in frames] == [Opcode.PONG, Opcode.TEXT, Opcode.CLOSE]
    assert bytes(frames[0].data) == b"there?"


async def test_requests_are_served_beside_sockets(place: Site) -> None:
    async with place.connect(), place.raw("Connection: close") as client:
        assert (await client.reader.read()).endswith(b"GET /x 0")


# ------------------------------------------------------------ who may open one


async def test_the_first_subprotocol_is_echoed(place: Site) -> None:
    async with place.connect(subprotocols=["token.abc", "motia"]) as client:
        assert client.subprotocol == "token.abc"


async def test_pages_of_other_origins_are_refused_and_told_of_once(place: Site) -> None:
    for origin in ("https://evil.example", "https://evil.example", "null"):
        with pytest.raises(InvalidStatus) as refused:
            await place.connect(origin=origin)
        assert refused.value.response.status_code == 403
    lines = place.reports.messages(LogLevel.WARN)
    assert len(lines) == 2 and "https://evil.example" in lines[0] and "http.cors.origins" in lines[0]
    for origin in (ORIGIN, f"http://localhost:{place.port}", f"https://localhost:{place.port}"):
        async with place.connect(origin=origin):
            continue
    assert len(place.door.asked) == 3


async def test_sockets_are_not_offered_inside_http_2(tmp_path: Path) -> None:
    async with site("hypercorn", tmp_path) as place:
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        head = await reader.readexactly(9)
        settings = await reader.readexactly(int.from_bytes(head[:3], "big"))
        writer.close()
    offered = {settings[at : at + 2]: settings[at + 2 : at + 6] for at in range(0, len(settings), 6)}
    assert head[3] == 4 and offered
    assert not any(offered.get(b"\0\x08", b"")), "SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441, section 3)"


@pytest.mark.parametrize("status", [401, 503])
async def test_a_client_that_is_not_let_in_learns_no_reason(place: Site, status: int) -> None:
    place.door.refusal = AccessDenied(status, "the secret reason")
    with pytest.raises(InvalidStatus) as refused:
        await place.connect("/?token=1", additional_headers=[("X-A", "1"), ("X-A", "2")])
    response = refused.value.response
    assert response.status_code == status and b"secret" not in (response.body or b"")
    level = LogLevel.WARN if status == 401 else LogLevel.ERROR
    assert place.reports.messages(level) == ["the secret reason"]
    [(headers, url)] = place.door.asked
    assert url == "/?token=1" and headers["x-a"] == ["1", "2"]


async def test_there_may_be_so_many_sockets(kind: str, tmp_path: Path) -> None:
    async with site(kind, tmp_path, max_sockets=1) as place:
        async with place.connect():
            with pytest.raises(InvalidStatus) as refused:
                await place.connect()
            assert refused.value.response.status_code == 503
        await place.connections_ended(2)
        async with place.connect():
            assert len(place.door.asked) == 2


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ([*SHAKE[:2], SHAKE[3], "Sec-WebSocket-Version: 12"], 426),
        ([*SHAKE[:2], SHAKE[3]], 426),
        ([*SHAKE[:3], "Sec-WebSocket-Key: short"], 400),
        ([*SHAKE, SHAKE[3]], 400),
        (SHAKE[:3], 200),
        ([*SHAKE[1:], "Connection: keep-alive"], 200),
        ([*SHAKE, "Content-Length: 0"], 101),
    ],
)
async def test_what_is_no_handshake_is_refused_or_an_ordinary_request(
    place: Site, lines: list[str], status: int
) -> None:
    async with place.raw(*lines) as client:
        assert await client.status() == status


async def test_a_body_is_never_taken_for_frames(place: Site) -> None:
    body = masked(Opcode.TEXT, said("join").encode())
    async with place.raw(*SHAKE, f"Content-Length: {len(body)}", behind=body) as client:
        assert await client.status() == 200
    assert place.door.asked == []


# ------------------------------------------------------------ what clients may not do


MALFORMED = {
    "no JSON": masked(Opcode.TEXT, b"{"),
    "no message": masked(Opcode.TEXT, b"[1]"),
    "unknown type": masked(Opcode.TEXT, said("emit").encode()),
    "no data": masked(Opcode.TEXT, b'{"type":"join"}'),
    "no group": masked(Opcode.TEXT, b'{"type":"join","data":{"streamName":"board"}}'),
    "an id that is no text": masked(Opcode.TEXT, said("join", subscription=None, id=None, extra=1, groupId=1).encode()),
    "half a character": masked(Opcode.TEXT, said("join", "\ud800").encode()),
    "deep": masked(Opcode.TEXT, b"[" * 30_000),
    "a huge number": masked(Opcode.TEXT, b"9" * 20_000),
    "bytes": masked(Opcode.BINARY, said("join").encode()),
    "no UTF-8": masked(Opcode.TEXT, b'{"type":"\xff"}'),
}
VIOLATIONS = {
    "not masked": (b"\x81\x01x", 1002),
    "reserved bit": (bytes([0xC1, 0x80]) + bytes(4), 1002),
    "unknown opcode": (bytes([0x83, 0x80]) + bytes(4), 1002),
    "a continuation of nothing": (masked(Opcode.CONT, b"x"), 1002),
    "a long ping": (bytes([0x89, 0xFE, 0, 126]) + bytes(130), 1002),
    "a bad close": (masked(Opcode.CLOSE, b"\x00"), 1002),
    "too large": (bytes([0x81, 0xFF]) + (2**40).to_bytes(8, "big"), 1009),
    "too large in parts": (masked(Opcode.TEXT, b"x" * 1000, fin=False) + masked(Opcode.CONT, b"x" * 70_000), 1009),
}


@pytest.mark.parametrize("fault", MALFORMED)
async def test_a_malformed_message_closes_its_own_socket(place: Site, fault: str) -> None:
    async with place.connect() as other, place.raw(*SHAKE) as client:
        await other.send(said("join"))
        assert await client.status() == 101
        client.writer.write(MALFORMED[fault])
        [close] = await client.frames()
        assert close_code(close) == 1007
        await place.board.set("g", "1", n=1)
        assert [(await event_of(other))["type"] for _ in range(2)] == ["sync", "create"]
    assert len(place.reports.lines) == 1


@pytest.mark.parametrize("fault", VIOLATIONS)
async def test_a_violation_of_the_protocol_closes_its_own_socket(place: Site, fault: str) -> None:
    data, code = VIOLATIONS[fault]
    async with place.connect() as other, place.raw(*SHAKE) as client:
        assert await client.status() == 101
        client.writer.write(data)
        [close] = await client.frames()
        assert close_code(close) == code
        await other.send(said("join"))
        assert (await event_of(other))["type"] == "sync"


async def test_malformed_messages_are_told_of_in_bounds(kind: str, tmp_path: Path) -> None:
    async with site(kind, tmp_path, max_malformed_reports=2) as place:
        for _ in range(4):
            async with place.connect() as client:
                await client.send("x")
                with pytest.raises(ConnectionClosed):
                    await client.recv()
        assert len(place.reports.lines) == 2


async def test_a_join_to_a_stream_that_is_not_there_is_told_of_in_bounds(kind: str, tmp_path: Path) -> None:
    async with site(kind, tmp_path, max_malformed_reports=2) as place, place.connect() as client:
        for name in ("bord", "x\n" * 100, "none"):
            await client.send(said("join", streamName=name))
            told = (await event_of(client))["event"]["data"]
            assert told["code"] == "STREAM_NOT_FOUND"
            assert told["message"].startswith(f"there is no stream '{name}'")
            assert "board" not in told["message"].removeprefix(f"there is no stream '{name}'")
        near, known = place.reports.messages(LogLevel.WARN)
        assert near == "a client wanted to join the stream 'bord', which is not there; did you mean 'board'?"
        assert known.endswith("; known are board")
        assert "\n" not in known
        assert len(known) < 250


async def test_a_join_that_is_denied_is_told_of_for_who_looks(place: Site) -> None:
    place.door.closed.add("secret")
    async with place.connect() as client:
        for id in ("", "7"):
            await client.send(said("join", "secret", id=id))
            assert (await event_of(client))["type"] == "event"
    assert place.reports.messages(LogLevel.DEBUG) == [
        "canAccess denied a client the group 'secret' of the stream 'board'",
        "canAccess denied a client the group 'secret', item '7' of the stream 'board'",
    ]


async def test_what_is_denied_is_told_once_and_not_joined(kind: str, tmp_path: Path) -> None:
    async with site(kind, tmp_path, max_joins=2) as place, place.connect() as client:
        place.door.closed.add("secret")
        await client.send(said("join", "secret", id="1"))
        await client.send(said("join", streamName="none"))
        for group in ("a", "a", "b", "c"):
            await client.send(said("join", group))
        await client.send(said("leave", "b"))
        await client.send(said("join", "c"))
        messages = [json.loads(await client.recv()) for _ in range(7)]
        events = [message["event"] for message in messages]
        assert messages[0].items() >= {"streamName": "board", "groupId": "secret", "id": "1"}.items()
        assert [event["event"]["data"]["code"] for event in events if event["type"] == "event"] == [
            "STREAM_ACCESS_DENIED",
            "STREAM_NOT_FOUND",
            "TOO_MANY_JOINS",
        ]
        assert all(event["event"]["type"] == "error" for event in events if event["type"] == "event")
        await place.board.set("secret", "1", n=1)
        await place.board.set("c", "1", n=2)
        assert (await event_of(client))["data"]["n"] == 2


async def test_a_client_may_say_so_much_in_any_second(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "_PERIOD", 0.1)
    async with site(kind, tmp_path, max_messages_per_second=2) as place, place.connect() as client:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(7):
            await client.send(said("join", str(number)))
        for _ in range(7):
            await client.recv()
        assert loop.time() - began > 0.25


# ------------------------------------------------------------ how sockets end


async def test_a_slow_client_is_closed_behind_what_waits_for_it(kind: str, tmp_path: Path) -> None:
    async with site(kind, tmp_path, max_buffer_bytes=64 * 1024) as place, place.connect(max_size=None) as other:
        await place.board.set("g", "large", text="x" * 900_000)
        await other.send(said("join"))
        await other.recv()
        async with place.raw(*SHAKE, small=True) as slow:
            assert await slow.status() == 101
            slow.writer.write(masked(Opcode.TEXT, said("join").encode()))
            while sum(seen[0] == "joined" for seen in place.door.seen) < 2:
                place.door.told.clear()
                await place.door.told.wait()
            sent = 0
            while not any(seen[0] == "left" for seen in place.door.seen):
                await place.board.set("g", "1", n=sent, text="y" * 50_000)
                assert (await event_of(other))["data"]["n"] == sent
                sent += 1
            await place.board.set("g", "1", n=-1)
            assert (await event_of(other))["data"]["n"] == -1
            sync, *changes, close = await slow.frames()
    assert len(sync.data) > 900_000, "what a client has asked for is no reason to close it"
    assert [json.loads(bytes(frame.data))["event"]["data"]["n"] for frame in changes] == list(range(len(changes)))
    assert 0 < len(changes) <= sent
    assert close_code(close) == 1013


async def test_one_change_that_waits_alone_is_no_reason_to_close_a_socket(kind: str, tmp_path: Path) -> None:
    async with site(kind, tmp_path, max_buffer_bytes=64 * 1024) as place, place.raw(*SHAKE, small=True) as slow:
        assert await slow.status() == 101
        slow.writer.write(masked(Opcode.TEXT, said("join").encode()))
        await place.door.saw("joined", "g")
        await slow.frame()
        for _ in range(2):
            await place.board.set("g", "large", text="x" * 900_000)
            await place.board.set("g", "small", text="y")
            told = [await slow.frame(), await slow.frame()]
            assert [json.loads(bytes(frame.data))["event"]["data"]["id"] for frame in told] == ["large", "small"]


async def test_a_client_that_takes_nothing_any_more_is_cut_off(kind: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"max_buffer_bytes": 64 * 1024, "close_timeout": 0.1}
    async with site(kind, tmp_path, **settings) as place, place.raw(*SHAKE, small=True) as slow:
        assert await slow.status() == 101
        slow.writer.write(masked(Opcode.TEXT, said("join").encode()))
        await place.door.saw("joined", "g")
        while not any(seen[0] == "left" for seen in place.door.seen):
            await place.board.set("g", "1", text="y" * 50_000)
            await asyncio.sleep(0)
        await place.connections_ended(1)


async def test_a_client_that_reads_no_answers_to_its_pings_is_closed(kind: str, tmp_path: Path) -> None:
    pings = masked(Opcode.PING, b"x" * 125) * 1000
    async with site(kind, tmp_path, max_buffer_bytes=64 * 1024, close_timeout=0.1) as place:
        async with place.raw(*SHAKE, small=True) as client:
            assert await client.status() == 101
            with pytest.raises(ConnectionError):
                while True:
                    client.writer.write(pings)
                    await client.writer.drain()
        await place.connections_ended(1)


async def test_clients_are_told_that_the_runtime_stops(place: Site) -> None:
    async with place.connect() as client, place.raw(*SHAKE) as deaf:
        await client.send(said("join"))
        await client.recv()
        assert await deaf.status() == 101
        place.stop.set()
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1012
        await place.connections_ended(2)
    await place.door.saw("left", "g")


async def test_a_quiet_client_is_asked_whether_it_is_there(kind: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"ping_interval": 0.05, "ping_timeout": 1.0}
    async with (
        site(kind, tmp_path, **settings) as place,
        place.connect(ping_interval=None) as there,
        place.raw(*SHAKE) as gone,
    ):
        await there.send(said("join"))
        assert await gone.status() == 101
        frames = await gone.frames()
        assert [frame.opcode for frame in frames] == [Opcode.PING, Opcode.CLOSE]
        assert close_code(frames[-1]) == 1011
        assert (await event_of(there))["type"] == "sync"
        await place.board.set("g", "1", n=1)
        assert (await event_of(there))["type"] == "create"


async def test_a_client_that_vanishes_leaves_nothing(place: Site) -> None:
    async with place.raw(*SHAKE) as client:
        assert await client.status() == 101
        client.writer.write(masked(Opcode.TEXT, said("join").encode()))
        await place.door.saw("joined", "g")
        client.writer.transport.abort()
        await place.connections_ended(1)
    await place.door.saw("left", "g")
    assert place.reports.lines == []


async def test_a_client_may_vanish_before_it_is_let_in(place: Site) -> None:
    place.door.is_open.clear()
    async with place.raw(*SHAKE) as client:
        await place.door.arrived.wait()
        client.writer.transport.abort()
    place.door.is_open.set()
    await place.connections_ended(1)
    assert place.reports.lines == []
