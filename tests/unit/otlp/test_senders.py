"""otlp/senders: collectors that behave badly take no longer than they may, and what is told of them holds no secret."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("opentelemetry.proto", reason="the extra otlp is not installed: scripts/setup does it")

from runtime.otlp.bounded import MOST_ANSWERED
from runtime.otlp.outlet import Unsent
from runtime.otlp.senders import line_sender, span_sender
from runtime.otlp.variables import GRPC, HTTP, Destination
from tests.unit.services.spans import span_of
from tests.unit.web.serving import certificate

SECONDS = 0.5
PATIENCE = 5.0
MARGIN = 2.0
"""What a busy machine may add."""
OK = b"HTTP/1.1 200 OK\r\n"
Behaviour = Callable[[socket.socket, threading.Event], None]


def drips(beginning: bytes, drop: bytes = b"x") -> Behaviour:
    """Answers with this, and then by one drop after the other, without an end."""

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        connection.sendall(beginning)
        while not ended.wait(SECONDS / 20):
            connection.sendall(drop)

    return behave


def answers(*parts: bytes) -> Behaviour:
    """Answers with this, and waits for the end."""

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        for part in parts:
            connection.sendall(part)
        ended.wait()

    return behave


def closes(connection: socket.socket, ended: threading.Event) -> None:
    """Hangs up."""


class Collector:
    """Listens on a port of this machine, and behaves in one way."""

    def __init__(self, behaviour: Behaviour, *, is_reading: bool = True) -> None:
        self._behaviour = behaviour
        self._is_reading = is_reading
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.requests: list[bytes] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._ended.is_set():
                connection.close()
                return
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(PATIENCE)
            try:
                if self._is_reading:
                    self.requests.append(connection.recv(65536))
                self._behaviour(connection, self._ended)
            except OSError:
                return  # who sends has hung up

    def close(self) -> None:
        """Ends everything."""
        self._ended.set()
        socket.create_connection(("127.0.0.1", self.port)).close()
        for thread in self._threads:
            thread.join()
        self._listener.close()


@contextmanager
def collecting(behaviour: Behaviour, *, is_reading: bool = True) -> Iterator[Collector]:
    collector = Collector(behaviour, is_reading=is_reading)
    try:
        yield collector
    finally:
        collector.close()


def fails(port: int, query: str = "", headers: Mapping[str, str] | None = None, *, protocol: str = HTTP) -> str:
    """Why a span is not sent there, which must not take longer than it may."""
    endpoint = f"http://127.0.0.1:{port}{query}"
    send = span_sender(Destination(protocol, endpoint, headers or {}, SECONDS), {}, "development")
    began = time.monotonic()
    with pytest.raises(Unsent) as caught:
        send([span_of("Take")])
    assert time.monotonic() - began < SECONDS + MARGIN
    return str(caught.value)


@pytest.mark.parametrize(
    "behaviour",
    [
        answers(),
        drips(b""),
        drips(b"HTTP/1.1 200 OK\r\nX: "),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drips(OK + b"Content-Length: 1000000\r\n\r\n"),
        drips(OK + b"Connection: close\r\n\r\n"),
        drips(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drips(b"HTTP/1.1 400 No\r\nContent-Length: 1000000\r\n\r\n"),
    ],
    ids=["hangs", "status", "headers", "hundreds", "body", "body till the end", "chunks", "failure"],
)
def test_a_request_is_bounded_as_a_whole(behaviour: Behaviour) -> None:
    with collecting(behaviour) as collector:
        assert fails(collector.port) == "it did not answer in time"


def test_a_collector_that_does_not_read_is_bounded_too() -> None:
    with collecting(answers(), is_reading=False) as collector:
        to = Destination(HTTP, f"http://127.0.0.1:{collector.port}", {"x": "y" * 60_000}, SECONDS)
        send = span_sender(to, {"large": "z" * 12_000_000}, "development")
        began = time.monotonic()
        with pytest.raises(Unsent):
            send([span_of("Take")])
        assert time.monotonic() - began < SECONDS + MARGIN


def test_tls_is_spoken_and_who_is_not_trusted_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, key = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made, key)

    def behave(plain: socket.socket, ended: threading.Event) -> None:
        with context.wrap_socket(plain, server_side=True) as connection:
            for _ in range(2):
                came.append(connection.recv(65536))
                connection.recv(65536)  # the body is a record of its own
                connection.sendall(OK + b"Content-Length: 0\r\n\r\n")
            drips(OK)(connection, ended)

    came: list[bytes] = []
    with collecting(behave, is_reading=False) as collector:
        to = Destination(HTTP, f"https://localhost:{collector.port}", {}, SECONDS)
        with pytest.raises(Unsent, match="self-signed certificate"):
            span_sender(to, {}, "development")([])
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_CERTIFICATE", str(made))
        for other in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(other, raising=False)
        send = span_sender(to, {}, "development")
        send([span_of("Take")])
        send([span_of("Take")])
        assert len(came) == 2
        began = time.monotonic()
        with pytest.raises(Unsent, match="did not answer in time"):
            send([span_of("Take")])
        assert time.monotonic() - began < SECONDS + MARGIN


def test_a_proxy_that_drips_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with collecting(drips(b"HTTP/1.1 200 OK\r\nX: ")) as collector:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@127.0.0.1:{collector.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        send = span_sender(Destination(HTTP, "https://collector.invalid", {}, SECONDS), {}, "development")
        began = time.monotonic()
        with pytest.raises(Unsent, match="did not answer in time"):
            send([span_of("Take")])
        assert time.monotonic() - began < SECONDS + MARGIN
        assert collector.requests[0].startswith(b"CONNECT collector.invalid:443 ")


def test_a_handshake_is_bounded_too() -> None:
    with collecting(drips(b"\x16\x03\x03\x40\x00", b"\x02")) as collector:
        to = Destination(HTTP, f"https://127.0.0.1:{collector.port}", {}, SECONDS)
        began = time.monotonic()
        with pytest.raises(Unsent):
            span_sender(to, {}, "development")([span_of("Take")])
        assert time.monotonic() - began < SECONDS + MARGIN


@pytest.mark.parametrize("behaviour", [answers(), drips(b"")], ids=["hangs", "garbage"])
def test_grpc_is_bounded_too(behaviour: Behaviour) -> None:
    with collecting(behaviour) as collector:
        assert fails(collector.port, protocol=GRPC) in ("it answers DEADLINE_EXCEEDED", "it answers UNAVAILABLE")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 400 secret\r\nContent-Length: 6\r\n\r\nsecret", "it answers 400"),
        (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", "it answers 401"),
        (b"HTTP/1.1 429 No\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n", "it answers 429"),
        (b"HTTP/1.1 429 No\r\nRetry-After: 1e999\r\nContent-Length: 0\r\n\r\n", "it answers 429"),
        (b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "it answers 503"),
        (b"HTTP/1.1 307 No\r\nLocation: http://127.0.0.1:1/secret\r\nContent-Length: 0\r\n\r\n", "it answers 307"),
    ],
)
def test_what_is_no_success_is_told_by_its_status(answer: bytes, told: str) -> None:
    with collecting(answers(answer)) as collector:
        assert fails(collector.port, "/v1/traces?api-key=secret", {"x-api-key": "secret"}) == told
        assert len(collector.requests) == 1


def test_what_is_no_http_is_told_without_it() -> None:
    with collecting(answers(b"secret, and no HTTP\r\n\r\n")) as collector:
        assert fails(collector.port) == "BadStatusLine"


def test_who_hangs_up_or_is_not_there_is_told_in_the_words_of_the_system(capfd: pytest.CaptureFixture[str]) -> None:
    with collecting(closes) as collector:
        assert fails(collector.port, "/?k=secret") in ("RemoteDisconnected", "Connection reset by peer")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert fails(nobody.getsockname()[1], "/?k=secret") == "Connection refused"
        assert fails(nobody.getsockname()[1], protocol=GRPC) == "it answers UNAVAILABLE"
    assert "secret" not in "".join(capfd.readouterr())


def test_what_the_libraries_would_print_is_not_printed(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "secret")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "secret")
    with collecting(answers(OK + b"Content-Length: 0\r\nsecret\r\n: secret\r\n\r\n")) as collector:
        endpoint = f"http://127.0.0.1:{collector.port}/?k=secret"
        span_sender(Destination(HTTP, endpoint, {}, SECONDS), {}, "development")([span_of("Take")])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("body", [b"", gzip.compress(b"0" * 10_000_000), b"garbage"], ids=["none", "packed", "garbage"])
def test_an_answer_is_what_its_status_says(body: bytes) -> None:
    head = OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    with collecting(answers(head, body)) as collector:
        to = Destination(HTTP, f"http://127.0.0.1:{collector.port}", {}, 10.0)
        span_sender(to, {}, "development")([span_of("Take")])


def test_no_more_of_an_answer_is_read_than_there_may_be() -> None:
    head = OK + b"Content-Length: 100000000\r\n\r\n"
    with collecting(answers(head, b"x" * MOST_ANSWERED)) as collector:
        to = Destination(HTTP, f"http://127.0.0.1:{collector.port}", {}, 10.0)
        send = span_sender(to, {}, "development")
        send([span_of("Take")])
        send([span_of("Take")])
        assert len(collector.requests) == 2


def test_a_connection_is_used_again_and_bounded_again() -> None:
    def behave(connection: socket.socket, ended: threading.Event) -> None:
        connection.sendall(OK + b"Content-Length: 0\r\n\r\n")
        again.append(connection.recv(65536))
        connection.sendall(OK + b"Content-Length: 5\r\n\r\n")
        while not ended.wait(SECONDS / 20):
            connection.sendall(b"")

    again: list[bytes] = []
    with collecting(behave) as collector:
        to = Destination(HTTP, f"http://127.0.0.1:{collector.port}", {}, SECONDS)
        send = line_sender(to, {}, "development")
        send([])
        began = time.monotonic()
        with pytest.raises(Unsent):
            send([])
        assert time.monotonic() - began < SECONDS + MARGIN
        assert len(again) == 1
