"""Threads for what blocks: plain handlers and middleware, and plain iterators as bodies."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class NoThread(Exception):
    """Handlers that went on after they were cancelled hold every thread."""

    def __init__(self, threads: int) -> None:
        super().__init__(
            f"None of this runner's {threads} threads is free: handlers hold them that went on after they were "
            "cancelled. Give their blocking calls a timeout, and let their loops look at ctx.cancelled."
        )


class NoTurn(Exception):
    """Hooks that went on after their time hold every thread."""

    def __init__(self, threads: int) -> None:
        super().__init__(
            f"None of this runner's {threads} threads for hooks is free: hooks hold them that went on after their time "
            "was over. Give their blocking calls a timeout."
        )


class Threads:
    """So many threads, each made when it is first needed."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._busy = 0
        self._pool = ThreadPoolExecutor(count, "handler")

    async def run(self, call: Callable[..., Any], arguments: tuple[Any, ...], is_wanted: Callable[[], bool]) -> Any:
        """Calls it in the caller's context variables. Once it is not wanted, a cancellation waits for its end.

        Raises `NoThread` when none is free: a call that waited for one would begin when nobody wants it any more.
        """
        if self._busy >= self._count:
            raise NoThread(self._count)
        self._busy += 1
        context = contextvars.copy_context()
        future = asyncio.get_running_loop().run_in_executor(self._pool, context.run, call_plainly, call, arguments)
        future.add_done_callback(self._release)
        while True:
            try:
                return await asyncio.shield(future)
            except asyncio.CancelledError:
                # A thread cannot be stopped: it sees `ctx.cancelled` and has its grace to end.
                if is_wanted() or future.done():
                    raise

    def close(self) -> None:
        """Lets the threads end with what they are doing."""
        self._pool.shutdown(wait=False)

    def _release(self, _: asyncio.Future[Any]) -> None:
        self._busy -= 1


class Turns:
    """So many calls at once, further ones wait. One that is given up frees its turn at once, its thread at its end."""

    def __init__(self, count: int, threads: int) -> None:
        self._turns = asyncio.Semaphore(count)
        self._threads = threads
        self._busy = 0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(threads, "hook")

    async def run(self, call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        """Calls it in the caller's context variables. Raises `NoTurn` where those given up hold all threads."""
        async with self._turns:
            with self._lock:
                if self._busy >= self._threads:
                    raise NoTurn(self._threads)
                self._busy += 1
            context = contextvars.copy_context()
            future = self._pool.submit(context.run, call_plainly, call, arguments)
            future.add_done_callback(self._release)
            return await asyncio.wrap_future(future)

    def _release(self, _: Future[Any]) -> None:
        with self._lock:
            self._busy -= 1


class InContext(ThreadPoolExecutor):
    """Calls in the context variables of who submits, as `asyncio.to_thread` does and `run_in_executor` does not."""

    def submit(self, call: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        context = contextvars.copy_context()
        return super().submit(context.run, call, *arguments, **named)


def call_plainly(call: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Calls it where a future takes what it raises."""
    try:
        return call(*arguments)
    except StopIteration as error:
        # A future cannot hold one; in a coroutine Python does the same.
        raise RuntimeError("The function raised StopIteration.") from error
