"""The control API under `/__runtime`: emit, queues, schedules, state, runners; a file for each.

Names travel as query parameters, because any character is allowed in them, slashes too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from runtime.ids import trace_of
from runtime.model import RunnerStatus
from runtime.services.logs import Report
from runtime.services.queues import QueueService
from runtime.services.repeats import Repeats
from runtime.services.state import StateService
from runtime.services.streams import StreamService
from runtime.services.telemetry import Telemetry
from runtime.web.control.answers import Answers, with_trace
from runtime.web.control.cron import CRON_PATH, CronRoutes, Scheduler
from runtime.web.control.events import Emitter, EventRoutes
from runtime.web.control.items import ItemRoutes
from runtime.web.control.layout import LayoutRoutes
from runtime.web.control.live import LiveRoutes, Watched
from runtime.web.control.nodes import Bundle, NodeRoutes
from runtime.web.control.operations import ControlRoute
from runtime.web.control.project import Project, ProjectRoutes
from runtime.web.control.queues import QUEUES_PATH, QueueRoutes
from runtime.web.control.reference import API_PATH, with_reference
from runtime.web.control.repeats import RepeatRoutes
from runtime.web.control.runners import RUNNERS_PATH, RunnerRoutes
from runtime.web.control.state import StateRoutes
from runtime.web.control.traces import TraceRoutes
from runtime.web.problem import refuse
from runtime.web.server import Application

HARMLESS_PATHS = (QUEUES_PATH, CRON_PATH, RUNNERS_PATH, API_PATH)
"""Reading these shows no payload."""


class Controlled(NamedTuple):
    """What the control routes show and change."""

    events: Emitter
    queues: QueueService
    schedules: Scheduler
    state: StateService
    streams: StreamService
    runners: Callable[[], Sequence[RunnerStatus]]
    telemetry: Telemetry
    repeats: Repeats
    edge: Application
    project: Project
    bundle: Bundle


def control_app(
    controlled: Controlled, report: Report, max_body_bytes: int, pages: Sequence[Route] = ()
) -> Application:
    """The control API, and pages beside it, as an ASGI application that guards nothing: put a `Guard` before it."""
    answers = Answers(report, max_body_bytes)
    telemetry = controlled.telemetry
    history, project = telemetry.history, controlled.project
    watched = Watched(telemetry.live, telemetry.metrics, history, controlled.queues, controlled.runners, project.held)
    routes: list[ControlRoute] = [
        *EventRoutes(controlled.events, answers).routes(),
        *QueueRoutes(controlled.queues, answers).routes(),
        *CronRoutes(controlled.schedules, answers).routes(),
        *StateRoutes(controlled.state, telemetry.live.changed, answers).routes(),
        *RunnerRoutes(controlled.runners, answers).routes(),
        *ItemRoutes(controlled.streams, telemetry.live.moved, answers).routes(),
        *TraceRoutes(history, project.catalog, answers).routes(),
        *RepeatRoutes(history, controlled.repeats, controlled.edge, telemetry.tracer.repeats, answers).routes(),
        *LiveRoutes(watched).routes(),
        *ProjectRoutes(project, answers).routes(),
        *NodeRoutes(project, controlled.bundle).routes(),
        *LayoutRoutes(project.root, answers).routes(),
    ]
    return Starlette(routes=[*with_reference(routes), *pages], exception_handlers={HTTPException: refuse})


def tracing(application: Application) -> Application:
    """An application of control routes whose answers tell their trace."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)
        arrival = trace_of(given)

        async def send_on(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *arrival.headers]
            await send(message)

        await application(with_trace(scope, arrival.trace_id), receive, send_on)

    return serve
