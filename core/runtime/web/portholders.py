"""Who listens at a port of this machine, as far as the system tells it (Linux: proc(5))."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from runtime.web.sockettables import LISTENING, Address, address_of, port_of, rows

_SHOWN_CHARACTERS = 60
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Holder(NamedTuple):
    """A process that listens, and its command line, shortened."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"pid {self.pid} ({self.command})" if self.command else f"pid {self.pid}"


def holder_of(host: str, port: int) -> Holder | None:
    """The process that keeps this address from being listened at; None where nobody does, or the system hides it."""
    sockets = {f"socket:[{inode}]" for inode in _listening(_addresses(host), port)}
    if not sockets:
        return None
    own = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    return next((Holder(pid, _command(pid)) for pid in own if not sockets.isdisjoint(_links(pid))), None)


def _addresses(host: str) -> set[Address]:
    try:
        found = socket.getaddrinfo(host or "0.0.0.0", None, type=socket.SOCK_STREAM)
    except OSError:
        return set()
    return {ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found}


def _listening(wanted: set[Address], port: int) -> Iterator[str]:
    """Inodes of the sockets that listen at the port, at one of the addresses or at all."""
    is_everywhere = any(address.is_unspecified for address in wanted)
    for row in rows():
        if row.state != LISTENING or port_of(row.local) != port:
            continue
        at = address_of(row.local)
        if is_everywhere or at.is_unspecified or at in wanted:
            yield row.inode


def _links(pid: int) -> Iterator[str]:
    """What the process has open, as far as this user may see it."""
    folder = f"/proc/{pid}/fd"
    try:
        for name in os.listdir(folder):
            yield os.readlink(f"{folder}/{name}")
    except OSError:  # another user's, or it has ended or closed a file meanwhile
        return


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").rstrip("\0").split("\0")
    except OSError:
        return ""
    text = _CONTROL.sub(" ", " ".join(words))
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"
