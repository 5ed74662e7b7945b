"""The benchmarks' look at the processors: what counts as slow."""

from __future__ import annotations

import threading

import pytest

from bench.harness.slowness import Factors, Slowness


class Clock:
    """Processor time that goes on only by the work, of which each piece takes what a test says."""

    def __init__(self) -> None:
        self._now = 0.0
        self.takes = 0.0

    def thread_time(self) -> float:
        return self._now

    def work(self) -> None:
        self._now += self.takes


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("bench.harness.slowness.time.thread_time", clock.thread_time)
    return clock


def test_looks_are_measured_by_the_quickest(clock: Clock) -> None:
    found = Slowness(clock.work)
    for clock.takes in (2.0, 2.0, 3.0, 5.0):
        found.look()
    assert found.factors() == Factors(mean=1.5, most=1.5)


def test_each_time_is_told_of_for_itself_and_measured_by_the_quickest_of_all(clock: Clock) -> None:
    found = Slowness(clock.work)
    clock.takes = 2.0
    found.look()
    assert str(found.factors()) == "1.00/1.00"
    for clock.takes in [3.0] * 18 + [4.0] * 2:
        found.look()
    assert str(found.factors()) == "1.55/2.00"


def test_it_looks_by_itself_until_its_end() -> None:
    looks: list[None] = []
    often = threading.Event()

    def work() -> None:
        looks.append(None)
        if len(looks) == 4:
            often.set()

    with Slowness(work):
        assert often.wait(30)
    assert not [each for each in threading.enumerate() if each.name == "slowness"]
