"""What the control routes have in common: how they read a request, answer it, and say no."""

from __future__ import annotations

import asyncio
import re
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from runtime.errors import HostCallRefused, StorageFault, VersionConflict
from runtime.model import LogLevel
from runtime.services.logs import Report
from runtime.services.queues import AmbiguousQueue, RedriveRefused, UnclearQueue
from runtime.web.control.documents import key_document
from runtime.web.control.operations import ControlRoute, Said
from runtime.web.control.values import from_json
from runtime.web.problem import problem

PREFIX = "/__runtime"
MAX_SHOWN = 1000
"""The most events, groups or keys that a request may ask for."""
_TRACE_ID = "runtime.trace_id"
_LIMIT = re.compile(r"[0-9]{1,6}")

T = TypeVar("T")
Answer = Callable[[Request], Awaitable[Any]]
"""Makes the document to answer a request with."""


class Refusal(Exception):
    """A request that cannot be carried out; the message reaches the client."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


async def while_there(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What the work gives, which ends when the client leaves. Raises `ClientDisconnect` then."""
    under_way = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_leaving(request))
    try:
        await asyncio.wait((under_way, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not under_way.done():
            raise ClientDisconnect
        return under_way.result()
    finally:
        for each in (under_way, leaving):
            each.cancel()
        await asyncio.gather(under_way, leaving, return_exceptions=True)


async def _leaving(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue


class Answers:
    """Makes routes of functions that return documents."""

    def __init__(self, report: Report, max_body_bytes: int) -> None:
        self._report = report
        self._max_body_bytes = max_body_bytes

    def to(self, method: str, path: str, answer: Answer, said: Said) -> ControlRoute:
        """A route whose faults are answered by their kind; `said` is what the description tells of it."""

        async def endpoint(request: Request) -> Response:
            try:
                return JSONResponse(await answer(request))
            except Exception as error:
                return self._refused(request, error)

        return ControlRoute(method, path, endpoint, said)

    async def body(self, request: Request, known: set[str]) -> dict[str, Any]:
        """The object of the request, with members that are known. Raises `Refusal`."""
        text = bytearray()
        async for piece in request.stream():
            text += piece
            if len(text) > self._max_body_bytes:
                raise Refusal(413, f"the body is larger than {self._max_body_bytes} bytes")
        try:
            body = from_json(bytes(text))
        except ValueError as error:
            raise Refusal(400, f"the body is no JSON that can be sent: {error}") from error
        if not isinstance(body, dict) or not body.keys() <= known:
            raise Refusal(400, f"the body must be an object with no other members than {', '.join(sorted(known))}")
        return body

    def _refused(self, request: Request, error: Exception) -> Response:
        match error:
            case Refusal():
                return problem(error.status, str(error))
            case UnclearQueue():
                candidates = [key_document(key) for key in error.candidates]
                return problem(409 if isinstance(error, AmbiguousQueue) else 404, str(error), candidates=candidates)
            case VersionConflict():
                return problem(409, str(error))
            case HostCallRefused() | RedriveRefused():
                return problem(422, str(error))
            case ClientDisconnect():
                return problem(400, "the client left before its request was complete")
            case StorageFault():
                return problem(503, f"{error}; {error.fix}" if error.fix else str(error))
        # A fault of ours: the client gets no detail, the log all.
        self._report(LogLevel.ERROR, "".join(traceback.format_exception(error)), "control", trace_id(request))
        return problem(500, "the runtime failed at this; its log says how")


def limit(request: Request, default: int) -> int:
    """How many a request asks to be shown. Raises `Refusal`."""
    text = request.query_params.get("limit", str(default))
    if not _LIMIT.fullmatch(text) or int(text) > MAX_SHOWN:
        raise Refusal(400, f"'limit' must be a number up to {MAX_SHOWN}")
    return int(text)


def name_of(request: Request, part: str) -> str:
    """The name of a group, key or the like that a request gives; an empty one is a name like any other.

    Raises `Refusal` without it.
    """
    name = request.query_params.get(part)
    if name is None:
        raise Refusal(400, f"say which {part}: ?{part}=")
    return name


def trace_id(request: Request) -> str:
    """The trace of a request."""
    trace: str = request.scope[_TRACE_ID]
    return trace


def with_trace(scope: Any, trace_id: str) -> Any:
    """The scope of a request that has this trace."""
    return {**scope, _TRACE_ID: trace_id}
