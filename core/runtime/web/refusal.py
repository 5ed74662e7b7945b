"""Answers of the servers themselves, to what never becomes a request."""

from __future__ import annotations

import json
from email.utils import formatdate
from http import HTTPStatus

from runtime.ids import new_trace_id
from runtime.problems import MEDIA_TYPE, problem_document

_MORE = {
    HTTPStatus.METHOD_NOT_ALLOWED: [(b"allow", b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")],
    HTTPStatus.UPGRADE_REQUIRED: [(b"upgrade", b"websocket"), (b"sec-websocket-version", b"13")],
}


def refusal(status: int, detail: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Headers and body of a problem document (RFC 9457)."""
    body = json.dumps(problem_document(status, detail)).encode()
    headers = [
        (b"date", formatdate(usegmt=True).encode()),
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"x-trace-id", new_trace_id().encode()),
    ]
    return [*headers, *_MORE.get(HTTPStatus(status), ())], body


def last_refusal(status: int, detail: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """The same, after which the connection of HTTP/1 ends."""
    headers, body = refusal(status, detail)
    return [*headers, (b"connection", b"close")], body
