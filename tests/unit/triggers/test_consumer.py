"""triggers/consumer: other catalogs while events are handled; what stays is not touched, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import anyio
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.catalog import Catalog
from runtime.dispatcher import Dispatcher
from runtime.model import Failure, FailureKind, Invocation, LogLevel, Outcome
from runtime.runners.pool import Pool
from runtime.triggers.events import EventConsumers
from tests.engines.events import letters
from tests.fakes import FakePool, settle
from tests.unit.triggers.consuming import BOOM, QUEUE, Consuming, catalog_of, event_step

UNKNOWN = Outcome(failure=Failure(FailureKind.UNKNOWN_STEP, "no such step"))


# ------------------------------------------------------------ what stays


async def test_queues_that_stay_keep_their_workers() -> None:
    async with Consuming(concurrency=3).running() as consuming:
        consuming.fake.hold()
        await consuming.emit("1")
        before = asyncio.all_tasks()
        for _ in range(3):
            consuming.use(event_step(concurrency=3, maxRetries=5), event_step("b", "v"))
            consuming.use(event_step(concurrency=3))
            await settle()
        assert asyncio.all_tasks() == before
        assert (consuming.ran(), consuming.fake.cancelled) == (["1"], [])


async def test_a_renewed_step_runs_the_next_delivery_and_what_runs_ends_as_it_began() -> None:
    async with Consuming(concurrency=1).running() as consuming:
        consuming.fake.hold()
        await consuming.emit("1")
        await consuming.emit("2")
        consuming.use(event_step(file="steps/moved/a.step.ts", handler={"timeout": 7}, concurrency=1))
        await settle()
        consuming.fake.release()
        await settle()
        steps = [invocation.step for invocation in consuming.fake.invocations]
        assert [(step.file, step.timeout) for step in steps] == [
            ("steps/a.step.ts", 30),
            ("steps/moved/a.step.ts", 7),
        ]
        assert consuming.depth() == 0


async def test_an_event_that_was_waited_for_before_is_run_by_the_renewed_step() -> None:
    async with Consuming().running() as consuming:
        consuming.use(event_step(handler={"atomic": True}))
        await consuming.emit("1")
        assert [held.ended for held in consuming.held] == ["committed"]
        assert [invocation.step.atomic for invocation in consuming.fake.invocations] == [True]


async def test_a_run_that_fails_is_retried_by_the_renewed_policy() -> None:
    async with Consuming(BOOM, maxRetries=3).running() as consuming:
        consuming.fake.hold()
        await consuming.emit("1")
        consuming.use(event_step(maxRetries=0))
        consuming.fake.release()
        await settle()
        assert len(await letters(consuming.bus, QUEUE)) == 1


# ------------------------------------------------------------ concurrency


async def test_more_concurrency_counts_at_once() -> None:
    async with Consuming(concurrency=1).running() as consuming:
        consuming.fake.hold()
        for number in range(5):
            await consuming.emit(str(number))
        assert consuming.fake.running == 1
        consuming.use(event_step(concurrency=4))
        await settle()
        assert consuming.fake.running == 4


async def test_less_concurrency_counts_from_the_next_delivery_on() -> None:
    async with Consuming(concurrency=3).running() as consuming:
        consuming.fake.hold()
        for number in range(6):
            await consuming.emit(str(number))
        consuming.use(event_step(concurrency=1))
        await settle()
        assert (consuming.fake.running, consuming.fake.cancelled) == (3, [])
        for left in (1, 1, 1, 0):
            consuming.end_runs()
            await settle()
            assert consuming.fake.running == left
        assert consuming.ran() == list("012345")


async def test_workers_that_wait_are_the_first_to_go() -> None:
    async with Consuming(concurrency=3).running() as consuming:
        consuming.fake.hold()
        await consuming.emit("1")
        consuming.use(event_step(concurrency=1))
        await consuming.emit("2")
        assert consuming.fake.running == 1
        consuming.end_runs()
        await settle()
        assert consuming.ran() == ["1", "2"]


async def test_less_concurrency_holds_for_events_that_come_in_the_same_turn() -> None:
    async with Consuming(concurrency=3).running() as consuming:
        consuming.fake.hold()
        for id in "123":
            await consuming.put(id)
        consuming.use(event_step(concurrency=1))
        await consuming.put("4")
        for number in range(1, 5):
            await settle()
            assert (consuming.fake.running, len(consuming.ran())) == (1, number)
            consuming.end_runs()
        await settle()
        assert sorted(consuming.ran()) == list("1234")


async def test_more_concurrency_counts_for_events_that_were_held_back() -> None:
    async with Consuming(concurrency=2).running() as consuming:
        consuming.fake.hold()
        await consuming.put("1")
        await consuming.put("2")
        consuming.use(event_step(concurrency=1))
        await settle()
        assert consuming.fake.running == 1
        consuming.use(event_step(concurrency=2))
        await settle()
        assert consuming.fake.running == 2


# ------------------------------------------------------------ queues that go and come


async def test_a_queue_that_is_new_is_consumed_with_what_it_holds() -> None:
    async with Consuming().running() as consuming:
        await consuming.put("1", "v", "b")
        consuming.use(event_step(), event_step("b", "v"))
        await settle()
        assert consuming.ran() == ["1"]


async def test_a_queue_that_is_gone_keeps_what_waits_and_continues_when_it_is_back() -> None:
    async with Consuming(concurrency=1).running() as consuming:
        consuming.fake.hold()
        await consuming.emit("1")
        await consuming.emit("2")
        consuming.use()
        consuming.fake.release()
        await consuming.emit("3")
        assert (consuming.ran(), consuming.fake.cancelled, consuming.depth()) == (["1"], [], 2)
        consuming.use(event_step(concurrency=1))
        await settle()
        assert (consuming.ran(), consuming.depth()) == (["1", "2", "3"], 0)


async def test_a_queue_that_comes_back_before_its_last_run_has_ended_runs_no_more_than_it_may() -> None:
    async with Consuming(concurrency=1).running() as consuming:
        consuming.fake.hold()
        await consuming.emit("1")
        await consuming.emit("2")
        for _ in range(3):
            consuming.use()
            await settle()
            consuming.use(event_step(concurrency=1))
            await settle()
        assert consuming.fake.running == 1
        consuming.fake.release()
        await settle()
        assert (consuming.ran(), consuming.fake.most_running) == (["1", "2"], 1)


async def test_a_queue_that_goes_and_comes_back_in_one_turn_goes_on() -> None:
    async with Consuming(concurrency=2).running() as consuming:
        before = asyncio.all_tasks()
        consuming.use()
        consuming.use(event_step(concurrency=2))
        await settle()
        assert asyncio.all_tasks() == before
        await consuming.emit("1")
        assert consuming.ran() == ["1"]


async def test_workers_of_queues_that_are_gone_do_not_stay() -> None:
    async with Consuming().running() as consuming:
        before = len(asyncio.all_tasks())
        for number in range(50):
            consuming.use(event_step(), event_step(f"b{number}", "v"))
            await settle()
        consuming.use(event_step())
        await settle()
        assert len(asyncio.all_tasks()) == before


# ------------------------------------------------------------ an event that comes at the very moment


async def test_an_event_that_comes_as_its_queue_goes_is_handled_or_kept() -> None:
    async with Consuming().running() as consuming:
        consuming.fake.hold()
        await consuming.put("1")
        consuming.use()
        await settle()
        consuming.fake.release()
        await settle()
        assert (consuming.ran(), consuming.fake.cancelled, consuming.depth()) == (["1"], [], 0)


async def test_an_event_that_comes_at_a_stop_is_handled_to_its_end() -> None:
    consuming = Consuming()
    consuming.fake.hold()
    task = asyncio.ensure_future(consuming.consumers.run(consuming.catalog, consuming.stop))
    await settle()
    consuming.stop.set()
    await consuming.put("1")
    await settle()
    consuming.fake.release()
    await task
    assert (consuming.ran(), consuming.fake.cancelled, consuming.depth()) == (["1"], [], 0)


async def test_an_event_that_comes_as_the_workers_change_is_run_once() -> None:
    async with Consuming(concurrency=1).running() as consuming:
        consuming.fake.hold()
        await consuming.put("1")
        consuming.use()
        await consuming.put("2")
        consuming.use(event_step(concurrency=1))
        await settle()
        assert consuming.fake.running == 1
        consuming.fake.release()
        await settle()
        assert (sorted(consuming.ran()), consuming.fake.most_running) == (["1", "2"], 1)


# ------------------------------------------------------------ an event for which no runner has room


async def test_an_event_that_waits_for_a_runner_at_a_stop_goes_back_as_it_was() -> None:
    consuming = Consuming(pool=Pool(), handler={"atomic": True})
    async with consuming.running():
        await consuming.emit("1")
        assert consuming.bus.status()[0].in_flight == 1
    [kept] = await consuming.bus.waiting(QUEUE, 10)
    assert (kept.event.id, kept.attempt, kept.failed, consuming.bus.status()[0].in_flight) == ("1", 1, (), 0)
    assert [held.ended for held in consuming.held] == ["dropped"]


async def test_an_event_that_comes_at_a_stop_waits_for_no_runner() -> None:
    consuming = Consuming(pool=Pool())
    async with asyncio.timeout(5), consuming.running():
        consuming.stop.set()
        await consuming.put("1")
    assert consuming.depth() == 1


async def test_an_event_that_waits_for_a_runner_goes_back_when_its_queue_goes() -> None:
    pool = Pool()
    async with Consuming(pool=pool).running() as consuming:
        await consuming.emit("1")
        consuming.use()
        await settle()
        assert consuming.bus.status()[0].in_flight == 0
        consuming.use(event_step())
        await settle()
        assert consuming.bus.status()[0].in_flight == 1


# ------------------------------------------------------------ a step that its runner has no more


async def test_an_event_that_meets_a_runner_without_its_renewed_step_goes_to_the_next_at_once() -> None:
    async with Consuming(UNKNOWN, maxRetries=0).running() as consuming:
        consuming.fake.hold()
        await consuming.emit("1")
        consuming.use(event_step(file="steps/moved/a.step.ts", maxRetries=0))
        consuming.fake.release()
        await settle()
        ran = [(invocation.step.file, invocation.attempt) for invocation in consuming.fake.invocations]
        assert ran == [("steps/a.step.ts", 1), ("steps/moved/a.step.ts", 2)]
        assert (await letters(consuming.bus, QUEUE), consuming.depth()) == ([], 0)
        assert consuming.reports.messages(LogLevel.ERROR) == []


async def test_an_event_that_meets_a_runner_without_its_step_waits_in_the_queue_while_that_is_gone() -> None:
    async with Consuming(UNKNOWN, maxRetries=0).running() as consuming:
        consuming.fake.hold()
        await consuming.emit("1")
        consuming.use()
        consuming.fake.release()
        await settle()
        assert (await letters(consuming.bus, QUEUE), consuming.depth()) == ([], 1)
        consuming.use(event_step(maxRetries=0))
        await settle()
        assert (consuming.ran(), consuming.depth()) == (["1", "1"], 0)


async def test_a_step_that_its_runner_has_never_had_is_tried_by_its_policy() -> None:
    async with Consuming(UNKNOWN, UNKNOWN, maxRetries=1).running() as consuming:
        consuming.fake.hold()
        await consuming.emit("1")
        consuming.use(event_step(maxRetries=1), event_step("b", "v"))
        consuming.fake.release()
        await settle()
        assert consuming.ran() == ["1"]
        await consuming.clock.advance(1)
        assert len(await letters(consuming.bus, QUEUE)) == 1


# ------------------------------------------------------------ before and after


async def test_consumers_that_do_not_run_take_nothing() -> None:
    consuming = Consuming()
    consuming.use(event_step())
    await consuming.emit("1")
    assert consuming.ran() == []
    consuming.consumers.use(Catalog())
    async with consuming.running():
        assert consuming.ran() == ["1"]
    consuming.use(event_step())
    await consuming.emit("2")
    assert consuming.ran() == ["1"]


async def test_a_catalog_that_comes_while_the_consumers_stop_begins_nothing() -> None:
    consuming = Consuming(concurrency=1)
    consuming.fake.hold()
    task = asyncio.ensure_future(consuming.consumers.run(consuming.catalog, consuming.stop))
    await settle()
    await consuming.emit("1")
    await consuming.emit("2")
    consuming.stop.set()
    await settle()
    consuming.use(event_step(concurrency=5))
    consuming.fake.release()
    await task
    assert (consuming.ran(), consuming.depth()) == (["1"], 1)


# ------------------------------------------------------------ whatever comes in whatever order

NAMES, GROUPS = st.sampled_from("ab"), st.sampled_from(["", "g", "h"])
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("emit"), NAMES, GROUPS),
        st.tuples(st.just("emit"), NAMES, GROUPS),
        st.tuples(st.just("use"), st.dictionaries(NAMES, st.tuples(st.integers(1, 3), st.sampled_from(["x", "y"])))),
        st.tuples(st.just("end"), st.integers(0, 9), st.sampled_from([Outcome(), BOOM, UNKNOWN])),
        st.tuples(st.just("turn")),
        st.tuples(st.just("settle")),
    ),
    max_size=40,
)


class World:
    """Consumers of steps `a` and `b` whose runs a test ends one by one; watches what must hold at each beginning."""

    def __init__(self) -> None:
        self.consuming = Consuming()
        dispatcher = Dispatcher({"node": FakePool(self)})
        self.consumers = EventConsumers(
            self.consuming.engine,
            dispatcher,
            self.consuming.clock,
            self.consuming.reports,
            self.consuming.hold,
            self.consuming.tracer,
        )
        self.bounds: dict[str, int] = {}
        self.running: dict[str, asyncio.Future[Outcome]] = {}
        self.emitted: list[str] = []
        self.done: list[str] = []

    def start(self, invocation: Invocation, ended: Callable[[Outcome], None]) -> Callable[[], None]:
        """Runs until the test says how it ends; an event's id is made of its step, group and number."""
        step, group, _ = id = invocation.cause_id.split("/")
        assert invocation.cause_id not in self.running
        there = [other.split("/") for other in self.running]
        assert sum(other[0] == step for other in there) < max(1, self.bounds.get(step, 0)), "too many at once"
        if group:
            assert all(other[:2] != id[:2] for other in there), "a group's events run one after the other"
        running = self.running[invocation.cause_id] = asyncio.get_running_loop().create_future()

        def end(_: asyncio.Future[Outcome]) -> None:
            del self.running[invocation.cause_id]
            if running.cancelled():
                return
            if running.result().failure is None:
                self.done.append(invocation.cause_id)
            ended(running.result())

        def leave() -> None:
            running.cancel()

        running.add_done_callback(end)
        return leave

    def catalog(self, steps: Mapping[str, tuple[int, str]]) -> Catalog:
        """Steps by name, each with its concurrency and folder; none gives up an event or waits before a retry."""
        self.bounds = {name: concurrency for name, (concurrency, _) in steps.items()}
        queue: dict[str, Any] = {"maxRetries": 10_000, "backoff": {"delay": 0, "max": 0}}
        return catalog_of(
            *(
                event_step(name, "t", file=f"steps/{folder}/{name}.step.ts", concurrency=concurrency, **queue)
                for name, (concurrency, folder) in steps.items()
            )
        )

    async def apply(self, operation: tuple[Any, ...]) -> None:
        """Carries out one operation, in this turn of the loop where it can be."""
        match operation:
            case ("emit", name, group):
                self.emitted.append(f"{name}/{group}/{len(self.emitted)}")
                await self.consuming.put(self.emitted[-1], "t", name, group)
            case ("use", steps):
                self.consumers.use(self.catalog(steps))
            case ("end", place, outcome):
                held = [run for run in self.running.values() if not run.done()]
                if held:
                    held[place % len(held)].set_result(outcome)
            case ("turn",):
                await checkpoint()
            case _:
                await settle()

    async def finish(self, consumers: asyncio.Task[None]) -> None:
        """Ends what runs, and what that lets begin, until nothing runs."""
        await settle()
        while self.running and not consumers.done():
            for run in self.running.values():
                run.set_result(Outcome())
            await settle()

    async def play(self, operations: list[tuple[Any, ...]], last: list[tuple[Any, ...]]) -> None:
        """The operations, a stop with more of them while it is under way, and a second run that handles the rest."""
        everything = {"a": (2, "x"), "b": (1, "x")}
        tasks = asyncio.all_tasks()
        for part in (operations, []):
            stop = anyio.Event()
            task = asyncio.ensure_future(self.consumers.run(self.catalog(everything), stop))
            await settle()
            for operation in part:
                await self.apply(operation)
            if part is operations:
                stop.set()
                for operation in last:
                    await self.apply(operation)
            await self.finish(task)
            stop.set()
            await task
            assert asyncio.all_tasks() == tasks

    def check(self) -> None:
        """All that was emitted is done, each once, and in order inside the groups."""
        assert sorted(self.done) == sorted(self.emitted)
        for group in ("a/g", "a/h", "b/g", "b/h"):
            numbers = [int(id.rpartition("/")[2]) for id in self.done if id.startswith(group)]
            assert numbers == sorted(numbers)


@settings(max_examples=150)
@given(OPERATIONS, OPERATIONS)
def test_nothing_is_lost_reordered_or_run_too_often_at_once(
    operations: list[tuple[Any, ...]], last: list[tuple[Any, ...]]
) -> None:
    world = World()
    asyncio.run(world.play(operations, last))
    world.check()
