"""What an `HttpError` that ends an api step answers, by the rules of a returned body."""

from __future__ import annotations

import json
from typing import Any

from motia import HttpError
from runtime_runner import failure, http, values
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.values import Unsendable

MAX_HTTP_BODY_BYTES = 256 << 10
"""A failure travels in one envelope; a longer body goes as a response."""
_PLAIN = {"content-type": "text/plain; charset=utf-8"}
"""What the core says of a text that a failure carries."""


def answer_of(error: HttpError, found: pb.Failure) -> pb.Failure | bytes:
    """The error's failure with status and body, or the response where a failure cannot carry the body.

    `found` is the failure without them; it is of kind INVALID_OUTPUT when the body cannot be sent.
    """
    try:
        return _answer(error.status, error.body, found)
    except BaseException as fault:  # whatever the user's objects raise while they are read
        found.kind = pb.FAILURE_KIND_INVALID_OUTPUT
        what = str(fault) if isinstance(fault, Unsendable) else f"{failure.class_name(fault)} when it was read"
        found.message = failure.text(f"The body of the HttpError cannot be sent: {what}")
        found.http_status = 0
        return found


def _answer(status: int, body: Any, found: pb.Failure) -> pb.Failure | bytes:
    found.http_status = status
    if body is None:
        return found
    form, data = http.body_of(body)
    carried = _carried(form, data)
    if carried is None:
        return http.response_of({"status": status, "headers": _PLAIN if form == "text" else None, "body": body})
    found.http_body = carried
    return found


def _carried(form: str, data: bytes) -> bytes | None:
    """The body as a value of the failure; None when that cannot be."""
    if len(data) > MAX_HTTP_BODY_BYTES:
        return None
    value: Any = data
    if form == "json":
        value = json.loads(data)
    elif form == "text":
        value = data.decode()
    try:
        return values.encode(value, "body")
    except Unsendable:  # integers of more than 64 bits: JSON has them, values do not
        return None
