"""What a benchmark says of the machine: whether others were at work on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.harness import machine as of_machine
from bench.harness.machine import machine

CAVEAT = "load 2.7 before the start (other programs are running: the figures say little; end them and repeat)"


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A machine of two cores with this load, whose processors are busy for this share of the look at them."""
    load, share = request.param
    looks: Iterator[of_machine.Ticks] = iter(
        [of_machine.Ticks(0, 0, 0), of_machine.Ticks(stolen=0, idle=100 - round(100 * share), total=100)]
    )
    monkeypatch.setattr("os.getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(of_machine, "_LOOK_SECONDS", 0)
    monkeypatch.setattr(of_machine, "_ticks", lambda: next(looks))


@pytest.mark.parametrize("busy", [(2.7, 0.9)], indirect=True)
@pytest.mark.usefixtures("busy")
def test_a_busy_machine_is_said_to_be_one() -> None:
    assert machine().endswith(CAVEAT)


@pytest.mark.parametrize("busy", [(0.9, 0.9), (2.7, 0.02)], indirect=True, ids=["little load", "load of what is over"])
@pytest.mark.usefixtures("busy")
def test_a_quiet_machine_needs_no_word() -> None:
    assert machine().endswith(" before the start")
