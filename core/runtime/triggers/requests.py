"""HTTP requests and responses <-> the maps that runners speak (PROTOCOL.md, "Requests" and "Responses")."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgpack

from runtime.model import Payload, length, whole
from runtime.values import decode, encode

RawHeaders = list[tuple[bytes, bytes]]

_TYPE_OF_FORM = {
    "json": b"application/json",
    "text": b"text/html; charset=utf-8",
    "bytes": b"application/octet-stream",
}
# How MessagePack begins binary data: none, and with a length of 32 bits.
_EMPTY_BIN, _BIN32, _BIN32_BYTES = b"\xc4\x00", b"\xc6", 5
_BODILESS = frozenset({204, 304})
_OURS = frozenset({"content-length", "transfer-encoding", "connection"})
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2


class BadResponse(ValueError):
    """What the handler returned is no HTTP response; the message is for its author."""


class Response(NamedTuple):
    """What goes to the client."""

    status: int
    headers: RawHeaders
    body: Payload


def read_headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, Any]:
    """Headers by lower-case name; a repeated one is an array."""
    headers: dict[str, Any] = {}
    for raw_name, raw_value in raw:
        name = raw_name.decode("latin-1")
        value = raw_value.decode("latin-1")
        if name not in headers:
            headers[name] = value
        else:
            _repeat(headers, name, value)
    return headers


def _repeat(values: dict[str, Any], name: str, value: str) -> None:
    """Adds the second or a later value of a name, which makes it an array."""
    if isinstance(values[name], list):
        values[name].append(value)
    else:
        values[name] = [values[name], value]


def encode_request(
    method: str, path: str, path_params: Mapping[str, str], query: bytes, headers: Mapping[str, Any], body: Payload
) -> Payload:
    """The request map; the body goes along as it arrived, in pieces when it came in pieces."""
    request: dict[str, Any] = {
        "method": method,
        "path": path,
        "pathParams": path_params,
        "queryParams": _collect(query) if query else {},
        "headers": headers,
        "form": "none",
    }
    if body:
        request["form"] = _form(str(headers.get("content-type", "")))
        if request["form"] == "value":
            request["value"] = _collect(whole(body))
    if isinstance(body, bytes):
        request["body"] = body
        return encode(request)
    request["body"] = b""
    head = encode(request)[: -len(_EMPTY_BIN)]
    return (head + _BIN32 + length(body).to_bytes(4, "big"), *body)


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
    for name, value in parse_qsl(encoded.decode("utf-8", "replace"), keep_blank_values=True, errors="replace"):
        if name not in values:
            values[name] = value
        else:
            _repeat(values, name, value)
    return values


def read_response(payload: Payload) -> Response:
    """The response that a handler returned. Raises `BadResponse` that says what is wrong with it."""
    try:
        result = decode(payload) if isinstance(payload, bytes) else _decode_in_pieces(payload)
    except ValueError as error:
        raise BadResponse(f"the runner sent a response that is {error}") from error
    if not isinstance(result, dict):
        raise BadResponse("the handler returned no response; return { status, body }")
    form, body = result.get("form", "none"), result.get("body") or b""
    if form not in ("none", *_TYPE_OF_FORM) or not isinstance(body, bytes | tuple):
        raise BadResponse(f"the runner sent a body of the form {form!r} as a {type(body).__name__}")
    headers = _write_headers(result["headers"]) if result.get("headers") else []
    if form == "none" and "status" not in result:
        raise BadResponse("the handler returned neither a status nor a body; return { status: 200, body: … }")
    return response(result.get("status", 200), headers, _TYPE_OF_FORM.get(form, b""), body)


def _decode_in_pieces(pieces: tuple[bytes, ...]) -> Any:
    """The response map, with its body in pieces when that is what makes it long."""
    fields: dict[Any, Any] = {}
    unpacker = msgpack.Unpacker(strict_map_key=False)
    unpacker.feed(pieces[0])
    rest = b""
    try:
        for _ in range(unpacker.read_map_header()):
            key = unpacker.unpack()
            if key == "body" and key not in fields:
                fields[key], rest = _cut_binary(pieces, unpacker.tell())
                unpacker = msgpack.Unpacker(strict_map_key=False)
                unpacker.feed(rest)
            else:
                fields[key] = unpacker.unpack()
        if "body" not in fields or unpacker.tell() != len(rest):
            raise ValueError("no map that is long by its body alone")
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException):
        return decode(whole(pieces))
    return fields


def _cut_binary(pieces: tuple[bytes, ...], at: int) -> tuple[tuple[bytes, ...], bytes]:
    """The long binary value that begins there in the first piece, and what follows it.

    Raises `ValueError` when there is none.
    """
    begin = at + _BIN32_BYTES
    if pieces[0][at : at + 1] != _BIN32 or begin > len(pieces[0]):
        raise ValueError("no long binary value")
    left = int.from_bytes(pieces[0][at + 1 : begin], "big")
    body: list[bytes] = []
    rest: list[bytes] = []
    for piece in (pieces[0][begin:], *pieces[1:]):
        body.append(piece[:left])
        rest.append(piece[left:])
        left -= len(body[-1])
    if left:
        raise ValueError("the value is cut off")
    return tuple(filter(None, body)), b"".join(rest)


def response(status: object, headers: RawHeaders, content_type: bytes, body: Payload) -> Response:
    """A response with its length, and the content type where the headers give none.

    Raises `BadResponse` for a status that no handler may answer with.
    """
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise BadResponse(f"the handler returned the status {status!r}; a status is a whole number from 200 to 599")
    if status in _BODILESS:
        return Response(status, [header for header in headers if header[0] != b"content-type"], b"")
    if content_type and not (headers and any(name == b"content-type" for name, _ in headers)):
        headers.append((b"content-type", content_type))
    headers.append((b"content-length", b"%d" % length(body)))
    return Response(status, headers, body)


def _write_headers(headers: object) -> RawHeaders:
    """Header lines in order; lengths are ours to say, and an array gives a line each."""
    if not isinstance(headers, Mapping):
        raise BadResponse(f"the response headers are a {type(headers).__name__}, not a map")
    written: RawHeaders = []
    for name, value in headers.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise BadResponse(f"{name!r} is no name of a response header")
        if name.lower() in _OURS:
            continue
        for item in value if isinstance(value, list) else [value]:
            written.append((name.lower().encode(), _header_value(str(item), name)))
    return written


def _header_value(text: str, name: str) -> bytes:
    if any((ord(character) < 32 and character != "\t") or character == "\x7f" for character in text):
        raise BadResponse(f"the response header '{name}' holds a control character, such as a line break")
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise BadResponse(f"the response header '{name}' holds a character outside Latin-1; encode it") from error
