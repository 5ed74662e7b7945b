"""services/queues: every queue is found by what people call it, and redrives do what was asked or nothing."""

from __future__ import annotations

import pytest

from runtime.catalog import Bound, Catalog
from runtime.contracts import EventBus
from runtime.model import (
    CronTrigger,
    EventTrigger,
    Failure,
    FailureKind,
    QueuePolicy,
    StateTrigger,
    Step,
    StreamTrigger,
    Trigger,
    TriggerKind,
    Validation,
)
from runtime.records import QueueKey
from runtime.services import queues
from runtime.services.queues import (
    Address,
    AmbiguousQueue,
    QueueService,
    RedriveRefused,
    Selection,
    UnclearQueue,
    UnknownQueue,
)
from runtime.services.schemas import SchemaService
from tests.fakes import FakeClock, Reports
from tests.unit.fake_bus import FakeEventBus

BILL = QueueKey("order.created", "Bill")
SHIP = QueueKey("order.created", "Ship")
SHIP_LATE = QueueKey("order.late", "Ship")
NIGHTLY = QueueKey("", "Nightly", TriggerKind.CRON)
ORPHAN = QueueKey("order.created", "Gone")
TYPE_ERROR = Failure(FailureKind.HANDLER, "no", "TypeError")
DEADLINE = Failure(FailureKind.DEADLINE, "late")
ALL = Selection(all=True)


def catalog(*triggers: tuple[str, Trigger], policy: QueuePolicy | None = None) -> Catalog:
    """A catalog of steps by name, one trigger each."""
    steps = [(Step(name, "node", name, "event", queue=policy or QueuePolicy()), trigger) for name, trigger in triggers]
    subscriptions: dict[str, tuple[Bound[EventTrigger], ...]] = {}
    for step, trigger in steps:
        if isinstance(trigger, EventTrigger):
            before = subscriptions.get(trigger.topic, ())
            subscriptions[trigger.topic] = (*before, Bound(step, trigger))
    schedules = tuple(Bound(step, trigger) for step, trigger in steps if isinstance(trigger, CronTrigger))
    return Catalog(subscriptions=subscriptions, schedules=schedules)


CATALOG = catalog(
    ("Bill", EventTrigger("order.created")),
    ("Ship", EventTrigger("order.created")),
    ("Ship", EventTrigger("order.late")),
    ("Nightly", CronTrigger("0 0 * * *")),
)


