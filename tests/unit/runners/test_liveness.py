"""runners/liveness: pings, what their answers tell, and what follows silence."""

from __future__ import annotations

import asyncio

import pytest

from runtime._gen import runner_pb2 as pb
from runtime.config import LinkSettings
from runtime.model import LogLevel
from tests.fakes import settle
from tests.unit.runners.dialled import HELLO, MANIFEST, MEMORY, PATIENCE, SETTINGS, Dialled, invocation, pass_time

INTERVAL, TIMEOUT = 0.02, 0.06
FAST = LinkSettings.model_validate(
    {**SETTINGS.model_dump(by_alias=True), "pingInterval": INTERVAL, "pingTimeout": TIMEOUT}
)


async def until_pinged(dialled: Dialled, times: int) -> None:
    """Waits for so many pings, of which the core's own timer is the only cause."""
    async with asyncio.timeout(PATIENCE):
        while len(dialled.all("ping")) < times:
            await dialled.wrote.wait()
            dialled.wrote.clear()


async def test_a_runner_is_pinged_once_it_has_loaded() -> None:
    async with Dialled(settings=FAST) as dialled:
        await dialled.send(hello=HELLO)
        await settle()
        assert dialled.all("ping") == []
        await dialled.send(manifest=MANIFEST)
        await until_pinged(dialled, 3)
        nonces = [ping.nonce for ping in dialled.all("ping")]
        assert len(set(nonces)) == len(nonces)
        assert 0 not in nonces


async def test_the_answers_tell_of_memory_and_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Dialled() as dialled:
        liveness = dialled.link.liveness
        assert (liveness.memory_bytes, liveness.cpu) == (None, None)
        await dialled.open()
        assert (liveness.memory_bytes, liveness.cpu) == (MEMORY, None)
        for cpu_ms, share in ((5000, 0.5), (5000, 0.0), (4000, 0.0), (24_000, 2.0)):
            dialled.cpu_ms = cpu_ms
            pass_time(monkeypatch, 10)
            await settle()
            assert liveness.cpu == pytest.approx(share, rel=0.2)


async def test_silence_ends_the_connection_and_says_why() -> None:
    async with Dialled(settings=FAST) as dialled:
        dialled.answers_pings = False
        await dialled.open()
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait([dialled.serving])
        [message] = dialled.sink.messages(LogLevel.ERROR)
        assert "the node runner is stuck and is started anew: it has answered no ping for 0.06 s" in message
        assert "give long computations to a worker" in message
        assert len(dialled.all("ping")) <= 1, "one that was open was enough"
        assert dialled.link.room == 0


async def test_an_answer_that_is_late_but_in_time_is_taken() -> None:
    slow = FAST.model_copy(update={"ping_timeout": 60.0})
    async with Dialled(settings=slow) as dialled:
        dialled.answers_pings = False
        await dialled.send(hello=HELLO)
        await dialled.send(manifest=MANIFEST)
        await asyncio.sleep(4 * INTERVAL)
        [ping] = dialled.all("ping")
        dialled.answers_pings = True
        await dialled.send(pong=pb.Pong(nonce=ping.nonce))
        await until_pinged(dialled, 3)
        assert dialled.link.is_live


async def test_a_core_that_has_slept_reads_what_has_come_before_it_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Dialled() as dialled:
        dialled.answers_pings = False
        await dialled.send(hello=HELLO)
        await dialled.send(manifest=MANIFEST)
        pass_time(monkeypatch, SETTINGS.ping_interval + SETTINGS.ping_timeout + 1)
        await settle()
        await dialled.send(pong=pb.Pong(nonce=dialled.last("ping").nonce))
        await until_pinged(dialled, 2)
        assert dialled.link.is_live


@pytest.mark.parametrize("nonce", [0, 2, 2**64 - 1])
async def test_an_answer_to_no_open_ping_breaks_the_protocol(nonce: int) -> None:
    async with Dialled() as dialled:
        dialled.answers_pings = False
        await dialled.send(hello=HELLO)
        await dialled.send(manifest=MANIFEST)
        await dialled.send(pong=pb.Pong(nonce=nonce))
        assert f"a pong came for ping {nonce}" in dialled.last("bye").message


async def test_what_is_lost_is_pinged_no_more() -> None:
    async with Dialled(settings=FAST) as dialled:
        await dialled.open()
        await dialled.end()
        dialled.answers_pings = False
        await asyncio.sleep(2 * TIMEOUT)
        assert dialled.sink.messages(LogLevel.ERROR) == []


async def test_a_person_at_a_breakpoint_is_not_hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Dialled(settings=FAST, is_inspected=True) as dialled:
        await dialled.open()
        task = await dialled.start(invocation(timeout=1))
        left = await dialled.start()
        left.cancel()
        pass_time(monkeypatch, 3600)
        await settle()
        assert not task.done()
        assert dialled.link.is_live
        assert dialled.all("ping") == []
        assert dialled.sink.messages(LogLevel.ERROR) == []
