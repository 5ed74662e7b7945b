"""deadlines: what expires, when, and what does not."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

from runtime.deadlines import Deadlines, Grace


async def test_what_is_not_removed_expires_in_order() -> None:
    expired: list[str] = []
    done = asyncio.Event()

    def expire(key: str) -> None:
        expired.append(key)
        if key == "last":
            done.set()

    deadlines = Deadlines(expire)
    began = asyncio.get_running_loop().time()
    for key, timeout in (("first", 0.02), ("removed", 0.02), ("second", 0.02), ("last", 0.05)):
        deadlines.add(key, timeout)
    deadlines.remove("removed", 0.02)
    async with asyncio.timeout(5):
        await done.wait()
    assert expired == ["first", "second", "last"]
    assert asyncio.get_running_loop().time() - began >= 0.05


async def test_a_deadline_that_is_added_while_others_run_has_its_whole_time() -> None:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[float] = loop.create_future()
    began = 0.0

    def expire(key: int) -> None:
        nonlocal began
        if key == 1:
            began = loop.time()
            deadlines.add(2, 0.03)
        else:
            ended.set_result(loop.time())

    deadlines = Deadlines(expire)
    deadlines.add(1, 0.03)
    async with asyncio.timeout(5):
        assert await ended - began >= 0.029


async def test_removing_what_is_not_there_does_nothing() -> None:
    deadlines: Deadlines[int] = Deadlines(lambda key: None)
    deadlines.remove(1, 5)
    deadlines.add(1, 5)
    deadlines.remove(1, 5)
    deadlines.remove(1, 5)


async def test_an_expiry_that_fails_takes_no_other_along() -> None:
    faults: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: faults.append(context))
    done = asyncio.Event()

    def expire(key: int) -> None:
        if key == 1:
            raise RuntimeError("no")
        done.set()

    deadlines = Deadlines(expire)
    deadlines.add(1, 0.02)
    deadlines.add(2, 0.02)
    async with asyncio.timeout(5):
        await done.wait()
        done.clear()
        deadlines.add(3, 0.02)
        await done.wait()
    assert [str(fault["exception"]) for fault in faults] == ["no"]


async def test_nothing_is_kept_of_what_is_cleared() -> None:
    class Owner:
        def __init__(self) -> None:
            self.expired: list[str] = []
            self.has_expired = asyncio.Event()
            self.deadlines = Deadlines(self.expire)

        def expire(self, key: str) -> None:
            self.expired.append(key)
            self.deadlines.clear()
            self.has_expired.set()

    owner = Owner()
    owner.deadlines.add("first", 0.001)
    owner.deadlines.add("second", 0.001)
    owner.deadlines.add("late", 3600.0)
    await owner.has_expired.wait()
    expired, seen = owner.expired, weakref.ref(owner)
    del owner
    gc.collect()
    assert seen() is None
    assert expired == ["first"]


async def test_what_is_added_after_a_clearing_expires_too() -> None:
    expired: list[str] = []
    is_over = asyncio.Event()

    def expire(key: str) -> None:
        expired.append(key)
        if key == "first":
            deadlines.clear()
            deadlines.add("second", 0.001)
        else:
            is_over.set()

    deadlines: Deadlines[str] = Deadlines(expire)
    deadlines.add("first", 0.001)
    async with asyncio.timeout(5):
        await is_over.wait()
    deadlines.remove("second", 0.001)
    assert expired == ["first", "second"]


async def test_a_grace_is_one_for_all_who_share_it() -> None:
    grace = Grace(0.2)
    await asyncio.sleep(0.05)
    assert grace.left == 0.2
    grace.begin()
    await asyncio.sleep(0.05)
    grace.begin()
    assert 0 < grace.left < 0.16
    await asyncio.sleep(0.2)
    assert grace.left == 0
