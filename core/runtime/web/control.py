"""The control API under `/__runtime`: emit, queues, schedules.

Names travel as query parameters, because any character is allowed in them, slashes too.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from runtime.errors import HostCallRefused, StorageFault
from runtime.ids import trace_of
from runtime.model import LogLevel, TriggerKind
from runtime.records import QueueKey
from runtime.services.logs import Report
from runtime.services.queues import Address, AmbiguousQueue, QueueService, RedriveRefused, Selection, UnclearQueue
from runtime.values import encode
from runtime.web.control_documents import Schedule, contents_document, key_document, queue_document, schedule_document
from runtime.web.control_problem import problem
from runtime.web.control_values import from_json
from runtime.web.server import Application

PREFIX = "/__runtime"
QUEUES_PATH = f"{PREFIX}/queues"
CRON_PATH = f"{PREFIX}/cron"
HARMLESS_PATHS = (QUEUES_PATH, CRON_PATH)
"""Reading these shows no payload."""
SHOWN = 20
"""Events, and dead letters, that are shown unless a request says how many."""
MAX_SHOWN = 1000
"""The most that a request may say."""
_TRACE_ID = "runtime.trace_id"
"""Where the scope of a control route has the trace of its request."""
_LIMIT = re.compile(r"[0-9]{1,6}")


class Emitter(Protocol):
    """Publishes events."""

    async def emit(self, topic: str, data: bytes, options: Mapping[str, Any], trace_id: str) -> str:
        """Publishes an event and returns its id. Raises `HostCallRefused` or `StorageFault`."""


class Scheduler(Protocol):
    """Keeps the schedules."""

    def schedules(self) -> Sequence[Schedule]:
        """All schedules of the project."""

    async def trigger(self, step: str, /) -> str:
        """Runs a step that has a schedule now; returns the id of the event that stands for the tick."""


class _Refusal(Exception):
    """A request that cannot be carried out; the message reaches the client."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class _Control:
    """One method a route; each returns the document to answer with."""

    def __init__(
        self, emitter: Emitter, queues: QueueService, scheduler: Scheduler, report: Report, max_body_bytes: int
    ) -> None:
        self._emitter = emitter
        self._queues = queues
        self._scheduler = scheduler
        self._report = report
        self._max_body_bytes = max_body_bytes

    def routes(self) -> list[Route]:
        queue, answer = f"{PREFIX}/queue", self._answering
        return [
            Route(f"{PREFIX}/emit", answer(self._emit), methods=["POST"]),
            Route(QUEUES_PATH, answer(self._overview), methods=["GET"]),
            Route(queue, answer(self._show), methods=["GET"]),
            Route(f"{queue}/pause", answer(self._pause), methods=["POST"]),
            Route(f"{queue}/resume", answer(self._resume), methods=["POST"]),
            Route(f"{queue}/redrive", answer(self._redrive), methods=["POST"]),
            Route(f"{queue}/purge", answer(self._purge), methods=["POST"]),
            Route(CRON_PATH, answer(self._schedules), methods=["GET"]),
            Route(f"{CRON_PATH}/trigger", answer(self._trigger), methods=["POST"]),
        ]

    def _answering(self, handler: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                return JSONResponse(await handler(request))
            except _Refusal as refusal:
                return problem(refusal.status, str(refusal))
            except UnclearQueue as error:
                candidates = [key_document(key) for key in error.candidates]
                return problem(409 if isinstance(error, AmbiguousQueue) else 404, str(error), candidates=candidates)
            except (HostCallRefused, RedriveRefused) as error:
                return problem(422, str(error))
            except ClientDisconnect:
                return problem(400, "the client left before its request was complete")
            except StorageFault as error:
                return problem(503, f"{error}; {error.fix}" if error.fix else str(error))
            except Exception as error:  # a fault of ours: the client gets no detail, the log all
                text = "".join(traceback.format_exception(error))
                self._report(LogLevel.ERROR, text, "control", request.scope[_TRACE_ID])
                return problem(500, "the runtime failed at this; its log says how")

        return answer

    async def _emit(self, request: Request) -> Any:
        body = await self._body(request, {"topic", "data", "options"})
        topic, options = body.get("topic"), body.get("options")
        if not isinstance(topic, str) or not isinstance(options, dict | None):
            raise _Refusal(400, "'topic' must be a text, 'options' an object")
        data, trace_id = encode(body.get("data")), request.scope[_TRACE_ID]
        return {"id": await self._emitter.emit(topic, data, options or {}, trace_id)}

    async def _overview(self, request: Request) -> Any:
        return {"queues": [queue_document(view) for view in self._queues.overview()]}

    async def _show(self, request: Request) -> Any:
        limit = request.query_params.get("limit", str(SHOWN))
        if not _LIMIT.fullmatch(limit) or int(limit) > MAX_SHOWN:
            raise _Refusal(400, f"'limit' must be a number up to {MAX_SHOWN}")
        return contents_document(await self._queues.contents(self._queue(request), int(limit)))

    async def _pause(self, request: Request) -> Any:
        return await self._set_paused(request, True)

    async def _resume(self, request: Request) -> Any:
        return await self._set_paused(request, False)

    async def _set_paused(self, request: Request, paused: bool) -> Any:
        queue = self._queue(request)
        await self._queues.pause(queue, paused)
        return queue_document(self._queues.view(queue))

    async def _redrive(self, request: Request) -> Any:
        queue = self._queue(request)
        body = await self._body(request, {"ids", "all", "failure", "data", "target"})
        data = encode(body["data"]) if "data" in body else None
        done = await self._queues.redrive(queue, _selection(body), _target(body.get("target")), data)
        return {**key_document(queue), **done._asdict()}

    async def _purge(self, request: Request) -> Any:
        queue = self._queue(request)
        what = (await self._body(request, {"what"})).get("what")
        if what not in ("dead", "waiting"):
            raise _Refusal(400, '\'what\' must be "dead" for the dead letters or "waiting" for the events')
        return {**key_document(queue), "purged": await self._queues.purge(queue, dead=what == "dead")}

    async def _schedules(self, request: Request) -> Any:
        return {"schedules": [schedule_document(schedule) for schedule in self._scheduler.schedules()]}

    async def _trigger(self, request: Request) -> Any:
        step = request.query_params.get("step", "")
        known = sorted({schedule.step for schedule in self._scheduler.schedules()})
        if step not in known:
            raise _Refusal(404, f"no step '{step}' has a schedule; there are: {', '.join(known) or 'none'}")
        return {"id": await self._scheduler.trigger(step)}

    def _queue(self, request: Request) -> QueueKey:
        asked = request.query_params
        address = _address({part: asked[part] for part in Address._fields if part in asked})
        if address == Address():
            raise _Refusal(400, "say which queue: ?topic= and ?step=, or ?name= for either of them, and ?kind=")
        return self._queues.find(address)

    async def _body(self, request: Request, known: set[str]) -> dict[str, Any]:
        """The object of the request, with members that are known."""
        text = bytearray()
        async for piece in request.stream():
            text += piece
            if len(text) > self._max_body_bytes:
                raise _Refusal(413, f"the body is larger than {self._max_body_bytes} bytes")
        try:
            body = from_json(bytes(text))
        except ValueError as error:
            raise _Refusal(400, f"the body is no JSON that can be sent: {error}") from error
        if not isinstance(body, dict) or not body.keys() <= known:
            raise _Refusal(400, f"the body must be an object with no other members than {', '.join(sorted(known))}")
        return body


def control_app(
    emitter: Emitter,
    queues: QueueService,
    scheduler: Scheduler,
    report: Report,
    max_body_bytes: int,
    pages: Sequence[Route] = (),
) -> Application:
    """The control API, and pages beside it, as an ASGI application that guards nothing: put a `Guard` before it."""
    control = _Control(emitter, queues, scheduler, report, max_body_bytes)
    return Starlette(routes=[*control.routes(), *pages], exception_handlers={HTTPException: _refuse})


def mount(edge: Application, control: Application) -> Application:
    """An application that gives HTTP requests under `/__runtime` to `control` and everything else to `edge`.

    Answers of `control` tell their trace, as those of the edge do by themselves.
    """
    below = f"{PREFIX}/"

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and ((path := scope["path"]).startswith(below) or path == PREFIX):
            await _traced(control, scope, receive, send)
        else:
            await edge(scope, receive, send)

    return serve


async def _traced(control: Application, scope: Any, receive: Any, send: Any) -> None:
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)
    trace_id, headers = trace_of(given)

    async def send_on(message: Any) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *headers]
        await send(message)

    await control({**scope, _TRACE_ID: trace_id}, receive, send_on)


