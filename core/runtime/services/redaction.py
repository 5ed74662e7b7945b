"""What is kept of requests without what nobody else may know."""

from __future__ import annotations

import re
from collections.abc import Collection

from runtime.model import Span, TriggerKind, length, whole
from runtime.values import decode, encode

REDACTED = "(not kept)"
"""Stands where the value of a header was."""


class Redaction:
    """Takes the values of headers out of the inputs of spans."""

    def __init__(self, names: Collection[str]) -> None:
        """`names` are those of the headers, in any case."""
        self._names = frozenset(name.lower() for name in names)
        # As names stand in an encoded map, so that inputs without them need not be decoded.
        self._occurs = re.compile(b"|".join(re.escape(encode(name)) for name in sorted(self._names)) or b"(?!)")

    def apply(self, span: Span) -> None:
        """Changes the input of a span of a request; its size is then that of what is kept. Without effect again."""
        if span.kind is not TriggerKind.API or not span.input:
            return
        raw = whole(span.input)
        if not self._occurs.search(raw):
            return
        request = decode(raw)
        secret = self._names.intersection(request["headers"])
        if secret:
            request["headers"] = {**request["headers"], **dict.fromkeys(secret, REDACTED)}
            span.input = encode(request)
            span.input_size = length(span.input)
