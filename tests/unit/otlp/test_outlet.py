"""otlp/outlet: what waits is bounded, what fails is said once, and who adds is never held up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from runtime.otlp.outlet import BATCH, MOST_WAITING, Outlet

PATIENCE = 5.0


class World:
    """An outlet whose sending a test lets hang and fail."""

    def __init__(self, *answers: bool | Exception) -> None:
        """What comes of each batch; it is sent when none is left."""
        self.batches: list[list[int]] = []
        self.told: list[str] = []
        self.began = threading.Event()
        self.may_send = threading.Event()
        self._answers = list(answers)
        self.outlet = Outlet[int]("numbers", "there", self._send, self.told.append)

    def _send(self, batch: Sequence[int]) -> bool:
        self.began.set()
        assert self.may_send.wait(PATIENCE)
        self.batches.append(list(batch))
        answer = self._answers.pop(0) if self._answers else True
        if isinstance(answer, Exception):
            raise answer
        if not answer:
            logging.getLogger("opentelemetry.exporter").error("nobody is %s", "home")
        return answer

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


def test_who_adds_is_not_held_up_and_what_there_is_no_room_for_is_counted() -> None:
    world = World()
    world.outlet.start()
    world.outlet.add([-1])
    assert world.began.wait(PATIENCE)  # and hangs
    world.outlet.add(range(MOST_WAITING))
    world.outlet.add(range(7))
    world.may_send.set()
    world.outlet.finish(PATIENCE)
    assert sum(map(len, world.batches)) == MOST_WAITING + 1
    assert world.told == ["7 numbers came faster than they can be sent to there, and were not"]


def test_what_cannot_be_sent_is_said_once_until_it_can_again() -> None:
    world = World(False, OSError("no"), True, OSError("no"))
    world.send(range(5 * BATCH))
    first, second = world.told
    assert first == "numbers cannot be sent to there: nobody is home; they are kept here all the same"
    assert "OSError('no')" in second
    assert len(world.batches) == 5


def test_an_end_waits_no_longer_than_it_may() -> None:
    world = World()
    world.outlet.add([1])
    world.outlet.start()
    assert world.began.wait(PATIENCE)
    world.outlet.finish(0.01)
    assert world.batches == []
    world.may_send.set()
