"""A request whose handler is all that it waits for: its answer is a call, with no task that waits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from runtime.contracts import Reply
from runtime.model import Outcome, Span
from runtime.triggers.endings import LEFT, Asked, Endings
from runtime.triggers.router import Route


class Exchange:
    """Such a request, from its invocation to its answer."""

    __slots__ = ("_asked", "_endings", "_reply", "_route", "_span", "leave_run")

    def __init__(self, route: Route, asked: Asked, span: Span | None, endings: Endings, reply: Reply) -> None:
        self._route = route
        self._asked = asked
        self._span = span
        self._endings = endings
        self._reply = reply
        self.leave_run: Callable[[], None] | None = None
        """Leaves the run that it waits for; to be set by who starts it."""

    def end(self, outcome: Outcome) -> None:
        """Answers with what has come of the handler."""
        asked = self._asked
        try:
            answer = self._endings.answer(self._route, outcome, self._span, asked.arrival.trace_id)
        except Exception as error:
            answer = self._endings.fault(error, asked)
        self._endings.complete(answer, asked)
        if answer.stream is None and isinstance(answer.body, bytes):
            self._reply.send(answer.status, answer.headers, answer.body)
            self._endings.tell(asked, answer.status, answer.step, LEFT if self._reply.has_left else "")
        else:
            self._reply.go_on(partial(self._endings.send, answer, asked))

    def leave(self) -> None:
        """Waits no longer: nobody can be answered any more."""
        if self.leave_run is not None:
            self.leave_run()
        self._endings.abandon(self._span)
