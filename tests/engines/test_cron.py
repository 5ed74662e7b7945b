"""The cron lock of every engine."""

from __future__ import annotations

import asyncio

from runtime.contracts import CronLock


async def test_a_tick_is_had_once(cron: CronLock) -> None:
    assert await cron.acquire("a", 60.0)
    assert not await cron.acquire("a", 60.0)
    assert await cron.acquire("a", 120.0)


async def test_of_many_who_ask_one_has_it(cron: CronLock) -> None:
    assert sum(await asyncio.gather(*(cron.acquire("a", 60.0) for _ in range(20)))) == 1


async def test_schedules_do_not_mix(cron: CronLock) -> None:
    assert [await cron.acquire(schedule, 60.0) for schedule in ("a", "b", "", "ü\0")] == [True] * 4


async def test_a_tick_that_has_passed_is_not_had(cron: CronLock) -> None:
    assert await cron.acquire("a", 120.0)
    assert not await cron.acquire("a", 60.0)
    assert await cron.acquire("b", 60.0)
