"""Server-sent events as bytes (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import re

CONTENT_TYPE = b"text/event-stream; charset=utf-8"
COMMENT = b":\n\n"
"""Says nothing; a connection on which it arrives is there."""
_LINE_END = re.compile(rb"\r\n|\r|\n")


def event(name: str, id: str, data: bytes) -> tuple[bytes, bytes, bytes]:
    """An event whose data is one line, in pieces: large data is not copied."""
    return b"event: %b\nid: %b\ndata: " % (name.encode(), id.encode()), data, b"\n\n"


def message(id: str, data: bytes) -> bytes:
    """An event without a name; every kind of line end in its data arrives as a line feed."""
    return b"id: %b\n%b\n\n" % (id.encode(), b"\n".join(b"data: " + line for line in _LINE_END.split(data)))
