"""Answers of the servers themselves, to what never becomes a request."""

from __future__ import annotations

import json
from http import HTTPStatus

from runtime.ids import new_trace_id


def refusal(status: int, detail: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of a problem document (RFC 9457) after which the connection ends."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    body = json.dumps(document).encode()
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
        (b"x-trace-id", new_trace_id().encode()),
    ]
    return headers, body
