"""What is kept of requests without what nobody else may know."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from runtime.model import Span, TriggerKind, length, whole
from runtime.values import decode, encode

REDACTED = "(not kept)"
"""Stands where the value of a header or of a part of the query was."""
_REFERER = "referer"


class Redaction:
    """Takes the values of headers and of queries out of the inputs of spans."""

    def __init__(self, headers: Collection[str], query: Collection[str] = ()) -> None:
        """Takes the names, in any case; those of queries hold at any depth, and in the address a client came from."""
        self._headers = frozenset(name.lower() for name in headers)
        self._query = frozenset(name.lower() for name in query)
        # As names stand in an encoded map, so that inputs without them need not be decoded. To ignore case in the
        # pattern would take four times as long.
        names = self._headers | self._query | {_REFERER}
        self._occurs = re.compile(b"|".join(re.escape(encode(name).lower()) for name in sorted(names)))
        self._address = re.compile(
            rf"[?&](?:{'|'.join(map(re.escape, sorted(self._query))) or '(?!)'})=", re.IGNORECASE
        )

    def apply(self, span: Span) -> None:
        """Changes the input of a span of a request; its size is then that of what is kept. Without effect again."""
        if span.kind is not TriggerKind.API or not span.input:
            return
        raw = whole(span.input)
        if not self._occurs.search(raw.lower()):
            return
        request = decode(raw)
        headers, query = request["headers"], request.get("queryParams", {})
        secret = self._headers.intersection(headers)
        if self._address.search(str(headers.get(_REFERER, ""))):
            secret |= {_REFERER}
        kept = self._without_secrets(query)
        if secret or kept != query:
            request["headers"] = {**headers, **dict.fromkeys(secret, REDACTED)}
            request["queryParams"] = kept
            span.input = encode(request)
            span.input_size = length(span.input)

    def _without_secrets(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: REDACTED if name.lower() in self._query else self._without_secrets(inner)
                for name, inner in value.items()
            }
        return [self._without_secrets(each) for each in value] if isinstance(value, list) else value
