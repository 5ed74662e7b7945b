"""clock: the machine's clock, and that the fake keeps the same contract."""

from __future__ import annotations

import asyncio
import time

import anyio
import pytest

from runtime.clock import SystemClock
from runtime.contracts import Clock
from tests.fakes import FakeClock, settle


def test_now_is_unix_time() -> None:
    assert abs(SystemClock().now() - time.time()) < 1


@pytest.fixture(params=[SystemClock, FakeClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


async def test_a_time_that_has_passed_is_called_back_soon_but_not_at_once(clock: Clock) -> None:
    called = anyio.Event()
    clock.call_at(clock.now() - 100, called.set)
    assert not called.is_set()
    with anyio.fail_after(5):
        await called.wait()


async def test_a_cancelled_timer_is_not_called(clock: Clock) -> None:
    calls: list[str] = []
    last = anyio.Event()
    clock.call_at(clock.now() - 2, lambda: calls.append("cancelled")).cancel()
    clock.call_at(clock.now() - 1, last.set)
    with anyio.fail_after(5):
        await last.wait()
    assert calls == []


async def test_the_machine_calls_back_at_its_time_and_not_before() -> None:
    clock = SystemClock()
    reached: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    wanted = clock.now() + 0.02
    clock.call_at(wanted, lambda: reached.set_result(clock.now()))
    async with asyncio.timeout(5):
        assert await reached >= wanted - 0.001


async def test_the_fake_calls_back_in_order_of_time_at_that_time() -> None:
    clock = FakeClock(100.0)
    calls: list[tuple[str, float]] = []
    for name, delay in (("late", 9.0), ("soon", 2.0), ("same", 2.0), ("never", 11.0)):
        clock.call_at(100 + delay, lambda name=name: calls.append((name, clock.now())))  # type: ignore[misc]
    await clock.advance(10)
    assert calls == [("soon", 102.0), ("same", 102.0), ("late", 109.0)]
    assert clock.now() == 110.0


async def test_the_fake_runs_timers_that_timers_set() -> None:
    clock = FakeClock(0.0)
    calls: list[float] = []

    def again() -> None:
        calls.append(clock.now())
        clock.call_at(clock.now() + 1, again)

    clock.call_at(1.0, again)
    await clock.advance(3.5)
    assert calls == [1.0, 2.0, 3.0]
    await settle()
    assert calls == [1.0, 2.0, 3.0]
