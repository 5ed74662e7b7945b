"""Who calls: names, origins and headers of a request or handshake, as every policy before our routes asks for them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any

_LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
_AUTHORITY = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\[\]:@/?#\s]+)(?::\d{1,5})?")


class Hosts:
    """The names that the runtime answers to: this machine's own, and others that are allowed."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._names = {name.lower() for name in (*_LOCAL_HOSTS, *allowed)}

    def include(self, host: str) -> bool:
        """True for a `Host` header in lower case, with or without a port, that is one of the names."""
        authority = _AUTHORITY.fullmatch(host)
        return authority is not None and authority["name"] in self._names

    def trust(self, host: str) -> bool:
        """The same, or an address: anybody can point a name of theirs at this machine, but nobody an address."""
        authority = _AUTHORITY.fullmatch(host)
        return self.include(host) or (authority is not None and _is_address(authority["name"].strip("[]")))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def host_of(scope: Any) -> str:
    """The `Host` header in lower case, empty unless there is one alone."""
    hosts = _values(scope, b"host")
    return hosts[0].lower() if len(hosts) == 1 else ""


def foreign_origins(scope: Any) -> list[str]:
    """The `Origin` headers that are not of the host that is called, as they came; none for programs and own pages."""
    host = host_of(scope)
    own = (f"http://{host}", f"https://{host}")
    return [origin for origin in _values(scope, b"origin") if origin.lower() not in own]


def headers_of(scope: Any) -> dict[str, str | list[str]]:
    """Headers by lower-case name; a repeated one is a list."""
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def header_of(scope: Any, name: bytes) -> str:
    """The values of a header in one, empty without any."""
    return ", ".join(_values(scope, name))


def url_of(scope: Any) -> str:
    """Path and query as they were sent."""
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _values(scope: Any, name: bytes) -> list[str]:
    return [value.decode("latin-1") for header, value in scope["headers"] if header == name]
