"""web/reads/application: streams and texts over plain HTTP, who may read them, and what readers may cost."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from runtime.errors import AccessDenied, StorageFault
from runtime.model import LogLevel
from runtime.values import encode
from tests.fakes import settle
from tests.sse import EventSource, events
from tests.unit.web.reads.reading import PAGE, STREAM, Reading, reading
from tests.unit.web.serving import SERVERS

pytestmark = pytest.mark.parametrize("server", SERVERS)
TEXT = "/__runtime/text/t"
BEGAN = 1_700_000_000_000_000
"""When a text begins that is written while the clock of the tests stands."""
PLAIN = {"accept": "text/plain"}


def plain(item: Any) -> Any:
    """The item without its time."""
    return {key: value for key, value in item.items() if key != "_createdAt"}


# ------------------------------------------------------------ streams as JSON


async def test_a_group_is_an_array_and_an_item_an_object(server: str) -> None:
    async with reading(server) as read:
        await read.set("g", "1", name="Ada", raw=b"\0")
        await read.set("g", "2", name="Grüße")
        answer = await read.client.get(f"{STREAM}/g")
        assert [plain(item) for item in answer.json()] == [
            {"name": "Ada", "raw": {"$bytes": "AA=="}, "id": "1"},
            {"name": "Grüße", "id": "2"},
        ]
        assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("application/json", "no-store")
        assert len(answer.headers["x-trace-id"]) == 32
        item = await read.client.get(f"{STREAM}/g/2/")
        assert item.json() == answer.json()[1]
        assert "_createdAt" in item.json()


async def test_an_empty_group_is_an_empty_array(server: str) -> None:
    async with reading(server) as read:
        assert (await read.client.get(f"{STREAM}/nothing/")).json() == []


async def test_what_is_not_there_is_not_found(server: str) -> None:
    async with reading(server) as read:
        await read.set("g", "gone", a=1)
        await read.streams.delete("board", "g", "gone", "")
        for path in (f"{STREAM}/g/never", f"{STREAM}/g/gone", "/__runtime/streams/none/g", TEXT):
            answer = await read.client.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
        for path in (STREAM, f"{STREAM}/a/b/c", "/__runtime/text", "/__runtime/text/a/b", "/__runtime/streams"):
            answer = await read.client.get(path)
            assert answer.status_code == 404
            assert "/__runtime/streams/<stream>/<group>" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["a/b", "ü 💩", "a%2Fb", "a?b#c", "..", "+", "a\nb"])
async def test_names_are_percent_decoded(server: str, name: str) -> None:
    sent = "".join(f"%{byte:02X}" for byte in name.encode())
    async with reading(server) as read:
        await read.set(name, name, a=1)
        await read.write(name, "text")
        assert plain((await read.client.get(f"{STREAM}/{sent}")).json()[0]) == {"a": 1, "id": name}
        assert plain((await read.client.get(f"{STREAM}/{sent}/{sent}")).json()) == {"a": 1, "id": name}
        assert (await read.client.get(f"/__runtime/text/{sent}")).json()["id"] == name


@pytest.mark.parametrize("path", ["%", "%zz", "%ff", "a%2", "%c3%28"])
async def test_a_broken_escape_is_refused(server: str, path: str) -> None:
    async with reading(server) as read:
        reader, writer = await asyncio.open_connection("localhost", read.port)
        writer.write(f"GET {STREAM}/{path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
        assert b" 400 " in (await reader.read()).split(b"\r\n")[0]
        writer.close()


async def test_only_reading_is_served(server: str) -> None:
    async with reading(server) as read:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            answer = await read.client.request(method, f"{STREAM}/g")
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
        await read.write("t", "a")
        for path, accept in itertools.product((f"{STREAM}/g", TEXT), ("*/*", "text/event-stream", "text/plain")):
            answer = await read.client.head(path, headers={"accept": accept})
            assert (answer.status_code, answer.content) == (200, b"")
        assert (await read.client.head(f"{STREAM}/g/none")).status_code == 404


# ------------------------------------------------------------ streams live


async def test_changes_come_as_they_happen_behind_what_there_is(server: str) -> None:
    async with reading(server) as read:
        await read.set("g", "1", n=1)
        async with events(read.client, f"{STREAM}/g") as source:
            sync = await source.next()
            assert (sync.name, [plain(item) for item in sync.json]) == ("sync", [{"n": 1, "id": "1"}])
            await read.set("g", "2", n=2)
            await read.set("g", "1", n=3)
            await read.set("other", "1", n=4)
            await read.streams.delete("board", "g", "2", "")
            await read.streams.send("board", "g", "", encode({"type": "typing", "data": {"who": "ada"}}))
            create, update, delete, event = await source.take(4)
        assert [each.name for each in (create, update, delete, event)] == ["create", "update", "delete", "event"]
        assert [plain(each.json) for each in (create, update, delete)] == [
            {"n": 2, "id": "2"},
            {"n": 3, "id": "1"},
            {"n": 2, "id": "2"},
        ]
        assert event.json == {"type": "typing", "data": {"who": "ada"}}
        ids = [int(each.id) for each in (sync, create, update, delete, event)]
        assert ids == sorted(set(ids))
        assert ids[0] == int(read.clock.now() * 1_000_000) or ids[0] > int(read.clock.now() * 1_000_000)


async def test_a_reader_of_an_item_may_be_early(server: str) -> None:
    async with reading(server) as read:
        async with events(read.client, f"{STREAM}/g/1") as source:
            await source.comment()
            await read.set("g", "2", n=0)
            await read.set("g", "1", n=1)
            created = await source.next()
            assert (created.name, plain(created.json)) == ("create", {"n": 1, "id": "1"})
        async with events(read.client, f"{STREAM}/g/1") as source:
            sync = await source.next()
            assert (sync.name, plain(sync.json)) == ("sync", {"n": 1, "id": "1"})


async def test_a_reader_that_comes_back_gets_exactly_the_rest(server: str) -> None:
    async with reading(server) as read:
        async with events(read.client, f"{STREAM}/g") as source:
            await source.next()
            for number in range(10):
                await read.set("g", str(number), n=number)
            seen = await source.take(4)
        async with events(read.client, f"{STREAM}/g", seen[-1].id) as source:
            seen += await source.take(6)
            await read.set("g", "last", n=10)
            seen.append(await source.next())
        assert [event.json["n"] for event in seen] == list(range(11))


@pytest.mark.parametrize(
    "known", ["", "x", "-1", "1", "1e9", "9" * 18, "9" * 4000, "closed", "1700000000000000, 2", "½"]
)
async def test_whatever_else_a_reader_claims_to_know_it_gets_everything(server: str, known: str) -> None:
    async with reading(server) as read:
        await read.set("g", "1", n=1)
        headers = [("accept", "text/event-stream"), ("last-event-id", known.encode())]
        async with read.client.stream("GET", f"{STREAM}/g", headers=headers) as response:  # type: ignore[arg-type]
            sync = await EventSource(response).next()
            assert (sync.name, len(sync.json)) == ("sync", 1)


async def test_more_changes_than_are_remembered_are_a_sync(server: str) -> None:
    async with reading(server, max_history=3) as read:
        async with events(read.client, f"{STREAM}/g") as source:
            first = await source.next()
            for number in range(5):
                await read.set("g", str(number), n=number)
        async with events(read.client, f"{STREAM}/g", first.id) as source:
            sync = await source.next()
            assert (sync.name, len(sync.json)) == ("sync", 5)


@pytest.mark.parametrize("path", [f"{STREAM}/g", TEXT])
async def test_a_quiet_reader_gets_a_comment_each_interval(server: str, path: str) -> None:
    async with reading(server, ping_interval=20.0) as read:
        await read.write("t", "a")
        async with events(read.client, path) as source:
            await source.next()
            for _ in range(3):
                await read.clock.advance(20.0)
                await source.comment()
            await read.clock.advance(19.0)
            await read.set("g", "1", n=1)
            await read.write("t", "b")
            assert (await source.next()).name in ("create", "message")
            assert source.comments == 4


# ------------------------------------------------------------ texts


async def test_a_text_as_json(server: str) -> None:
    text = 'He said: "Grüße\r\n💩"\0\u2028'
    async with reading(server) as read:
        await read.write("t", *text)
        assert (await read.client.get(TEXT)).json() == {"id": "t", "text": text, "closed": False}
        await read.texts.close("t")
        await read.texts.close("u")
        assert (await read.client.get(TEXT)).json() == {"id": "t", "text": text, "closed": True}
        assert (await read.client.get("/__runtime/text/u")).json() == {"id": "u", "text": "", "closed": True}


@pytest.mark.parametrize("accept", ["application/json", "text/plain", "text/event-stream"])
async def test_a_long_text_arrives_whole(server: str, accept: str) -> None:
    text = "".join(f"{number} ß💩\n" for number in range(60_000))
    async with reading(server) as read:
        await read.write("t", text)
        await read.texts.close("t")
        answer = await read.client.get(TEXT, headers={"accept": accept})
        match accept:
            case "text/plain":
                assert answer.text == text
            case "application/json":
                assert answer.json()["text"] == text
            case _:
                source = EventSource(answer)
                pieces = []
                while (event := await source.next()).name == "message":
                    pieces.append(event.data)
                assert "".join(pieces) == text


async def test_early_and_late_readers_of_a_text_get_the_same(server: str) -> None:
    pieces = ["Once", " upon", " a\n", "\n time", " 💩", "", " ", ": x", "data: y"]
    async with reading(server) as read:
        early = [await begun(read, read_events) for _ in range(3)]
        early += [await begun(read, read_plain) for _ in range(3)]
        for piece in pieces:
            await read.write("t", piece)
        late = [await begun(read, read_events), await begun(read, read_plain)]
        await read.write("t", "end")
        await read.texts.close("t")
        later = [await begun(read, read_events), await begun(read, read_plain)]
        assert set(await asyncio.gather(*early, *late, *later)) == {"".join(pieces) + "end"}


async def begun(read: Reading, how: Callable[..., Coroutine[Any, Any, str]], **more: Any) -> asyncio.Task[str]:
    """A reader that the server knows of."""
    is_known = asyncio.Event()
    task = asyncio.create_task(how(read, is_known=is_known, **more))
    await is_known.wait()
    await settle()
    return task


async def read_events(
    read: Reading, last_id: str | None = None, count: int | None = None, is_known: asyncio.Event | None = None
) -> str:
    """The text as events tell it, of so many or until it is closed."""
    text = ""
    async with events(read.client, TEXT, last_id) as source:
        if is_known is not None:
            await source.comment()
            is_known.set()
        for _ in itertools.count() if count is None else range(count):
            event = await source.next()
            if event.name == "close":
                began = int(read.clock.now() * 1_000_000)
                assert (event.id, event.data) == (f"{began}-closed", str(len((await read_plain(read)).encode())))
                with pytest.raises(StopAsyncIteration):
                    await source.next()
                break
            text += event.data
    return text


async def read_plain(read: Reading, is_known: asyncio.Event | None = None) -> str:
    async with read.client.stream("GET", TEXT, headers=PLAIN) as answer:
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        if is_known is not None:
            is_known.set()
        return "".join([piece async for piece in answer.aiter_text()])


async def test_a_reader_that_comes_back_to_a_text_gets_exactly_the_rest(server: str) -> None:
    pieces = [f"{number} ü💩\n" for number in range(20)]
    text = "".join(pieces)
    async with reading(server) as read:
        async with events(read.client, TEXT) as source:
            await source.comment()
            seen = []
            for piece in pieces:
                await read.write("t", piece)
                seen.append(await source.next())
        await read.texts.close("t")
        assert [event.data for event in seen] == pieces
        for known, event in enumerate(seen, 1):
            assert event.id == f"{BEGAN}-{len(''.join(pieces[:known]).encode())}"
            assert await read_events(read, event.id) == "".join(pieces[known:])
        assert "".join(event.data for event in seen) == text


@pytest.mark.parametrize(
    "known",
    [
        *("", "x", "-1", "2", "9" * 4000, "0x1", "closed", "-", "-2", f"{BEGAN - 1}-2", f"{BEGAN - 1}-closed"),
        *(f"{BEGAN}-{rest}" for rest in ("", "2", "3", "10", "9" * 18, "0x2", "2-2")),
    ],
)
async def test_whatever_else_a_reader_claims_to_know_of_a_text_it_gets_all(server: str, known: str) -> None:
    async with reading(server) as read:
        await read.write("t", "ü💩ü")  # one character ends at 2
        expected = "💩ü" if known == f"{BEGAN}-2" else "ü💩ü"
        assert await read_events(read, known, count=1) == expected


async def test_what_a_reader_claims_to_know_of_a_text_to_come_is_forgotten(server: str) -> None:
    async with reading(server) as read:
        task = await begun(read, read_events, last_id=f"{BEGAN - 1}-3")
        await read.write("t", "abcdef")
        await read.texts.close("t")
        assert await task == "abcdef"


async def test_a_reader_that_has_all_is_told_not_to_come_back(server: str) -> None:
    async with reading(server) as read:
        await read.write("t", "a")
        await read.texts.close("t")
        headers = {"accept": "text/event-stream", "last-event-id": f"{BEGAN}-closed"}
        assert (await read.client.get(TEXT, headers=headers)).status_code == 204
        assert await read_events(read, f"{BEGAN}-1") == ""


@pytest.mark.parametrize("how", ["events", "plain"])
async def test_a_reader_that_is_there_notices_that_a_text_was_forgotten_and_begun_anew(server: str, how: str) -> None:
    async with reading(server) as read:
        await read.write("t", "before")
        task = await begun(read, read_events if how == "events" else read_plain)
        await read.clock.advance(1)
        assert await read.engine.texts.forget(read.clock.now(), 1) == 1
        await read.write("t", "and another")
        await read.texts.close("t")
        assert await task == "beforeand another"


async def test_line_ends_arrive_as_line_feeds_in_events_however_they_are_written(server: str) -> None:
    async with reading(server) as read:
        early = await begun(read, read_events)
        for piece in ("a\r", "\nb\r", "\r\n", "\r", "c\n", "\r", "\r\nd\r"):
            await read.write("t", piece)
            await settle()
        await read.texts.close("t")
        assert await early == await read_events(read) == "a\nb\n\n\nc\n\n\nd\n"
        assert await read_plain(read) == "a\r\nb\r\r\n\rc\n\r\r\nd\r"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
        ("application/json, text/plain, */*", "application/json"),
        ("text/*", "application/json"),
        ("text/plain;q=0", "application/json"),
        ("text/event-stream, */*", "text/event-stream; charset=utf-8"),
        ("Text/Plain; charset=utf-8, text/event-stream;q=0.5", "text/plain; charset=utf-8"),
        ("application/json;q=0.1, text/event-stream; q=0.2", "text/event-stream; charset=utf-8"),
    ],
)
async def test_a_live_answer_is_for_who_asks_for_it_by_name(server: str, accept: str, expected: str) -> None:
    async with reading(server) as read:
        await read.texts.close("t")
        answer = await read.client.get(TEXT, headers={"accept": accept})
        assert (answer.headers["content-type"], answer.headers["vary"]) == (expected, "Accept, Origin")


# ------------------------------------------------------------ who may read


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "localhost@evil"])
async def test_other_names_are_refused(server: str, host: str) -> None:
    async with reading(server) as read:
        assert (await read.client.get(f"{STREAM}/g", headers={"host": host})).status_code in (400, 403)
        assert (await read.client.get(f"{STREAM}/g", headers={"host": "Runtime.example:80"})).status_code == 200
        assert len(read.access.asked) == 1


async def test_a_page_of_another_origin_reads_only_where_it_is_allowed(server: str) -> None:
    async with reading(server) as read:
        own = f"http://localhost:{read.port}"
        for origin, status in ((PAGE, 200), (own, 200), ("https://evil.example", 403), ("null", 403)):
            answer = await read.client.get(f"{STREAM}/g", headers={"origin": origin})
            assert answer.status_code == status, origin
            assert answer.headers.get("access-control-allow-origin") == (PAGE if origin == PAGE else None)
        assert "http.cors.origins" in answer.json()["detail"]
        asked = {"origin": PAGE, "access-control-request-method": "GET"}
        asked["access-control-request-headers"] = "authorization"
        preflight = await read.client.options(f"{STREAM}/g", headers=asked)
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-methods"] == "GET, HEAD"
        assert preflight.headers["access-control-allow-headers"] == "authorization"
        assert (await read.client.options(f"{STREAM}/g", headers={**asked, "origin": "null"})).status_code == 403


async def test_the_project_is_asked_who_reads(server: str) -> None:
    async with reading(server) as read:
        sent = [("x-a", "1"), ("x-a", "2"), ("Authorization", "Bearer b")]
        await read.client.get(f"{STREAM}/g%20h?token=t", headers=sent)
        ((headers, url),) = read.access.asked
        assert (headers["x-a"], headers["authorization"]) == (["1", "2"], "Bearer b")
        assert url == f"{STREAM}/g%20h?token=t"
        assert read.access.contexts == [encode({"user": "ada"})]


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize("path", [f"{STREAM}/g", f"{STREAM}/g/1", TEXT])
async def test_who_is_not_known_reads_nothing(server: str, path: str, accept: str) -> None:
    async with reading(server) as read:
        await read.set("g", "1", n="secret")
        await read.write("t", "secret")
        for status, level in ((401, LogLevel.WARN), (503, LogLevel.ERROR)):
            read.access.denied = AccessDenied(status, "authenticate has thrown: inner")
            answer = await read.client.get(path, headers={"accept": accept})
            assert answer.status_code == status
            assert "secret" not in answer.text
            assert "inner" not in answer.text
            assert read.reports.messages(level) == ["authenticate has thrown: inner"]


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_who_may_not_reads_nothing(server: str, accept: str) -> None:
    async with reading(server) as read:
        await read.set("g", "1", n="secret")
        read.access.hidden |= {("board", "g", ""), ("board", "g", "1")}
        for path in (f"{STREAM}/g", f"{STREAM}/g/1"):
            answer = await read.client.get(path, headers={"accept": accept})
            assert (answer.status_code, "secret" in answer.text) == (403, False)
        assert (await read.client.get(f"{STREAM}/h")).status_code == 200


# ------------------------------------------------------------ what readers may cost


async def test_so_many_read_at_once_and_no_more(server: str) -> None:
    async with reading(server, max_readers=2) as read:
        async with events(read.client, f"{STREAM}/g") as first, events(read.client, TEXT) as second:
            await first.next()
            await second.comment()
            answer = await read.client.get(f"{STREAM}/g")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            assert "streams.maxReaders" in answer.json()["detail"]
        await until_free(read)
        assert (await read.client.get(f"{STREAM}/g")).status_code == 200


async def until_free(read: Reading) -> None:
    """Waits until the server has seen that somebody has left."""
    async with asyncio.timeout(10):
        while (await read.client.get(f"{STREAM}/g")).status_code == 503:
            continue


async def stuck(
    read: Reading, path: str, accept: str = "text/event-stream"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client that asks for events and reads nothing behind the head."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", read.port))
    reader, writer = await asyncio.open_connection(sock=connection, limit=1024)
    writer.write(f"GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: {accept}\r\n\r\n".encode())
    assert b" 200 " in await reader.readline()
    return reader, writer


async def test_a_reader_that_does_not_read_is_cut_off_and_costs_others_nothing(server: str) -> None:
    async with reading(server, max_readers=2, max_buffer_bytes=256 * 1024) as read:
        reader, writer = await stuck(read, f"{STREAM}/g")
        async with events(read.client, f"{STREAM}/g") as source:
            await source.next()
            for number in itertools.count():
                await read.set("g", str(number % 3), n=number, filling="x" * 60_000)
                assert (await source.next()).json["n"] == number
                if (await read.client.get(f"{STREAM}/none")).status_code == 200:
                    break  # there is room for another
                assert number < 1000
        await drain(reader)
        writer.close()


async def test_a_reader_may_take_its_time_for_a_text_which_waits_in_the_store(server: str) -> None:
    async with reading(server, max_buffer_bytes=64 * 1024, max_text_bytes=64 * 1024 * 1024) as read:
        reader, writer = await stuck(read, TEXT)
        for _ in range(16):
            await read.write("t", "z" * 1_000_000)
            await settle()
        await read.texts.close("t")
        assert (await until(reader, b"event: close")).count(b"z") == 16_000_000
        writer.close()


async def until(reader: asyncio.StreamReader, end: bytes) -> bytes:
    """What comes until this has come, which it must."""
    received = bytearray()
    async with asyncio.timeout(10):
        while end not in received[-70_000:]:
            piece = await reader.read(65536)
            assert piece, "the answer was cut off"
            received += piece
    return bytes(received)


async def test_one_change_that_waits_alone_is_no_reason_to_cut_a_reader_off(server: str) -> None:
    async with reading(server, max_buffer_bytes=64 * 1024) as read:
        reader, writer = await stuck(read, f"{STREAM}/g")
        await until(reader, b"event: sync")
        for _ in range(2):
            await read.set("g", "large", filling="x" * 900_000)
            await settle()
            await read.set("g", "small", filling="z")
            await until(reader, b'"filling":"z"')
        writer.close()


async def drain(reader: asyncio.StreamReader) -> None:
    """Reads until the connection ends, which it does without a proper end of the answer."""
    received = b""
    try:
        async with asyncio.timeout(10):
            while piece := await reader.read(65536):
                received = (received + piece)[-16:]
    except ConnectionResetError:
        return
    assert not received.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
@pytest.mark.parametrize("path", [f"{STREAM}/g", TEXT])
async def test_a_reader_that_takes_nothing_is_cut_off_in_the_end_and_counts_until_then(
    server: str, path: str, accept: str
) -> None:
    async with reading(server, max_readers=1, ping_interval=20, ping_timeout=20) as read:
        for id in range(20):
            await read.set("g", str(id), filling="x" * 900_000)
            await read.write("t", "x" * 800_000)
        reader, writer = await stuck(read, path, accept)
        await settle()
        assert (await read.client.get(f"{STREAM}/none")).status_code == 503
        await read.clock.advance(41)
        await until_free(read)
        await drain(reader)
        writer.close()


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
async def test_a_group_that_is_too_large_is_not_sent(server: str, accept: str) -> None:
    async with reading(server, max_sync_bytes=1024) as read:
        await read.set("g", "1", filling="x" * 1024)
        for _ in range(11):
            answer = await read.client.get(f"{STREAM}/g", headers={"accept": accept})
            assert answer.status_code == 413 and "streams.maxSyncBytes" in answer.json()["detail"]
        assert len(read.reports.messages(LogLevel.WARN)) == 10
        assert (await read.client.get(f"{STREAM}/g/1")).status_code == 200


async def test_a_stop_ends_readers_and_begins_no_more(server: str) -> None:
    async with reading(server) as read:
        await read.write("t", "half")
        async with events(read.client, f"{STREAM}/g") as source:
            await source.next()
            text = await begun(read, read_plain)
            read.reads.stop()
            with pytest.raises((httpx.RemoteProtocolError, StopAsyncIteration)):
                await source.next()
            with pytest.raises(httpx.RemoteProtocolError):  # so that half a text does not pass for one
                await text
        assert (await read.client.get(f"{STREAM}/g")).status_code == 503


async def test_what_cannot_be_read_is_an_answer_and_a_line_in_the_log(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*place: str) -> None:
        raise StorageFault("the disk is on fire")

    async with reading(server) as read:
        await read.write("t", "text")
        monkeypatch.setattr(read.engine.streams, "items", fail)
        for accept in ("application/json", "text/event-stream"):
            answer = await read.client.get(f"{STREAM}/g", headers={"accept": accept})
            assert (answer.status_code, "fire" in answer.text) == (503, False)
            assert answer.headers["content-type"] == "application/problem+json"
        async with events(read.client, TEXT) as source:
            await source.next()
            monkeypatch.setattr(read.engine.texts, "read", fail)
            await read.write("t", "more")
            with pytest.raises((httpx.RemoteProtocolError, StopAsyncIteration)):
                await source.next()
        lines = read.reports.messages(LogLevel.ERROR)
        assert lines == ["a read over HTTP failed: the disk is on fire"] * 3
