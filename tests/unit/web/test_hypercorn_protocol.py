"""web/hypercorn_protocol: HTTP/2, and TLS."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.settings
import httpx
import pytest

from runtime.config import TlsSettings
from runtime.web.cut import CutOff
from runtime.web.tls import server_context
from tests.fakes import settle
from tests.unit.web.serving import START, Streaming, certificate, has_connection, measuring, piece, serving, until_gone


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    certificate(folder)
    return folder


def context(folder: Path) -> ssl.SSLContext | None:
    return server_context(TlsSettings(certificate="edge.pem", key="edge.key"), folder)


@asynccontextmanager
async def browsing(
    folder: Path, application: Any, http2: bool = True, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    trusted = ssl.create_default_context(cafile=str(folder / "edge.pem"))
    async with (
        serving("hypercorn", application, context(folder), **settings) as (port, _),
        httpx.AsyncClient(base_url=f"https://localhost:{port}", verify=trusted, http2=http2, timeout=10) as client,
    ):
        yield client


@pytest.mark.parametrize(("http2", "version"), [(True, "HTTP/2"), (False, "HTTP/1.1")])
async def test_both_versions_are_spoken_over_tls(folder: Path, http2: bool, version: str) -> None:
    async with browsing(folder, measuring, http2) as client:
        answer = await client.post("/x", content=b"abc")
        assert (answer.status_code, answer.http_version, answer.text) == (200, version, "POST /x 3")


async def test_the_host_is_a_header_in_http_2_too(folder: Path) -> None:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        await send(START)
        await send(piece(b",".join(hosts), more=False))

    async with browsing(folder, echo) as client:
        assert (await client.get("/")).text == client.base_url.netloc.decode()


async def test_large_bodies_and_many_at_once(folder: Path) -> None:
    async with browsing(folder, measuring) as client:
        sizes = [0, 1, 3_000_000, 70_000, 5] * 4
        answers = await asyncio.gather(*(client.post("/", content=b"x" * size) for size in sizes))
        assert [answer.text for answer in answers] == [f"POST / {size}" for size in sizes]


async def test_an_unread_body_holds_nothing_up_in_http_2(folder: Path) -> None:
    async with browsing(folder, measuring) as client:
        answers = await asyncio.gather(*(client.post("/unread", content=b"x" * 300_000) for _ in range(5)))
        assert {answer.text for answer in answers} == {"POST /unread 0"}
        assert (await client.get("/next")).text == "GET /next 0"


async def test_pieces_are_sent_as_they_come_in_http_2(folder: Path) -> None:
    streaming = Streaming()
    async with browsing(folder, streaming) as client, client.stream("GET", "/") as answer:
        assert answer.status_code == 200
        pieces = answer.aiter_raw()
        for text in (b"one", b"two"):
            streaming.pieces.put_nowait(text)
            assert await anext(pieces) == text
        streaming.pieces.put_nowait(True)
        assert [text async for text in pieces] == []


async def test_a_body_that_breaks_off_is_seen_to_be_broken_in_http_2(folder: Path) -> None:
    streaming = Streaming()
    async with browsing(folder, streaming) as client, client.stream("GET", "/") as answer:
        streaming.pieces.put_nowait(b"one")
        streaming.pieces.put_nowait(False)
        with pytest.raises(httpx.RemoteProtocolError):
            await asyncio.wait_for(answer.aread(), 5)


@pytest.mark.parametrize("takes", ["everything else", "nothing"])
async def test_a_client_that_is_cut_off_loses_its_stream_or_where_it_takes_nothing_its_connection(takes: str) -> None:
    async def cut_off(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/next":
            return await measuring(scope, receive, send)
        await send(START)
        try:
            async with asyncio.timeout(0.2):
                while True:
                    await send(piece(b"x" * 65536))
        except TimeoutError:
            raise CutOff from None

    async with serving("hypercorn", cut_off, keep_alive=0.2) as (port, _):
        connection = h2.connection.H2Connection()
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        connection.initiate_connection()
        if takes == "nothing":  # whatever the windows say
            connection.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 2**31 - 1})
            connection.increment_flow_control_window(2**30)
            writer.transport.pause_reading()  # type: ignore[attr-defined]
        fields = [(":method", "GET"), (":path", "/"), (":scheme", "http"), (":authority", "x")]
        connection.send_headers(1, fields, end_stream=True)
        writer.write(connection.data_to_send())
        if takes == "nothing":
            assert has_connection(writer.get_extra_info("sockname"))
            await until_gone(writer.get_extra_info("sockname"))
        else:
            events: list[h2.events.Event] = []
            async with asyncio.timeout(5):
                while not any(isinstance(event, h2.events.StreamReset) for event in events):
                    events += connection.receive_data(await reader.read(65536))
                connection.increment_flow_control_window(65535)  # all of it was taken
                connection.send_headers(3, [*fields[:1], (":path", "/next"), *fields[2:]], end_stream=True)
                writer.write(connection.data_to_send())
                while not any(isinstance(event, h2.events.StreamEnded) for event in events):
                    events += connection.receive_data(await reader.read(65536))
        writer.close()


@pytest.mark.parametrize("leaves", ["stream", "connection"])
async def test_a_client_that_leaves_frees_its_application(leaves: str) -> None:
    streaming = Streaming()
    async with serving("hypercorn", streaming) as (port, _):
        connection = h2.connection.H2Connection()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        connection.initiate_connection()
        fields = [(":method", "GET"), (":path", "/"), (":scheme", "http"), (":authority", "x")]
        connection.send_headers(1, fields, end_stream=True)
        writer.write(connection.data_to_send())
        streaming.pieces.put_nowait(b"x" * 5_000_000)
        connection.receive_data(await reader.read(100_000))
        if leaves == "stream":
            connection.reset_stream(1)
            writer.write(connection.data_to_send())
        else:
            writer.transport.abort()
        streaming.pieces.put_nowait(True)
        await asyncio.wait_for(streaming.ended.wait(), 5)
        writer.close()


@pytest.mark.parametrize("path", [b"/\xff", b"/a b"])
async def test_a_path_that_is_none_harms_no_other_stream(path: bytes) -> None:
    async with serving("hypercorn", measuring) as (port, _):
        settings = h2.config.H2Configuration(validate_outbound_headers=False)
        connection = h2.connection.H2Connection(settings)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        connection.initiate_connection()
        for stream, target in ((1, path), (3, b"/next")):
            fields = [(b":method", b"GET"), (b":path", target), (b":scheme", b"http"), (b":authority", b"x")]
            connection.send_headers(stream, fields, end_stream=True)
        writer.write(connection.data_to_send())
        data = b""
        while data != b"GET /next 0":
            received = connection.receive_data(await reader.read(65536))
            parts = [e.data for e in received if isinstance(e, h2.events.DataReceived) and e.stream_id == 3]
            data += b"".join(bytes(part) for part in parts if part)
        writer.close()


async def test_a_head_over_the_limit_and_an_unknown_method_are_answered_in_http_2(folder: Path) -> None:
    async with browsing(folder, measuring, max_header_bytes=2000) as client:
        long = await client.post("/", headers={"x": "y" * 2500}, content=b"abc")
        assert (long.status_code, long.json()["status"]) == (431, 431)
        answer = await client.request("FOO", "/")
        assert (answer.status_code, "allow" in answer.headers, "date" in answer.headers) == (405, True, True)
        assert (await client.get("/next")).text == "GET /next 0"


@pytest.mark.parametrize("size", [0, 1, 300_000])
async def test_a_stream_that_ends_while_the_server_stops_has_its_end(folder: Path, size: int) -> None:
    streaming = Streaming()
    trusted = ssl.create_default_context(cafile=str(folder / "edge.pem"))
    async with (
        serving("hypercorn", streaming, context(folder)) as (port, stop),
        httpx.AsyncClient(base_url=f"https://localhost:{port}", verify=trusted, http2=True, timeout=10) as client,
        client.stream("GET", "/") as answer,
    ):
        stop.set()
        streaming.pieces.put_nowait(b"x" * size)
        streaming.pieces.put_nowait(True)
        assert len(await answer.aread()) == size


async def test_a_stream_that_begins_while_the_server_stops_is_refused_and_may_come_again() -> None:
    streaming = Streaming()
    async with serving("hypercorn", streaming) as (port, stop):
        connection = h2.connection.H2Connection()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        connection.initiate_connection()
        fields = [(":method", "GET"), (":path", "/"), (":scheme", "http"), (":authority", "x")]
        connection.send_headers(1, fields, end_stream=True)
        writer.write(connection.data_to_send())
        events: list[h2.events.Event] = []
        while not any(isinstance(event, h2.events.ResponseReceived) for event in events):
            events += connection.receive_data(await reader.read(65536))
        stop.set()
        await asyncio.sleep(0)
        connection.send_headers(3, fields, end_stream=True)
        writer.write(connection.data_to_send())
        while not (resets := [event for event in events if isinstance(event, h2.events.StreamReset)]):
            events += connection.receive_data(await reader.read(65536))
        assert [(event.stream_id, event.error_code) for event in resets] == [(3, h2.errors.ErrorCodes.REFUSED_STREAM)]
        streaming.pieces.put_nowait(True)
        writer.close()


async def test_streams_that_do_not_end_in_the_grace_are_ended_without_a_fault(folder: Path) -> None:
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    streaming = Streaming()
    trusted = ssl.create_default_context(cafile=str(folder / "edge.pem"))
    async with (
        serving("hypercorn", streaming, context(folder), grace=0.3) as (port, stop),
        httpx.AsyncClient(base_url=f"https://localhost:{port}", verify=trusted, http2=True, timeout=10) as client,
        client.stream("GET", "/") as answer,
    ):
        stop.set()
        with pytest.raises(httpx.RemoteProtocolError):
            await answer.aread()
        await asyncio.wait_for(streaming.ended.wait(), 5)
    gc.collect()  # which is when a task says that nobody has asked for its fault
    await settle()
    assert faults == []
