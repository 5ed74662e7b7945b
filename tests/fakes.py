"""Fakes that keep the contracts: time that a test moves, runners that follow a script, log lines in a list."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable

from anyio import wait_all_tasks_blocked
from anyio.lowlevel import checkpoint

from runtime.config import TelemetrySettings
from runtime.contracts import Clock, Runner, Timer, TraceStore
from runtime.model import Invocation, LogLevel, LogRecord, Outcome, RequestRecord, Validation
from runtime.services.schemas import SchemaService
from runtime.services.tracing import Tracer

_TURNS = 32


async def settle() -> None:
    """Returns when every other task waits for something; the turns spare the slow check its polling."""
    for _ in range(_TURNS):
        await checkpoint()
    await wait_all_tasks_blocked()


class FakeTimer:
    """A callback of a `FakeClock`."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Prevents the call."""
        self.cancelled = True


class FakeClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._order = itertools.count()
        self._timers: list[tuple[float, int, FakeTimer]] = []

    def now(self) -> float:
        """Unix time in seconds."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Calls back when the clock is moved to `when`; on the loop's next turn if it has passed."""
        if when <= self._now:
            return asyncio.get_running_loop().call_soon(callback)
        timer = FakeTimer(callback)
        heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    async def advance(self, seconds: float) -> None:
        """Moves time on, runs what falls due in order, and lets its consequences happen before the next."""
        await self.move_to(self._now + seconds)

    async def move_to(self, moment: float) -> None:
        """The same, to a Unix time."""
        await settle()
        while self._timers and self._timers[0][0] <= moment:
            when, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, when)
            if not timer.cancelled:
                timer.callback()
                await settle()
        self._now = max(self._now, moment)


class FakeRunner:
    """Answers each invocation with the next outcome of its script, at the end with success; records what it ran."""

    def __init__(self, *script: Outcome) -> None:
        self.invocations: list[Invocation] = []
        self.cancelled: list[Invocation] = []
        self.running = 0
        self.most_running = 0
        self._script = deque(script)
        self._gate = asyncio.Event()
        self._gate.set()

    def hold(self) -> None:
        """Lets invocations begin and not end."""
        self._gate.clear()

    def release(self) -> None:
        """Lets invocations end again."""
        self._gate.set()

    def start(self, invocation: Invocation, ended: Callable[[Outcome], None]) -> Callable[[], None]:
        """Plays the next outcome."""
        self.invocations.append(invocation)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        playing = asyncio.ensure_future(self._play(ended))

        def leave() -> None:
            if not playing.done():
                self.cancelled.append(invocation)
                playing.cancel()

        return leave

    async def _play(self, ended: Callable[[Outcome], None]) -> None:
        try:
            await self._gate.wait()
        finally:
            self.running -= 1
        ended(self._script.popleft() if self._script else Outcome())


class FakePool:
    """A pool with one runner: at once, only after waiting (`busy`), or never (`runner` None)."""

    def __init__(self, runner: Runner | None, *, busy: bool = False) -> None:
        self.waits: list[float | None] = []
        self._runner = runner
        self._busy = busy

    def idle(self) -> Runner | None:
        """The runner, unless the pool is busy."""
        return None if self._busy else self._runner

    async def wait_idle(self, seconds: float | None) -> Runner | None:
        """The runner, without a wait; records how long the caller would have waited."""
        self.waits.append(seconds)
        return self._runner


class ListSink:
    """Keeps log lines and requests."""

    def __init__(self) -> None:
        self.records: list[LogRecord] = []
        self.requests: list[RequestRecord] = []

    def write(self, record: LogRecord) -> None:
        """Takes a line."""
        self.records.append(record)

    def request(self, record: RequestRecord) -> None:
        """Takes a request."""
        self.requests.append(record)

    def messages(self, level: LogLevel) -> list[str]:
        """The texts of the lines of this level."""
        return [record.message for record in self.records if record.level is level]


def unchecked() -> SchemaService:
    """A service that takes everything: for tests that are not about schemas."""
    return SchemaService(Validation.OFF, Reports())


class Reports:
    """Stands in for the `report` callback of the triggers; keeps (level, message, step, trace id)."""

    def __init__(self) -> None:
        self.lines: list[tuple[LogLevel, str, str, str]] = []

    def __call__(self, level: LogLevel, message: str, source: str = "", trace_id: str = "") -> None:
        self.lines.append((level, message, source, trace_id))

    def messages(self, level: LogLevel) -> list[str]:
        """The texts of this level."""
        return [line[1] for line in self.lines if line[0] is level]


def traced(store: TraceStore, clock: Clock) -> Tracer:
    """A tracer that keeps every span, for whoever has it run."""
    return Tracer(TelemetrySettings(), store, clock, (), Reports(), sample=1.0)
