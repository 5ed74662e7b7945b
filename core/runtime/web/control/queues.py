"""The control routes of queues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from runtime.model import TriggerKind
from runtime.records import QueueKey
from runtime.services.queues import Address, QueueService, Selection
from runtime.values import encode
from runtime.web.control.answers import PREFIX, Answers, Refusal, limit
from runtime.web.control.documents import contents_document, key_document, queue_document
from runtime.web.control.operations import (
    COUNT,
    FLAG,
    LIMIT,
    TEXT,
    VALUE,
    WHOLE,
    Asked,
    ControlRoute,
    Said,
    component,
    extended,
    many,
    shape,
    words,
)
from runtime.web.control.schemas import KIND, QUEUE_ADDRESS

QUEUES_PATH = f"{PREFIX}/queues"
SHOWN = 20
"""Events, and dead letters, that are shown unless a request says how many."""

_QUEUE = component("Queue")
_WHICH = (
    Asked("topic", "The queue's topic."),
    Asked("step", "The step that it is of."),
    Asked("name", "Its topic or its step, whichever is known."),
    Asked("kind", "What fires its step.", KIND),
)
_OVERVIEW = Said("Every queue with its counts.", shape({"queues": many(_QUEUE)}))
_SHOW = Said("A queue with its oldest events and dead letters.", component("QueueContents"), (*_WHICH, LIMIT))
_CHOICE = shape(
    {
        "ids": many(WHOLE),
        "all": FLAG,
        "failure": TEXT,
        "data": VALUE,
        "target": {"anyOf": [TEXT, shape({"topic": TEXT, "step": TEXT}, ("topic",))]},
    },
    ("ids", "all", "failure", "data", "target"),
)
_REDRIVE = Said(
    "Makes events of dead letters again: of `ids`, of a `failure` (type or kind), or `all`; one alone with other "
    "`data`, if wanted to another step, the `target`.",
    extended(QUEUE_ADDRESS, {"redriven": COUNT, "moved": COUNT}),
    _WHICH,
    _CHOICE,
)
_PURGE = Said(
    "Forgets the dead letters, or the events that wait.",
    extended(QUEUE_ADDRESS, {"purged": COUNT}),
    _WHICH,
    shape({"what": words("dead", "waiting")}),
)


class QueueRoutes:
    """One method a route; each returns the document to answer with."""

    def __init__(self, queues: QueueService, answers: Answers) -> None:
        self._queues = queues
        self._answers = answers

    def routes(self) -> list[ControlRoute]:
        """The routes."""
        queue, to = f"{PREFIX}/queue", self._answers.to
        return [
            to("GET", QUEUES_PATH, self._overview, _OVERVIEW),
            to("GET", queue, self._show, _SHOW),
            to("POST", f"{queue}/pause", self._pause, Said("Stops the deliveries of a queue.", _QUEUE, _WHICH)),
            to("POST", f"{queue}/resume", self._resume, Said("Lets deliveries go on.", _QUEUE, _WHICH)),
            to("POST", f"{queue}/redrive", self._redrive, _REDRIVE),
            to("POST", f"{queue}/purge", self._purge, _PURGE),
        ]

    async def _overview(self, request: Request) -> Any:
        return {"queues": [queue_document(view) for view in self._queues.overview()]}

    async def _show(self, request: Request) -> Any:
        shown = limit(request, SHOWN)
        return contents_document(await self._queues.contents(self._queue(request), shown))

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
        body = await self._answers.body(request, {"ids", "all", "failure", "data", "target"})
        data = encode(body["data"]) if "data" in body else None
        done = await self._queues.redrive(queue, _selection(body), _target(body.get("target")), data)
        return {**key_document(queue), **done._asdict()}

    async def _purge(self, request: Request) -> Any:
        queue = self._queue(request)
        what = (await self._answers.body(request, {"what"})).get("what")
        if what not in ("dead", "waiting"):
            raise Refusal(400, '\'what\' must be "dead" for the dead letters or "waiting" for the events')
        return {**key_document(queue), "purged": await self._queues.purge(queue, dead=what == "dead")}

    def _queue(self, request: Request) -> QueueKey:
        asked = request.query_params
        address = _address({part: asked[part] for part in Address._fields if part in asked})
        if address == Address():
            raise Refusal(400, "say which queue: ?topic= and ?step=, or ?name= for either of them, and ?kind=")
        return self._queues.find(address)


def _address(parts: Mapping[str, Any]) -> Address:
    """The address with these parts, all of them texts."""
    try:
        kind = TriggerKind(parts["kind"]) if "kind" in parts else None
    except ValueError as error:
        raise Refusal(400, "'kind' must be 'event', 'cron', 'state' or 'stream'") from error
    return Address(**{**parts, "kind": kind})


def _target(target: Any) -> Address | None:
    """A step's name, or its topic and name."""
    if target is None:
        return None
    parts = {"step": target} if isinstance(target, str) else target
    is_address = isinstance(parts, dict) and "step" in parts and parts.keys() <= {"topic", "step"}
    if not is_address or not all(isinstance(part, str) for part in parts.values()):
        raise Refusal(400, '\'target\' must be the name of a step, or {"topic": ..., "step": ...}')
    return _address(parts)


def _selection(body: Mapping[str, Any]) -> Selection:
    """Exactly one of ids, failure and all."""
    given = [member for member in ("ids", "failure", "all") if body.get(member)]
    ids = body.get("ids") or []
    is_typed = isinstance(ids, list) and all(type(id) is int for id in ids)
    is_typed = is_typed and isinstance(body.get("failure"), str | None) and isinstance(body.get("all"), bool | None)
    if len(given) != 1 or not is_typed:
        raise Refusal(400, "say which dead letters: one of 'ids' (numbers), 'failure' (a type or kind), 'all' (true)")
    return Selection(frozenset(ids), body.get("failure") or "", bool(body.get("all")))
