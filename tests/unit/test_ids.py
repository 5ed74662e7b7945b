"""ids: form and variety."""

from __future__ import annotations

import re

import pytest

from runtime.ids import context_of, new_span_id, new_trace_id, trace_id_of, trace_of


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
    arrival = trace_of(f"00-{TRACE}-00f067aa0ba902b7-01")
    told = dict(arrival.headers)
    assert arrival.context == (TRACE, "00f067aa0ba902b7", True)
    assert told[b"x-trace-id"].decode() == TRACE
    assert told[b"traceparent"].decode() == f"00-{TRACE}-{arrival.span_id}-01"
    assert re.fullmatch("[0-9a-f]{16}", arrival.span_id)


@pytest.mark.parametrize(("flags", "is_sampled"), [("00", False), ("01", True), ("02", False), ("ff", True)])
def test_a_trace_says_whether_it_is_sampled(flags: str, is_sampled: bool) -> None:
    assert trace_of(f"00-{TRACE}-00f067aa0ba902b7-{flags}").context.is_sampled is is_sampled


@pytest.mark.parametrize("is_sampled", [True, False])
def test_a_context_is_the_same_after_it_was_written(is_sampled: bool) -> None:
    text = f"{TRACE}-00f067aa0ba902b7-{'01' if is_sampled else '00'}"
    assert context_of(text) == (TRACE, "00f067aa0ba902b7", is_sampled)
    assert trace_id_of(text) == trace_id_of(TRACE) == TRACE


def test_a_context_without_a_span_begins_a_trace() -> None:
    assert context_of(TRACE) == (TRACE, "", None)
    assert re.fullmatch("[0-9a-f]{32}", context_of("").trace_id)


def test_a_later_version_may_say_more() -> None:
    assert trace_of(f"01-{TRACE}-00f067aa0ba902b7-01-extra").trace_id == TRACE
    assert trace_of(f"01-{TRACE}-00f067aa0ba902b7-01extra").trace_id != TRACE


@pytest.mark.parametrize(
    "given", [None, "", "00", ["a", "b"], f"ff-{TRACE}-00f067aa0ba902b7-01", f"00-{TRACE}-00f067aa0ba902b7-01-extra"]
)
def test_a_trace_begins(given: object) -> None:
    arrival = trace_of(given)
    assert arrival.headers == [(b"x-trace-id", arrival.trace_id.encode())]
    assert arrival.trace_id != TRACE
    assert arrival.context[1:] == ("", None)
