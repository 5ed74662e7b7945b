"""web/portholders: who listens at a port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from runtime.web.portholders import holder_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


@contextmanager
def elsewhere(host: str, name: str = sys.executable) -> Iterator[tuple[int, int]]:
    """The process id and port of a process that listens; `name` is what it is started as."""
    family = "AF_INET6" if ":" in host else "AF_INET"
    script = (
        f"import socket; s = socket.create_server(({host!r}, 0), family=socket.{family}, "
        f"dualstack_ipv6={host == '::'}); print(s.getsockname()[1], flush=True); s.accept()"
    )
    with subprocess.Popen(
        [name, "-c", script], executable=sys.executable, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.pid, int(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "localhost"),
        ("127.0.0.1", "0.0.0.0"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "127.0.0.1"),
        ("::1", "::1"),
    ],
)
def test_a_process_that_is_in_the_way_is_named(held: str, wanted: str) -> None:
    with elsewhere(held) as (pid, port):
        holder = holder_of(wanted, port)
    assert holder is not None
    assert holder.pid == pid
    assert holder.command.startswith(f"{sys.executable} -c import socket")


def test_what_is_not_in_the_way_is_not() -> None:
    with elsewhere("127.0.0.2") as (_, port):
        assert holder_of("127.0.0.1", port) is None
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert holder_of("127.0.0.1", port) is None
    assert holder_of("no such host", port) is None


def test_a_socket_that_only_connects_holds_no_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert holder_of("127.0.0.1", client.getsockname()[1]) is None
        holder = holder_of("127.0.0.1", server.getsockname()[1])
    assert holder is not None
    assert holder.pid == os.getpid()


def test_a_command_line_is_shortened_and_steers_no_terminal() -> None:
    with elsewhere("127.0.0.1", "\x1b[31mred") as (pid, port):
        holder = holder_of("127.0.0.1", port)
    assert holder is not None
    assert holder.command.startswith(" [31mred -c import socket")
    assert len(holder.command) == 60
    assert str(holder) == f"pid {pid} ({holder.command})"
