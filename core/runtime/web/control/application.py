"""The control API under `/__runtime`: emit, queues, schedules, state, runners; a file for each.

Names travel as query parameters, because any character is allowed in them, slashes too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from runtime.ids import trace_of
from runtime.model import RunnerStatus
from runtime.services.logs import Report
from runtime.services.queues import QueueService
from runtime.services.state import StateService
from runtime.web.control.answers import Answers, with_trace
from runtime.web.control.cron import CRON_PATH, CronRoutes, Scheduler
from runtime.web.control.events import Emitter, EventRoutes
from runtime.web.control.queues import QUEUES_PATH, QueueRoutes
from runtime.web.control.runners import RUNNERS_PATH, RunnerRoutes
from runtime.web.control.state import StateRoutes
from runtime.web.problem import problem
from runtime.web.server import Application

HARMLESS_PATHS = (QUEUES_PATH, CRON_PATH, RUNNERS_PATH)
"""Reading these shows no payload."""


class Controlled(NamedTuple):
    """What the control routes show and change."""

    events: Emitter
    queues: QueueService
    schedules: Scheduler
    state: StateService
    runners: Callable[[], Sequence[RunnerStatus]]


def control_app(
    controlled: Controlled, report: Report, max_body_bytes: int, pages: Sequence[Route] = ()
) -> Application:
    """The control API, and pages beside it, as an ASGI application that guards nothing: put a `Guard` before it."""
    answers = Answers(report, max_body_bytes)
    routes = [
        *EventRoutes(controlled.events, answers).routes(),
        *QueueRoutes(controlled.queues, answers).routes(),
        *CronRoutes(controlled.schedules, answers).routes(),
        *StateRoutes(controlled.state, answers).routes(),
        *RunnerRoutes(controlled.runners, answers).routes(),
    ]
    return Starlette(routes=[*routes, *pages], exception_handlers={HTTPException: _refuse})


def tracing(application: Application) -> Application:
    """An application of control routes whose answers tell their trace."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)
        trace_id, headers = trace_of(given)

        async def send_on(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        await application(with_trace(scope, trace_id), receive, send_on)

    return serve


async def _refuse(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses: an unknown path, a wrong method."""
    assert isinstance(error, HTTPException)
    place = f"{request.method} {request.url.path}"
    return problem(error.status_code, f"{place}: {error.detail}", error.headers)
