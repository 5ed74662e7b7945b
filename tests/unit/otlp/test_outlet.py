"""otlp/outlet: what waits is bounded, what fails is said once, and who adds is never held up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from runtime.otlp.outlet import BATCH, MOST_WAITING, TELL_SECONDS, Outlet, Unsent

PATIENCE = 5.0


class World:
    """An outlet whose sending a test lets hang and fail."""

    def __init__(self, *answers: Exception | None) -> None:
        """What comes of each batch; it is sent when none is left."""
        self.now = 0.0
        self.batches: list[list[int]] = []
        self.told: list[str] = []
        self.began = threading.Event()
        self.may_send = threading.Event()
        self._answers = list(answers)
        self.outlet = Outlet[int]("numbers", "there", self._send, self.told.append, lambda: self.now)

    def _send(self, batch: Sequence[int]) -> None:
        self.began.set()
        assert self.may_send.wait(PATIENCE)
        self.batches.append(list(batch))
        self.now += TELL_SECONDS
        answer = self._answers.pop(0) if self._answers else None
        if answer is not None:
            raise answer

    def send(self, numbers: Sequence[int]) -> None:
        """Has all of them sent, by as many batches as it takes."""
        self.outlet.add(numbers)
        self.outlet.start()
        self.may_send.set()
        self.outlet.finish(PATIENCE)


def test_what_is_added_is_sent_in_order_by_batches() -> None:
    world = World()
    world.send(range(BATCH + 1))
    assert world.batches == [list(range(BATCH)), [BATCH]]
    assert world.told == []


def test_who_adds_is_not_held_up_and_what_there_is_no_room_for_is_told_while_it_happens() -> None:
    world = World()
    world.outlet.start()
    world.outlet.add([-1])
    assert world.began.wait(PATIENCE)  # and hangs
    world.outlet.add(range(MOST_WAITING))
    for _ in range(7):
        world.outlet.add([0])
    why = "they came faster than it takes them, or it took none"
    assert world.told == [f"1 numbers were not sent to there: {why}"]
    assert world.outlet.dropped == 7
    world.now += TELL_SECONDS
    world.outlet.add([0])
    assert world.told[1:] == [f"7 numbers were not sent to there: {why}"]
    world.may_send.set()
    world.outlet.finish(PATIENCE)
    assert sum(map(len, world.batches)) == MOST_WAITING + 1
    assert (len(world.told), world.outlet.dropped) == (2, 8)


def test_what_cannot_be_sent_is_said_once_until_it_can_again_and_counted() -> None:
    world = World(Unsent("nobody is home"), OSError("secret"), None, OSError("secret"))
    world.send(range(5 * BATCH))
    away, lost, again, rest = world.told
    assert away == "numbers cannot be sent to there: nobody is home; they are kept here all the same"
    assert lost.startswith(f"{2 * BATCH} numbers were not sent to there")
    assert again == "numbers cannot be sent to there: OSError; they are kept here all the same"
    assert rest.startswith(f"{BATCH} numbers were not sent to there")
    assert (len(world.batches), world.outlet.dropped) == (5, 3 * BATCH)


def test_a_collector_that_comes_and_goes_does_not_fill_the_log() -> None:
    world = World()
    hasty = Outlet[int]("numbers", "there", _every_other(), world.told.append, lambda: 0.0)
    hasty.add(range(20 * BATCH))
    hasty.start()
    hasty.finish(PATIENCE)
    assert hasty.dropped == 10 * BATCH
    assert len(world.told) == 3  # away, what was lost by then, and the rest in the end


def _every_other() -> Callable[[Sequence[int]], None]:
    def send(batch: Sequence[int]) -> None:
        if batch[0] // BATCH % 2 == 0:
            raise Unsent("busy")

    return send


def test_what_is_left_at_the_end_is_dropped_and_told() -> None:
    world = World()
    world.outlet.add(range(2 * BATCH))
    world.outlet.start()
    assert world.began.wait(PATIENCE)
    world.outlet.finish(0.01)
    assert world.outlet.dropped == BATCH
    assert world.told[0].startswith(f"{BATCH} numbers were not sent")
    world.may_send.set()
    world.outlet.finish(PATIENCE)
    assert world.batches == [list(range(BATCH))]


def test_an_end_waits_no_longer_than_it_may() -> None:
    world = World()
    world.outlet.add([1])
    world.outlet.start()
    assert world.began.wait(PATIENCE)
    world.outlet.finish(0.01)
    assert world.batches == []
    world.may_send.set()
