"""runners/candidate: streams whose functions their runner cannot call."""

from __future__ import annotations

from runtime.catalog import Catalog
from runtime.model import Hook, Severity, StreamDefinition
from runtime.runners.candidate import unheard_hooks
from runtime.runners.pool import Pool
from tests.unit.runners.dialled import HELLO, HELLO_WITH_HOOKS, Dialled


def catalog(*hooks: Hook) -> Catalog:
    return Catalog(streams={"s": StreamDefinition("s", "node", "steps/s.stream.ts", hooks=frozenset(hooks))})


async def test_a_guard_that_nobody_can_ask_is_told_of() -> None:
    pool = Pool()
    async with Dialled() as dialled:
        pool.add((await dialled.open(HELLO)).link)
        [problem] = unheard_hooks(catalog(Hook.CAN_ACCESS, Hook.ON_JOIN), {"node": pool})
        assert (problem.file, problem.severity) == ("steps/s.stream.ts", Severity.WARNING)
        assert "cannot call canAccess and onJoin, so nobody may join" in problem.message
        [other] = unheard_hooks(catalog(Hook.ON_JOIN), {"node": pool})
        assert "nobody" not in other.message
        assert unheard_hooks(catalog(), {"node": pool}) == []


async def test_a_runner_that_answers_hooks_is_not_complained_of() -> None:
    pool = Pool()
    assert unheard_hooks(catalog(Hook.CAN_ACCESS), {"node": pool}) == []
    async with Dialled() as dialled:
        pool.add((await dialled.open(HELLO_WITH_HOOKS)).link)
        assert unheard_hooks(catalog(Hook.CAN_ACCESS), {"node": pool}) == []
