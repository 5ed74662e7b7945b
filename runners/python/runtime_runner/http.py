"""Requests and responses of api steps, by proto/PROTOCOL.md §5."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from runtime_runner import values
from runtime_runner.parse import parse
from runtime_runner.values import Record, Unsendable

EVENT_STREAM = "text/event-stream"
PIECE_LEVELS = 3
PIECE_PARTS = 32
"""Long texts are looked for so many levels down, in lists and maps of so many parts."""
PIECE_CHARACTERS = 256 << 10
"""A longer text is encoded in pieces of this length."""


class LongText:
    """A text that is not encoded yet; it cannot change, so there is time."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Written:
    """A JSON body of which all is written but its long texts."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[str | LongText]) -> None:
        self.parts = parts


def request_of(payload: Any) -> Record:
    """What the handler gets as `req`, made of the request map. Raises `MalformedBody`."""
    req: Record = payload
    form = req.pop("form", "none")
    raw: bytes = req.pop("body", None) or b""
    parsed = req.pop("value", None)
    text = _text_or_bytes(raw)
    if form == "json":
        req["body"] = parse(text)
    elif form == "text":
        req["body"] = text if isinstance(text, str) else raw.decode(errors="replace")
    elif form == "bytes":
        req["body"] = raw
    elif form == "value":
        req["body"] = parsed
    else:
        req["body"] = Record()
    req["rawBody"] = text
    return req


def response_of(returned: Any) -> bytes:
    """The encoded response map of what a handler returned. Raises `Unsendable` for what is no response."""
    if not isinstance(returned, Mapping):
        raise Unsendable(
            f"An api step returns a dict such as {{'status': 200, 'body': ...}}; this one returned "
            f"{'nothing' if returned is None else values.described(returned)}."
        )
    form, body = body_of(returned["body"]) if "body" in returned else ("none", b"")
    return _response(returned, form, body)


def head_of(returned: Mapping[str, Any]) -> bytes:
    """The encoded response map of a response whose body follows it. Raises `Unsendable`."""
    return _response(returned, "none", b"")


def is_event_stream(returned: Mapping[str, Any]) -> bool:
    """True when the response's content type is that of server-sent events."""
    headers = returned.get("headers") or {}
    given = (value for name, value in headers.items() if str(name).lower() == "content-type")
    kinds = (kind for value in given for kind in (value if isinstance(value, list | tuple) else [value]))
    return any(str(kind).partition(";")[0].strip().lower() == EVENT_STREAM for kind in kinds)


def _response(returned: Mapping[str, Any], form: str, body: bytes) -> bytes:
    response: dict[str, Any] = {"form": form, "body": body}
    if "status" in returned:
        response["status"] = returned["status"]
    headers = returned.get("headers")
    if headers is not None:
        response["headers"] = _headers(headers)
    return values.pack(response, "response")


def settled(returned: Any) -> Any:
    """A response that `response_of` can make the same bytes of later, whatever becomes of its parts meanwhile.

    Only the long texts in it take their time; what cannot be sent stays for `response_of` to refuse.
    """
    body = returned["body"]
    if not isinstance(body, dict | list | tuple):
        return returned
    try:
        return {**returned, "body": Written(list(_parts(body)))}
    except (TypeError, ValueError, RecursionError):
        return returned


def is_large(returned: Any) -> bool:
    """True when `response_of` would hold up the event loop."""
    body = returned.get("body") if isinstance(returned, Mapping) else None
    return not isinstance(body, str) and values.is_large(body, text_counts=True)


def body_of(body: Any) -> tuple[str, bytes]:
    """The form and the bytes of a body that is there. Raises `Unsendable`."""
    if isinstance(body, str):
        return "text", values.utf8(body, "body")
    if isinstance(body, bytes | bytearray | memoryview):
        return "bytes", bytes(body)
    if isinstance(body, Written):
        return "json", "".join(map(_in_turn, body.parts)).encode()
    return "json", to_json(body, "body")


def to_json(value: Any, where: str) -> bytes:
    """The JSON text of a value. Raises `Unsendable`, naming the place from `where` on."""
    try:
        return _encoder.encode(value).encode()
    except (TypeError, ValueError, RecursionError) as error:
        fault = values.find_fault(value, where, values.fault_in_json)
        raise Unsendable(fault or f"{where} cannot be sent as JSON: {error}") from (None if fault else error)


def _parts(value: Any, level: int = 0) -> Iterator[str | LongText]:
    """The JSON text of a value in parts; long texts of the upper levels are left for later."""
    if isinstance(value, str) and len(value) > PIECE_CHARACTERS:
        yield LongText(value)
    elif level == PIECE_LEVELS or not value or not isinstance(value, dict | list | tuple) or len(value) > PIECE_PARTS:
        yield _encoder.encode(value)
    elif isinstance(value, dict):
        before = "{"
        for key, item in value.items():
            yield before + _encoder.encode({key: 0})[1:-2]
            yield from _parts(item, level + 1)
            before = ","
        yield "}"
    else:
        before = "["
        for item in value:
            yield before
            yield from _parts(item, level + 1)
            before = ","
        yield "]"


def _in_turn(part: str | LongText) -> str:
    # The encoder lets no other thread have a turn before it is done, so a long text is handed to it
    # piece by piece.
    if isinstance(part, str):
        return part
    text = part.text
    pieces = (text[at : at + PIECE_CHARACTERS] for at in range(0, len(text), PIECE_CHARACTERS))
    return f'"{"".join(_encoder.encode(piece)[1:-1] for piece in pieces)}"'


def _headers(headers: Any) -> dict[str, Any]:
    if not isinstance(headers, Mapping):
        raise Unsendable(f"headers is a {type(headers).__name__}; headers are a dict of strings.")
    return {
        str(name): [_header(item, name) for item in value] if isinstance(value, list | tuple) else _header(value, name)
        for name, value in headers.items()
        if value is not None
    }


def _header(value: Any, name: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("latin-1")
    raise Unsendable(f"headers[{name!r}] is a {type(value).__name__}; a header is text or a list of texts.")


def _text_or_bytes(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _plain(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    if callable(dump) and not isinstance(value, type):
        return dump(mode="json")
    return values.plain(value)


_encoder = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)
