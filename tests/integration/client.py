"""A bare HTTP/1.1 client: what it costs must not show in what tests measure.

Run as a program it is a bulk load: `client.py HOST PORT PATH MEBIBYTES` posts a JSON body of that size again and
again on one connection, prints a line for each answer, and ends when its stdin does.
"""

from __future__ import annotations

import asyncio
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit


class Connection:
    """One keep-alive connection, used from one thread."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), timeout=30)
        self._file = self._socket.makefile("rb")

    def send(self, method: str, path: str, body: bytes = b"", headers: str = "") -> tuple[int, bytes]:
        """Sends a request and returns status and body of the answer."""
        self.send_head(method, path, len(body), headers)
        self._socket.sendall(body)
        return self.receive()

    def send_head(self, method: str, path: str, length: int, headers: str = "") -> None:
        """Sends a request without its body."""
        head = f"{method} {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n{headers}\r\n"
        self._socket.sendall(head.encode())

    def send_bytes(self, data: bytes) -> None:
        """Sends just these bytes."""
        self._socket.sendall(data)

    def receive(self) -> tuple[int, bytes]:
        """Reads one answer that has a Content-Length."""
        status = int(self._file.readline().split()[1])
        length = 0
        while (line := self._file.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return status, self._file.read(length)

    def close(self) -> None:
        """Closes the connection."""
        self._file.close()
        self._socket.close()


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection to a server for the time of the context."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    connection = Connection(parts.hostname, parts.port)
    try:
        yield connection
    finally:
        connection.close()


async def get_at_once(url: str, path: str, count: int) -> tuple[float, list[bytes]]:
    """GETs a path on `count` open connections at the same moment; returns the seconds until the last answer, and the
    status lines."""
    parts = urlsplit(url)
    connections = [await asyncio.open_connection(parts.hostname, parts.port) for _ in range(count)]
    request = f"GET {path} HTTP/1.1\r\nHost: test\r\n\r\n".encode()

    async def get(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        return head.partition(b"\r\n")[0]

    began = time.perf_counter()
    statuses = await asyncio.gather(*(get(*connection) for connection in connections))
    took = time.perf_counter() - began
    for _, writer in connections:
        writer.close()
        await writer.wait_closed()
    return took, statuses


def _bulk_load(host: str, port: int, path: str, mebibytes: int) -> None:
    ended = threading.Event()

    def watch() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=watch, daemon=True).start()
    body = b'{"text": "' + b"x" * (mebibytes * 1024 * 1024) + b'"}'
    head = (
        f"POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {len(body)}\r\nContent-Type: application/json\r\n\r\n"
    )
    answer = memoryview(bytearray(len(body) + 64 * 1024))
    with socket.create_connection((host, port), timeout=30) as connection:
        while not ended.is_set():
            connection.sendall(head.encode())
            connection.sendall(body)
            print(*_receive_into(connection, answer), flush=True)


def _receive_into(connection: socket.socket, answer: memoryview) -> tuple[int, int]:
    """Reads one answer without making anything of it; returns its status and the length of its body."""
    size, length, begin = 0, 0, 0
    while not begin or size < begin + length:
        size += connection.recv_into(answer[size:])
        if not begin and (end := bytes(answer[: min(size, 4096)]).find(b"\r\n\r\n")) >= 0:
            begin = end + 4
            found = re.search(rb"content-length: (\d+)", bytes(answer[:begin]), re.IGNORECASE)
            length = int(found[1]) if found else 0
    return int(bytes(answer[9:12])), length


if __name__ == "__main__":
    _bulk_load(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
