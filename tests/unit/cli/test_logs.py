"""cli/logs: which of the lines that come are shown."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.cli.logs import wanted
from runtime.model import LogLevel, LogRecord
from runtime.values import encode
from runtime.web.control.trace_documents import log_document

TRACE = "a" * 32


def document(**data: Any) -> dict[str, Any]:
    return log_document(LogRecord(1.7e9, LogLevel.WARN, "Take", "Order STRASSE", encode(data), TRACE, "b" * 16, 7))


@pytest.mark.parametrize(
    ("query", "is_wanted"),
    [
        ({}, True),
        ({"level": "warn"}, True),
        ({"level": "error"}, False),
        ({"step": "Take"}, True),
        ({"step": ""}, True),
        ({"step": "take"}, False),
        ({"trace": TRACE}, True),
        ({"trace": "c" * 32}, False),
        ({"text": "98765"}, True),
        ({"text": '"ORDERID": 98765'}, True),
        ({"text": "true"}, True),
        ({"text": "True,"}, True),
        ({"text": "'orderId'"}, False),
        ({"text": "straße"}, True),
        ({"text": "$bytes"}, True),
        ({"text": "98765", "level": "error"}, False),
    ],
)
def test_a_line_is_wanted_as_the_control_route_decides_it(query: dict[str, str], is_wanted: bool) -> None:
    assert wanted(query)(document(orderId=98765, isGift=True, raw=b"a")) is is_wanted


def test_a_line_without_data_or_trace_is_wanted_too() -> None:
    line = log_document(LogRecord(1.7e9, LogLevel.INFO, "runtime", "hello"))
    assert wanted({"text": "hello"})(line)
    assert not wanted({"text": "null"})(line)
    assert not wanted({"trace": TRACE})(line)
