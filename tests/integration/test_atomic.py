"""Atomic steps: what a run writes is there with its acknowledgement, all of it and once, or not at all."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.control import NOTHING, becomes, command, counts, emit, queue
from tests.integration.project import PATIENCE, RunningProject, eventually, running, write_project

LANGUAGES = {"ts": "node", "py": "python"}
EVENTS = 200

# A run finds what is there, writes everywhere, finds what it has written, and then ends as its input says:
# it returns, throws, waits for a file, or waits for its end in the first attempt.
FILES = {
    "package.json": "{}",
    "steps/board.stream.ts": """
        export const config = { name: 'board', schema: { type: 'object' }, baseConfig: { storageType: 'default' } }
    """,
    "steps/write.step.ts": """
        import { existsSync } from 'node:fs'
        const infrastructure = { handler: { atomic: true }, queue: { maxRetries: 1, backoff: { delay: 0 } } }
        const emits = ['echo']
        export const config = { type: 'event', name: 'WriteTs', subscribes: ['write.ts'], emits, infrastructure }
        export const handler = async ({ id, then }, { attempt, emit, logger, state, streams }) => {
          const found = await look(id, state, streams)
          await state.set('box', `${id}-set`, { by: id })
          await state.update('box', id, [{ op: 'increment', path: 'count' }])
          await streams.board.set('group', id, { attempt })
          await emit({ topic: 'echo', data: id })
          logger.info(`written ${id}`, { found, seen: await look(id, state, streams) })
          if (then === 'throw') throw new Error('after all writes')
          if (then === 'hang' && attempt === 1) await new Promise(() => {})
          while (then === 'wait' && !existsSync(`go-${id}`)) await new Promise((resolve) => setTimeout(resolve, 10))
        }
        const look = async (id, state, streams) => ({
          one: await state.get('box', id),
          keys: (await state.keys('box')).filter((key) => key.startsWith(id)),
          values: (await state.getGroup('box')).filter((value) => value.by === id).length,
          item: (await streams.board.get('group', id))?.attempt ?? null,
          items: (await streams.board.getGroup('group')).filter((item) => item.id === id).length,
        })
    """,
    "steps/write_step.py": """
import asyncio, os
infrastructure = {"handler": {"atomic": True}, "queue": {"maxRetries": 1, "backoff": {"delay": 0}}}
config = {
    "type": "event", "name": "WritePy", "subscribes": ["write.py"], "emits": ["echo"], "infrastructure": infrastructure
}
async def handler(input, ctx):
    id, then = input.id, input.then
    found = await look(id, ctx)
    await ctx.state.set("box", f"{id}-set", {"by": id})
    await ctx.state.update("box", id, [{"op": "increment", "path": "count"}])
    await ctx.streams.board.set("group", id, {"attempt": ctx.attempt})
    await ctx.emit({"topic": "echo", "data": id})
    ctx.logger.info(f"written {id}", {"found": found, "seen": await look(id, ctx)})
    if then == "throw":
        raise RuntimeError("after all writes")
    if then == "hang" and ctx.attempt == 1:
        await asyncio.Event().wait()
    while then == "wait" and not os.path.exists(f"go-{id}"):
        await asyncio.sleep(0.01)
async def look(id, ctx):
    item = await ctx.streams.board.get("group", id)
    return {
        "one": await ctx.state.get("box", id),
        "keys": [key for key in await ctx.state.keys("box") if key.startswith(id)],
        "values": sum(value.get("by") == id for value in await ctx.state.get_group("box")),
        "item": item and item.attempt,
        "items": sum(item.id == id for item in await ctx.streams.board.get_group("group")),
    }
""",
    "steps/echo_step.py": """
config = {"type": "event", "name": "Echo", "subscribes": ["echo"]}
async def handler(input, ctx):
    await ctx.state.update("echoes", input, [{"op": "increment", "path": "count"}])