async def _refuse(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses: an unknown path, a wrong method."""
    assert isinstance(error, HTTPException)
    place = f"{request.method} {request.url.path}"
    return problem(error.status_code, f"{place}: {error.detail}", error.headers)


def _address(parts: Mapping[str, Any]) -> Address:
    """The address with these parts, all of them texts."""
    try:
        kind = TriggerKind(parts["kind"]) if "kind" in parts else None
    except ValueError as error:
        raise _Refusal(400, "'kind' must be 'event' or 'cron'") from error
    return Address(**{**parts, "kind": kind})


def _target(target: Any) -> Address | None:
    """A step's name, or its topic and name."""
    if target is None:
        return None
    parts = {"step": target} if isinstance(target, str) else target
    is_address = isinstance(parts, dict) and "step" in parts and parts.keys() <= {"topic", "step"}
    if not is_address or not all(isinstance(part, str) for part in parts.values()):
        raise _Refusal(400, '\'target\' must be the name of a step, or {"topic": ..., "step": ...}')
    return _address(parts)


def _selection(body: Mapping[str, Any]) -> Selection:
    """Exactly one of ids, failure and all."""
    given = [member for member in ("ids", "failure", "all") if body.get(member)]
    ids = body.get("ids") or []
    is_typed = isinstance(ids, list) and all(type(id) is int for id in ids)
    is_typed = is_typed and isinstance(body.get("failure"), str | None) and isinstance(body.get("all"), bool | None)
    if len(given) != 1 or not is_typed:
        raise _Refusal(400, "say which dead letters: one of 'ids' (numbers), 'failure' (a type or kind), 'all' (true)")
    return Selection(frozenset(ids), body.get("failure") or "", bool(body.get("all")))
