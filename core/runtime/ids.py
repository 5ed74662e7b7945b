"""Identifiers: random, hexadecimal, not secret; and those that a request brings along."""

from __future__ import annotations

import random
import re
from typing import NamedTuple

_TRACE_DIGITS = 32
_bits = random.SystemRandom().getrandbits
_generator = random.Random(_bits(256))
# W3C Trace Context, section 3.2.2: version, trace id, parent id, flags; ids of zeros are invalid. Version 00 ends here.
_TRACEPARENT = re.compile(
    r"(?:00(?=.{53}\Z)|(?!00|ff)[0-9a-f]{2})-(?!0{32})(?P<trace_id>[0-9a-f]{32})"
    r"-(?!0{16})(?P<parent_id>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?:-.*)?"
)


def new_trace_id() -> str:
    """32 hex digits, never all zero (W3C Trace Context, section 3.2.2.3)."""
    return f"{_generator.getrandbits(128) or 1:032x}"


def new_span_id() -> str:
    """16 hex digits, never all zero."""
    return f"{_generator.getrandbits(64) or 1:016x}"


class Context(NamedTuple):
    """A trace context: where in which trace something comes from.

    As text it is `<trace id>`, or `<trace id>-<span id>-01` with the span that it follows from; `00` where that span's
    trace is not sampled. `is_sampled` is None where nothing is said of it.
    """

    trace_id: str
    span_id: str = ""
    is_sampled: bool | None = None


def context_of(text: str) -> Context:
    """The parts of a trace context; a trace begins with an empty one."""
    if len(text) <= _TRACE_DIGITS:
        return Context(text or new_trace_id())
    return Context(text[:_TRACE_DIGITS], text[33:49], text[50:] == "01")


def trace_id_of(text: str) -> str:
    """The trace id of a trace context."""
    return text[:_TRACE_DIGITS]


class Arrival(NamedTuple):
    """The trace of a request: what it follows from, the id of its own span, and the headers by which its client learns
    of them."""

    context: Context
    span_id: str
    headers: list[tuple[bytes, bytes]]

    @property
    def trace_id(self) -> str:
        """The trace."""
        return self.context.trace_id


def trace_of(traceparent: object) -> Arrival:
    """The trace of a request with this header; it begins here without one (None) and with one that is not valid."""
    span_id = new_span_id()
    parent = _TRACEPARENT.fullmatch(traceparent) if isinstance(traceparent, str) else None
    if parent is None:
        trace_id = new_trace_id()
        return Arrival(Context(trace_id), span_id, [(b"x-trace-id", trace_id.encode())])
    trace_id, flags = parent["trace_id"], parent["flags"]
    told = [(b"x-trace-id", trace_id.encode()), (b"traceparent", f"00-{trace_id}-{span_id}-{flags}".encode())]
    return Arrival(Context(trace_id, parent["parent_id"], bool(int(flags, 16) & 1)), span_id, told)