""",
    "steps/look.step.ts": """
        export const config = { type: 'api', name: 'Look', method: 'GET', path: '/look/:id' }
        export const handler = async (req, { state, streams }) => {
          const { id } = req.pathParams
          const one = await state.get('box', id)
          const keys = (await state.keys('box')).filter((key) => key.startsWith(id))
          const item = (await streams.board.get('group', id))?.attempt ?? null
          const items = (await streams.board.getGroup('group')).filter((item) => item.id === id).length
          return { status: 200, body: { one, keys, item, items, echo: await state.get('echoes', id) } }
        }
    """,
    "steps/pair.step.ts": """
        export const config = { type: 'api', name: 'Pair', method: 'GET', path: '/pair/:group' }
        export const handler = async (req, { state }) => {
          return { status: 200, body: await state.getGroup(req.pathParams.group) }
        }
    """,
    "steps/count.step.ts": """
        const infrastructure = { handler: { atomic: true }, queue: { concurrency: 20 } }
        export const config = { type: 'event', name: 'CountTs', subscribes: ['count.ts'], infrastructure }
        export const handler = async (group, { state }) => {
          await state.update(group, 'left', [{ op: 'increment' }])
          await new Promise((resolve) => setTimeout(resolve, 10))
          await state.update(group, 'right', [{ op: 'increment' }])
        }
    """,
    "steps/count_step.py": """
import asyncio
infrastructure = {"handler": {"atomic": True}, "queue": {"concurrency": 20}}
config = {"type": "event", "name": "CountPy", "subscribes": ["count.py"], "infrastructure": infrastructure}
async def handler(input, ctx):
    await ctx.state.update(input, "left", [{"op": "increment"}])
    await asyncio.sleep(0.01)
    await ctx.state.update(input, "right", [{"op": "increment"}])
""",
    "steps/fill.step.ts": f"""
        export const config = {{ type: 'api', name: 'Fill', method: 'POST', path: '/fill/:language' }}
        export const handler = async (req, {{ emit }}) => {{
          const {{ language }} = req.pathParams
          const all = Array.from({{ length: {EVENTS} }}, () => emit(`count.${{language}}`, `pair-${{language}}`))
          await Promise.all(all)
          return {{ status: 202, body: {{}} }}
        }}
    """,
    "steps/tick_step.py": """
infrastructure = {"handler": {"atomic": True}, "queue": {"maxRetries": 1, "backoff": {"delay": 0}}}
config = {"type": "cron", "name": "Tick", "cron": "0 0 29 2 *", "emits": ["echo"], "infrastructure": infrastructure}
async def handler(ctx):
    await ctx.state.update("box", "tick", [{"op": "increment", "path": "count"}])
    await ctx.emit("echo", "tick")
    if ctx.attempt == 1:
        raise RuntimeError("after all writes")
