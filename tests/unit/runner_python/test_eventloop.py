"""The event loop outlives what user code throws in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from runtime_runner import eventloop
from runtime_runner.logs import Source, current

EXITS = [SystemExit(3), KeyboardInterrupt()]


def _told(work: Callable[[asyncio.AbstractEventLoop], Any]) -> list[dict[str, Any]]:
    """What the loop's exception handler gets while the work runs to its end."""
    told: list[dict[str, Any]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(context))
        current.set(Source(1, "steps/a_step.py"))
        await work(loop)

    eventloop.run(main())
    return told


def _raise(error: BaseException) -> None:
    raise error


async def _raise_later(error: BaseException) -> None:
    await asyncio.sleep(0)
    raise error


@pytest.mark.parametrize("error", EXITS)
def test_a_task_that_nobody_awaits(error: BaseException) -> None:
    async def work(loop: asyncio.AbstractEventLoop) -> None:
        task = asyncio.create_task(_raise_later(error))
        await asyncio.wait((task,))
        task.exception()

    (context,) = _told(work)
    assert context["exception"] is error
    assert eventloop.step_of(context) == "steps/a_step.py"
    assert not eventloop.is_told(context)


@pytest.mark.parametrize("error", EXITS)
def test_who_awaits_a_task_gets_its_error(error: BaseException) -> None:
    async def work(loop: asyncio.AbstractEventLoop) -> None:
        with pytest.raises(type(error)):
            await asyncio.gather(_raise_later(error), asyncio.sleep(0))

    assert len(_told(work)) == 1


@pytest.mark.parametrize("error", EXITS)
def test_a_callback(error: BaseException) -> None:
    async def work(loop: asyncio.AbstractEventLoop) -> None:
        after = loop.create_future()
        loop.call_soon(_raise, error)
        loop.call_soon(after.set_result, None)
        await after

    (context,) = _told(work)
    assert (context["exception"], eventloop.step_of(context)) == (error, "steps/a_step.py")


def test_the_work_itself_ends_the_loop() -> None:
    async def leaves() -> None:
        raise SystemExit(4)

    async def gives() -> int:
        return 5

    with pytest.raises(SystemExit):
        eventloop.run(leaves())
    assert eventloop.run(gives()) == 5


def test_what_has_been_told_is_not_told_again() -> None:
    assert eventloop.is_told({"exception": SystemExit(1), "task": None})
    assert not eventloop.is_told({"exception": ValueError(), "task": None})
    assert not eventloop.step_of({"exception": ValueError()})
