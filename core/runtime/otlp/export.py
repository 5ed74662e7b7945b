"""Listens to what is kept of runs, and has it sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import anyio.to_thread

from runtime.model import LogLevel, LogRecord, Operation, Span
from runtime.otlp.outlet import Outlet
from runtime.otlp.variables import Wanted, wanted
from runtime.services.logs import Report

EXTRA = "pip install 'runtime[otlp]'"
FINISH_SECONDS = 3.0
"""What sending the rest may take at the end."""


class Export:
    """Sends spans and lines that were kept to a collector; a `Listener` of the tracer."""

    def __init__(self, wanted: Wanted, mode: str, report: Report) -> None:
        """`mode` is development or production."""
        self._wanted = wanted
        self._mode = mode
        self._report = report
        self._spans: Outlet[Span] | None = None
        self._lines: Outlet[LogRecord] | None = None

    @asynccontextmanager
    async def running(self, left: Callable[[], float]) -> AsyncIterator[None]:
        """Sends for the time of the context, and what is left then, for as long as a stop may still take."""
        for warning in self._wanted.warnings:
            self._warn(warning)
        if self._wanted:
            await self._start()
        outlets = list(self._outlets().values())
        for outlet in outlets:
            outlet.start()
        try:
            yield
        finally:
            with anyio.CancelScope(shield=True):
                seconds = min(FINISH_SECONDS, left())
                async with anyio.create_task_group() as tasks:
                    for outlet in outlets:
                        tasks.start_soon(anyio.to_thread.run_sync, outlet.finish, seconds)

    def unsent(self) -> Mapping[str, int]:
        """Spans and lines that were not sent and will not be since the start, by signal."""
        return {signal: outlet.dropped for signal, outlet in self._outlets().items()}

    def _outlets(self) -> dict[str, Outlet[Span] | Outlet[LogRecord]]:
        """By signal."""
        both = {"traces": self._spans, "logs": self._lines}
        return {signal: outlet for signal, outlet in both.items() if outlet is not None}

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()

        def tell(message: str) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._warn, message)

        try:
            await anyio.to_thread.run_sync(self._make, tell)
        except ImportError as error:
            self._warn(f"the OTEL_* variables ask for an export that lacks a package ({error.name}): run {EXTRA}")
        except Exception as error:  # of a library that reads variables of its own, and may quote a secret
            self._warn(f"nothing is sent: the OpenTelemetry SDK does not take its variables ({type(error).__name__})")

    def _make(self, tell: Callable[[str], None]) -> None:
        """Makes the outlets, for which the library is loaded. Raises `ImportError`."""
        from runtime.otlp.senders import line_sender, span_sender

        traces, logs, resource, _ = self._wanted
        if traces is not None:
            self._spans = Outlet("traces", traces.shown, span_sender(traces, resource, self._mode), tell)
        if logs is not None:
            self._lines = Outlet("log lines", logs.shown, line_sender(logs, resource, self._mode), tell)

    def _warn(self, message: str) -> None:
        self._report(LogLevel.WARN, message, "runtime", "")

    # ------------------------------------------------------------ what is heard

    def began(self, span: Span) -> None:
        """Nothing is sent of what runs."""

    def did(self, span: Span, operation: Operation) -> None:
        """It is sent with its span."""

    def ended(self, span: Span) -> None:
        """It is sent when it is kept."""

    def dropped(self, span: Span) -> None:
        """Nothing was sent."""

    def written(self, spans: Sequence[Span], logs: Sequence[LogRecord]) -> None:
        """Has them sent."""
        if self._spans is not None:
            self._spans.add(spans)
        if self._lines is not None:
            self._lines.add(logs)


def exporting(variables: Mapping[str, str], service: str, mode: str, report: Report) -> Export | None:
    """What the OTEL_* variables ask for; None where they ask for nothing."""
    found = wanted(variables, service)
    return Export(found, mode, report) if found or found.warnings else None
