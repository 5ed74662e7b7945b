"""Holds callers back for a moment and lets them go on in their order."""

from __future__ import annotations

import asyncio


class Gate:
    """Open until it is held; nobody overtakes those that wait at it. They are bounded by those who may call."""

    def __init__(self) -> None:
        self.is_open = True
        self._held = False
        self._waiting: list[asyncio.Future[None]] = []

    async def wait(self) -> None:
        """Waits for the caller's turn; for who has found the gate not open."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    def hold(self) -> None:
        """Holds back whoever comes. Those whose turn has come just before still run in the loop's next turn."""
        self.is_open = False
        self._held = True

    def release(self) -> None:
        """Lets those who wait go on, and opens when none has come behind them."""
        self._held = False
        self._let_through()

    def _let_through(self) -> None:
        if self._held:
            return
        turns, self._waiting = self._waiting, []
        for turn in turns:
            if not turn.done():
                turn.set_result(None)
        if turns:
            # They run in the loop's next turn; whoever comes before them must not be let in at once.
            asyncio.get_running_loop().call_soon(self._let_through)
        else:
            self.is_open = True
