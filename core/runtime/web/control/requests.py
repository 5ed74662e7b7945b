"""A kept or edited request -> the request as a server would hand it to the edge; unedited the same input again."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urlencode

from runtime.ids import new_span_id
from runtime.services.redaction import REDACTED
from runtime.values import BYTES
from runtime.web.control.answers import Refusal
from runtime.web.control.paths import path_again, path_with

_OURS = frozenset(("content-length", "transfer-encoding", "connection", "traceparent", "expect"))
"""Headers that are of the exchange, not of what is asked."""
_WORD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""What a method or the name of a header may be (RFC 9110, "token")."""
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class Again(NamedTuple):
    """A request to be sent."""

    scope: dict[str, Any]
    content: bytes
    not_kept: list[str]
    """What is missing in it, since its value was redacted: `header cookie`, `query token`."""


def request_again(source: str, kept: Mapping[str, Any], edited: Mapping[str, Any], trace_id: str) -> Again:
    """The request of a span that `source` caused ("GET /orders/:id"), with what is edited in place of what was kept.

    Raises `Refusal` for what is no request.
    """
    asked = {**kept, **edited}
    method, headers, query = asked.get("method"), asked.get("headers", {}), asked.get("query", {})
    if not isinstance(method, str) or not isinstance(asked.get("path", "/"), str):
        raise Refusal(400, "a request needs a 'method' and a 'path' that begins with /")
    if not _WORD.fullmatch(method):
        raise Refusal(400, f"the method {method!r} is none: it is one word, such as GET")
    if not isinstance(headers, dict) or not isinstance(query, dict):
        raise Refusal(400, "'headers' and 'query' must be objects")
    content = _content(asked.get("body"))
    path = _path(source.partition(" ")[2], kept, edited)
    pairs = [pair for name, value in query.items() for pair in _pairs(value, name)]
    raw = [(b"traceparent", f"00-{trace_id}-{new_span_id()}-01".encode()), *_headers(headers)]
    if content:
        raw.append((b"content-length", str(len(content)).encode()))
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method.upper(),
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": urlencode([pair for pair in pairs if pair[1] is not None]).encode(),
        "headers": raw,
    }
    missing = [f"header {name}" for name, value in headers.items() if value == REDACTED]
    return Again(scope, content, missing + [f"query {name}" for name, text in pairs if text is None])


def _content(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, dict) and body.keys() == {BYTES}:
        body = base64.b64decode(body[BYTES])
    if isinstance(body, bytes):
        return body
    try:
        return body.encode() if isinstance(body, str) else json.dumps(body).encode()
    except TypeError as error:
        raise Refusal(400, f"the body has bytes ({BYTES}) in it, which no JSON has; give it as a text") from error


def _path(route: str, kept: Mapping[str, Any], edited: Mapping[str, Any]) -> str:
    """The path, percent-encoded. Other `pathParams` make another path of the route."""
    before, path = kept.get("path"), edited.get("path", kept.get("path"))
    params = kept.get("pathParams", {})
    wanted = edited.get("pathParams", params)
    if wanted != params:
        made = path_with(route, wanted, path if path == before else None, params)
        if path not in (before, unquote(made)):
            raise Refusal(400, f"the 'path' '{path}' has other parameters than the 'pathParams'; edit one of the two")
        return made
    if path is None or not path.startswith("/"):
        raise Refusal(400, "a request needs a 'method' and a 'path' that begins with /")
    return path_again(route, params if path == before else {}, path)


def _headers(headers: Mapping[str, Any]) -> Iterator[tuple[bytes, bytes]]:
    """As the server hands them on, without those that were not kept. Raises `Refusal` for what no header can be."""
    for name, value in headers.items():
        if not _WORD.fullmatch(name):
            raise Refusal(400, f"{name!r} is no name of a header: it is one word of ASCII letters, digits and '-'")
        if name.lower() in _OURS or value == REDACTED:
            continue
        for each in value if isinstance(value, list) else [value]:
            text = _text(each, f"the header '{name}'")
            if not _HEADER_VALUE.fullmatch(text):
                raise Refusal(400, f"the header '{name}' has characters that no header can have: {text!r}")
            yield name.lower().encode("ascii"), text.encode("latin-1")


def _pairs(value: Any, name: str) -> Iterator[tuple[str, str | None]]:
    """What stands for a value in a query: `a=1`, `list=1&list=2`, `list[]=1`, `map[key]=1`; None for one not kept.

    It has brackets only where they are needed: of those that are too deep the runtime makes names.
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _pairs(inner, f"{name}{_bracketed(key)}")
    elif isinstance(value, list):
        before = None
        for item in value:
            yield from _item(item, name, is_marked=len(value) == 1 or _runs_together(before, item))
            before = item
    else:
        yield name, None if value == REDACTED else _text(value, f"'{name}' of the query")


def _item(item: Any, name: str, *, is_marked: bool) -> Iterator[tuple[str, str | None]]:
    """What stands for an item of a list: `[]` begins a new one, what comes for a map after that goes into the last."""
    has_begun = False
    pairs = list(_pairs(item, ""))
    if isinstance(item, list) and len(pairs) != 1:
        raise Refusal(400, f"'{name}' of the query has a list in a list, which can have one value alone")
    for rest, text in pairs:
        yield f"{name}[]{rest}" if is_marked and not has_begun else f"{name}{rest}", text
        has_begun = has_begun or text is not None


def _runs_together(before: Any, item: Any) -> bool:
    """Whether an item would become a part of the one before it, or one value with it."""
    return isinstance(item, list) or (isinstance(before, dict) and isinstance(item, dict))


def _bracketed(key: str) -> str:
    """A key below a name. One that begins with brackets is of those that were too deep, and has its own."""
    if key.startswith("["):
        return key
    if not key or "[" in key or "]" in key:
        raise Refusal(400, f"the query cannot have the key {key!r}: keys in maps are not empty and have no brackets")
    return f"[{key}]"


def _text(value: Any, what: str) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    raise Refusal(400, f"{what} must be a text or a list of texts")
