"""A whole text as JSON, made while it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from anyio.lowlevel import checkpoint

from runtime.records import Text
from runtime.services.jsonvalues import json_text
from runtime.services.textstreams import TextService
from runtime.web.reads.feeds import PIECE_BYTES

_HEADERS = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


class TextJson:
    """An answer `{"id", "text", "closed"}`, an ASGI application; others have their turn between its pieces."""

    def __init__(self, texts: TextService, id: str, first: Text) -> None:
        """Takes the first piece, which tells that there is such a text."""
        self._texts = texts
        self._id = id
        self._first = first

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Sends the text."""
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        async for piece in self._pieces():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await checkpoint()
        await send({"type": "http.response.body"})

    async def _pieces(self) -> AsyncIterator[bytes]:
        yield b'{"id":%b,"text":"' % json_text(self._id)
        text = self._first
        while text.data:
            yield json_text(text.data.decode())[1:-1]
            # One that is forgotten meanwhile ends where it is, also when another has its id by now.
            more = await self._texts.read(self._id, text.end, PIECE_BYTES, text.began)
            text = more if more is not None and more.began == text.began else text._replace(data=b"")
        yield b'","closed":%b}' % (b"true" if text.closed else b"false")
