"""reload/lane: one renewal after the other, and a hanging one does not keep the newest code away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from runtime.reload.lane import Change, Lane
from tests.unit.reload.turning import LoopTime, standing_time, turns


def change(*paths: str, since: float = 0.0, **given: bool) -> Change:
    return Change(since, set(paths), None, **given)


class Work:
    """Renewals that end when the test says so, or after some time of the loop's clock."""

    def __init__(self) -> None:
        self.begun: list[Change] = []
        self.done: list[Change] = []
        self.cut_off = 0
        self.times_ended = 0
        self.takes: float | None = 0.0
        self.most_at_once = 0
        self._at_once = 0
        self.go = anyio.Event()

    async def take_up(self, change: Change) -> None:
        self.begun.append(change)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if self.takes is None:
                await self.go.wait()
            else:
                await anyio.sleep(self.takes)
            self.done.append(change)
        except anyio.get_cancelled_exc_class():
            self.cut_off += 1
            raise
        finally:
            self._at_once -= 1

    def ended(self) -> None:
        self.times_ended += 1

    def release(self) -> None:
        self.go.set()
        self.go = anyio.Event()


@asynccontextmanager
async def lane_of(work: Work) -> AsyncIterator[tuple[Lane, LoopTime]]:
    lane = Lane(work.take_up, work.ended)
    with standing_time() as time:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lane.run)
            yield lane, time
            tasks.cancel_scope.cancel()


async def test_changes_that_come_together_are_one() -> None:
    work = Work()
    async with lane_of(work) as (lane, _):
        lane.put(change("a", since=1.0))
        lane.put(change("b", since=2.0))
        await turns()
    assert work.done == [change("a", "b", since=1.0)]


async def test_a_change_during_a_renewal_waits_for_it_and_is_taken_up_with_all_that_came_meanwhile() -> None:
    work = Work()
    work.takes = None
    async with lane_of(work) as (lane, _):
        lane.put(change("a"))
        await turns()
        lane.put(change("b"))
        lane.put(change("c"))
        await turns()
        assert (work.begun, work.done) == ([change("a")], [])
        work.release()
        await turns()
        assert (work.done, work.begun[1:]) == ([change("a")], [change("b", "c")])
        work.release()
        await turns()
    assert (work.most_at_once, work.cut_off, len(work.done)) == (1, 0, 2)


async def test_a_hanging_renewal_is_left_alone_while_nothing_waits() -> None:
    work = Work()
    work.takes = None
    async with lane_of(work) as (lane, time):
        lane.put(change("a"))
        await time.advance(3600)
        assert (len(work.begun), work.cut_off) == (1, 0)


async def test_a_hanging_renewal_is_cut_off_when_a_change_waits_and_nothing_of_it_is_lost() -> None:
    work = Work()
    work.takes = None
    async with lane_of(work) as (lane, time):
        lane.put(Change(1.0, {"a"}, {"WORD": "new"}))
        await time.advance(0.5)
        lane.put(change("b", since=2.0))
        await time.advance(0.4)
        assert work.cut_off == 0
        await time.advance(0.2)
        assert (work.cut_off, len(work.begun)) == (1, 2)
        assert work.begun[1] == Change(1.0, {"a", "b"}, {"WORD": "new"})


async def test_one_that_has_taken_too_long_already_is_cut_off_at_once() -> None:
    work = Work()
    work.takes = None
    async with lane_of(work) as (lane, time):
        lane.put(change("a"))
        await time.advance(30)
        lane.put(change("b"))
        await turns()
        assert work.begun[1] == change("a", "b")


async def test_a_slow_load_comes_to_serve_in_spite_of_steady_saves() -> None:
    work = Work()
    work.takes = 5.0
    async with lane_of(work) as (lane, time):
        for number in range(25):
            lane.put(change(str(number)))
            await time.advance(0.5)
        assert work.cut_off == 3, "it is given 1, 2, 4 and then 8 seconds"
        assert len(work.done) >= 1
        await time.advance(5)
        await time.advance(5)
    assert set().union(*(each.paths for each in work.done)) == {str(number) for number in range(25)}


async def test_patience_is_short_again_after_a_renewal_that_ended() -> None:
    work = Work()
    work.takes = None
    async with lane_of(work) as (lane, time):
        for number in range(3):
            lane.put(change(str(number)))
            await time.advance(60)
        work.release()
        await turns()
        lane.put(change("a"))
        await turns()
        before = work.cut_off
        lane.put(change("b"))
        await time.advance(1.01)
        assert work.cut_off == before + 1


async def test_a_retry_waits_for_the_renewal_under_way_and_cuts_nothing_off() -> None:
    work = Work()
    work.takes = 5.0
    async with lane_of(work) as (lane, time):
        lane.put(change("a"))
        for _ in range(9):
            await time.advance(0.5)
            lane.put(change(retry=True))
        await time.advance(0.6)
        assert (work.cut_off, work.done) == (0, [change("a")])
        assert work.begun[1:] == [change(retry=True)]


async def test_a_change_after_a_retry_still_cuts_it_off() -> None:
    work = Work()
    work.takes = None
    async with lane_of(work) as (lane, time):
        lane.put(change("a"))
        await turns()
        lane.put(change(retry=True))
        lane.put(change("b"))
        await time.advance(1.1)
        assert (work.cut_off, work.begun[1]) == (1, change("a", "b"))


async def test_nothing_is_done_twice() -> None:
    work = Work()
    async with lane_of(work) as (lane, time):
        lane.put(change("a"))
        await time.advance(100)
        assert len(work.begun) == 1


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (None, None, None),
        ({"A": "1"}, None, {"A": "1"}),
        (None, {"A": "2"}, {"A": "2"}),
        ({"A": "1", "B": "1"}, {"A": "2"}, {"A": "2"}),
        ({"A": "1"}, {}, {}),
    ],
)
def test_the_newest_variables_count(
    one: dict[str, str] | None, other: dict[str, str] | None, both: dict[str, str] | None
) -> None:
    assert Change(0.0, environ=one).with_later(Change(1.0, environ=other)).environ == both


def test_what_somebody_has_saved_is_no_mere_retry() -> None:
    quiet, saved = change(retry=True), change("a")
    assert quiet.with_later(quiet).retry
    assert not quiet.with_later(saved).retry
    assert not saved.with_later(quiet).retry


async def test_it_tells_when_it_has_judged_what_has_changed_and_a_retry_is_no_change() -> None:
    work = Work()
    work.takes = None
    async with lane_of(work) as (lane, _):
        lane.put(change("a", retry=True))
        await turns()
        assert not lane.is_judging
        lane.put(change("b"))
        assert lane.is_judging
        work.release()
        await turns()
        assert (lane.is_judging, work.times_ended) == (True, 1)
        work.release()
        await turns()
        assert (lane.is_judging, work.times_ended) == (False, 2)


async def test_what_is_cut_off_is_not_judged() -> None:
    work = Work()
    work.takes = None
    async with lane_of(work) as (lane, time):
        lane.put(change("a"))
        await turns()
        lane.put(change("b"))
        await time.advance(1.01)
        assert (work.cut_off, work.times_ended, lane.is_judging) == (1, 1, True)
