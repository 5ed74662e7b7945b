"""Whatever is sent to the edge: it answers or ends the connection, in time, and serves everybody else as before."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import h2.config
import h2.connection
import h2.exceptions
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.project import RunningProject, running, write_project

PATIENCE = 10.0
"""Seconds that the edge may take for anything; far less than what it grants to a slow client."""
MAX_GROWTH = 96 << 20
"""Bytes that the core may be larger for after it; freed memory is kept, up to 64 MiB."""
_SETTINGS = """
http:
  server: {server}
  keepAlive: 1
  maxBodyBytes: 5000
  maxHeaderBytes: 4000
"""
_STEP = """
config = {
    "name": "Echo",
    "triggers": [{"type": "api", "method": m, "path": p} for m in ("GET", "POST") for p in ("/echo", "/echo/:id")],
}


def handler(req, ctx):
    return {"status": 200, "body": [str(req.body), req.queryParams, req.pathParams]}
"""


@pytest.fixture(scope="module", params=["uvicorn", "hypercorn"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    files = {"runtime.yaml": _SETTINGS.format(server=request.param), "steps/echo_step.py": _STEP}
    with running(write_project(tmp_path_factory.mktemp("fuzz"), files)) as project:
        yield project


def exchange(project: RunningProject, parts: list[bytes], *, leaves: bool = False) -> bytes:
    """Sends the parts and gives all that comes back until the edge ends the connection, which it must do in time.

    A client that `leaves` says that it has no more to send.
    """
    answer = b""
    with socket.create_connection(("127.0.0.1", project.client.base_url.port or 0), PATIENCE) as connection:
        try:
            for part in parts:
                connection.sendall(part)
            if leaves:
                connection.shutdown(socket.SHUT_WR)
            while received := connection.recv(65536):
                answer += received
        except TimeoutError:
            raise
        except OSError:
            return answer  # it was ended while more was on its way
    return answer


def check(project: RunningProject, answer: bytes) -> None:
    """No answer is a fault of the edge's own, and the next client is served."""
    statuses = re.findall(rb"^HTTP/1\.1 (\d{3})", answer, re.MULTILINE)
    assert not [status for status in statuses if status >= b"500"], answer
    assert project.client.get("/echo", headers={"connection": "close"}).status_code == 200


