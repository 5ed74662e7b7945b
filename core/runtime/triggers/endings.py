"""What is owed at the end of a request: its answer from what its handler returned, its span, a line in the log."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from time import monotonic, time
from typing import Any, NamedTuple

from runtime.errors import CONSEQUENCES
from runtime.ids import Arrival
from runtime.model import (
    Failure,
    FailureKind,
    LogLevel,
    Outcome,
    Payload,
    RequestRecord,
    Span,
    TriggerKind,
    Violation,
)
from runtime.services.logs import Report
from runtime.services.schemas import SchemaService
from runtime.services.tracing import Tracer
from runtime.triggers.cors import CorsPolicy
from runtime.triggers.events import describe
from runtime.triggers.responses import (
    BadResponse,
    Response,
    has_body,
    internal_error,
    problem,
    read_response,
    thrown_response,
    unfit,
)
from runtime.triggers.router import Route
from runtime.triggers.streaming import Receive, Send, send_as_produced

CLIENT_GONE = 499
"""What is told as the status where nothing could be answered."""
LEFT = "the client left"
_BROKE_OFF = "it broke off"


class Asked(NamedTuple):
    """A request, as far as its end has to do with it; `origin` is the header's value, None without one.

    `path` is as it was sent, `began` is of the monotonic clock.
    """

    method: str
    path: str
    origin: object
    arrival: Arrival
    began: float


class Endings:
    """Ends requests, each in the same way, however it was begun."""

    def __init__(
        self,
        report: Report,
        schemas: SchemaService,
        tracer: Tracer,
        cors: CorsPolicy | None,
        told: Callable[[RequestRecord], None] | None,
    ) -> None:
        """`told` hears of each request when its answer is sent; None where nobody wants to."""
        self._report = report
        self._schemas = schemas
        self._tracer = tracer
        self._cors = cors
        self._told = told

    # ------------------------------------------------------------ spans

    def begin(self, route: Route, payload: Payload, arrival: Arrival) -> Span | None:
        """The span of a request that a handler gets; None where nothing is remembered."""
        name = f"{route.trigger.method} {route.trigger.path}"
        return self._tracer.begin(route.step, TriggerKind.API, name, arrival.context, payload, arrival.span_id)

    def refuse(
        self,
        route: Route,
        payload: Payload,
        arrival: Arrival,
        violations: Sequence[Violation],
        *,
        is_json_in_a_form: bool,
    ) -> Response:
        """Answers a request that no handler gets to see; it is to be found by its trace id like every other."""
        answer = unfit(violations, is_json_in_a_form=is_json_in_a_form)
        span = self.begin(route, payload, arrival)
        if span is not None:
            span.http_status = answer.status
            message = "; ".join(f"{each.part}{each.pointer}: {each.message}" for each in violations)
            self._tracer.end(span, Failure(FailureKind.INVALID_INPUT, message))
        return answer._replace(step=route.step.name)

    def abandon(self, span: Span | None) -> None:
        """Ends the span of a request that has no answer."""
        if span is not None:
            span.http_status = CLIENT_GONE
            self._tracer.end(span, Failure(FailureKind.CANCELLED, "the client left before it was answered"))

    # ------------------------------------------------------------ answers

    def answer(self, route: Route, outcome: Outcome, span: Span | None, trace_id: str) -> Response:
        """The response that a handler's outcome makes; its span ends here, but for that of a body that goes on."""
        failure = outcome.failure
        try:
            answer = self._respond(route, outcome, trace_id)
        except BadResponse as error:
            answer, failure = internal_error(), failure or Failure(FailureKind.INVALID_OUTPUT, str(error))
        if answer.stream is not None:
            return answer._replace(span=span, step=route.step.name)
        if outcome.body is not None:
            outcome.body.stop()  # the response cannot be sent, so nobody reads its body
        if span is not None:
            span.http_status = answer.status
            self._tracer.end(span, failure)
        return answer if self._told is None else answer._replace(step=route.step.name)

    def _respond(self, route: Route, outcome: Outcome, trace_id: str) -> Response:
        """Raises `BadResponse` for what cannot be sent, which the log knows by then."""
        try:
            if outcome.failure is not None:
                return self._respond_to_failure(route, outcome.failure, trace_id)
            answer = read_response(outcome.payload, outcome.body)
        except BadResponse as error:
            self._report(LogLevel.ERROR, str(error), route.step.name, trace_id)
            raise
        if answer.stream is not None or not self._schemas.watches_response(route):
            return answer
        fits = self._schemas.check_response(route, answer.status, answer.form, answer.body, answer.headers, trace_id)
        if not fits:
            raise BadResponse(f"the response with status {answer.status} does not fit responseSchema")
        return answer

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

    def fault(self, error: Exception, asked: Asked) -> Response:
        """The answer to a fault of ours: the client gets no detail, the log all."""
        text = "".join(traceback.format_exception(error))
        self._report(LogLevel.ERROR, text, "http", asked.arrival.trace_id)
        return internal_error()

    def complete(self, answer: Response, asked: Asked) -> None:
        """Adds the headers that every answer has."""
        answer.headers.extend(asked.arrival.headers)
        if self._cors is not None:
            self._cors.extend(answer.headers, asked.origin)

    # ------------------------------------------------------------ what is sent

    async def send(self, answer: Response, asked: Asked, scope: Any, receive: Receive, send: Send) -> None:
        """Sends a complete response by ASGI, and tells of it."""
        ending = ""
        if answer.stream is None:
            await _send(answer, asked.method, send)
        else:
            ending = await self._stream(answer, asked, receive, send)
        self.tell(asked, answer.status, answer.step, LEFT if scope.get("client_left") else ending)

    async def _stream(self, answer: Response, asked: Asked, receive: Receive, send: Send) -> str:
        """Sends a response while its handler goes on; one that breaks off has no end.

        Returns what kept the client from all of it, empty where nothing did.
        """
        stream = answer.stream
        assert stream is not None
        failure: Failure | None = Failure(FailureKind.CANCELLED, "the client left while it was answered")
        status = CLIENT_GONE
        try:
            if not has_body(asked.method, answer.status):
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
            return "" if ended else LEFT
        trace_id = asked.arrival.trace_id
        self._report(LogLevel.ERROR, f"the response broke off: {describe(failure)}", answer.step, trace_id)
        return _BROKE_OFF

    def tell(self, asked: Asked, status: int, step: str, ending: str) -> None:
        """Tells of a request whose answer was sent, where somebody wants to hear of it."""
        if self._told is not None:
            took = monotonic() - asked.began
            trace_id = asked.arrival.trace_id
            self._told(RequestRecord(time(), asked.method, asked.path, status, took, step, trace_id, ending))


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
