"""What goes to an HTTP client: responses of handlers (PROTOCOL.md, "Responses"), and the runtime's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgpack

from runtime.model import Body, Payload, Span, Violation, length, whole
from runtime.problems import MEDIA_TYPE, problem_document
from runtime.values import decode

RawHeaders = list[tuple[bytes, bytes]]

_TYPE_OF_FORM = {
    "json": b"application/json",
    "text": b"text/html; charset=utf-8",
    "bytes": b"application/octet-stream",
}
_FORMS, _BODIES = ("none", *_TYPE_OF_FORM), (bytes, tuple)
_PLAIN_TEXT = b"text/plain; charset=utf-8"
# How MessagePack begins binary data with a length of 32 bits.
_BIN32, _BIN32_BYTES = b"\xc6", 5
_BODILESS = frozenset({204, 304})
_OURS = frozenset({"content-length", "transfer-encoding", "connection", "date"})
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, section 5.6.2
_JSON_IN_A_FORM = "; the body was read as a form, as its content-type says: that of JSON is application/json"
_INTERNAL_ERROR = json.dumps({"error": "Internal server error"}).encode()


class BadResponse(ValueError):
    """What the handler returned is no HTTP response; the message is for its author."""


class Response(NamedTuple):
    """What goes to the client; `form` says what the body was to its handler.

    With `stream` the body follows as its `step` produces it, `body` is empty, and `span` goes on until it ends.
    """

    status: int
    headers: RawHeaders
    body: Payload
    form: str = "none"
    stream: Body | None = None
    step: str = ""
    span: Span | None = None


def read_response(payload: Payload, stream: Body | None = None) -> Response:
    """The response that a handler returned. Raises `BadResponse` that says what is wrong with it."""
    try:
        result = decode(payload) if isinstance(payload, bytes) else _decode_in_pieces(payload)
    except ValueError as error:
        raise BadResponse(f"the runner sent a response that is {error}") from error
    if not isinstance(result, dict):
        raise BadResponse("the handler returned no response; return { status, body }")
    form, body = result.get("form", "none"), result.get("body") or b""
    if form not in _FORMS or not isinstance(body, _BODIES):
        raise BadResponse(f"the runner sent a body of the form {form!r} as a {type(body).__name__}")
    headers = _write_headers(result["headers"]) if result.get("headers") else []
    if stream is not None:
        return _streamed(result.get("status", 200), headers, stream)
    if form == "none" and "status" not in result:
        raise BadResponse("the handler returned neither a status nor a body; return { status: 200, body: … }")
    return _whole(result.get("status", 200), headers, form, body)


def _whole(status: object, headers: RawHeaders, form: str, body: Payload) -> Response:
    """A response with its length, and the content type of its form where the headers give none."""
    status = _checked(status)
    if status in _BODILESS:
        return Response(status, [header for header in headers if header[0] != b"content-type"], b"")
    if form != "none" and not (headers and any(name == b"content-type" for name, _ in headers)):
        headers.append((b"content-type", _TYPE_OF_FORM[form]))
    headers.append((b"content-length", b"%d" % length(body)))
    return Response(status, headers, body, form)


def _streamed(status: object, headers: RawHeaders, stream: Body) -> Response:
    """A response whose length nobody knows yet."""
    if not any(name == b"content-type" for name, _ in headers):
        headers.append((b"content-type", _PLAIN_TEXT))
    return Response(_checked(status), headers, b"", "stream", stream)


def has_body(method: str, status: int) -> bool:
    """False where a response ends with its head, whatever its headers say."""
    return method != "HEAD" and status not in _BODILESS


def thrown_response(status: int, body: bytes) -> Response:
    """The response that an HttpError asks for, by the rules of a returned body, in which bytes stand alone or nowhere.

    A text is plain text: what an error says often quotes the request, whose markup no browser is to take for ours.
    Raises `BadResponse`.
    """
    try:
        if not body:
            return _whole(status, [], "none", b"")
        value = decode(body)
        if isinstance(value, str):
            return _whole(status, [(b"content-type", _PLAIN_TEXT)], "text", value.encode())
        if isinstance(value, bytes):
            return _whole(status, [], "bytes", value)
        return _whole(status, [], "json", json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
    except BadResponse:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        raise BadResponse(f"the body of the HttpError cannot be sent: {error}") from error


def problem(status: int, detail: str = "", headers: RawHeaders | None = None, **more: Any) -> Response:
    """A problem document; `more` are further members of it."""
    body = json.dumps(problem_document(status, detail, **more)).encode()
    return _whole(status, [(b"content-type", MEDIA_TYPE.encode()), *(headers or [])], "json", body)


def unfit(violations: Sequence[Violation], *, is_json_in_a_form: bool) -> Response:
    """The problem document of a request that does not fit its schemas: an entry for each fault."""
    errors = [{"in": each.part, "pointer": each.pointer, "message": each.message} for each in violations]
    parts = ", ".join(dict.fromkeys(each.part for each in violations))
    hint = _JSON_IN_A_FORM if is_json_in_a_form else ""
    return problem(400, f"the request does not fit its schema: {parts}{hint}", errors=errors)


def internal_error() -> Response:
    """The answer to a fault that is not the client's, which learns nothing of it."""
    return _whole(500, [], "json", _INTERNAL_ERROR)


def _checked(status: object) -> int:
    """The status. Raises `BadResponse` for one that no handler may answer with."""
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise BadResponse(f"the handler returned the status {status!r}; a status is a whole number from 200 to 599")
    return status


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
