"""How a request becomes a WebSocket (RFC 6455, section 4.2), whichever server has read it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from websockets.utils import accept_key

from runtime.web.heads import BadHead

Headers = list[tuple[bytes, bytes]]

_KEY = b"sec-websocket-key"
_KEY_BYTES = 16
_VERSION = b"sec-websocket-version"
_SUBPROTOCOL = b"sec-websocket-protocol"


def begins_socket(method: bytes, http_version: bytes, headers: Headers) -> bool:
    """Whether a request asks for a WebSocket. Without a key, or with a body, it is a request with an offer in vain."""
    if method != b"GET" or http_version != b"1.1":
        return False
    if b"websocket" not in _tokens(headers, b"upgrade") or b"upgrade" not in _tokens(headers, b"connection"):
        return False
    names = {name for name, value in headers if (name, value.strip()) != (b"content-length", b"0")}
    return _KEY in names and not names & {b"content-length", b"transfer-encoding"}


def check_offer(headers: Headers) -> None:
    """Raises `BadHead` for a client that speaks another version of WebSocket, or that has no key."""
    if _values(headers, _VERSION) != [b"13"]:
        raise BadHead(426, "only version 13 of WebSocket is spoken here")
    keys = _values(headers, _KEY)
    try:
        size = len(base64.b64decode(keys[0], validate=True)) if len(keys) == 1 else 0
    except binascii.Error:
        size = 0
    if size != _KEY_BYTES:
        raise BadHead(400, "a WebSocket needs one Sec-WebSocket-Key, 16 bytes in base64")


def socket_scope(target: bytes, headers: Headers, *, scheme: str, client: Any, server: Any) -> dict[str, Any]:
    """The scope of ASGI for a socket."""
    path, _, query = target.partition(b"?")
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": scheme,
        "path": unquote(path.decode("latin-1")),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": headers,
        "client": client,
        "server": server,
        "subprotocols": [token.decode("latin-1") for token in _list(headers, _SUBPROTOCOL)],
        "extensions": {"websocket.http.response": {}},
    }


def acceptance(headers: Headers, subprotocol: str | None) -> bytes:
    """The head that turns a request with these headers into a WebSocket."""
    [key] = _values(headers, _KEY)
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "upgrade: websocket",
        "connection: Upgrade",
        f"sec-websocket-accept: {accept_key(key.decode('ascii'))}",
    ]
    if subprotocol is not None:
        lines.append(f"sec-websocket-protocol: {subprotocol}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _values(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> list[bytes]:
    return [value.strip() for name, value in headers if name == wanted]


def _list(headers: Headers, wanted: bytes) -> list[bytes]:
    return [token for value in _values(headers, wanted) for part in value.split(b",") if (token := part.strip())]


def _tokens(headers: Headers, wanted: bytes) -> set[bytes]:
    return {token.lower() for token in _list(headers, wanted)}
