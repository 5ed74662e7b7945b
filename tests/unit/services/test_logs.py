"""services/logs: level and stamp."""

from __future__ import annotations

import pytest

from runtime.model import LogLevel, LogRecord
from runtime.services.logs import LogService
from runtime.values import decode
from tests.fakes import FakeClock, ListSink


@pytest.mark.parametrize("threshold", LogLevel)
def test_lines_below_the_level_are_left_out(threshold: LogLevel) -> None:
    sink = ListSink()
    logs = LogService(sink, FakeClock(), threshold)
    for level in LogLevel:
        logs.write(LogRecord(1.0, level, "a", "theirs"))
        logs.core(level, "ours")
    loud = [level for level in LogLevel if level.value >= threshold.value]
    assert [record.level for record in sink.records] == [level for level in loud for _ in range(2)]


def test_a_line_that_is_complete_is_handed_on_as_it_is() -> None:
    sink = ListSink()
    record = LogRecord(1.0, LogLevel.INFO, "a", "m", b"\x01", "f" * 32)
    LogService(sink, FakeClock(), LogLevel.DEBUG).write(record)
    assert sink.records == [record]


def test_a_line_of_the_core_is_stamped() -> None:
    sink = ListSink()
    logs = LogService(sink, FakeClock(5.0), LogLevel.DEBUG)
    logs.core(LogLevel.WARN, "m")
    logs.core(LogLevel.WARN, "m", "step", "f" * 32, port=3000)
    assert sink.records[0] == LogRecord(5.0, LogLevel.WARN, "runtime", "m")
    assert (sink.records[1].source, sink.records[1].trace_id) == ("step", "f" * 32)
    assert decode(sink.records[1].data) == {"port": 3000}
