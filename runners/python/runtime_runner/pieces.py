"""The pieces that a streamed body is made of, as bytes (proto/PROTOCOL.md §9)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from runtime_runner import http, values
from runtime_runner.values import Unsendable

EVENT_FIELDS = ("event", "id", "retry", "data")
END_OF_LINE = re.compile(r"\r\n|\r|\n")


class UnsendablePiece(Exception):
    """A piece that cannot be sent; the message says which."""


def encode(piece: Any, number: int, *, are_events: bool) -> bytes:
    """The bytes of a body's piece; `number` counts from 1. Raises `UnsendablePiece`."""
    where = f"body piece {number}"
    try:
        if isinstance(piece, str):
            return values.utf8(piece, where)
        if isinstance(piece, bytes | bytearray | memoryview):
            return bytes(piece)
        if are_events and isinstance(piece, Mapping):
            return values.utf8(_event(piece, where), where)
    except Unsendable as error:
        raise UnsendablePiece(str(error)) from error
    allowed = "text, bytes or an event such as {'data': ...}" if are_events else "text or bytes"
    hint = "" if are_events else f"; maps are sent as events of the content type {http.EVENT_STREAM}"
    raise UnsendablePiece(
        f"{where} is a {type(piece).__name__}; a piece is {allowed}{hint if isinstance(piece, Mapping) else ''}"
    )


def _event(piece: Mapping[Any, Any], where: str) -> str:
    """A server-sent event (HTML standard, section 9.2)."""
    unknown = next((key for key in piece if key not in EVENT_FIELDS), None)
    if unknown is not None:
        raise Unsendable(f"{where} has the key {unknown!r}; an event has data, event, id and retry")
    lines = [
        f"{name}: {_line(name, piece[name], where)}"
        for name in EVENT_FIELDS[:-1]
        if name in piece and piece[name] is not None
    ]
    if "data" in piece:
        data = piece["data"]
        text = data if isinstance(data, str) else http.to_json(data, f"{where}.data").decode()
        lines += [f"data: {line}" for line in END_OF_LINE.split(text)]
    return "\n".join([*lines, "\n"])


def _line(name: str, value: Any, where: str) -> str:
    """A field's text, which is one line."""
    if name == "retry":
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise Unsendable(f"{where}.retry is {value!r}; it is a whole number of milliseconds")
        return str(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unsendable(f"{where}.{name} is a {type(value).__name__}; it is text")
    text = str(value)
    if END_OF_LINE.search(text) or "\0" in text:
        raise Unsendable(f"{where}.{name} has a line break or a NUL; it is one line")
    return text
