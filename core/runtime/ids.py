"""Identifiers: random, hexadecimal, not secret."""

from __future__ import annotations

import random

_bits = random.SystemRandom().getrandbits
_generator = random.Random(_bits(256))


def new_trace_id() -> str:
    """32 hex digits, never all zero (W3C Trace Context, section 3.2.2.3)."""
    return f"{_generator.getrandbits(128) or 1:032x}"


def new_span_id() -> str:
    """16 hex digits, never all zero."""
    return f"{_generator.getrandbits(64) or 1:016x}"
