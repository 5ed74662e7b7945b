"""The control route that emits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from starlette.requests import Request

from runtime.values import encode
from runtime.web.control.answers import PREFIX, Answers, Refusal, trace_id
from runtime.web.control.operations import TEXT, VALUE, ControlRoute, Said, many, nullable, shape


class Emitter(Protocol):
    """Publishes events."""

    async def emit(self, topic: str, data: bytes, options: Mapping[str, Any], trace: str) -> str:
        """Publishes an event and returns its id. Raises `HostCallRefused` or `StorageFault`."""

    def subscribers(self, topic: str) -> list[str]:
        """The names of the steps that get the events of a topic."""

    def nearest(self, topic: str) -> str | None:
        """The topic with subscribers that is most like this one; None when none is."""


class EventRoutes:
    """One method a route; each returns the document to answer with."""

    def __init__(self, emitter: Emitter, answers: Answers) -> None:
        self._emitter = emitter
        self._answers = answers

    def routes(self) -> list[ControlRoute]:
        """The routes."""
        event = shape({"topic": TEXT, "data": VALUE, "options": nullable({"type": "object"})}, ("data", "options"))
        about = (
            "Emits an event; the options are those of `emit` in steps. Where no step subscribes to the topic, "
            "`nearest` is the one that may have been meant."
        )
        answer = shape({"id": TEXT, "subscribers": many(TEXT), "nearest": nullable(TEXT)})
        said = Said(about, answer, body=event)
        return [self._answers.to("POST", f"{PREFIX}/emit", self._emit, said)]

    async def _emit(self, request: Request) -> Any:
        body = await self._answers.body(request, {"topic", "data", "options"})
        topic, options = body.get("topic"), body.get("options")
        if not isinstance(topic, str) or not isinstance(options, dict | None):
            raise Refusal(400, "'topic' must be a text, 'options' an object")
        id = await self._emitter.emit(topic, encode(body.get("data")), options or {}, trace_id(request))
        subscribers = self._emitter.subscribers(topic)
        nearest = None if subscribers else self._emitter.nearest(topic)
        return {"id": id, "subscribers": subscribers, "nearest": nearest}
