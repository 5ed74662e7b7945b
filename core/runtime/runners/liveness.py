"""Whether a runner still answers, and what its answers say of its use of the machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from runtime._gen import runner_pb2 as pb
from runtime.config import LinkSettings
from runtime.runners.outbox import Outbox
from runtime.runners.transfers import ProtocolFault

_LAST_LOOK_SECONDS = 0.1


class Liveness:
    """Pings of one connection: one timer, and never more than one ping without its answer."""

    def __init__(self, settings: LinkSettings, outbox: Outbox, on_silence: Callable[[str], None]) -> None:
        """`on_silence` is told, once, why the runner counts as stuck."""
        self.memory_bytes: int | None = None
        """Resident memory of the process; None until it is known."""
        self.cpu: float | None = None
        """The share of a core that it has used between the last two pings; None until there were two."""
        self._settings = settings
        self._outbox = outbox
        self._on_silence = on_silence
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._nonce = 0
        self._sent = 0.0
        self._is_answered = True
        self._used: tuple[float, int] | None = None
        """When the last answer came, and the processor time that it told of (ms)."""

    def begin(self) -> None:
        """Pings now, and from now on."""
        self._ping()

    def end(self) -> None:
        """Pings no more."""
        if self._timer is not None:
            self._timer.cancel()

    def answer(self, pong: pb.Pong) -> None:
        """Takes an answer. Raises `ProtocolFault` for one to no ping that is open."""
        if self._is_answered or pong.nonce != self._nonce:
            raise ProtocolFault(f"a pong came for ping {pong.nonce}, which is not open")
        self._is_answered = True
        now = self._loop.time()
        if self._used is not None and now > self._used[0]:
            then, used = self._used
            self.cpu = max(0, pong.cpu_ms - used) / 1000 / (now - then)
        self._used = now, pong.cpu_ms
        self.memory_bytes = pong.memory_bytes

    def _ping(self) -> None:
        self._nonce += 1
        self._is_answered = False
        self._sent = self._loop.time()
        self._outbox.add().ping.nonce = self._nonce
        self._timer = self._loop.call_later(self._settings.ping_interval, self._look)

    def _look(self) -> None:
        if self._is_answered:
            self._ping()
            return
        left = self._sent + self._settings.ping_timeout - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(min(left, self._settings.ping_interval), self._look)
        else:  # where the core itself has slept, what has come meanwhile is read first
            self._timer = self._loop.call_later(_LAST_LOOK_SECONDS, self._look_again)

    def _look_again(self) -> None:
        if self._is_answered:
            self._ping()
        else:
            self._on_silence(f"it has answered no ping for {self._settings.ping_timeout:g} s (link.pingTimeout)")
