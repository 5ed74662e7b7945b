"""ids: form and variety."""

from __future__ import annotations

import re

import pytest

from runtime.ids import new_span_id, new_trace_id, trace_of


def test_trace_ids_are_32_hex_digits_and_differ() -> None:
    ids = {new_trace_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch("[0-9a-f]{32}", id) and id.strip("0") for id in ids)


def test_span_ids_are_16_hex_digits_and_differ() -> None:
    ids = {new_span_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch("[0-9a-f]{16}", id) and id.strip("0") for id in ids)


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def test_a_trace_goes_on() -> None:
    trace_id, headers = trace_of(f"00-{TRACE}-00f067aa0ba902b7-01")
    told = dict(headers)
    assert trace_id == TRACE == told[b"x-trace-id"].decode()
    assert re.fullmatch(f"00-{TRACE}-[0-9a-f]{{16}}-01", told[b"traceparent"].decode())


def test_a_later_version_may_say_more() -> None:
    assert trace_of(f"01-{TRACE}-00f067aa0ba902b7-01-extra")[0] == TRACE
    assert trace_of(f"01-{TRACE}-00f067aa0ba902b7-01extra")[0] != TRACE


@pytest.mark.parametrize(
    "given", [None, "", "00", ["a", "b"], f"ff-{TRACE}-00f067aa0ba902b7-01", f"00-{TRACE}-00f067aa0ba902b7-01-extra"]
)
def test_a_trace_begins(given: object) -> None:
    trace_id, headers = trace_of(given)
    assert headers == [(b"x-trace-id", trace_id.encode())]
    assert trace_id != TRACE
