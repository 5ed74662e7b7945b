"""runners/pool: who gets a runner, and in which order."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from runtime.errors import RunnerFault
from runtime.runners.link import Link
from runtime.runners.pool import Pool
from tests.fakes import settle

PATIENCE = 5.0


class FakeLink:
    """As much of a link as a pool sees."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.in_flight = 0
        self.is_live = True

    @property
    def room(self) -> int:
        return self.size - self.in_flight


class Serving:
    """A pool, and callers that hold what they get until a test ends them."""

    def __init__(self, *rooms: int) -> None:
        self.pool = Pool()
        self.links = [FakeLink(room) for room in rooms]
        self.served: list[str] = []
        self.most = 0
        for link in self.links:
            self.pool.add(cast(Link, link))

    async def wait(self, name: str, seconds: float = PATIENCE) -> asyncio.Task[FakeLink | None]:
        """A caller that takes the dispatcher's way: at once, else waiting."""

        async def caller() -> FakeLink | None:
            link = cast(Any, self.pool.idle() or await self.pool.wait_idle(seconds))
            if link is not None:
                link.in_flight += 1
                assert link.in_flight <= link.size
                self.served.append(name)
            return cast(FakeLink | None, link)

        task = asyncio.ensure_future(caller())
        await settle()
        return task

    async def end(self, number: int = 1, *, settled: bool = True) -> None:
        """Ends so many invocations in one go, as a frame of results does."""
        for _ in range(number):
            self.links[0].in_flight -= 1
            self.pool.notify()
        if settled:
            await settle()


async def test_a_pool_without_links_has_none() -> None:
    pool = Pool()
    assert pool.idle() is None
    assert await pool.wait_idle(0.01) is None


async def test_the_least_busy_link_is_taken() -> None:
    serving = Serving(10, 10, 10)
    for link, load in zip(serving.links, (3, 1, 2), strict=True):
        link.in_flight = load
    assert cast(Any, serving.pool.idle()) is serving.links[1]
    serving.links[1].in_flight = 10
    assert cast(Any, serving.pool.idle()) is serving.links[2]


async def test_those_that_are_as_busy_have_turns() -> None:
    serving = Serving(2, 2, 2)
    taken = [cast(FakeLink, serving.pool.idle()) for _ in range(6)]
    assert taken[:3] == serving.links
    assert taken[3:] == taken[:3]


async def test_even_shares_also_where_one_is_slow() -> None:
    serving = Serving(100, 100)
    serving.links[0].in_flight = 3
    for _ in range(7):
        cast(FakeLink, serving.pool.idle()).in_flight += 1
    assert [link.in_flight for link in serving.links] == [5, 5]


async def test_others_serve_from_one_turn_to_the_next() -> None:
    serving = Serving(1)
    await serving.wait("first")
    waiting = await serving.wait("waiting")
    new = FakeLink(5)
    serving.pool.use([cast(Link, new)])
    assert cast(Any, list(serving.pool.links)) == [new]
    await settle()
    assert cast(Any, waiting.result()) is new
    assert cast(Any, serving.pool.idle()) is new


async def test_hope_that_was_given_up_comes_back_with_others() -> None:
    pool = Pool()
    pool.give_up("it died")
    with pytest.raises(RunnerFault, match="it died"):
        await pool.wait_live()
    pool.use(())
    waiting = asyncio.ensure_future(pool.wait_live())
    await settle()
    assert not waiting.done()
    pool.add(cast(Link, FakeLink(1)))
    assert cast(FakeLink, await waiting).size == 1


async def test_a_full_link_is_not_handed_out() -> None:
    serving = Serving(1)
    serving.links[0].in_flight = 1
    assert serving.pool.idle() is None
    assert await serving.pool.wait_idle(0.01) is None


async def test_a_link_that_was_removed_is_not_handed_out() -> None:
    serving = Serving(1)
    link = cast(Link, serving.links[0])
    serving.pool.remove(link)
    serving.pool.remove(link)
    assert serving.pool.idle() is None


async def test_a_caller_that_waits_gets_the_room_that_comes() -> None:
    serving = Serving(1)
    first, second = await serving.wait("1"), await serving.wait("2")
    assert (first.done(), second.done()) == (True, False)
    await serving.end()
    assert second.done()


async def test_a_caller_that_waits_gets_a_link_that_is_added() -> None:
    serving = Serving()
    waiting = await serving.wait("1")
    serving.pool.add(cast(Link, FakeLink(1)))
    await settle()
    assert waiting.done()


async def test_callers_are_served_in_the_order_in_which_they_came() -> None:
    serving = Serving(1)
    names = [str(number) for number in range(8)]
    tasks = [await serving.wait(name) for name in names]
    for _ in names[1:]:
        await serving.end()
    await asyncio.gather(*tasks)
    assert serving.served == names


@pytest.mark.parametrize("at_once", [2, 3])
async def test_callers_are_served_in_order_also_when_rooms_come_together(at_once: int) -> None:
    serving = Serving(at_once)
    names = [str(number) for number in range(4 * at_once)]
    tasks = [await serving.wait(name) for name in names]
    for _ in range(3):
        await serving.end(at_once)
    await asyncio.gather(*tasks)
    assert serving.served == names


async def test_a_newcomer_does_not_overtake_one_whose_turn_has_come() -> None:
    serving = Serving(1)
    await serving.wait("first")
    waiting = await serving.wait("waiting")
    await serving.end(settled=False)
    assert serving.pool.idle() is None
    await settle()
    assert waiting.done()


async def test_no_room_in_time_is_none_and_leaves_nothing_behind() -> None:
    serving = Serving(1)
    await serving.wait("first")
    late = await serving.wait("late", seconds=0.01)
    async with asyncio.timeout(PATIENCE):
        assert await late is None
    assert serving.served == ["first"]
    await serving.end()
    assert cast(Any, serving.pool.idle()) is serving.links[0]


async def test_one_who_leaves_the_queue_is_passed_over() -> None:
    serving = Serving(1)
    await serving.wait("first")
    gone, waiting = await serving.wait("gone"), await serving.wait("waiting")
    gone.cancel()
    await settle()
    await serving.end()
    assert waiting.done()
    assert serving.served == ["first", "waiting"]


async def test_one_who_leaves_as_its_turn_comes_passes_it_on() -> None:
    serving = Serving(1)
    await serving.wait("first")
    gone, waiting = await serving.wait("gone"), await serving.wait("waiting")
    await serving.end(settled=False)
    gone.cancel()
    await settle()
    assert gone.cancelled()
    assert waiting.done()


async def test_room_that_comes_just_as_a_caller_leaves_goes_to_the_next() -> None:
    """A timeout and a result may fall into one turn of the event loop."""
    serving = Serving(1)
    await serving.wait("first")
    gone, waiting = await serving.wait("gone"), await serving.wait("waiting")
    gone.cancel()
    await serving.end()
    assert gone.cancelled()
    assert waiting.done()
