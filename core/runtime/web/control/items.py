"""The control routes of streams: their groups and items, and writes as steps make them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from runtime.services.streams import StreamService
from runtime.values import decode, encode
from runtime.web.control.answers import PREFIX, Answers, Refusal, limit, name_of, trace_id
from runtime.web.control.operations import (
    COUNT,
    FLAG,
    LIMIT,
    TEXT,
    VALUE,
    Asked,
    ControlRoute,
    Said,
    extended,
    many,
    named,
    nullable,
    shape,
)
from runtime.web.control.values import to_json

LISTED = 100
"""Groups or items that are listed unless a request says how many."""

_STREAM, _GROUP = named("stream", "The stream's name."), named("group", "The group's name.")
_AFTER = Asked("after", "What the page before has given as `next`.")
_WHERE = (_STREAM, _GROUP, named("id", "The item's id."))
_PLACE = shape({"stream": TEXT, "group": TEXT, "id": TEXT})
_ITEM = extended(_PLACE, {"item": VALUE})
_GROUPS = Said(
    "Groups of a stream by name, with how many items they have.",
    shape({"stream": TEXT, "groups": many(shape({"group": TEXT, "items": COUNT})), "next": nullable(TEXT)}),
    (_STREAM, LIMIT, _AFTER),
)
_ITEMS = Said(
    "Items of a group in the order in which they were made.",
    shape(
        {
            "stream": TEXT,
            "group": TEXT,
            "total": COUNT,
            "items": many(shape({"id": TEXT, "item": VALUE})),
            "next": nullable(TEXT),
        }
    ),
    (_STREAM, _GROUP, LIMIT, _AFTER),
)
_SET = Said("Sets an item, as a step does.", _ITEM, _WHERE, shape({"value": VALUE}))
_DELETE = Said("Deletes an item, as a step does.", extended(_PLACE, {"deleted": FLAG}), _WHERE)
_SEND = Said(
    "Sends an event to the followers of a group, or with an id of an item.",
    _PLACE,
    (_STREAM, _GROUP, Asked("id", "The item's id.")),
    shape({"type": TEXT, "data": VALUE}, ("data",)),
)


class ItemRoutes:
    """One method a route; each returns the document to answer with."""

    def __init__(self, streams: StreamService, told: Callable[[str, str, str], None], answers: Answers) -> None:
        """`told` hears of the stream, group and id of each change."""
        self._streams = streams
        self._told = told
        self._answers = answers

    def routes(self) -> list[ControlRoute]:
        """The routes."""
        to, item = self._answers.to, f"{PREFIX}/item"
        return [
            to("GET", f"{PREFIX}/groups", self._groups, _GROUPS),
            to("GET", f"{PREFIX}/items", self._items, _ITEMS),
            to("GET", item, self._item, Said("An item of a stream.", _ITEM, _WHERE)),
            to("PUT", item, self._set, _SET),
            to("DELETE", item, self._delete, _DELETE),
            to("POST", f"{PREFIX}/stream/send", self._send, _SEND),
        ]

    async def _groups(self, request: Request) -> Any:
        stream, count = name_of(request, "stream"), limit(request, LISTED)
        found = await self._streams.groups(stream, count + 1, request.query_params.get("after"))
        listed = [{"group": group.name, "items": group.keys} for group in found[:count]]
        return {"stream": stream, "groups": listed, "next": listed[-1]["group"] if len(found) > count else None}

    async def _items(self, request: Request) -> Any:
        stream, group, count = name_of(request, "stream"), name_of(request, "group"), limit(request, LISTED)
        items = await self._streams.group(stream, group)
        ids = [decode(item)["id"] for item in items]
        after = request.query_params.get("after")
        if after is not None and after not in ids:
            raise Refusal(404, f"group '{group}' has no item '{after}' any more to go on behind; begin anew")
        begin = 0 if after is None else ids.index(after) + 1
        shown = [
            {"id": id, "item": to_json(item)}
            for id, item in zip(ids[begin : begin + count], items[begin : begin + count], strict=True)
        ]
        following = shown[-1]["id"] if begin + count < len(ids) and shown else None
        return {"stream": stream, "group": group, "total": len(ids), "items": shown, "next": following}

    async def _item(self, request: Request) -> Any:
        stream, group, id = place = _place(request)
        item = await self._streams.get(*place)
        if not item or decode(item) is None:
            raise Refusal(404, f"group '{group}' of stream '{stream}' has no item '{id}'")
        return {"stream": stream, "group": group, "id": id, "item": to_json(item)}

    async def _set(self, request: Request) -> Any:
        stream, group, id = place = _place(request)
        body = await self._answers.body(request, {"value"})
        if "value" not in body:
            raise Refusal(400, "the body needs a 'value', an object")
        item = await self._streams.set(*place, encode(body["value"]), trace_id(request))
        self._told(*place)
        return {"stream": stream, "group": group, "id": id, "item": to_json(item)}

    async def _delete(self, request: Request) -> Any:
        stream, group, id = place = _place(request)
        before = await self._streams.delete(*place, trace_id(request))
        self._told(*place)
        return {"stream": stream, "group": group, "id": id, "deleted": before != b""}

    async def _send(self, request: Request) -> Any:
        stream, group = name_of(request, "stream"), name_of(request, "group")
        id = request.query_params.get("id", "")
        body = await self._answers.body(request, {"type", "data"})
        if not isinstance(body.get("type"), str):
            raise Refusal(400, "the body needs a 'type', a text, and may have 'data'")
        await self._streams.send(stream, group, id, encode({"type": body["type"], "data": body.get("data")}))
        return {"stream": stream, "group": group, "id": id}


def _place(request: Request) -> tuple[str, str, str]:
    """The item that a request names."""
    return name_of(request, "stream"), name_of(request, "group"), name_of(request, "id")