class World:
    """A service over a bus that tests look into."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.bus = FakeEventBus(self.clock)
        contract: EventBus = self.bus
        self.schemas = SchemaService(Validation.ENFORCE, Reports())
        self.service = QueueService(contract, self.clock, 1000, self.schemas)
        self.service.catalog = CATALOG


@pytest.fixture
def world() -> World:
    return World()


# ------------------------------------------------------------ seeing


async def test_all_queues_of_the_steps_are_there_and_those_left_behind(world: World) -> None:
    world.bus.add(ORPHAN)
    await world.clock.advance(7)
    world.bus.add(BILL, taken=True)
    views = world.service.overview()
    assert [view.status.queue for view in views] == [NIGHTLY, BILL, ORPHAN, SHIP, SHIP_LATE]
    assert [view.age for view in views] == [None, 0, 7, None, None]
    assert [view.orphan for view in views] == [False, False, True, False, False]
    assert (views[1].status.in_flight, views[2].status.waiting) == (1, 1)


def test_a_queue_has_the_policy_of_its_step(world: World) -> None:
    policy = QueuePolicy(fifo=True, concurrency=3)
    world.service.catalog = catalog(("Bill", EventTrigger("t")), ("Cron", CronTrigger("@daily")), policy=policy)
    assert [view.policy for view in world.service.overview()] == [policy, policy]


def test_a_clock_that_was_set_back_makes_no_age_negative(world: World) -> None:
    world.bus.add(BILL)
    world.clock._now -= 60
    assert world.service.view(BILL).age == 0


async def test_the_contents_are_events_and_dead_letters_up_to_the_limit(world: World) -> None:
    events = [world.bus.add(BILL) for _ in range(3)]
    letters = [world.bus.kill(BILL, TYPE_ERROR, DEADLINE) for _ in range(3)]
    world.bus.add(SHIP)
    contents = await world.service.contents(BILL, 2)
    assert (contents.waiting, contents.dead) == (events[:2], letters[:2])
    assert (contents.view.status.waiting, contents.view.status.dead) == (3, 3)


# ------------------------------------------------------------ finding


@pytest.mark.parametrize(
    ("address", "key"),
    [
        (Address(name="Bill"), BILL),
        (Address(step="Bill"), BILL),
        (Address(name="order.late"), SHIP_LATE),
        (Address(topic="order.late"), SHIP_LATE),
        (Address(name="Ship", topic="order.created"), SHIP),
        (Address(topic="order.created", step="Ship"), SHIP),
        (Address(name="Nightly"), NIGHTLY),
        (Address(topic=""), NIGHTLY),
        (Address(step="Nightly", kind=TriggerKind.CRON), NIGHTLY),
    ],
)
def test_a_queue_is_found_by_what_says_enough(world: World, address: Address, key: QueueKey) -> None:
    assert world.service.find(address) == key


async def test_changes_are_named_and_go_to_changes_alone(world: World) -> None:
    steps = [Step(name, "node", name, "state") for name in ("Watch", "Keep")]
    watches = tuple(Bound(step, StateTrigger("orders", key)) for step, key in zip(steps, ("", "17"), strict=True))
    stream = Bound(steps[0], StreamTrigger("orders"))
    world.service.catalog = Catalog(state_watches=watches, stream_watches=(stream,))
    watched, kept = QueueKey("orders", "Watch", TriggerKind.STATE), QueueKey("orders/17", "Keep", TriggerKind.STATE)
    assert world.service.find(Address(topic="orders", kind=TriggerKind.STATE)) == watched
    with pytest.raises(AmbiguousQueue, match=r"changes of state 'orders', step 'Watch'\n.*changes of stream 'orders'"):
        world.service.find(Address(name="orders"))
    letter = world.bus.kill(watched, TYPE_ERROR)
    await world.service.redrive(watched, ALL, Address(step="Keep"))
    assert [delivery.queue for delivery in world.bus.events] == [kept]
    assert world.bus.events[0].id == letter.id
    with pytest.raises(UnknownQueue, match="no step takes changes of state as"):
        await world.service.redrive(kept, ALL, Address(step="Bill"))


@pytest.mark.parametrize(
    ("address", "candidates"),
    [
        (Address(name="order.created"), {BILL, SHIP}),
        (Address(step="Ship"), {SHIP, SHIP_LATE}),
        (Address(kind=TriggerKind.EVENT), {BILL, SHIP, SHIP_LATE}),
    ],
)
def test_an_ambiguous_address_lists_what_it_fits(world: World, address: Address, candidates: set[QueueKey]) -> None:
    with pytest.raises(AmbiguousQueue, match="topic, step and kind") as raised:
        world.service.find(address)
    assert set(raised.value.candidates) == candidates
    assert "topic 'order.created', step 'Ship'" in str(raised.value)


@pytest.mark.parametrize(
    ("address", "candidates"),
    [
        (Address(name="Bil"), {BILL}),
        (Address(topic="order.created", step="Shipp"), {BILL, SHIP, SHIP_LATE}),
        (Address(name="zzz"), {BILL, SHIP, SHIP_LATE, NIGHTLY}),
        (Address(name=""), {BILL, SHIP, SHIP_LATE, NIGHTLY}),
        (Address(step="Bill", kind=TriggerKind.CRON), {BILL}),
    ],
)
def test_an_unknown_address_lists_the_like_named(world: World, address: Address, candidates: set[QueueKey]) -> None:
    with pytest.raises(UnknownQueue) as raised:
        world.service.find(address)
    assert set(raised.value.candidates) == candidates


def test_a_project_without_queues_lists_none(world: World) -> None:
    world.service.catalog = Catalog()
    with pytest.raises(UnknownQueue) as raised:
        world.service.find(Address(name="Bill"))
    assert str(raised.value) == "there is no queue 'Bill'"


def test_an_error_does_not_list_thousands(world: World) -> None:
    for number in range(1000):
        world.bus.add(QueueKey("t", f"Step{number}"))
    with pytest.raises(UnclearQueue) as raised:
        world.service.find(Address(topic="t"))
    assert len(raised.value.candidates) == queues.MAX_CANDIDATES


def test_any_characters_make_a_name(world: World) -> None:
    odd = QueueKey("a/b?c=d&\n", "ü/../[x]")
    world.bus.add(odd)
    assert world.service.find(Address(topic=odd.topic, step=odd.step)) == odd


# ------------------------------------------------------------ pausing and purging


async def test_a_queue_is_paused_and_resumed(world: World) -> None:
    await world.service.pause(BILL, True)
    assert world.service.view(BILL).status.paused
    await world.service.pause(BILL, False)
    assert not world.service.view(BILL).status.paused


async def test_dead_letters_or_events_are_purged(world: World) -> None:
    world.bus.add(BILL)
    world.bus.add(BILL, taken=True)
    world.bus.kill(BILL, TYPE_ERROR)
    assert await world.service.purge(BILL, dead=True) == 1
    assert len(world.bus.events) == 2
    assert await world.service.purge(BILL, dead=False) == 1
    assert [delivery.taken > 0 for delivery in world.bus.events] == [True]


# ------------------------------------------------------------ redriving


async def test_chosen_dead_letters_are_redriven(world: World) -> None:
    first, second, _ = (world.bus.kill(BILL, TYPE_ERROR, data=bytes([n])) for n in range(3))
    done = await world.service.redrive(BILL, Selection(ids=frozenset({first.id, second.id})))
    assert (done.redriven, done.moved) == (2, 0)
    assert world.bus.of(BILL) == [b"\x00", b"\x01"]
    assert len(world.bus.letters) == 1


@pytest.mark.parametrize("cause", ["TypeError", "handler"])
async def test_those_of_one_cause_are_redriven_by_the_last_failure(world: World, cause: str) -> None:
    world.bus.kill(BILL, DEADLINE, TYPE_ERROR, data=b"\x01")
    world.bus.kill(BILL, TYPE_ERROR, DEADLINE, data=b"\x02")
    assert (await world.service.redrive(BILL, Selection(failure=cause))).redriven == 1
    assert world.bus.of(BILL) == [b"\x01"]


async def test_a_cause_that_is_not_there_names_those_that_are(world: World) -> None:
    for failures in ((TYPE_ERROR,), (TYPE_ERROR,), (DEADLINE,)):
        world.bus.kill(BILL, *failures)
    with pytest.raises(RedriveRefused, match=r"'KeyError'; there are: TypeError \(2\), deadline \(1\)"):
        await world.service.redrive(BILL, Selection(failure="KeyError"))
    assert len(world.bus.letters) == 3


async def test_an_id_that_is_not_there_redrives_none(world: World) -> None:
    there = world.bus.kill(BILL, TYPE_ERROR)
    elsewhere = world.bus.kill(SHIP, TYPE_ERROR)
    with pytest.raises(RedriveRefused, match=f"no dead letter {elsewhere.id}$"):
        await world.service.redrive(BILL, Selection(ids=frozenset({there.id, elsewhere.id})))
    assert world.bus.events == []


async def test_all_are_redriven_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "LETTERS_AT_ONCE", 4)
    for number in range(10):
        world.bus.kill(BILL, TYPE_ERROR, data=bytes([number]))
    assert (await world.service.redrive(BILL, ALL)).redriven == 10
    assert world.bus.of(BILL) == [bytes([number]) for number in range(10)]
    assert world.bus.most_letters_read == 4


async def test_a_letter_that_dies_again_meanwhile_ends_the_redrive_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "LETTERS_AT_ONCE", 1)
    world.bus.kill(BILL, TYPE_ERROR)
    world.bus.kill(BILL, TYPE_ERROR)
    redrive = world.bus.redrive

    async def redrive_in_vain(*arguments: object) -> int:
        world.bus.kill(BILL, TYPE_ERROR)
        return await redrive(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(world.bus, "redrive", redrive_in_vain)
    assert (await world.service.redrive(BILL, ALL)).redriven == 2
    assert len(world.bus.letters) == 2


async def test_nothing_dead_is_nothing_redriven(world: World) -> None:
    assert (await world.service.redrive(BILL, ALL)).redriven == 0


async def test_one_letter_gets_an_edited_payload(world: World) -> None:
    letter = world.bus.kill(BILL, TYPE_ERROR, data=b"old")
    await world.service.redrive(BILL, Selection(ids=frozenset({letter.id})), data=b"new")
    assert world.bus.of(BILL) == [b"new"]


@pytest.mark.parametrize("selection", [ALL, Selection(failure="TypeError"), Selection(ids=frozenset({2, 4}))])
async def test_an_edited_payload_is_for_one_letter(world: World, selection: Selection) -> None:
    world.bus.kill(BILL, TYPE_ERROR)
    world.bus.kill(BILL, TYPE_ERROR)
    with pytest.raises(RedriveRefused, match="single dead letter"):
        await world.service.redrive(BILL, selection, data=b"new")
    assert world.bus.events == []


async def test_an_edited_payload_has_the_bound_of_events(world: World) -> None:
    letter = world.bus.kill(BILL, TYPE_ERROR)
    selection = Selection(ids=frozenset({letter.id}))
    with pytest.raises(RedriveRefused, match=r"1001 bytes.*1000 \(bus.maxEventBytes\)"):
        await world.service.redrive(BILL, selection, data=b"x" * 1001)
    await world.service.redrive(BILL, selection, data=b"x" * 1000)


async def test_an_edited_payload_fits_the_step_that_gets_it(world: World) -> None:
    world.schemas.catalog = world.service.catalog = catalog(
        ("Bill", EventTrigger("order.created", {"type": "object"})), ("Ship", EventTrigger("order.created"))
    )
    letter = world.bus.kill(BILL, TYPE_ERROR, data=b"\x80")
    selection = Selection(ids=frozenset({letter.id}))
    with pytest.raises(RedriveRefused, match=r"the edited payload .* input of step 'Bill': must be a map, is 1"):
        await world.service.redrive(BILL, selection, data=b"\x01")
    assert world.bus.events == []
    assert (await world.service.redrive(BILL, selection, Address(step="Ship"), b"\x01")).redriven == 1


# ------------------------------------------------------------ orphans and renamed steps


async def test_an_orphan_gives_all_it_has_to_another_step(world: World) -> None:
    world.bus.add(ORPHAN, b"waits")
    world.bus.kill(ORPHAN, TYPE_ERROR, data=b"died")
    done = await world.service.redrive(ORPHAN, ALL, Address(step="Bill"))
    assert (done.redriven, done.moved) == (1, 1)
    assert sorted(world.bus.of(BILL)) == [b"died", b"waits"]
    assert world.service.view(ORPHAN).status == queues._empty(ORPHAN)


async def test_a_living_queue_gives_its_dead_letters_alone(world: World) -> None:
    world.bus.add(SHIP, b"waits")
    world.bus.kill(SHIP, TYPE_ERROR, data=b"died")
    done = await world.service.redrive(SHIP, ALL, Address(step="Bill"))
    assert (done.redriven, done.moved) == (1, 0)
    assert (world.bus.of(SHIP), world.bus.of(BILL)) == ([b"waits"], [b"died"])


async def test_one_letter_of_an_orphan_goes_alone(world: World) -> None:
    world.bus.add(ORPHAN, b"waits")
    letter = world.bus.kill(ORPHAN, TYPE_ERROR, data=b"died")
    await world.service.redrive(ORPHAN, Selection(ids=frozenset({letter.id})), Address(step="Bill"), b"edited")
    assert (world.bus.of(ORPHAN), world.bus.of(BILL)) == ([b"waits"], [b"edited"])


async def test_an_orphan_needs_a_target(world: World) -> None:
    world.bus.kill(ORPHAN, TYPE_ERROR)
    with pytest.raises(RedriveRefused, match=r"no step has the queue of topic 'order\.created', step 'Gone'"):
        await world.service.redrive(ORPHAN, ALL)
    assert len(world.bus.letters) == 1


async def test_a_target_with_several_topics_is_that_of_the_same_topic_or_named(world: World) -> None:
    world.bus.kill(ORPHAN, TYPE_ERROR, data=b"1")
    await world.service.redrive(ORPHAN, ALL, Address(step="Ship"))
    assert world.bus.of(SHIP) == [b"1"]
    other = QueueKey("renamed", "Ship")
    world.bus.kill(other, TYPE_ERROR, data=b"2")
    with pytest.raises(AmbiguousQueue) as raised:
        await world.service.redrive(other, ALL, Address(step="Ship"))
    assert set(raised.value.candidates) == {SHIP, SHIP_LATE}
    await world.service.redrive(other, ALL, Address(step="Ship", topic="order.late"))
    assert world.bus.of(SHIP_LATE) == [b"2"]


@pytest.mark.parametrize("step", ["Nightly", "Gone", "Nobody"])
async def test_a_target_must_be_a_step_that_takes_events(world: World, step: str) -> None:
    world.bus.kill(ORPHAN, TYPE_ERROR)
    with pytest.raises(UnknownQueue, match="no step takes events as"):
        await world.service.redrive(ORPHAN, ALL, Address(step=step))
    assert len(world.bus.letters) == 1


async def test_ticks_go_to_schedules_alone(world: World) -> None:
    gone = QueueKey("", "Hourly", TriggerKind.CRON)
    world.bus.kill(gone, TYPE_ERROR)
    with pytest.raises(UnknownQueue, match="a schedule's ticks"):
        await world.service.redrive(gone, ALL, Address(step="Bill"))
    await world.service.redrive(gone, ALL, Address(step="Nightly"))
    assert len(world.bus.of(NIGHTLY)) == 1


async def test_a_queue_may_name_itself_as_its_target(world: World) -> None:
    world.bus.add(BILL)
    world.bus.kill(BILL, TYPE_ERROR)
    done = await world.service.redrive(BILL, ALL, Address(step="Bill"))
    assert (done.redriven, done.moved) == (1, 0)