""",
}
NONE: dict[str, Any] = {"one": None, "keys": [], "item": None, "items": 0, "echo": None}


def _all(id: str, attempt: int = 1) -> dict[str, Any]:
    """What others see of a run that was committed once."""
    keys = [f"{id}-set", id]
    return {"one": {"count": 1}, "keys": keys, "item": attempt, "items": 1, "echo": {"count": 1}}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("atomic"), FILES)


@pytest.fixture(scope="module")
def project(root: Path) -> Iterator[RunningProject]:
    with running(root) as project:
        yield project


def _look(project: RunningProject, id: str) -> Any:
    return project.client.get(f"/look/{id}").json()


def _written(project: RunningProject, id: str, times: int = 1) -> list[dict[str, Any]]:
    """What the attempts of a run found before their writes and saw after them, once there were so many."""

    def lines() -> list[dict[str, Any]]:
        return [line["data"] for line in project.log_lines() if line["message"] == f"written {id}"]

    assert eventually(lambda: len(lines()) >= times, PATIENCE), project.output
    return lines()


@pytest.mark.parametrize("language", LANGUAGES)
def test_others_see_the_writes_when_the_handler_returns_and_not_before(
    project: RunningProject, root: Path, language: str
) -> None:
    id = f"wait-{language}"
    emit(root, f"write.{language}", {"id": id, "then": "wait"})
    [data] = _written(project, id)
    assert data["found"] == {"one": None, "keys": [], "values": 0, "item": None, "items": 0}
    assert data["seen"] == {"one": {"count": 1}, "keys": [f"{id}-set", id], "values": 1, "item": 1, "items": 1}
    assert _look(project, id) == NONE
    assert counts(root, "Echo") == NOTHING
    (root / f"go-{id}").touch()
    assert eventually(lambda: bool(_look(project, id) == _all(id)), PATIENCE), _look(project, id)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_throw_leaves_no_trace(project: RunningProject, root: Path, language: str) -> None:
    id = f"throw-{language}"
    emit(root, f"write.{language}", {"id": id, "then": "throw"})
    assert becomes(root, f"Write{language.capitalize()}", dead=1)
    first, second = _written(project, id, times=2)
    assert first["found"] == second["found"]
    [letter] = queue(root, f"Write{language.capitalize()}")["deadLetters"]
    assert [attempt["failure"]["message"] for attempt in letter["attempts"]] == ["after all writes"] * 2
    assert _look(project, id) == NONE
    assert counts(root, "Echo") == NOTHING


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_killed_runner_leaves_no_trace_and_the_next_attempt_commits_once(
    project: RunningProject, root: Path, language: str
) -> None:
    id = f"hang-{language}"
    emit(root, f"write.{language}", {"id": id, "then": "hang"})
    _written(project, id)
    os.kill(project.runner_pids()[LANGUAGES[language]], signal.SIGKILL)
    first, second = _written(project, id, times=2)
    assert second["found"] == first["found"]
    assert eventually(lambda: bool(_look(project, id) == _all(id, attempt=2)), PATIENCE), _look(project, id)
    assert becomes(root, "Echo")
    assert _look(project, id) == _all(id, attempt=2)


def test_a_killed_core_leaves_no_trace_and_the_next_attempt_commits_once(tmp_path: Path) -> None:
    ids = {language: f"core-{language}" for language in LANGUAGES}
    with running(write_project(tmp_path, FILES)) as project:
        for language, id in ids.items():
            emit(tmp_path, f"write.{language}", {"id": id, "then": "wait"})
        for id in ids.values():
            _written(project, id)
        project.process.kill()
        project.process.wait()
    with running(tmp_path) as project:
        for id in ids.values():
            [again] = _written(project, id)
            assert again["found"] == {"one": None, "keys": [], "values": 0, "item": None, "items": 0}
            assert _look(project, id) == NONE
            (tmp_path / f"go-{id}").touch()
        for id in ids.values():
            assert eventually(lambda id=id: _look(project, id)["echo"] is not None, PATIENCE)  # type: ignore[misc]
        assert becomes(tmp_path, "Echo")
        for id in ids.values():
            found = _look(project, id)
            assert found == _all(id, attempt=found["item"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_values_of_one_run_are_never_seen_apart_and_sum_exactly(
    project: RunningProject, root: Path, language: str
) -> None:
    seen: list[list[int]] = []
    assert project.client.post(f"/fill/{language}").status_code == 202

    def done() -> bool:
        seen.append(project.client.get(f"/pair/pair-{language}").json())
        return seen[-1] == [EVENTS, EVENTS]

    assert eventually(done, PATIENCE), seen[-1]
    assert [pair for pair in seen if pair and (len(pair) != 2 or pair[0] != pair[1])] == []
    assert any(pair and 0 < pair[0] < EVENTS for pair in seen)
    assert becomes(root, f"Count{language.capitalize()}")
    assert project.client.get(f"/pair/pair-{language}").json() == [EVENTS, EVENTS]


def test_a_run_of_a_schedule_is_atomic_too(project: RunningProject, root: Path) -> None:
    assert command(root, "cron", "trigger", "Tick").code == 0
    assert eventually(lambda: _look(project, "tick")["echo"] is not None, PATIENCE)
    assert becomes(root, "Tick")
    assert becomes(root, "Echo")
    assert _look(project, "tick") == {**NONE, "one": {"count": 1}, "keys": ["tick"], "echo": {"count": 1}}
