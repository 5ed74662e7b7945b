"""The event loop of a command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from runtime.errors import RuntimeFault

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def run(function: Callable[[Argument], Awaitable[Result]], argument: Argument) -> Result:
    """Runs a coroutine function to its end.

    Raises the first `RuntimeFault` bare, however many task groups it came through.
    """
    try:
        return anyio.run(function, argument, backend="asyncio", backend_options={"use_uvloop": True})
    except BaseExceptionGroup as group:  # not except*: Python 3.11.2 would wrap what is raised in it
        faults, others = group.split(RuntimeFault)
        if faults is None or others is not None:
            raise
        raise _first(faults) from None


def _first(group: BaseExceptionGroup[RuntimeFault]) -> RuntimeFault:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, RuntimeFault)
    return error
