"""The control routes of state."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from runtime.services.state import StateService
from runtime.values import decode, encode
from runtime.web.control.answers import PREFIX, Answers, Refusal, limit, trace_id
from runtime.web.control.values import to_json

STATE_PATH = f"{PREFIX}/state"
LISTED = 100
"""Groups or keys that are listed unless a request says how many."""
MAX_PAGE_BYTES = 16 * 1024 * 1024
"""A page of values ends with the one that makes it longer than this, as they are stored."""


class StateRoutes:
    """One method a route; each returns the document to answer with."""

    def __init__(self, state: StateService, answers: Answers) -> None:
        self._state = state
        self._answers = answers

    def routes(self) -> list[Route]:
        """The routes."""
        to = self._answers.to
        return [
            to("GET", STATE_PATH, self._groups),
            to("GET", f"{STATE_PATH}/keys", self._keys),
            to("GET", f"{STATE_PATH}/value", self._value),
            to("POST", f"{STATE_PATH}/set", self._set),
            to("POST", f"{STATE_PATH}/delete", self._delete),
            to("POST", f"{STATE_PATH}/clear", self._clear),
        ]

    async def _groups(self, request: Request) -> Any:
        count = limit(request, LISTED)
        found = await self._state.groups(count + 1, request.query_params.get("after"))
        listed = [{"group": group.name, "keys": group.keys} for group in found[:count]]
        return {"groups": listed, "next": listed[-1]["group"] if listed and len(found) > count else None}

    async def _keys(self, request: Request) -> Any:
        group, count = _name(request, "group"), limit(request, LISTED)
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
        return {"group": group, "key": key, "value": to_json(value)}

    async def _delete(self, request: Request) -> Any:
        group, key = _address(request)
        before = await self._state.delete(group, key, trace_id(request))
        return {"group": group, "key": key, "deleted": before != b"", "value": to_json(before)}

    async def _clear(self, request: Request) -> Any:
        group = _name(request, "group")
        count = len(decode(await self._state.keys(group)))
        await self._state.clear(group, trace_id(request))
        return {"group": group, "cleared": count}


def _address(request: Request) -> tuple[str, str]:
    """The group and key that a request names."""
    return _name(request, "group"), _name(request, "key")


def _name(request: Request, part: str) -> str:
    """The name of a group or key; an empty one is a name like any other."""
    name = request.query_params.get(part)
    if name is None:
        raise Refusal(400, f"say which {part}: ?{part}=")
    return name


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
