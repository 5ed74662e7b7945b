"""The values of requests and responses, as their schemas see them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import from_json

from runtime.jsonschemas.facts import types
from runtime.model import JsonSchema, Payload, whole
from runtime.services.texts import read_texts
from runtime.services.violations import Check

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F]..()|.)", re.DOTALL)
"""An escape in a JSON text; the group is there for half a surrogate pair."""

Headers = Sequence[tuple[bytes, bytes]]


class Malformed(ValueError):
    """The text is no JSON."""


class Torn(ValueError):
    """The JSON text holds half a surrogate pair; with its value."""

    def __init__(self, value: object) -> None:
        super().__init__("half a surrogate pair")
        self.value = value


def is_json(headers: Headers) -> bool:
    """True for a body that is JSON as it stands, not packed."""
    known = {name: value.partition(b";")[0].strip().lower() for name, value in headers}
    return b"content-encoding" not in known and known.get(b"content-type") == b"application/json"


def part_of(
    part: str,
    check: Check,
    path_params: Mapping[str, str],
    query: Mapping[str, Any],
    form: str,
    body: Payload,
    value: object,
) -> Any:
    """One part of a request as its schema sees it; texts are read by the schema's types."""
    if part == "path":
        return read_texts(path_params, check.schema, check.schema)
    if part == "query":
        return read_texts(query, check.schema, check.schema)
    if form == "value":
        return read_texts(value, check.schema, check.schema)
    if form == "none":
        return {}
    content = whole(body)
    if form == "json":
        return _parse(content)
    return content.decode("utf-8", "replace") if form == "text" else content


def _parse(content: bytes) -> Any:
    """The value of a JSON text.

    Raises `Malformed` for what no runner takes for JSON, and `Torn` for a text with half a surrogate pair.
    """
    content = content.removeprefix(_BYTE_ORDER_MARK)
    try:
        return from_json(content, allow_inf_nan=False)
    except ValueError:
        # That parser refuses some that runners take: half surrogate pairs, deep lists, bytes that are not UTF-8.
        text = content.decode("utf-8", "replace")
    try:
        value = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        raise Malformed(str(error)) from error
    if any(escape[1] is not None for escape in _ESCAPE.finditer(text)):
        raise Torn(value)
    return value


def _refuse(name: str) -> Any:
    raise ValueError(f"JSON has no {name}")


def is_unread(form: str, schema: JsonSchema) -> bool:
    """True for a body that stays as it came, where the schema asks for a value that only JSON has."""
    return form in ("text", "bytes") and bool(wanted := types(schema, schema)) and "string" not in wanted


def text_or_json(body: Payload) -> Any:
    """The value of a text that is JSON; the text itself where it is none."""
    try:
        return returned("json", body)
    except Malformed:
        return returned("text", body)


def returned(form: str, body: Payload) -> Any:
    if form == "none":
        return None
    if form == "text":
        return whole(body).decode("utf-8", "replace")
    try:
        return _parse(whole(body))
    except Torn as torn:
        return torn.value  # it only leaves from here
