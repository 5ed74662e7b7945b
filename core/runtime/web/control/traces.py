"""The control routes of traces and log lines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any, TypeVar

from starlette.requests import Request

from runtime.catalog import Catalog
from runtime.model import LogLevel, LogQuery, TraceQuery, TraceStatus, TriggerKind
from runtime.services.history import History
from runtime.web.control.answers import PREFIX, Answers, Refusal, limit, while_there
from runtime.web.control.operations import (
    COUNT,
    LIMIT,
    MOMENT,
    Asked,
    ControlRoute,
    Said,
    component,
    named,
    page,
    shape,
)
from runtime.web.control.schemas import KIND, LEVEL, ORDER, STATUS
from runtime.web.control.trace_documents import log_document, summary_document, trace_document

TRACES_PATH = f"{PREFIX}/traces"
E = TypeVar("E", bound=Enum)
LISTED_TRACES = 50
LISTED_LINES = 200
"""How many are listed unless a request says it."""

_STEP = Asked("step", "The name of a step.")
_TEXT = Asked("text", "What must occur in it, whatever its case.")
_TRACES = Said(
    "Traces, newest first.",
    page("traces", component("TraceSummary")),
    (
        LIMIT,
        Asked("before", "What the page before has given as `next`."),
        Asked("status", "How they stand.", STATUS),
        Asked("kind", "What they began with.", KIND),
        _STEP,
        Asked("flow", "The flow of a step that took part."),
        _TEXT,
        Asked("since", "When they began at the earliest.", MOMENT),
        Asked("until", "When they began before.", MOMENT),
    ),
)
_TRACE = Said("A trace with its spans and lines.", component("Trace"), (named("id", "The trace's id."),))
_LOGS = Said(
    "Log lines, newest first unless another order is asked for.",
    page("logs", component("Log"), COUNT),
    (
        LIMIT,
        Asked("before", "An id that theirs are below.", COUNT),
        Asked("after", "An id that theirs are above.", COUNT),
        Asked("since", "A moment: lines from the first on that was logged then or later.", MOMENT),
        Asked("order", "Which come first.", ORDER),
        Asked("level", "The lowest level.", LEVEL),
        _STEP,
        Asked("trace", "The id of a trace."),
        _TEXT,
    ),
)


class _Order(Enum):
    NEWEST = "newest"
    OLDEST = "oldest"


class TraceRoutes:
    """One method a route; each returns the document to answer with."""

    def __init__(self, history: History, catalog: Callable[[], Catalog], answers: Answers) -> None:
        """`catalog` gives the one that serves, whose flows may be asked for."""
        self._history = history
        self._catalog = catalog
        self._answers = answers

    def routes(self) -> list[ControlRoute]:
        """The routes."""
        to = self._answers.to
        return [
            to("GET", TRACES_PATH, self._traces, _TRACES),
            to("DELETE", TRACES_PATH, self._clear, Said("Forgets traces and lines.", shape({"deleted": COUNT}))),
            to("GET", f"{PREFIX}/trace", self._trace, _TRACE),
            to("GET", f"{PREFIX}/logs", self._logs, _LOGS),
        ]

    async def _traces(self, request: Request) -> Any:
        asked = request.query_params
        query = TraceQuery(
            limit=limit(request, LISTED_TRACES),
            before=_number(request, "before"),
            status=_one_of(request, "status", TraceStatus),
            kind=_one_of(request, "kind", TriggerKind),
            steps=self._steps(asked.get("step"), asked.get("flow")),
            text=asked.get("text", ""),
            since=_moment(request, "since"),
            until=_moment(request, "until"),
        )
        page = await while_there(request, self._history.traces(query))
        following = str(page.next) if page.next else None
        return {"traces": [summary_document(trace) for trace in page.traces], "next": following}

    async def _trace(self, request: Request) -> Any:
        trace_id = request.query_params.get("id", "")
        trace = await self._history.trace(trace_id)
        if trace is None:
            why = "it may be too old, not sampled, or not written yet"
            raise Refusal(404, f"nothing is kept of a trace '{trace_id}'; {why}")
        return trace_document(trace)

    async def _clear(self, request: Request) -> Any:
        return {"deleted": await self._history.clear()}

    async def _logs(self, request: Request) -> Any:
        asked = request.query_params
        query = LogQuery(
            limit=limit(request, LISTED_LINES),
            before=_number(request, "before"),
            after=_number(request, "after"),
            level=_level(asked.get("level")),
            source=asked.get("step", ""),
            trace_id=asked.get("trace", ""),
            text=asked.get("text", ""),
            since=_moment(request, "since"),
            oldest_first=_one_of(request, "order", _Order) is _Order.OLDEST,
        )
        lines = await while_there(request, self._history.logs(query))
        following = lines[-1].id if len(lines) == query.limit and lines else None
        return {"logs": [log_document(line) for line in lines], "next": following}

    def _steps(self, step: str | None, flow: str | None) -> frozenset[str]:
        """The steps of which one must have taken part; none for any."""
        if step is not None:
            return frozenset((step,))
        if flow is None:
            return frozenset()
        found = frozenset(each.name for each in self._catalog().steps if flow in each.flows)
        if not found:
            raise Refusal(404, f"no step has a flow '{flow}'")
        return found


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "0")
    if not (text.isdecimal() and text.isascii() and len(text) < 19):
        raise Refusal(400, f"'{name}' must be a number that an answer has given")
    return int(text)


def _one_of(request: Request, name: str, words: type[E]) -> E | None:
    """The member that a parameter names, None without it."""
    given = request.query_params.get(name)
    if given is None:
        return None
    try:
        return words(given)
    except ValueError as error:
        known = ", ".join(f"'{each.value}'" for each in words)
        raise Refusal(400, f"'{name}' must be one of {known}") from error


def _level(given: str | None) -> LogLevel:
    if given is None:
        return LogLevel.DEBUG
    try:
        return LogLevel[given.upper()]
    except KeyError as error:
        known = ", ".join(f"'{each.name.lower()}'" for each in LogLevel)
        raise Refusal(400, f"'level' must be one of {known}") from error


def _moment(request: Request, name: str) -> float:
    given = request.query_params.get(name)
    if given is None:
        return 0.0
    try:
        moment = datetime.fromisoformat(given)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise Refusal(400, f"'{name}' must be a date and time (ISO 8601), such as 2026-01-31T12:00:00Z") from error
