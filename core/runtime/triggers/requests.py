"""HTTP requests and responses <-> the maps that runners speak (PROTOCOL.md, "Requests" and "Responses")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from runtime.values import decode, encode

RawHeaders = list[tuple[bytes, bytes]]

_TYPE_OF_FORM = {
    "json": b"application/json",
    "text": b"text/html; charset=utf-8",
    "bytes": b"application/octet-stream",
}
_BODILESS = frozenset({204, 304})


class BadResponse(ValueError):
    """What the handler returned is no HTTP response; the message is for its author."""


@dataclass(frozen=True, slots=True)
class Response:
    """What goes to the client."""

    status: int
    headers: RawHeaders
    body: bytes


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, Any]:
    """Headers by lower-case name; a repeated one is an array."""
    headers: dict[str, Any] = {}
    for raw_name, raw_value in raw:
        name = raw_name.decode("latin-1")
        value = raw_value.decode("latin-1")
        if name not in headers:
            headers[name] = value
        elif isinstance(headers[name], list):
            headers[name].append(value)
        else:
            headers[name] = [headers[name], value]
    return headers


def encode_request(
    method: str, path: str, path_params: Mapping[str, str], query: bytes, headers: Mapping[str, Any], body: bytes
) -> bytes:
    """The request map; the body goes along as it arrived."""
    request: dict[str, Any] = {
        "method": method,
        "path": path,
        "pathParams": path_params,
        "queryParams": _collect(query) if query else {},
        "headers": headers,
        "form": "none",
        "body": body,
    }
    if body:
        request["form"] = _form(str(headers.get("content-type", "")))
        if request["form"] == "value":
            request["value"] = _collect(body)
    return encode(request)


def _form(content_type: str) -> str:
    essence = content_type.partition(";")[0].strip().lower()
    if essence == "application/json" or essence.endswith("+json"):
        return "json"
    if essence == "application/x-www-form-urlencoded":
        return "value"
    return "text" if essence.startswith("text/") else "bytes"


def _collect(encoded: bytes) -> dict[str, Any]:
    """Names and values of a query or form; a repeated name gives an array."""
    values: dict[str, Any] = {}
    for name, value in parse_qsl(encoded.decode("latin-1"), keep_blank_values=True, errors="replace"):
        if name not in values:
            values[name] = value
        elif isinstance(values[name], list):
            values[name].append(value)
        else:
            values[name] = [values[name], value]
    return values


def read_response(payload: bytes) -> Response:
    """The response that a handler returned. Raises `BadResponse` that says what is wrong with it."""
    result = decode(payload)
    if not isinstance(result, Mapping):
        raise BadResponse("the handler returned no response; return { status, body }")
    status = result.get("status", 200)
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise BadResponse(f"the handler returned the status {status!r}; a status is a whole number from 200 to 599")
    form = result.get("form", "none")
    body = result.get("body") or b""
    headers = _write_headers(result.get("headers") or {})
    if status in _BODILESS:
        return Response(status, [header for header in headers if header[0] != b"content-type"], b"")
    if form in _TYPE_OF_FORM and not any(name == b"content-type" for name, _ in headers):
        headers.append((b"content-type", _TYPE_OF_FORM[form]))
    headers.append((b"content-length", str(len(body)).encode()))
    return Response(status, headers, body)


def _write_headers(headers: Mapping[str, Any]) -> RawHeaders:
    """Header lines in order; lengths are ours to say, and an array gives a line each."""
    written: RawHeaders = []
    for name, value in headers.items():
        lower = name.lower()
        if lower in ("content-length", "transfer-encoding", "connection"):
            continue
        for item in value if isinstance(value, list) else [value]:
            written.append((_header_text(lower, name), _header_text(str(item), name)))
    return written


def _header_text(text: str, name: str) -> bytes:
    if any(ord(character) < 32 and character != "\t" for character in text):
        raise BadResponse(f"the response header '{name}' holds a control character, such as a line break")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise BadResponse(f"the response header '{name}' holds a character outside Latin-1; encode it") from error
