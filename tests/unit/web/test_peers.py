"""web/peers: whose connection it is."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from runtime.web.peers import is_own_user

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
NOBODY = 65534


def scope(connection: socket.socket, *headers: bytes) -> dict[str, Any]:
    """What a server tells of a request on this connection."""
    client, server = connection.getpeername()[:2], connection.getsockname()[:2]
    return {"client": client, "server": server, "headers": [(header, b"x") for header in headers]}


@contextmanager
def accepted(host: str, through: str = "") -> Iterator[tuple[socket.socket, socket.socket]]:
    """The client's and the server's end of a connection of our own to a server that listens at the host."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family, dualstack_ipv6=host == "::") as server:
        address = (through or host, server.getsockname()[1])
        with socket.create_connection(address) as client, server.accept()[0] as connection:
            yield client, connection


@pytest.mark.parametrize(
    ("host", "through"), [("127.0.0.1", ""), ("0.0.0.0", "127.0.0.1"), ("::1", ""), ("::", "127.0.0.1"), ("::", "::1")]
)
def test_our_own_connections_are_ours(host: str, through: str) -> None:
    with accepted(host, through) as (_, connection):
        assert is_own_user(scope(connection))


@pytest.mark.parametrize(
    "header",
    [
        b"cdn-loop",
        b"cf-connecting-ip",
        b"cf-ray",
        b"fly-client-ip",
        b"forwarded",
        b"tailscale-user-login",
        b"true-client-ip",
        b"via",
        b"x-client-ip",
        b"x-envoy-external-address",
        b"x-forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-proto",
        b"x-forwarded-server",
        b"x-original-host",
        b"x-real-ip",
    ],
)
def test_a_proxy_speaks_for_others(header: bytes) -> None:
    with accepted("127.0.0.1") as (_, connection):
        assert is_own_user(scope(connection, b"accept"))
        assert not is_own_user(scope(connection, header))


def test_a_connection_that_its_client_has_closed_is_nobodys() -> None:
    """Such sockets are listed as root's, and the tests may run as root."""
    with accepted("127.0.0.1") as (client, connection):
        told = scope(connection)
        client.close()
        assert connection.recv(1) == b""
        assert not is_own_user(told)


@pytest.mark.parametrize("client", [None, ("", 0), ("/run/some.sock", None), ("10.255.255.1", 4000), ("localhost", 1)])
def test_who_cannot_be_looked_up_is_not_us(client: Any) -> None:
    with accepted("127.0.0.1") as (_, connection):
        assert not is_own_user({**scope(connection), "client": client})


def test_the_other_end_of_the_same_ports_is_not_taken_for_the_client() -> None:
    """Our own end of the connection is listed as well, and is always ours."""
    with accepted("127.0.0.1") as (_, connection):
        told = scope(connection)
        assert not is_own_user({**told, "server": (told["server"][0], told["server"][1] ^ 1)})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user_of_this_machine_is_not_us() -> None:
    script = "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); sys.stdin.read()"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        command = ["/usr/bin/python3", "-c", script, port]
        with subprocess.Popen(command, stdin=subprocess.PIPE, user=NOBODY, group=NOBODY, extra_groups=[]) as process:
            server.settimeout(20)
            with server.accept()[0] as connection:
                assert not is_own_user(scope(connection))
            process.communicate()