def resident_bytes(project: RunningProject) -> int:
    status = Path(f"/proc/{project.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


_WORDS = (
    b"GET|POST|PRI|CONNECT| |/|/echo|*|http://| HTTP/1.1| HTTP/2.0|Host: x|Content-Length: |Transfer-Encoding: chunked|"
    b"Connection: close|SM|Connection: upgrade|Upgrade: h2c|Upgrade: websocket|HTTP2-Settings: |Expect: 100-continue|"
    b"Content-Type: multipart/form-data; boundary=b|Content-Type: application/json|--b|--|%|[]|0|5|-1|a=1&|?|#|:|;|"
    b'99999999999999999999|{"a":|\r\n|\r\n\r\n|\n|\x00|\xff|\x16\x03\x01'
)
words = st.sampled_from(_WORDS.split(b"|"))
raw = st.lists(words | st.binary(max_size=40), max_size=30).map(b"".join)

_PART = b'--b\r\nContent-Disposition: form-data; name="a[b]"; filename="c"\r\nContent-Type: text/plain\r\n\r\n'
_FORM = _PART + b"x\r\n--b--\r\n"
_VALID = [
    b"GET /echo/a%20b?x[y]=1&x[]=2 HTTP/1.1\r\nHost: x\r\ntraceparent: 00-"
    + b"1" * 32
    + b"-"
    + b"2" * 16
    + b"-01\r\n\r\n",
    b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n" + b'{"a":[1]}',
    b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain; charset=utf-16\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nTrailer: z\r\n\r\n",
    b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nExpect: 100-continue\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_FORM), _FORM),
    b"OPTIONS /echo HTTP/1.1\r\nHost: x\r\nOrigin: http://localhost\r\nAccess-Control-Request-Method: POST\r\n\r\n",
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Valid requests, one after the other, with some of their bytes cut out, doubled or replaced."""
    data = bytearray(b"".join(draw(st.lists(st.sampled_from(_VALID), min_size=1, max_size=4))))
    for _ in range(draw(st.integers(0, 5))):
        begin = draw(st.integers(0, len(data)))
        end = min(len(data), begin + draw(st.integers(0, 20)))
        data[begin:end] = draw(st.just(bytes(data[begin:end]) * 2) | st.just(b"") | words | st.binary(max_size=8))
    return bytes(data)


@st.composite
def in_pieces(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> list[bytes]:
    data = draw(whole)
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=3)))
    return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def fuzz(project: RunningProject, examples: int) -> None:
    project.client.get("/echo")

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(in_pieces(raw | mutated()))
    def anything(parts: list[bytes]) -> None:
        check(project, exchange(project, [*parts, b"\r\n\r\nGET / HTTP/1.0\r\n\r\n"]))

    before = resident_bytes(project)
    anything()
    assert resident_bytes(project) - before < MAX_GROWTH
    assert project.process.poll() is None
    assert not [line for line in project.output.splitlines() if line.startswith("Traceback")]


def test_anything_is_answered_or_ended(project: RunningProject) -> None:
    fuzz(project, 60)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_anything_for_long_is_answered_or_ended(project: RunningProject) -> None:
    fuzz(project, 5000)


_NAMES = (b":method", b":path", b":scheme", b":authority", b"host", b"content-length", b"te", b"x", b"X", b"")
_VALUES = (b"GET", b"POST", b"CONNECT", b"/echo", b"*", b"http", b"x", b"5", b"-1", b"\xff", b"a\r\nb", b"")
fields = st.lists(st.tuples(st.sampled_from(_NAMES), st.sampled_from(_VALUES)), min_size=1, max_size=6)
plain = [(b":method", b"POST"), (b":path", b"/echo"), (b":scheme", b"http"), (b":authority", b"x")]


@st.composite
def http2(draw: st.DrawFn) -> bytes:
    """Streams of HTTP/2 that mean something, and then bytes that need not."""
    client = h2.connection.H2Connection(
        h2.config.H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False)
    )
    client.initiate_connection()
    for stream in range(1, 2 * draw(st.integers(0, 5)), 2):
        head = draw(st.just(plain) | fields.map(lambda more: plain + more) | fields)
        try:
            client.send_headers(stream, head, end_stream=draw(st.booleans()))
            for _ in range(draw(st.integers(0, 3))):
                client.send_data(stream, draw(st.binary(max_size=3000)), end_stream=draw(st.booleans()))
            if draw(st.booleans()):
                client.reset_stream(stream)
        except (h2.exceptions.ProtocolError, ValueError):
            continue
    return client.data_to_send() + draw(st.just(b"") | st.binary(max_size=60))


def fuzz_http2(project: RunningProject, examples: int) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(in_pieces(http2()))
    def anything(parts: list[bytes]) -> None:
        check(project, exchange(project, parts, leaves=True))

    before = resident_bytes(project)
    anything()
    assert resident_bytes(project) - before < MAX_GROWTH
    assert not [line for line in project.output.splitlines() if line.startswith("Traceback")]


def test_any_http_2_is_answered_or_ended(project: RunningProject) -> None:
    fuzz_http2(project, 20)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_any_http_2_for_long_is_answered_or_ended(project: RunningProject) -> None:
    fuzz_http2(project, 1000)


def test_many_slow_clients_hold_up_nobody(project: RunningProject) -> None:
    port = project.client.base_url.port or 0
    slow = [socket.create_connection(("127.0.0.1", port), PATIENCE) for _ in range(100)]
    for number, connection in enumerate(slow):
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"[: 10 + number % 50])
    assert httpx.get(f"{project.url}/echo", timeout=PATIENCE).status_code == 200
    for connection in slow:
        with connection:
            assert connection.recv(65536) == b""
