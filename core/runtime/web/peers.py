"""Whether who has connected is the user that the runtime runs as, on this machine."""

from __future__ import annotations

import ipaddress
import os
from typing import Any

from runtime.web.sockettables import ESTABLISHED, Address, address_of, plain, port_of, rows

_FORWARDED = frozenset(
    (
        b"cdn-loop",
        b"client-ip",
        b"forwarded",
        b"proxy-client-ip",
        b"true-client-ip",
        b"via",
        b"wl-proxy-client-ip",
        b"x-client-ip",
        b"x-cluster-client-ip",
        b"x-host",
        b"x-proxyuser-ip",
        b"x-real-ip",
        b"x-remote-addr",
        b"x-remote-ip",
    )
)
"""What a proxy adds: its connection says nothing of who is behind it."""
_FORWARDED_PREFIXES = (
    b"cf-",
    b"fastly-",
    b"fly-",
    b"tailscale-",
    b"x-amzn-",
    b"x-appengine-",
    b"x-arr-",
    b"x-azure-",
    b"x-envoy-",
    b"x-forwarded",
    b"x-original-",
)
"""How the names of others begin that only proxies add."""

End = tuple[Address, int]


def is_own_user(scope: Any) -> bool:
    """True when the other end of a request's connection is a socket of our own user; false where that is not known.

    It reads the tables of the system, which takes milliseconds where there are many sockets: call it in a thread.
    """
    if any(name in _FORWARDED or name.startswith(_FORWARDED_PREFIXES) for name, _ in scope["headers"]):
        return False
    client, server = _end(scope.get("client")), _end(scope.get("server"))
    return client is not None and server is not None and _owner(client, server) == os.geteuid()


def _end(pair: Any) -> End | None:
    """An address and port of a scope; None for a connection that has none, such as of a Unix socket."""
    try:
        host, port = pair
        return plain(ipaddress.ip_address(str(host).partition("%")[0])), int(port)
    except (TypeError, ValueError):
        return None


def _end_of(text: str) -> End:
    return address_of(text), port_of(text)


def _owner(client: End, server: End) -> int | None:
    """The user of the socket that is connected from the one end to the other; None where the system shows none.

    A socket that nobody holds any more is listed as root's, so that only a connection that stands is taken for one.
    """
    for row in rows():
        if row.state != ESTABLISHED or row.inode == "0" or port_of(row.local) != client[1]:
            continue
        if (
            port_of(row.remote) == server[1]
            and address_of(row.local) == client[0]
            and address_of(row.remote) == server[0]
        ):
            return row.uid
    return None
