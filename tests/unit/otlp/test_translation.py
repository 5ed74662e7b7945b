"""otlp/translation: spans and lines under the names that others know."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("opentelemetry.sdk", reason="the extra otlp is not installed: scripts/setup does it")

from opentelemetry.trace import SpanKind, StatusCode

from runtime.model import Failure, FailureKind, LogLevel, LogRecord, Span, TriggerKind
from runtime.otlp.translation import resource_of, sdk_record, sdk_span
from runtime.values import encode

TRACE, SPAN, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "0" * 15 + "1"
RESOURCE = resource_of({"service.name": "shop"}, "production")
REQUEST = Span(
    TRACE,
    SPAN,
    "",
    "Take",
    "python",
    "steps/take_step.py",
    TriggerKind.API,
    "POST /orders",
    10.0,
    b"\x01",
    started=10.5,
    ended=12.0,
)


def attributes(span: Span) -> dict[str, Any]:
    return dict(sdk_span(span, RESOURCE).attributes or {})


@pytest.mark.parametrize(
    ("kind", "source", "name", "as_kind"),
    [
        (TriggerKind.API, "GET /a", "GET /a", SpanKind.SERVER),
        (TriggerKind.EVENT, "order.taken", "process order.taken", SpanKind.CONSUMER),
        (TriggerKind.STATE, "orders", "process orders", SpanKind.CONSUMER),
        (TriggerKind.STREAM, "chat", "process chat", SpanKind.CONSUMER),
        (TriggerKind.CRON, "@daily", "@daily", SpanKind.INTERNAL),
    ],
)
def test_each_kind_of_trigger_is_a_kind_of_span(kind: TriggerKind, source: str, name: str, as_kind: SpanKind) -> None:
    found = sdk_span(replace(REQUEST, kind=kind, source=source), RESOURCE)
    assert (found.name, found.kind) == (name, as_kind)


def test_ids_and_times_are_the_same() -> None:
    found = sdk_span(replace(REQUEST, parent_id=PARENT), RESOURCE)
    assert found.context is not None
    assert (f"{found.context.trace_id:032x}", f"{found.context.span_id:016x}") == (TRACE, SPAN)
    assert found.parent is not None
    assert found.parent.span_id == 1
    assert (found.start_time, found.end_time) == (10 * 10**9, 12 * 10**9)
    assert sdk_span(REQUEST, RESOURCE).parent is None
    assert attributes(REQUEST)["runtime.runner.wait"] == 0.5


def test_an_error_that_the_client_was_to_be_told_is_none_of_the_server() -> None:
    failure = Failure(FailureKind.HANDLER, "not found", "HttpError")
    told = sdk_span(replace(REQUEST, http_status=404, failure=failure), RESOURCE)
    assert told.status.status_code is StatusCode.UNSET
    assert "error.type" not in (told.attributes or {})
    failed = sdk_span(replace(REQUEST, http_status=500, failure=failure), RESOURCE)
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, "not found")
    assert attributes(replace(REQUEST, http_status=503))["error.type"] == "503"


def test_an_exception_has_the_stacks_of_its_causes() -> None:
    cause = Failure(FailureKind.HANDLER, "no lemons", "StockMissing", stack="at b")
    failure = Failure(FailureKind.HANDLER, "rejected", "OrderRejected", stack="at a", cause=cause)
    (event,) = sdk_span(replace(REQUEST, failure=failure), RESOURCE).events
    assert event.name == "exception"
    assert (event.attributes or {})["exception.stacktrace"] == (
        "OrderRejected: rejected\nat a\ncaused by\nStockMissing: no lemons\nat b"
    )


def test_the_data_of_a_line_are_attributes() -> None:
    data = encode({"id": 7, "big": 2**63, "list": [1], "none": None, "ok": True})
    line = LogRecord(1.5, LogLevel.WARN, "Take", "text", data, TRACE, SPAN)
    found = sdk_record(line, RESOURCE).log_record
    assert (found.body, found.severity_text, found.timestamp) == ("text", "WARN", 1_500_000_000)
    assert (f"{found.trace_id:032x}", f"{found.span_id:016x}") == (TRACE, SPAN)
    assert found.attributes == {
        "id": 7,
        "big": str(2**63),
        "list": "[1]",
        "none": "null",
        "ok": True,
        "runtime.source": "Take",
    }


@pytest.mark.parametrize(("data", "told"), [(b"", {}), (encode("x"), {"data": "x"}), (b"\xc1", {"data": "c1"})])
def test_a_line_is_told_whatever_its_data_are(data: bytes, told: dict[str, Any]) -> None:
    found = sdk_record(LogRecord(1.0, LogLevel.INFO, "runtime", "text", data), RESOURCE).log_record
    assert found.attributes == {**told, "runtime.source": "runtime"}
    assert found.trace_id == 0
