"""HTTP requests -> Invocations: a small ASGI application."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from runtime.catalog import Catalog
from runtime.config import HttpSettings
from runtime.dispatcher import Dispatcher
from runtime.errors import CONSEQUENCES
from runtime.ids import new_span_id, new_trace_id
from runtime.model import Failure, FailureKind, Invocation, LogLevel, Outcome, Payload, TriggerKind
from runtime.triggers.events import Report, describe
from runtime.triggers.requests import (
    BadResponse,
    RawHeaders,
    Response,
    encode_request,
    read_headers,
    read_response,
    response,
)
from runtime.triggers.router import BadEscape, Match, Route, Router
from runtime.values import decode

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# W3C Trace Context, section 3.2.2: version, trace id, parent id, flags; ids of zeros are invalid.
_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})(?P<trace_id>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-(?P<flags>[0-9a-f]{2})(?:-.*)?"
)
_LARGE_BYTES = 256 * 1024
"""A body that is longer stays in the pieces that it comes in."""
_INTERNAL_ERROR = json.dumps({"error": "Internal server error"}).encode()


class ClientGone(Exception):
    """The client left before its request was complete; there is nobody to answer."""


class HttpEdge:
    """Serves the routes of the catalog."""

    def __init__(self, dispatcher: Dispatcher, report: Report, settings: HttpSettings) -> None:
        self._dispatcher = dispatcher
        self._report = report
        self._max_body_bytes = settings.max_body_bytes
        self._queue_timeout = settings.queue_timeout
        self._router = Router(())

    def use(self, catalog: Catalog) -> None:
        """Serves this catalog from the next request on."""
        self._router = Router(catalog.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request. Raises `NotImplementedError` for a connection of another kind."""
        if scope["type"] != "http":
            raise NotImplementedError(f"{scope['type']} connections are not served here")
        headers = read_headers(scope["headers"])
        traceparent = headers.get("traceparent")
        parent = _TRACEPARENT.fullmatch(str(traceparent)) if traceparent is not None else None
        trace_id = parent["trace_id"] if parent else new_trace_id()
        try:
            answer = await self._answer(scope, receive, headers, trace_id)
        except ClientGone:
            return
        except Exception as error:  # a fault of ours: the client gets no detail, the log all
            self._report(LogLevel.ERROR, "".join(traceback.format_exception(error)), "http", trace_id)
            answer = _json(500, _INTERNAL_ERROR)
        answer.headers.append((b"x-trace-id", trace_id.encode()))
        if parent:
            answer.headers.append((b"traceparent", f"00-{trace_id}-{new_span_id()}-{parent['flags']}".encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body"})
        elif isinstance(answer.body, bytes):
            await send({"type": "http.response.body", "body": answer.body})
        else:
            for piece in answer.body:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body"})

    async def _answer(self, scope: Scope, receive: Receive, headers: dict[str, Any], trace_id: str) -> Response:
        method, path = scope["method"], scope["raw_path"].decode("utf-8", "replace")
        try:
            found = self._router.find(method, path)
        except BadEscape as error:
            return problem(400, "Bad Request", str(error))
        if not isinstance(found, Match):
            return _no_route(method, path, found)
        body = await self._read_body(scope, headers, receive)
        if body is None:
            return problem(413, "Content Too Large", f"the body is larger than {self._max_body_bytes} bytes")
        payload = encode_request(method, scope["path"], found.path_params, scope["query_string"], headers, body)
        invocation = Invocation(found.route.step, TriggerKind.API, payload, trace_id)
        outcome = await self._dispatcher.dispatch(invocation, self._queue_timeout)
        return self._respond(found.route, outcome, trace_id)

    async def _read_body(self, scope: Scope, headers: dict[str, Any], receive: Receive) -> Payload | None:
        """The body, a long one in pieces; None over the limit, which a declared length shows before it is read."""
        length = headers.get("content-length")
        if length is None and "transfer-encoding" not in headers and scope["http_version"].startswith("1"):
            return b""
        if length is not None and int(length) > self._max_body_bytes:
            return None
        parts: list[bytes] = []
        size, more = 0, True
        while more and size <= self._max_body_bytes:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            more = message.get("more_body", False)
        if size > self._max_body_bytes:
            return None
        return b"".join(parts) if size < _LARGE_BYTES else tuple(parts)

    def _respond(self, route: Route, outcome: Outcome, trace_id: str) -> Response:
        try:
            if outcome.failure is not None:
                return self._respond_to_failure(route, outcome.failure, trace_id)
            return read_response(outcome.payload)
        except BadResponse as error:
            self._report(LogLevel.ERROR, str(error), route.step.name, trace_id)
            return _json(500, _INTERNAL_ERROR)

    def _respond_to_failure(self, route: Route, failure: Failure, trace_id: str) -> Response:
        """What the client may know of a failure; the rest goes to the log."""
        if failure.http_status:
            return response(failure.http_status, [], b"application/json", _http_error_body(failure))
        status = CONSEQUENCES[failure.kind].http_status
        if failure.kind is FailureKind.INVALID_INPUT:
            return problem(status, "Bad Request", failure.message)
        self._report(LogLevel.ERROR, describe(failure), route.step.name, trace_id)
        if status == 500:
            return _json(500, _INTERNAL_ERROR)
        retry_after = [(b"retry-after", b"1")] if status == 503 else []
        return problem(status, _TITLES[status], headers=retry_after)


_TITLES = {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


def problem(status: int, title: str, detail: str = "", headers: RawHeaders | None = None) -> Response:
    """A problem document (RFC 9457)."""
    document = {"type": "about:blank", "title": title, "status": status}
    if detail:
        document["detail"] = detail
    body = json.dumps(document).encode()
    return Response(
        status,
        [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            *(headers or []),
        ],
        body,
    )


def _json(status: int, body: bytes) -> Response:
    length = str(len(body)).encode()
    return Response(status, [(b"content-type", b"application/json"), (b"content-length", length)], body)


def _no_route(method: str, path: str, allowed: tuple[str, ...]) -> Response:
    if not allowed:
        return problem(404, "Not Found", f"no step serves {method} {path}")
    detail = f"{path} is served for {', '.join(allowed)}"
    return problem(405, "Method Not Allowed", detail, [(b"allow", ", ".join(allowed).encode())])


def _http_error_body(failure: Failure) -> bytes:
    """The body that the thrower of an HttpError gave, as JSON."""
    try:
        return json.dumps(decode(failure.http_body), default=str, allow_nan=False).encode()
    except (ValueError, TypeError) as error:
        raise BadResponse(f"the body of the HttpError cannot be sent as JSON: {error}") from error
