"""Spans and lines for the tests of what becomes of them, and a store that waits and fails where it is told to."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from runtime.config import TelemetrySettings
from runtime.contracts import TraceStore
from runtime.errors import StorageFault
from runtime.ids import Context, new_trace_id
from runtime.model import LogLevel, LogRecord, Operation, Payload, Span, Step, TriggerKind
from runtime.services.tracing import Listener, Tracer
from runtime.storage.memory.traces import MemoryTraceStore
from tests.fakes import FakeClock, Reports

STEP = Step("Work", "node", "steps/work.step.ts", "event")


def span_of(step: str = "Work", trace: str = "", **more: Any) -> Span:
    """A span of an event, by default one that runs."""
    given = {
        "trace_id": trace or new_trace_id(),
        "span_id": new_trace_id()[:16],
        "parent_id": "",
        "step": step,
        "language": "node",
        "file": f"steps/{step.lower()}.step.ts",
        "kind": TriggerKind.EVENT,
        "source": "work",
        "began": 1_700_000_000.0,
        "input": b"\xc0",
        "input_size": 1,
    }
    return Span(**{**given, **more})


def line(message: str = "a line", trace: str = "", level: LogLevel = LogLevel.INFO) -> LogRecord:
    """A line of a step."""
    return LogRecord(1_700_000_000.0, level, "Work", message, b"", trace)


def done(name: str = "emit", target: str = "work", group: str = "", key: str = "", **more: Any) -> Operation:
    """Something that a handler had done."""
    return Operation(name, target, group, key, 1_700_000_000.0, 0.001, **more)


class SlowStore(MemoryTraceStore):
    """Writes when `gate` is set; fails with `fault` while there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.fault: StorageFault | None = None
        self.batches: list[tuple[int, int]] = []

    def write(self, spans: Sequence[Span], logs: Sequence[LogRecord]) -> Sequence[LogRecord]:
        self.entered.set()
        assert self.gate.wait(10)
        if self.fault is not None:
            raise self.fault
        self.batches.append((len(spans), len(logs)))
        return super().write(spans, logs)


class Heard:
    """A listener that notes what it is told, in order."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.lines: list[LogRecord] = []

    def began(self, span: Span) -> None:
        self.said.append(("began", span.step))

    def did(self, span: Span, operation: Operation) -> None:
        self.said.append(("did", operation.name))

    def ended(self, span: Span) -> None:
        self.said.append(("ended", span.step))

    def dropped(self, span: Span) -> None:
        self.said.append(("dropped", span.step))

    def written(self, spans: Sequence[Span], logs: Sequence[LogRecord]) -> None:
        self.said.append(("written", f"{len(spans)} {len(logs)}"))
        self.lines += logs


class Traced:
    """A tracer with what is around it."""

    def __init__(self, store: TraceStore, sample: float = 1.0, **settings: Any) -> None:
        self.clock = FakeClock()
        self.reports = Reports()
        self.heard = Heard()
        listeners: tuple[Listener, ...] = (self.heard,)
        self.tracer = Tracer(TelemetrySettings(**settings), store, self.clock, listeners, self.reports, sample=sample)

    def begin(
        self,
        payload: Payload = b"\xc0",
        context: Context | None = None,
        kind: TriggerKind = TriggerKind.EVENT,
        **more: Any,
    ) -> Span:
        """A span of the step."""
        span = self.tracer.begin(STEP, kind, "work", context or Context(new_trace_id()), payload, **more)
        assert span is not None
        return span
