"""What is remembered and told of runs: its parts, wired."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from runtime.config import PRODUCTION_SAMPLE, TelemetrySettings
from runtime.contracts import Clock, TraceStore
from runtime.services.history import History
from runtime.services.live import Live
from runtime.services.logs import LogService
from runtime.services.metrics import Metrics
from runtime.services.tracing import Export, Listener, Tracer


class Telemetry:
    """Spans, lines, counts, and who watches them."""

    def __init__(
        self,
        settings: TelemetrySettings,
        store: TraceStore,
        clock: Clock,
        logs: LogService,
        export: Export | None = None,
        *,
        development: bool,
    ) -> None:
        """Has the lines of `logs` kept as well; `export` hears of all that is kept."""
        sample = settings.sample
        if sample is None:
            sample = 1.0 if development else PRODUCTION_SAMPLE
        self._store = store
        self._export = export
        self.metrics = Metrics()
        listeners: list[Listener] = [self.metrics]
        if export is not None:
            listeners.append(export)
        self.live = Live(listeners)
        self.tracer = Tracer(settings, store, clock, listeners, logs.core, sample=sample)
        self.history = History(store, self.tracer, self.tracer.redaction)
        logs.keep = self.tracer.log

    @asynccontextmanager
    async def open(self, left: Callable[[], float]) -> AsyncIterator[None]:
        """Opens what they are kept in, for the time of the context. Raises `StorageFault`.

        `left` gives the seconds that a stop may still take.
        """
        async with AsyncExitStack() as resources:
            await resources.enter_async_context(self._store.open())
            self.tracer.warn()
            if self._export is not None:
                await resources.enter_async_context(self._export.running(left))
            yield

    def unsent(self) -> Mapping[str, int]:
        """What did not get to a collector since the start, by signal; empty where nothing is sent."""
        return {} if self._export is None else self._export.unsent()

    async def run(self) -> None:
        """Has everything written, until it is cancelled."""
        await self.tracer.run()
