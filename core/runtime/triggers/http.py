"""HTTP requests -> Invocations: a small ASGI application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic
from typing import Any

import anyio.to_thread

from runtime.catalog import Catalog
from runtime.config import HttpSettings
from runtime.contracts import Reply, Runner
from runtime.dispatcher import Dispatcher, start
from runtime.ids import Arrival, trace_of
from runtime.model import Invocation, Payload, RequestRecord, TriggerKind, length
from runtime.services.logs import Report
from runtime.services.schemas import SchemaService
from runtime.services.tracing import Tracer
from runtime.triggers.cors import cors_policy
from runtime.triggers.endings import CLIENT_GONE, LEFT, Asked, Endings
from runtime.triggers.exchange import Exchange
from runtime.triggers.forms import BadForm, TooManyParts, is_json_in_a_form, read_body
from runtime.triggers.queries import TooManyKeys
from runtime.triggers.requests import encode_request, read_headers, request_map
from runtime.triggers.responses import RawHeaders, Response, problem
from runtime.triggers.router import BadEscape, Match, Route, Router
from runtime.triggers.streaming import Receive, Send

_LARGE_BYTES = 256 * 1024
"""A body that is longer stays in the pieces that it comes in, and is parsed, where it must be, in a thread."""
_LENGTH_DIGITS = 18

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
        self._settings = settings
        self._max_body_bytes = settings.max_body_bytes
        self._queue_timeout = settings.queue_timeout
        self._cors = cors_policy(settings.cors, development=development)
        self._schemas = schemas
        self._builtin = builtin
        self._landing = landing
        self._endings = Endings(report, schemas, tracer, self._cors, told)
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
        path = scope["raw_path"].decode("utf-8", "replace")
        asked = Asked(scope["method"], path, headers.get("origin"), arrival, monotonic())
        try:
            answer = await self._answer(scope, receive, headers, asked)
        except ClientGone:
            return self._endings.tell(asked, CLIENT_GONE, "", LEFT)
        except Exception as error:
            answer = self._endings.fault(error, asked)
        self._endings.complete(answer, asked)
        await self._endings.send(answer, asked, scope, receive, send)
        return None

    def at_once(
        self, method: str, path: str, query: bytes, raw: list[tuple[bytes, bytes]], body: bytes, reply: Reply
    ) -> Callable[[], None] | None:
        """Begins a request that has wholly come and waits for nothing but its handler; None where it is another one.

        `path` has no escapes. Returns what is to be called where nobody can be answered any more.
        """
        try:
            begun = self._begun(method, path, query, raw, body)
        except Exception:  # whatever it is, `__call__` meets it as well, and tells
            return None
        if begun is None:
            return None
        runner, route, invocation, asked = begun
        exchange = Exchange(route, asked, invocation.span, self._endings, reply)
        exchange.leave_run = start(runner, invocation, exchange.end)
        return exchange.leave

    def _begun(
        self, method: str, path: str, query: bytes, raw: list[tuple[bytes, bytes]], body: bytes
    ) -> tuple[Runner, Route, Invocation, Asked] | None:
        found = self._router.find(method, path)
        if not isinstance(found, Match) or self._schemas.watches_request(found.route):
            return None
        if len(body) > self._max_body_bytes:
            return None
        runner = self._dispatcher.idle(found.route.step)
        if runner is None:
            return None
        headers = read_headers(raw)
        request = request_map(method, path, found.path_params, query, headers, body, self._settings)
        if request["form"] == "value":
            return None
        asked = Asked(method, path, headers.get("origin"), trace_of(headers.get("traceparent")), monotonic())
        return runner, found.route, self._invocation(found.route, encode_request(request, body), asked.arrival), asked

    async def _answer(self, scope: Any, receive: Receive, headers: dict[str, Any], asked: Asked) -> Response:
        method, path = asked.method, asked.path
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
        return await self._invoke(found.route, request, body, asked.arrival)

    async def _invoke(self, route: Route, request: dict[str, Any], body: Payload, arrival: Arrival) -> Response:
        trace_id = arrival.trace_id
        if self._schemas.watches_request(route):
            path_params, query, form = request["pathParams"], request["queryParams"], request["form"]
            value = request.get("value")
            violations = await self._schemas.check_request(route, path_params, query, form, body, value, trace_id)
            if violations:
                payload, misread = encode_request(request, body), is_json_in_a_form(request["headers"], body)
                return self._endings.refuse(route, payload, arrival, violations, is_json_in_a_form=misread)
        invocation = self._invocation(route, encode_request(request, body), arrival)
        try:
            outcome = await self._dispatcher.dispatch(invocation, self._queue_timeout)
            return self._endings.answer(route, outcome, invocation.span, trace_id)
        except BaseException:
            self._endings.abandon(invocation.span)
            raise

    def _invocation(self, route: Route, payload: Payload, arrival: Arrival) -> Invocation:
        span = self._endings.begin(route, payload, arrival)
        index = route.trigger.index
        return Invocation(route.step, TriggerKind.API, payload, arrival.trace_id, trigger_index=index, span=span)

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


def _is_person(headers: Mapping[str, Any]) -> bool:
    """Whether the client is a browser that opens a page."""
    return "text/html" in str(headers.get("accept"))
