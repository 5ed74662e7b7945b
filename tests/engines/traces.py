"""Spans, lines and stores of traces for the tests of both engines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime.contracts import TraceStore
from runtime.model import Failure, FailureKind, LogLevel, LogRecord, Operation, Span, TriggerKind
from runtime.storage.memory.traces import MemoryTraceStore
from runtime.storage.sqlite.traces import SqliteTraceStore

NOW = 1_700_000_000.0
BOOM = Failure(FailureKind.HANDLER, "no such order", "LookupError", "at a", Failure(FailureKind.LOAD, "of old"))
ODD = "half a pair \ud800, nothing \0, ü, 💩, \x1e"
STORES: dict[str, Callable[[Path], TraceStore]] = {
    "memory": lambda folder: MemoryTraceStore(),
    "sqlite": lambda folder: SqliteTraceStore(folder / "traces.db"),
}


def id_of(number: int) -> str:
    """A trace id."""
    return f"{number:032x}"


def span(trace: int = 1, number: int = 1, began: float = NOW, **more: Any) -> Span:
    """A span that ended a second after it began."""
    given = {"step": "a", "kind": TriggerKind.EVENT, "source": "order.created", "input": b"\x01", **more}
    kind, step, source, input = given.pop("kind"), given.pop("step"), given.pop("source"), given.pop("input")
    ended = given.pop("ended", began + 1)
    made = Span(
        id_of(trace), f"{number:016x}", "", step, "node", "steps/a.step.ts", kind, source, began, input, **given
    )
    made.ended = ended
    return made


def line(message: str = "hello", time: float = NOW, **more: Any) -> LogRecord:
    """A line."""
    return LogRecord(time, more.pop("level", LogLevel.INFO), more.pop("source", "a"), message, **more)


def operation(**more: Any) -> Operation:
    """A write of state."""
    return Operation("state.set", "", "orders", "7", NOW, 0.001, b"\x01", 1)._replace(**more)
