"""The event loop, which goes on whatever user code throws in it."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from runtime_runner.logs import current

EXITS: Final = (SystemExit, KeyboardInterrupt)
"""What asyncio lets out of the loop, when a task or a callback raises it."""

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, but `sys.exit()` in a task or callback goes to the loop's exception handler and no further."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        task = loop.create_task(work)
        task.add_done_callback(lambda _: loop.stop())
        while not task.done():
            try:
                loop.run_forever()
            except EXITS as error:
                # Who awaits the task gets the error as well: asyncio has set it before.
                loop.call_exception_handler({"message": "exit", "exception": error, "handle": _handle_of(error)})
        return task.result()


def is_told(context: dict[str, Any]) -> bool:
    """True for what an exception handler has had before, when it left the loop."""
    return isinstance(context.get("exception"), EXITS) and "handle" not in context


def step_of(context: dict[str, Any]) -> str:
    """The step whose callback an exception handler's context is about; empty when that is not known."""
    handle = context.get("handle")
    if not isinstance(handle, asyncio.Handle):
        return ""
    source = handle._context.get(current)  # type: ignore[attr-defined]
    return source.step_file if source is not None else ""


def _handle_of(error: BaseException) -> asyncio.Handle | None:
    run_handle = asyncio.Handle._run.__code__
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return next((frame.f_locals["self"] for frame in frames if frame.f_code is run_handle), None)
