"""The TCP sockets of this machine, as the system tells of them (Linux: proc(5))."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
ESTABLISHED = 0x01
LISTENING = 0x0A

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class SocketRow(NamedTuple):
    """One socket; the remote address of one that listens means nothing."""

    local: str
    remote: str
    state: int
    uid: int
    """Whose it is; 0 also for a socket that nobody holds any more."""
    inode: str
    """`0` for a socket that nobody holds any more."""


def rows() -> Iterator[SocketRow]:
    """All sockets that the system shows; none on other systems than Linux."""
    for table in _TABLES:
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:  # another system than Linux, or one without IPv6
            continue
        for line in lines:
            fields = line.split()
            yield SocketRow(fields[1], fields[2], int(fields[3], 16), int(fields[7]), fields[9])


def port_of(end: str) -> int:
    """The port of an address with port, as the tables write it."""
    return int(end.partition(":")[2], 16)


def address_of(end: str) -> Address:
    """The address of one with port: words of 32 bits in the byte order of the machine."""
    words = bytes.fromhex(end.partition(":")[0])
    if sys.byteorder == "little":
        words = b"".join(words[at : at + 4][::-1] for at in range(0, len(words), 4))
    return plain(ipaddress.ip_address(words))


def plain(address: Address) -> Address:
    """An IPv4 address that is written as an IPv6 one as what it is."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
