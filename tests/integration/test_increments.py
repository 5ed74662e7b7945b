"""Updates of one key from both runners at once add up, and an atomic run's are seen together or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.project import RunningProject, eventually, running, write_project

CALLS = 20
EACH = 500
"""Increments that one call has under way at once."""
TRANSFERS = 500
READERS = 4

FILES = {
    "package.json": "{}",
    "steps/tallies.stream.ts": "export const config = { name: 'tallies', schema: { type: 'object' } }",
    "steps/increment.step.ts": """
        const one = [{ op: 'increment', path: 'count', value: 1 }]
        export const config = { type: 'api', name: 'IncrementTs', method: 'POST', path: '/ts/:what' }
        export const handler = async (req, { state, streams }) => {
          const target = req.pathParams.what === 'state' ? state : streams.tallies
          await Promise.all(Array.from({ length: req.body.times }, () => target.update('tallies', 'all', one)))
          return { status: 200, body: {} }
        }
    """,
    "steps/increment_step.py": """
import asyncio
one = [{"op": "increment", "path": "count", "value": 1}]
config = {"type": "api", "name": "IncrementPy", "method": "POST", "path": "/py/:what"}
async def handler(req, ctx):
    target = ctx.state if req.pathParams.what == "state" else ctx.streams.tallies
    await asyncio.gather(*(target.update("tallies", "all", one) for _ in range(req.body.times)))
    return {"status": 200, "body": {}}
""",
    "steps/tally.step.ts": """
        export const config = { type: 'api', name: 'Tally', method: 'GET', path: '/tallies' }
        export const handler = async (req, { state, streams }) => {
          const [kept, item] = [await state.get('tallies', 'all'), await streams.tallies.get('tallies', 'all')]
          return { status: 200, body: { state: kept?.count, stream: item?.count } }
        }
    """,
    "steps/transfer.step.ts": """
        const queue = { concurrency: 10 }
        export const config = {
          type: 'event', name: 'TransferTs', subscribes: ['transfer.ts'],
          infrastructure: { queue, handler: { atomic: true } },
        }
        export const handler = async (input, { state }) => {
          for (const key of ['left', 'right']) await state.update('pair', key, [{ op: 'increment', value: 1 }])
        }
    """,
    "steps/transfer_step.py": """
config = {
    "type": "event", "name": "TransferPy", "subscribes": ["transfer.py"],
    "infrastructure": {"queue": {"concurrency": 10}, "handler": {"atomic": True}},
}
async def handler(input, ctx):
    for key in ("right", "left"):
        await ctx.state.update("pair", key, [{"op": "increment", "value": 1}])
""",
    "steps/transfers.step.ts": """
        export const config = {
          type: 'api', name: 'Transfers', method: 'POST', path: '/transfers', emits: ['transfer.ts', 'transfer.py'],
        }
        export const handler = async (req, { emit }) => {
          for (let i = 0; i < req.body.times; i++) for (const to of ['ts', 'py']) await emit(`transfer.${to}`, {})
          return { status: 202, body: {} }
        }
    """,
    "steps/pair.step.ts": """
        export const config = { type: 'api', name: 'PairTs', method: 'GET', path: '/ts/pair' }
        export const handler = async (req, { state }) => ({ status: 200, body: await state.getGroup('pair') })
    """,
    "steps/pair_step.py": """
config = {"type": "api", "name": "PairPy", "method": "GET", "path": "/py/pair"}
async def handler(req, ctx):
    return {"status": 200, "body": await ctx.state.get_group("pair")}
""",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    with running(write_project(tmp_path_factory.mktemp("increments"), FILES)) as project:
        yield project


@pytest.mark.parametrize("what", ["state", "stream"])
def test_ten_thousand_increments_from_both_runners_add_up(project: RunningProject, what: str) -> None:
    with ThreadPoolExecutor(CALLS) as threads:
        paths = [f"/{language}/{what}" for language in ("ts", "py")] * (CALLS // 2)
        answers = list(threads.map(lambda path: project.client.post(path, json={"times": EACH}), paths))
    assert {answer.status_code for answer in answers} == {200}
    assert project.client.get("/tallies").json()[what] == CALLS * EACH


def test_two_keys_of_an_atomic_run_are_never_seen_unequal(project: RunningProject) -> None:
    seen: list[list[int]] = []

    def is_over(language: str) -> bool:
        pair: list[int] = project.client.get(f"/{language}/pair").json()
        seen.append(pair)
        return pair == [2 * TRANSFERS] * 2

    def follow(language: str) -> bool:
        return eventually(lambda: is_over(language), 30)

    with ThreadPoolExecutor(READERS) as threads:
        readers = [threads.submit(follow, language) for language in ("ts", "py") * (READERS // 2)]
        assert project.client.post("/transfers", json={"times": TRANSFERS}).status_code == 202
        assert all(reader.result() for reader in readers), seen[-READERS:]
    assert [pair for pair in seen if pair and (len(pair) != 2 or pair[0] != pair[1])] == []
