"""Middleware around the handler of an api step, from the outside in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from runtime_runner.context import FlowContext
from runtime_runner.hostcalls import Run, running_loop
from runtime_runner.loader import Function, Step

Apply = Callable[[Run, Function, tuple[Any, ...]], Awaitable[Any]]
"""Calls a function of the user's, in a thread where it is a plain one."""


async def pass_through(run: Run, step: Step, req: Any, ctx: FlowContext, apply: Apply, place: int = 0) -> Any:
    """Calls the middleware from `place` on, the handler innermost."""
    if place == len(step.middleware):
        return await apply(run, step.handler, (req, ctx))
    inner = partial(pass_through, run, step, req, ctx, apply, place + 1)
    rest = Rest(run, inner, f"middleware {place + 1} of {step.file}")
    returned = await apply(run, step.middleware[place], (req, ctx, rest.go_on))
    # A middleware that only does something before next() may forget to return what it gave.
    return await rest.started if returned is None and rest.started is not None else returned


class Rest:
    """What a middleware goes on to with its third argument, `next`."""

    def __init__(self, run: Run, work: Callable[[], Coroutine[Any, Any, Any]], middleware: str) -> None:
        """`middleware` names whose rest it is, for errors."""
        self.started: asyncio.Task[Any] | None = None
        self._loop = asyncio.get_running_loop()
        self._run = run
        self._work = work
        self._middleware = middleware

    def go_on(self) -> Any:
        """Runs the rest: gives an awaitable on the event loop, in a worker thread the response itself."""
        loop = running_loop()
        if loop is self._loop:
            return self._start()
        answer = asyncio.run_coroutine_threadsafe(self._innermost(), self._loop)
        return answer.result() if loop is None else asyncio.wrap_future(answer)

    def _start(self) -> asyncio.Task[Any]:
        if self.started is not None:
            raise RuntimeError(f"{self._middleware} called next() twice")
        self.started = self._loop.create_task(self._work())
        return self.started

    async def _innermost(self) -> Any:
        # A cancellation is meant for what runs now, not for the thread that waits for it.
        outer, self._run.task = self._run.task, self._start()
        try:
            return await self._run.task
        finally:
            self._run.task = outer
