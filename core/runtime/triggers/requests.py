"""HTTP requests -> the map that runners speak (PROTOCOL.md, "Requests")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runtime.config import HttpSettings
from runtime.model import Payload, length
from runtime.triggers.forms import form_of
from runtime.triggers.queries import read_pairs
from runtime.values import encode

# How MessagePack begins binary data: none, and with a length of 32 bits.
_EMPTY_BIN, _BIN32 = b"\xc4\x00", b"\xc6"


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


def request_map(
    method: str,
    path: str,
    path_params: Mapping[str, str],
    query: bytes,
    headers: Mapping[str, Any],
    body: Payload,
    settings: HttpSettings,
) -> dict[str, Any]:
    """The request map, but for the body and its value. Raises `TooManyKeys` for a query that is too long."""
    return {
        "method": method,
        "path": path,
        "pathParams": path_params,
        "queryParams": read_pairs(query, settings.max_query_keys, settings.max_query_depth) if query else {},
        "headers": headers,
        "form": form_of(headers) if body else "none",
    }


def encode_request(request: dict[str, Any], body: Payload) -> Payload:
    """The encoded map; the body goes along as it arrived, in pieces when it came in pieces."""
    if isinstance(body, bytes):
        request["body"] = body
        return encode(request)
    request["body"] = b""
    head = encode(request)[: -len(_EMPTY_BIN)]
    return (head + _BIN32 + length(body).to_bytes(4, "big"), *body)
