"""The gate: who waits, and in which order they go on."""

from __future__ import annotations

import asyncio

from runtime.storage.sqlite.gate import Gate
from tests.fakes import settle


class Passers:
    """Tasks that pass a gate, and the order in which they did."""

    def __init__(self, gate: Gate) -> None:
        self.passed: list[int] = []
        self._gate = gate

    def send(self, *numbers: int) -> list[asyncio.Future[None]]:
        return [asyncio.ensure_future(self._pass(number)) for number in numbers]

    async def _pass(self, number: int) -> None:
        if not self._gate.is_open:
            await self._gate.wait()
        self.passed.append(number)


async def test_nobody_passes_while_it_is_held() -> None:
    gate = Gate()
    passers = Passers(gate)
    gate.hold()
    passers.send(1, 2)
    await settle()
    assert passers.passed == []
    gate.release()
    await settle()
    assert passers.passed == [1, 2]
    assert gate.is_open


async def test_who_comes_later_overtakes_nobody() -> None:
    gate = Gate()
    passers = Passers(gate)
    gate.hold()
    passers.send(1, 2)
    await settle()
    asyncio.get_running_loop().call_soon(lambda: passers.send(4))
    passers.send(3)  # runs in the turn in which the first two are woken, before they are
    gate.release()
    await settle()
    assert passers.passed == [1, 2, 3, 4]
    assert gate.is_open


async def test_who_leaves_takes_no_other_along() -> None:
    gate = Gate()
    passers = Passers(gate)
    gate.hold()
    gone, _ = passers.send(1, 2)
    await settle()
    gone.cancel()
    await settle()
    gate.release()
    await settle()
    assert passers.passed == [2]
    assert gate.is_open


async def test_a_gate_that_is_held_again_keeps_those_who_come_after() -> None:
    gate = Gate()
    passers = Passers(gate)
    gate.hold()
    passers.send(1)
    await settle()
    gate.release()
    gate.hold()
    passers.send(2)
    await settle()
    assert passers.passed == [1]
    assert not gate.is_open
    gate.release()
    await settle()
    assert passers.passed == [1, 2]


async def test_letting_go_of_what_was_not_held_changes_nothing() -> None:
    gate = Gate()
    gate.release()
    assert gate.is_open
