"""The control route that runs something again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anyio
from starlette.requests import Request

from runtime.ids import new_trace_id
from runtime.model import Span, TriggerKind, whole
from runtime.services.history import History
from runtime.services.repeats import Repeats
from runtime.values import encode
from runtime.web.callers import headers_of
from runtime.web.control.answers import PREFIX, Answers, Refusal
from runtime.web.control.operations import (
    FLAG,
    TEXT,
    VALUE,
    WHOLE,
    Asked,
    ControlRoute,
    Said,
    many,
    named,
    nullable,
    shape,
)
from runtime.web.control.requests import request_again
from runtime.web.control.trace_documents import input_document
from runtime.web.server import Application

MAX_SHOWN_BYTES = 1024 * 1024
"""Of a longer response body the beginning is shown."""
MAX_SECONDS = 10.0
"""Of a response that is produced piece by piece, what comes in this time is shown."""
_MEMBERS = frozenset(("method", "path", "pathParams", "query", "headers", "body"))
"""What a request consists of."""

_HEADERS = {"type": "object", "additionalProperties": {"anyOf": [TEXT, many(TEXT)]}}
_ANSWERED = shape({"status": WHOLE, "headers": _HEADERS, "body": TEXT, "isCut": FLAG})
_REPEAT = Said(
    "Runs something again as it was, or with another `input`; a request is answered with its `response`, and sent "
    "without what `notKept` names, whose values are redacted in traces.",
    shape({"traceId": TEXT, "response": nullable(_ANSWERED), "notKept": many(TEXT)}),
    (named("id", "The trace's id."), Asked("span", "The span's id; absent for the first one.")),
    shape({"input": VALUE}, ("input",)),
)


class RepeatRoutes:
    """The route."""

    def __init__(
        self,
        history: History,
        repeats: Repeats,
        edge: Application,
        note: Callable[[str, str], None],
        answers: Answers,
    ) -> None:
        """Requests go to `edge`; `note` takes the trace that is to begin and the one that it repeats."""
        self._history = history
        self._repeats = repeats
        self._edge = edge
        self._note = note
        self._answers = answers

    def routes(self) -> list[ControlRoute]:
        """The route."""
        return [self._answers.to("POST", f"{PREFIX}/trace/repeat", self._repeat, _REPEAT)]

    async def _repeat(self, request: Request) -> Any:
        body = await self._answers.body(request, {"input"})
        span = await self._span(request.query_params.get("id", ""), request.query_params.get("span"))
        kept = whole(span.input)
        if "input" not in body and len(kept) < span.input_size:
            raise Refusal(422, f"its input had {span.input_size} bytes and was not kept; give one")
        if span.kind is not TriggerKind.API:
            data = encode(body["input"]) if "input" in body else kept
            return {"traceId": await self._repeats.repeat(span, data), "response": None, "notKept": []}
        edited = body.get("input", {})
        if not isinstance(edited, dict) or not edited.keys() <= _MEMBERS:
            raise Refusal(400, f"the 'input' of a request is an object of {', '.join(sorted(_MEMBERS))}")
        return await self._request(span, input_document(span.kind, kept) if kept else {}, edited)

    async def _span(self, trace_id: str, span_id: str | None) -> Span:
        """The span that is meant: the first of the trace unless one is named."""
        span = await self._history.span(trace_id, span_id)
        if span is None:
            what = "a trace" if span_id is None else "that span of the trace"
            raise Refusal(404, f"nothing is kept of {what} '{trace_id}'")
        return span

    async def _request(self, span: Span, kept: Mapping[str, Any], edited: Mapping[str, Any]) -> Any:
        trace_id = new_trace_id()
        again = request_again(span.source, kept, edited, trace_id)
        self._note(trace_id, span.trace_id)
        answer = _Answer()
        parts = [{"type": "http.request", "body": again.content, "more_body": False}]

        async def receive() -> Any:
            if not parts:  # asked for while a response is produced: so long it may take
                await anyio.sleep(MAX_SECONDS)
                return {"type": "http.disconnect"}
            return parts.pop()

        await self._edge(again.scope, receive, answer.send)
        return {"traceId": trace_id, "response": answer.document, "notKept": again.not_kept}


class _Answer:
    """What the edge answers: its head, and the beginning of its body."""

    def __init__(self) -> None:
        self._status = 0
        self._headers: dict[str, str | list[str]] = {}
        self._body = bytearray()
        self._is_cut = False

    async def send(self, message: Any) -> None:
        """Takes a message of the edge's."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = headers_of(message)
            return
        piece = message.get("body", b"")
        room = MAX_SHOWN_BYTES - len(self._body)
        self._body += piece[:room]
        self._is_cut = self._is_cut or len(piece) > room

    @property
    def document(self) -> dict[str, Any] | None:
        """The answer, None where there was none."""
        if not self._status:
            return None
        text = self._body.decode("utf-8", "replace")
        return {"status": self._status, "headers": self._headers, "body": text, "isCut": self._is_cut}
