"""HTTP requests -> Invocations: a small ASGI application."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic, time
from typing import Any

import anyio.to_thread

from runtime.catalog import Catalog
from runtime.config import HttpSettings
from runtime.dispatcher import Dispatcher
from runtime.errors import CONSEQUENCES
from runtime.ids import Arrival, trace_of
from runtime.model import (
    Failure,
    FailureKind,
    Invocation,
    LogLevel,
    Outcome,
    Payload,
    RequestRecord,
    Span,
    TriggerKind,
    Violation,
    length,
)
from runtime.services.logs import Report
from runtime.services.schemas import SchemaService
from runtime.services.tracing import Tracer
from runtime.triggers.cors import cors_policy
from runtime.triggers.events import describe
from runtime.triggers.forms import BadForm, TooManyParts, read_body
from runtime.triggers.queries import TooManyKeys
from runtime.triggers.requests import encode_request, read_headers, request_map
from runtime.triggers.responses import (
    BadResponse,
    RawHeaders,
    Response,
    has_body,
    internal_error,
    problem,
    read_response,
    thrown_response,
    unfit,
)
from runtime.triggers.router import BadEscape, Match, Route, Router
from runtime.triggers.streaming import Receive, Send, send_as_produced

_LARGE_BYTES = 256 * 1024
"""A body that is longer stays in the pieces that it comes in, and is parsed, where it must be, in a thread."""
_LENGTH_DIGITS = 18
CLIENT_GONE = 499
"""What is told as the status where nothing could be answered."""
_LEFT = "the client left"
_BROKE_OFF = "it broke off"

Builtin = Callable[[Mapping[str, Any]], Awaitable[tuple[int, RawHeaders, bytes]]]
"""What the runtime answers itself where no step has the path: to headers, with status, headers and body."""


class ClientGone(Exception):
    """The client left before its request was complete; there is nobody to answer."""


class HttpEdge:
    """Serves the routes of the catalog."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        report: Report,
        settings: HttpSettings,
        *,
        development: bool,
        schemas: SchemaService,
        tracer: Tracer,
        builtin: Mapping[str, Builtin],
        landing: str = "",
        told: Callable[[RequestRecord], None] | None = None,
    ) -> None:
        """In development, pages of this machine may call where the settings say nothing of other origins.

        `builtin` answers GET by path, unless a step has that very path. `landing` is where people are led to who open
        `/`, which no step serves; empty for nowhere. `told` hears of each request when its answer
        is sent; None where nobody wants to.
        """
        self._dispatcher = dispatcher
        self._report = report
        self._settings = settings
        self._max_body_bytes = settings.max_body_bytes
        self._queue_timeout = settings.queue_timeout
        self._cors = cors_policy(settings.cors, development=development)
        self._schemas = schemas
        self._tracer = tracer
        self._builtin = builtin
        self._landing = landing
        self._told = told
        self._router = Router((), builtin)

    def use(self, catalog: Catalog) -> None:
        """Serves this catalog from the next request on."""
        self._router = Router(catalog.routes, self._builtin)

    def has(self, path: str) -> bool:
        """Whether a step has this very path, by no parameter or wildcard."""
        return self._router.has(path)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answers one request. Raises `NotImplementedError` for a connection of another kind."""
        if scope["type"] != "http":
            raise NotImplementedError(f"{scope['type']} connections are not served here")
        headers = read_headers(scope["headers"])
        arrival = trace_of(headers.get("traceparent"))
        trace_id = arrival.trace_id
        began = 0.0 if self._told is None else monotonic()
        try:
            answer = await self._answer(scope, receive, headers, arrival)
        except ClientGone:
            if self._told is not None:
                self._tell(scope, CLIENT_GONE, "", trace_id, began, _LEFT)
            return
        except Exception as error:  # a fault of ours: the client gets no detail, the log all
            self._report(LogLevel.ERROR, "".join(traceback.format_exception(error)), "http", trace_id)
            answer = internal_error()
        answer.headers.extend(arrival.headers)
        if self._cors is not None:
            self._cors.extend(answer.headers, headers.get("origin"))
        if answer.stream is None:
            await _send(answer, scope["method"], send)
            ending = ""
        else:
            ending = await self._stream(answer, scope["method"], receive, send, trace_id)
        if self._told is not None:
            self._tell(scope, answer.status, answer.step, trace_id, began, ending)

    def _tell(self, scope: Any, status: int, step: str, trace_id: str, began: float, ending: str) -> None:
        assert self._told is not None
        path = scope["raw_path"].decode("utf-8", "replace")
        took = monotonic() - began
        ending = _LEFT if scope.get("client_left") else ending
        self._told(RequestRecord(time(), scope["method"], path, status, took, step, trace_id, ending))

    async def _stream(self, answer: Response, method: str, receive: Receive, send: Send, trace_id: str) -> str:
        """Sends a response while its handler goes on; one that breaks off has no end.

        Returns what kept the client from all of it, empty where nothing did.
        """
        stream = answer.stream
        assert stream is not None
        failure: Failure | None = Failure(FailureKind.CANCELLED, "the client left while it was answered")
        status = CLIENT_GONE
        try:
            if not has_body(method, answer.status):
                stream.stop()
                await _send(answer, "HEAD", send)
                failure, status = None, answer.status
                return ""
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            ended, failure = await send_as_produced(stream, receive, send)
            status = answer.status
        finally:
            stream.stop()
            if answer.span is not None:
                answer.span.http_status = status
                self._tracer.end(answer.span, failure)
        if failure is None:
            return "" if ended else _LEFT
        self._report(LogLevel.ERROR, f"the response broke off: {describe(failure)}", answer.step, trace_id)
        return _BROKE_OFF

    async def _answer(self, scope: Any, receive: Receive, headers: dict[str, Any], arrival: Arrival) -> Response:
        method, path = scope["method"], scope["raw_path"].decode("utf-8", "replace")
        try:
            router = self._router
            found = router.find(method, path)
            if not isinstance(found, Match):
                return await self._no_route(method, path, found, headers)
            body = await self._read_body(scope, headers, receive)
            if body is None:
                return problem(413, f"the body is larger than {self._max_body_bytes} bytes")
            request = request_map(
                method,
                scope["path"],
                found.path_params,
                scope["query_string"],
                headers,
                body,
                self._settings,
            )
            if request["form"] == "value":
                request["value"] = await self._value(headers, body)
            if self._router is not router:  # while the body came, other code began to serve
                found = self._router.find(method, path)
                if not isinstance(found, Match):
                    return await self._no_route(method, path, found, headers)
                request["pathParams"] = found.path_params
        except (BadEscape, TooManyKeys, BadForm) as error:
            return problem(400, str(error))
        except TooManyParts as error:
            return problem(413, str(error))
        return await self._invoke(found.route, request, body, arrival)

    async def _invoke(self, route: Route, request: dict[str, Any], body: Payload, arrival: Arrival) -> Response:
        trace_id = arrival.trace_id
        if self._schemas.watches_request(route):
            path_params, query, form = request["pathParams"], request["queryParams"], request["form"]
            value = request.get("value")
            violations = await self._schemas.check_request(route, path_params, query, form, body, value, trace_id)
            if violations:
                return self._refuse(route, encode_request(request, body), arrival, violations)
        payload = encode_request(request, body)
        step, index = route.step, route.trigger.index
        span = self._begin(route, payload, arrival)
        invocation = Invocation(step, TriggerKind.API, payload, trace_id, trigger_index=index, span=span)
        try:
            outcome = await self._dispatcher.dispatch(invocation, self._queue_timeout)
            answer = self._respond(route, outcome, trace_id)
        except BaseException:
            if span is not None:
                span.http_status = CLIENT_GONE
                self._tracer.end(span, Failure(FailureKind.CANCELLED, "the client left before it was answered"))
            raise
        if answer.stream is not None:
            return answer._replace(span=span)
        if outcome.body is not None:
            outcome.body.stop()  # the response cannot be sent, so nobody reads its body
        if span is not None:
            span.http_status = answer.status
            self._tracer.end(span, outcome.failure)
        return answer if self._told is None else answer._replace(step=step.name)

    def _begin(self, route: Route, payload: Payload, arrival: Arrival) -> Span | None:
        name = f"{route.trigger.method} {route.trigger.path}"
        return self._tracer.begin(route.step, TriggerKind.API, name, arrival.context, payload, arrival.span_id)

    def _refuse(self, route: Route, payload: Payload, arrival: Arrival, violations: Sequence[Violation]) -> Response:
        """Answers a request that no handler gets to see; it is to be found by its trace id like every other."""
        answer = unfit(violations)
        span = self._begin(route, payload, arrival)
        if span is not None:
            span.http_status = answer.status
            message = "; ".join(f"{each.part}{each.pointer}: {each.message}" for each in violations)
            self._tracer.end(span, Failure(FailureKind.INVALID_INPUT, message))
        return answer

    async def _read_body(self, scope: Any, headers: dict[str, Any], receive: Receive) -> Payload | None:
        """The body, a long one in pieces; None over the limit, which a declared length shows before it is read."""
        declared = headers.get("content-length")
        if declared is None and "transfer-encoding" not in headers and scope["http_version"].startswith("1"):
            return b""
        if isinstance(declared, str) and not (
            declared.isdecimal() and len(declared) <= _LENGTH_DIGITS and int(declared) <= self._max_body_bytes
        ):
            return None
        parts: list[bytes] = []
        size, more = 0, True
        while more and size <= self._max_body_bytes:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            if piece := message.get("body"):  # of empty ones there could be any number
                parts.append(piece)
                size += len(piece)
            more = message.get("more_body", False)
        if size > self._max_body_bytes:
            return None
        return b"".join(parts) if size < _LARGE_BYTES else tuple(parts)

    async def _value(self, headers: Mapping[str, Any], body: Payload) -> object:
        """The value of a form, read in a thread where it would hold up others."""
        content_type = str(headers["content-type"])
        if length(body) < _LARGE_BYTES:
            return read_body(content_type, body, self._settings)
        return await anyio.to_thread.run_sync(read_body, content_type, body, self._settings)

    async def _no_route(self, method: str, path: str, served: Sequence[str], headers: Mapping[str, Any]) -> Response:
        """The answer where the path has no step for the method."""
        builtin = None if served else self._builtin.get(path)
        if builtin is not None:
            if method in ("GET", "HEAD"):
                return Response(*await builtin(headers))
            served = ("GET",)
        if not served and path == "/" and method in ("GET", "HEAD") and self._landing and _is_person(headers):
            return Response(307, [(b"location", self._landing.encode()), (b"cache-control", b"no-store")], b"")
        if not served:
            return problem(404, f"no step serves {method} {path}")
        methods = sorted({*served, "OPTIONS", *(["HEAD"] if "GET" in served else [])})
        allow = (b"allow", ", ".join(methods).encode())
        if method == "OPTIONS":
            told = self._cors.preflight(headers, methods) if self._cors is not None else []
            return Response(204, [allow, *told], b"")
        return problem(405, f"{path} is served for {', '.join(methods)}", [allow])

    def _respond(self, route: Route, outcome: Outcome, trace_id: str) -> Response:
        try:
            if outcome.failure is not None:
                return self._respond_to_failure(route, outcome.failure, trace_id)
            answer = read_response(outcome.payload, outcome.body)
        except BadResponse as error:
            self._report(LogLevel.ERROR, str(error), route.step.name, trace_id)
            return internal_error()
        if answer.stream is not None:
            return answer._replace(step=route.step.name)
        if not self._schemas.watches_response(route):
            return answer
        fits = self._schemas.check_response(route, answer.status, answer.form, answer.body, answer.headers, trace_id)
        return answer if fits else internal_error()

    def _respond_to_failure(self, route: Route, failure: Failure, trace_id: str) -> Response:
        """What the client may know of a failure; the rest goes to the log."""
        # A runner that could not send the body says so by the kind; the status alone would hide it from everyone.
        if failure.http_status and failure.kind is not FailureKind.INVALID_OUTPUT:
            return thrown_response(failure.http_status, failure.http_body)
        status = CONSEQUENCES[failure.kind].http_status
        if failure.kind is FailureKind.INVALID_INPUT:
            return problem(status, failure.message)
        self._report(LogLevel.ERROR, describe(failure), route.step.name, trace_id)
        if status == 500:
            return internal_error()
        retry_after = [(b"retry-after", b"1")] if status == 503 else []
        return problem(status, headers=retry_after)


def _is_person(headers: Mapping[str, Any]) -> bool:
    """Whether the client is a browser that opens a page."""
    return "text/html" in str(headers.get("accept"))


async def _send(answer: Response, method: str, send: Send) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    if method == "HEAD":
        await send({"type": "http.response.body"})
    elif isinstance(answer.body, bytes):
        await send({"type": "http.response.body", "body": answer.body})
    else:
        for piece in answer.body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})
