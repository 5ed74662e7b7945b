"""ids: form and variety."""

from __future__ import annotations

import re

from runtime.ids import new_span_id, new_trace_id


def test_trace_ids_are_32_hex_digits_and_differ() -> None:
    ids = {new_trace_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch("[0-9a-f]{32}", id) and id.strip("0") for id in ids)


def test_span_ids_are_16_hex_digits_and_differ() -> None:
    ids = {new_span_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch("[0-9a-f]{16}", id) and id.strip("0") for id in ids)
