"""HTTP requests -> Invocations: a small ASGI application."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from runtime.catalog import Catalog
from runtime.dispatcher import Dispatcher
from runtime.errors import CONSEQUENCES
from runtime.ids import new_trace_id
from runtime.model import Failure, FailureKind, Invocation, LogLevel, Outcome, TriggerKind
from runtime.triggers.events import describe
from runtime.triggers.requests import BadResponse, RawHeaders, Response, encode_request, read_headers, read_response
from runtime.triggers.router import BadEscape, Match, Route, Router
from runtime.values import decode

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Report = Callable[[LogLevel, str, str, str], None]

_INTERNAL_ERROR = json.dumps({"error": "Internal server error"}).encode()


class HttpEdge:
    """Serves the routes of the catalog."""

    def __init__(self, dispatcher: Dispatcher, report: Report, max_body_bytes: int) -> None:
        self._dispatcher = dispatcher
        self._report = report
        self._max_body_bytes = max_body_bytes
        self._router = Router(())

    def use(self, catalog: Catalog) -> None:
        """Serves this catalog from the next request on."""
        self._router = Router(catalog.routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request. Raises `NotImplementedError` for a connection of another kind."""
        if scope["type"] != "http":
            raise NotImplementedError(f"{scope['type']} connections are not served here")
        headers = read_headers(scope["headers"])
        trace_id = _trace_id(headers.get("traceparent"))
        response = await self._answer(scope, receive, headers, trace_id)
        response.headers.append((b"x-trace-id", trace_id.encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        body = b"" if scope["method"] == "HEAD" else response.body
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive, headers: dict[str, Any], trace_id: str) -> Response:
        method, path = scope["method"], scope["raw_path"].decode("latin-1")
        try:
            found = self._router.find(method, path)
        except BadEscape as error:
            return problem(400, "Bad Request", str(error))
        if not isinstance(found, Match):
            return _no_route(method, path, found)
        route, path_params = found
        body = await self._read_body(headers, receive)
        if body is None:
            return problem(413, "Content Too Large", f"the body is larger than {self._max_body_bytes} bytes")
        payload = encode_request(method, scope["path"], path_params, scope["query_string"], headers, body)
        outcome = await self._dispatcher.dispatch(
            Invocation(route.step, TriggerKind.API, route.index, payload, trace_id)
        )
        return self._respond(route, outcome, trace_id)

    async def _read_body(self, headers: dict[str, Any], receive: Receive) -> bytes | None:
        """The whole body; None when it is over the limit, which a declared length shows before it is read."""
        length = headers.get("content-length")
        if length is None and "transfer-encoding" not in headers:
            return b""
        if length is not None and int(length) > self._max_body_bytes:
            return None
        message = await receive()
        body: bytes = message.get("body", b"")
        if not message.get("more_body"):
            return body if len(body) <= self._max_body_bytes else None
        parts, size = [body], len(body)
        while message.get("more_body") and size <= self._max_body_bytes:
            message = await receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        return b"".join(parts) if size <= self._max_body_bytes else None

    def _respond(self, route: Route, outcome: Outcome, trace_id: str) -> Response:
        if outcome.failure is not None:
            return self._respond_to_failure(route, outcome.failure, trace_id)
        try:
            return read_response(outcome.payload)
        except (BadResponse, ValueError) as error:
            self._report(LogLevel.ERROR, str(error), route.step.name, trace_id)
            return _json(500, _INTERNAL_ERROR)

    def _respond_to_failure(self, route: Route, failure: Failure, trace_id: str) -> Response:
        """What the client may know of a failure; the rest goes to the log."""
        status = CONSEQUENCES[failure.kind].http_status
        if failure.http_status:
            body = json.dumps(decode(failure.http_body), default=str).encode() if failure.http_body else b"null"
            return _json(failure.http_status, body)
        if failure.kind is FailureKind.INVALID_INPUT:
            return problem(status, "Bad Request", failure.message)
        self._report(LogLevel.ERROR, describe(failure), route.step.name, trace_id)
        if status == 500:
            return _json(500, _INTERNAL_ERROR)
        response = problem(status, _TITLES[status])
        if status == 503:
            response.headers.append((b"retry-after", b"1"))
        return response


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


def _trace_id(traceparent: object) -> str:
    """The trace id of a W3C traceparent header, or a new one (Trace Context, section 3.2)."""
    if isinstance(traceparent, str) and len(traceparent) >= 55:
        version, trace_id, *_ = traceparent.split("-")
        if version != "ff" and len(trace_id) == 32 and trace_id.strip("0") and _is_hex(trace_id):
            return trace_id
    return new_trace_id()


def _is_hex(text: str) -> bool:
    return all(character in "0123456789abcdef" for character in text)
