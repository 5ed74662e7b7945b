"""Traces and lines as a loaded server leaves them: what a store is filled with before it is measured."""

from __future__ import annotations

import random
from collections.abc import Iterator

from runtime.ids import new_span_id, new_trace_id
from runtime.model import Failure, FailureKind, LogLevel, LogRecord, Operation, Span, TriggerKind
from runtime.values import encode

STEPS = [f"step-{number}" for number in range(20)]
WORDS = (
    "order",
    "received",
    "payment",
    "accepted",
    "shipping",
    "label",
    "printed",
    "stock",
    "checked",
    "invoice",
    "sent",
)
SELDOM = "seldom"
"""The step of what is rare."""
OLDEST_TRACE = "f" * 32
"""Trace of the first line of all, and of no other."""
SPANS_PER_TRACE, OPERATIONS, SPANS_PER_BATCH, LINES_PER_BATCH = 3, 3, 798, 1000
ONE_IN = 1000
"""Of so many traces one fails, and of so many lines one is an error."""
BEGAN = 1.7e9
"""When the first trace began and the first line was logged, as a Unix time."""
TRACE_SECONDS, LINE_SECONDS = 0.01, 0.001
"""From one to the next."""


def span_batches(chance: random.Random, traces: int) -> Iterator[list[Span]]:
    """The spans of so many traces, as a loaded server writes them."""
    step = SPANS_PER_BATCH // SPANS_PER_TRACE
    for start in range(0, traces, step):
        yield [span for number in range(start, min(start + step, traces)) for span in trace(chance, number)]


def line_batches(chance: random.Random, lines: int) -> Iterator[list[LogRecord]]:
    """So many lines, as a loaded server writes them."""
    for start in range(0, lines, LINES_PER_BATCH):
        yield [line(chance, number) for number in range(start, min(start + LINES_PER_BATCH, lines))]


def trace(chance: random.Random, number: int) -> list[Span]:
    """The spans of the trace of this number."""
    trace_id, began = new_trace_id(), BEGAN + number * TRACE_SECONDS
    data = encode({"orderId": f"A-{number}", "amount": chance.randrange(1000), "status": "accepted"})
    operations = [Operation("state.set", "", "orders", f"A-{number}", began, 0.001, data, len(data))] * OPERATIONS
    failure = None if number % ONE_IN else Failure(FailureKind.HANDLER, f"no stock for A-{number}", "StockError")
    return [
        Span(
            trace_id,
            new_span_id(),
            "",
            chance.choice(STEPS) if number % ONE_IN else SELDOM,
            "node",
            "steps/orders/take.step.ts",
            TriggerKind.EVENT if each or number % ONE_IN == 1 else TriggerKind.API,
            "order.created" if each else "POST /orders",
            began + each,
            data if each or number % ONE_IN == 1 else _request(data),
            started=began + each + 0.001,
            ended=began + each + 0.1,
            failure=failure,
            operations=list(operations),
            input_size=len(data),
        )
        for each in range(SPANS_PER_TRACE)
    ]


def wide_trace(chance: random.Random, trace_id: str, began: float, spans: int) -> list[Span]:
    """A trace whose first span has caused all others; began at a Unix time."""
    data = encode({"orderId": "A-0", "status": "accepted"})
    first = new_span_id()
    return [
        Span(
            trace_id,
            new_span_id() if number else first,
            first if number else "",
            chance.choice(STEPS),
            "node",
            "steps/orders/take.step.ts",
            TriggerKind.EVENT if number else TriggerKind.API,
            "order.created" if number else "POST /orders",
            began + number * 0.005,
            data if number else _request(data),
            started=began + number * 0.005 + 0.002,
            ended=began + number * 0.005 + 0.05,
            operations=[Operation("state.set", "", "orders", f"A-{number}", began, 0.001, data, len(data))],
            input_size=len(data),
        )
        for number in range(spans)
    ]


def _request(body: bytes) -> bytes:
    """What the handler of a route is given."""
    nothing: dict[str, str] = {}
    head = {"method": "POST", "path": "/orders", "pathParams": nothing, "queryParams": nothing}
    return encode({**head, "headers": {"content-type": "application/msgpack"}, "body": body})


def line(chance: random.Random, number: int) -> LogRecord:
    """The line of this number."""
    is_rare = number % ONE_IN == 0
    return LogRecord(
        BEGAN + number * LINE_SECONDS,
        LogLevel.ERROR if is_rare else LogLevel.INFO,
        SELDOM if is_rare else chance.choice(STEPS),
        f"{' '.join(chance.choices(WORDS, k=6))} {number}",
        encode({"orderId": f"A-{number}", "customer": "Ada Lovelace", "status": "accepted"}),
        new_trace_id() if number else OLDEST_TRACE,
        new_span_id(),
    )
