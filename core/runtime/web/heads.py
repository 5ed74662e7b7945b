"""What the head of a request must be, whichever server has read it."""

from __future__ import annotations

import re
from collections.abc import Iterable

NO_REQUEST = "this is no HTTP request"
TOO_LARGE = "the head of the request is longer than http.maxHeaderBytes"
_TARGET = re.compile(rb"(?i:https?://[^/?#]+)?(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?(?:#.*)?")
# Those that are registered; a parser need know no others. CONNECT is not among them: nothing is served for it.
METHODS = frozenset(
    b"ACL BIND CHECKOUT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY OPTIONS "
    b"PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK "
    b"UNSUBSCRIBE".split()
)
_OVERHEAD = 4
"""Bytes of a header line beside name and value."""


class BadHead(ValueError):
    """A request that is refused for its head; the message is for the client."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def unknown_method() -> BadHead:
    """The refusal of a method that is none, or that is written in another case (RFC 9110, section 9.1)."""
    return BadHead(405, "no path is served for this method")


def origin_form(target: bytes) -> bytes:
    """Path and query alone: without an address (RFC 9112, section 3.2.2), or a fragment, which has no place here.

    Raises `BadHead` for a target that is neither a path nor an address.
    """
    found = _TARGET.fullmatch(target)
    if target == b"*":
        return target
    if found is None or target[:1] in (b"", b"?", b"#"):
        raise BadHead(400, "the target of the request is no path")
    return (found["path"] or b"/") + (found["query"] or b"")


def head_bytes(target: bytes, headers: Iterable[tuple[bytes, bytes]]) -> int:
    """The size of a head as `http.maxHeaderBytes` counts it."""
    return len(target) + sum(len(name) + len(value) + _OVERHEAD for name, value in headers)


def is_offer(header: tuple[bytes, bytes]) -> bool:
    """Whether this is the header that offers another protocol."""
    return header[0] == b"upgrade"
