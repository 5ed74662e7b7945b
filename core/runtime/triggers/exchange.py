"""A request whose handler is all that it waits for: its answer is a call, with no task that waits."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from runtime.contracts import Reply
from runtime.model import LogLevel, Outcome, Span
from runtime.services.logs import Report
from runtime.triggers.endings import LEFT, Asked, Endings
from runtime.triggers.responses import Response, internal_error
from runtime.triggers.router import Route
from runtime.triggers.streaming import Receive, Send


class Exchange:
    """Such a request, from its invocation to its answer."""

    __slots__ = ("_asked", "_endings", "_reply", "_report", "_route", "_span", "leave_run")

    def __init__(
        self, route: Route, asked: Asked, span: Span | None, endings: Endings, reply: Reply, report: Report
    ) -> None:
        self._route = route
        self._asked = asked
        self._span = span
        self._endings = endings
        self._reply = reply
        self._report = report
        self.leave_run: Callable[[], None] | None = None
        """Leaves the run that it waits for; to be set by who starts it."""

    def end(self, outcome: Outcome) -> None:
        """Answers with what has come of the handler."""
        asked = self._asked
        try:
            answer = self._endings.answer(self._route, outcome, self._span, asked.arrival.trace_id)
        except Exception as error:  # a fault of ours: the client gets no detail, the log all
            self._report(LogLevel.ERROR, "".join(traceback.format_exception(error)), "http", asked.arrival.trace_id)
            answer = internal_error()
        self._endings.complete(answer, asked)
        if answer.stream is None and isinstance(answer.body, bytes):
            self._reply.send(answer.status, answer.headers, answer.body)
            self._endings.tell(asked, answer.status, answer.step, LEFT if self._reply.has_left else "")
        else:
            self._reply.go_on(self._sending(answer))

    def leave(self) -> None:
        """Waits no longer: nobody can be answered any more."""
        if self.leave_run is not None:
            self.leave_run()
        self._endings.abandon(self._span)

    def _sending(self, answer: Response) -> Callable[[Any, Receive, Send], Any]:
        async def send_on(scope: Any, receive: Receive, send: Send) -> None:
            ending = await self._endings.send(answer, self._asked, receive, send)
            ending = LEFT if scope.get("client_left") else ending
            self._endings.tell(self._asked, answer.status, answer.step, ending)

        return send_on
