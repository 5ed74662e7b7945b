"""The control route that runs something again."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import anyio
from starlette.requests import Request

from runtime.ids import new_span_id, new_trace_id
from runtime.model import Span, TriggerKind, whole
from runtime.services.history import History
from runtime.services.jsonvalues import BYTES
from runtime.services.redaction import REDACTED
from runtime.services.repeats import Repeats
from runtime.values import encode
from runtime.web.control.answers import PREFIX, Answers, Refusal
from runtime.web.control.operations import FLAG, TEXT, VALUE, WHOLE, Asked, ControlRoute, Said, named, nullable, shape
from runtime.web.control.trace_documents import input_document
from runtime.web.server import Application

MAX_SHOWN_BYTES = 1024 * 1024
"""Of a longer response body the beginning is shown."""
MAX_SECONDS = 10.0
"""Of a response that is produced piece by piece, what comes in this time is shown."""
_OURS = frozenset(("content-length", "transfer-encoding", "connection", "traceparent", "expect"))
"""Headers that are of the exchange, not of what is asked."""

_ANSWERED = shape(
    {"status": WHOLE, "headers": {"type": "object", "additionalProperties": TEXT}, "body": TEXT, "isCut": FLAG}
)
_REPEAT = Said(
    "Runs something again as it was, or with another `input`; a request is answered with its `response`.",
    shape({"traceId": TEXT, "response": nullable(_ANSWERED)}),
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
            return {"traceId": await self._repeats.repeat(span, data), "response": None}
        asked = input_document(span.kind, kept) if kept else {}
        if "input" in body:
            if not isinstance(body["input"], dict):
                raise Refusal(400, "the 'input' of a request is an object with method, path, query, headers and body")
            asked = {**asked, **body["input"]}
        return await self._request(span, asked)

    async def _span(self, trace_id: str, span_id: str | None) -> Span:
        """The span that is meant: the first of the trace unless one is named."""
        trace = await self._history.trace(trace_id)
        found = [span for span in trace.spans if span_id in (None, span.span_id)] if trace is not None else []
        if not found:
            raise Refusal(
                404, f"nothing is kept of {'a trace' if trace is None else 'that span of the trace'} '{trace_id}'"
            )
        return found[0]

    async def _request(self, span: Span, asked: Mapping[str, Any]) -> Any:
        trace_id = new_trace_id()
        self._note(trace_id, span.trace_id)
        content = _content(asked)
        answer = _Answer()
        parts = [{"type": "http.request", "body": content, "more_body": False}]

        async def receive() -> Any:
            if not parts:  # asked for while a response is produced: so long it may take
                await anyio.sleep(MAX_SECONDS)
                return {"type": "http.disconnect"}
            return parts.pop()

        await self._edge(_scope(asked, content, trace_id), receive, answer.send)
        return {"traceId": trace_id, "response": answer.document}


def _content(asked: Mapping[str, Any]) -> bytes:
    body = asked.get("body")
    if body is None:
        return b""
    if isinstance(body, dict) and body.keys() == {BYTES}:
        body = base64.b64decode(body[BYTES])
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _scope(asked: Mapping[str, Any], content: bytes, trace_id: str) -> dict[str, Any]:
    """The request as a server would hand it to the edge."""
    method, path = asked.get("method"), asked.get("path")
    headers, query = asked.get("headers", {}), asked.get("query", {})
    if not isinstance(method, str) or not isinstance(path, str) or not path.startswith("/"):
        raise Refusal(400, "a request needs a 'method' and a 'path' that begins with /")
    if not isinstance(headers, dict) or not isinstance(query, dict):
        raise Refusal(400, "'headers' and 'query' must be objects")
    raw = [(b"traceparent", f"00-{trace_id}-{new_span_id()}-01".encode())]
    for name, value in headers.items():
        if name.lower() not in _OURS and value != REDACTED:
            given = value if isinstance(value, list) else [value]
            raw += [(_header(name.lower()), _header(str(each))) for each in given]
    if content:
        raw.append((b"content-length", str(len(content)).encode()))
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method.upper(),
        "path": path,
        "raw_path": quote(path, safe="/:@!$&'()*+,;=~-._").encode(),
        "query_string": urlencode(_pairs(query)).encode(),
        "headers": raw,
    }


def _header(text: str) -> bytes:
    """A part of a header, as the server hands it on. Raises `Refusal` for what no header can have."""
    if not text.isprintable():
        raise Refusal(400, f"the header {text!r} has characters that no header can have")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise Refusal(400, f"the header {text!r} has characters that no header can have") from error


def _pairs(query: Mapping[str, Any], within: str = "") -> list[tuple[str, str]]:
    """A query as it is written: `a=1`, `list=1&list=2`, `map[key]=1`."""
    found: list[tuple[str, str]] = []
    for key, value in query.items():
        name = f"{within}[{key}]" if within else key
        if isinstance(value, dict):
            found += _pairs(value, name)
        else:
            found += [(name, str(each)) for each in (value if isinstance(value, list) else [value])]
    return found


class _Answer:
    """What the edge answers: its head, and the beginning of its body."""

    def __init__(self) -> None:
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._is_cut = False

    async def send(self, message: Any) -> None:
        """Takes a message of the edge's."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
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
