"""The control routes of state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request

from runtime.services.state import StateService
from runtime.values import decode, encode
from runtime.web.control.answers import PREFIX, Answers, Refusal, limit, name_of, trace_id
from runtime.web.control.operations import (
    COUNT,
    FLAG,
    LIMIT,
    NUMBER,
    TEXT,
    VALUE,
    WHOLE,
    Asked,
    ControlRoute,
    Said,
    extended,
    many,
    named,
    nullable,
    page,
    shape,
)
from runtime.web.control.values import to_json

STATE_PATH = f"{PREFIX}/state"
LISTED = 100
"""Groups or keys that are listed unless a request says how many."""
MAX_PAGE_BYTES = 16 * 1024 * 1024
"""A page of values ends with the one that makes it longer than this, as they are stored."""

_GROUP = named("group", "The group's name.")
_AFTER = Asked("after", "What the page before has given as `next`.")
_WHERE = (_GROUP, named("key", "The key."))
_KEPT = shape({"group": TEXT, "key": TEXT, "value": VALUE})
_LISTED = shape({"key": TEXT, "value": VALUE, "version": WHOLE}, ("value", "version"))
_GROUPS = Said(
    "Groups by name, with how many keys they have.",
    page("groups", shape({"group": TEXT, "keys": COUNT})),
    (LIMIT, _AFTER),
)
_KEYS = Said(
    "Keys of a group in the order in which they were set first.",
    shape({"group": TEXT, "total": COUNT, "keys": many(_LISTED), "next": nullable(TEXT)}),
    (_GROUP, LIMIT, _AFTER, Asked("values", "Whether values and versions are wanted too.", FLAG)),
)
_VALUE = Said("A value with its version.", extended(_KEPT, {"version": WHOLE}), _WHERE)
_SET = Said(
    "Sets a value, for `ttl` seconds where they are given, if it has the version `ifVersion` still.",
    _KEPT,
    _WHERE,
    shape({"value": VALUE, "ttl": NUMBER, "ifVersion": WHOLE}, ("ttl", "ifVersion")),
)
_DELETE = Said("Deletes a value; gives the one before.", extended(_KEPT, {"deleted": FLAG}), _WHERE)
_CLEAR = Said("Deletes a whole group.", shape({"group": TEXT, "cleared": COUNT}), (_GROUP,))


class StateRoutes:
    """One method a route; each returns the document to answer with."""

    def __init__(self, state: StateService, told: Callable[[str, str], None], answers: Answers) -> None:
        """`told` hears of the group and key of each change, of an empty key where all of the group is gone."""
        self._state = state
        self._told = told
        self._answers = answers

    def routes(self) -> list[ControlRoute]:
        """The routes."""
        to = self._answers.to
        return [
            to("GET", STATE_PATH, self._groups, _GROUPS),
            to("GET", f"{STATE_PATH}/keys", self._keys, _KEYS),
            to("GET", f"{STATE_PATH}/value", self._value, _VALUE),
            to("POST", f"{STATE_PATH}/set", self._set, _SET),
            to("POST", f"{STATE_PATH}/delete", self._delete, _DELETE),
            to("POST", f"{STATE_PATH}/clear", self._clear, _CLEAR),
        ]

    async def _groups(self, request: Request) -> Any:
        count = limit(request, LISTED)
        found = await self._state.groups(count + 1, request.query_params.get("after"))
        listed = [{"group": group.name, "keys": group.keys} for group in found[:count]]
        return {"groups": listed, "next": listed[-1]["group"] if listed and len(found) > count else None}

    async def _keys(self, request: Request) -> Any:
        group, count = name_of(request, "group"), limit(request, LISTED)
        every: list[str] = decode(await self._state.keys(group))
        rest = _behind(every, request.query_params.get("after"), group)
        keys, listed = rest[:count], [{"key": key} for key in rest[:count]]
        if _wants_values(request):
            keys, listed = await self._with_values(group, keys)
        following = keys[-1] if keys and len(keys) < len(rest) else None
        return {"group": group, "total": len(every), "keys": listed, "next": following}

    async def _with_values(self, group: str, keys: list[str]) -> tuple[list[str], list[dict[str, Any]]]:
        """The keys as far as their values fit on a page, and those that still have one with it."""
        size, listed = 0, []
        for count, key in enumerate(keys, 1):
            if (entry := await self._state.find(group, key)) is None:
                continue
            listed.append({"key": key, "value": to_json(entry.value), "version": entry.version})
            size += len(entry.value)
            if size > MAX_PAGE_BYTES:
                return keys[:count], listed
        return keys, listed

    async def _value(self, request: Request) -> Any:
        group, key = _address(request)
        entry = await self._state.find(group, key)
        if entry is None:
            raise Refusal(404, f"group '{group}' has no key '{key}'")
        return {"group": group, "key": key, "value": to_json(entry.value), "version": entry.version}

    async def _set(self, request: Request) -> Any:
        group, key = _address(request)
        body = await self._answers.body(request, {"value", "ttl", "ifVersion"})
        if "value" not in body:
            raise Refusal(400, "the body needs a 'value', which may be null")
        value = encode(body.pop("value"))
        if body.get("ifVersion", 0) is None:  # it is what a script has that found no value, and must not overwrite one
            raise Refusal(422, "ifVersion is null; it is a version, or 0 for no value there, or left out for any")
        await self._state.set(group, key, value, trace_id(request), body)
        self._told(group, key)
        return {"group": group, "key": key, "value": to_json(value)}

    async def _delete(self, request: Request) -> Any:
        group, key = _address(request)
        before = await self._state.delete(group, key, trace_id(request))
        self._told(group, key)
        return {"group": group, "key": key, "deleted": before != b"", "value": to_json(before)}

    async def _clear(self, request: Request) -> Any:
        group = name_of(request, "group")
        count = len(decode(await self._state.keys(group)))
        await self._state.clear(group, trace_id(request))
        self._told(group, "")
        return {"group": group, "cleared": count}


def _address(request: Request) -> tuple[str, str]:
    """The group and key that a request names."""
    return name_of(request, "group"), name_of(request, "key")


def _wants_values(request: Request) -> bool:
    asked = request.query_params.get("values", "false")
    if asked not in ("true", "false"):
        raise Refusal(400, "'values' must be true or false")
    return asked == "true"


def _behind(keys: list[str], after: str | None, group: str) -> list[str]:
    """The keys behind one of them, all for None."""
    if after is None:
        return keys
    try:
        return keys[keys.index(after) + 1 :]
    except ValueError as error:
        raise Refusal(404, f"group '{group}' has no key '{after}' any more to go on behind; begin anew") from error
