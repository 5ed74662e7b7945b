"""Handlers run side by side, and large payloads do not hold up small ones."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.integration.project import RunningProject, eventually, running, write_project

LANGUAGES = ("ts", "py", "py-plain")
LARGE = 8 * 1024 * 1024

FILES = {
    "steps/wait.step.ts": """
        export const config = { type: 'api', name: 'WaitTs', method: 'GET', path: '/ts/wait' }
        export const handler = async () => {
          await new Promise((resolve) => setTimeout(resolve, 100))
          return { status: 200, body: 'done' }
        }
    """,
    "steps/wait_step.py": """
import asyncio
config = {"type": "api", "name": "WaitPy", "method": "GET", "path": "/py/wait"}
async def handler(req, ctx):
    await asyncio.sleep(0.1)
    return {"status": 200, "body": "done"}
""",
    "steps/wait_plain_step.py": """
import time
config = {"type": "api", "name": "WaitPlain", "method": "GET", "path": "/py-plain/wait"}
def handler(req, ctx):
    time.sleep(0.1)
    return {"status": 200, "body": "done"}
""",
    "steps/echo.step.ts": """
        export const config = { type: 'api', name: 'EchoTs', method: 'POST', path: '/ts/echo' }
        export const handler = async (req) => ({ status: 200, body: req.body })
    """,
    "steps/echo_step.py": """
config = {"type": "api", "name": "EchoPy", "method": "POST", "path": "/py/echo"}
async def handler(req, ctx):
    return {"status": 200, "body": req.body}
""",
    "steps/small.step.ts": """
        export const config = { type: 'api', name: 'SmallTs', method: 'GET', path: '/ts/small' }
        export const handler = async () => ({ status: 200, body: 'small' })
    """,
    "steps/small_step.py": """
config = {"type": "api", "name": "SmallPy", "method": "GET", "path": "/py/small"}
async def handler(req, ctx):
    return {"status": 200, "body": "small"}
""",
    "steps/emit.step.ts": """
        export const config = { type: 'api', name: 'EmitTs', method: 'POST', path: '/ts/emit', emits: ['big.py'] }
        export const handler = async (req, { emit }) => {
          await emit({ topic: 'big.py', data: { text: 'x'.repeat(200 * 1024) } })
          return { status: 202, body: {} }
        }
    """,
    "steps/take_step.py": """
config = {"type": "event", "name": "TakePy", "subscribes": ["big.py"], "emits": ["big.ts"]}
async def handler(input, ctx):
    await ctx.state.set("sizes", "py", len(input.text))
    await ctx.emit({"topic": "big.ts", "data": {"text": input.text + "y"}})
""",
    "steps/take.step.ts": """
        export const config = { type: 'event', name: 'TakeTs', subscribes: ['big.ts'] }
        export const handler = async (input, { state }) => { await state.set('sizes', 'ts', input.text.length) }
    """,
    "steps/sizes.step.ts": """
        export const config = { type: 'api', name: 'Sizes', method: 'GET', path: '/sizes' }
        export const handler = async (req, { state }) =>
          ({ status: 200, body: { py: await state.get('sizes', 'py'), ts: await state.get('sizes', 'ts') } })
    """,
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    with running(write_project(tmp_path_factory.mktemp("concurrency"), FILES)) as project:
        yield project


async def _connect(url: str, connections: int) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncClient(base_url=url, limits=limits, timeout=30)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_64_handlers_that_wait_100_ms_finish_in_300_ms(project: RunningProject, language: str) -> None:
    async with await _connect(project.url, 64) as client:
        await asyncio.gather(*(client.get(f"/{language}/wait") for _ in range(64)))
        times = []
        for _ in range(3):
            began = time.perf_counter()
            answers = await asyncio.gather(*(client.get(f"/{language}/wait") for _ in range(64)))
            times.append(time.perf_counter() - began)
            assert {answer.status_code for answer in answers} == {200}
    assert statistics.median(times) < 0.3


@pytest.mark.parametrize("language", ["ts", "py"])
def test_an_8_mib_body_goes_there_and_back(project: RunningProject, language: str) -> None:
    body = {"text": "ä" * (LARGE // 4), "more": ["x" * 1024] * (LARGE // 2 // 1024)}
    answer = project.client.post(f"/{language}/echo", json=body)
    assert answer.status_code == 200
    assert answer.json() == body


def test_a_200_kib_event_goes_through_both_runners(project: RunningProject) -> None:
    assert project.client.post("/ts/emit", json={}).status_code == 202
    expected = {"py": 200 * 1024, "ts": 200 * 1024 + 1}
    assert eventually(lambda: project.client.get("/sizes").json() == expected, 5), project.output


@pytest.mark.parametrize("language", ["ts", "py"])
async def test_small_calls_beside_two_large_ones_stay_quick(project: RunningProject, language: str) -> None:
    """p99 of small calls at most 25 ms while two calls of 8 MiB are under way all the time."""
    body = b'{"text": "' + b"x" * LARGE + b'"}'
    done = asyncio.Event()

    async def large(client: httpx.AsyncClient) -> int:
        count = 0
        while not done.is_set():
            answer = await client.post(f"/{language}/echo", content=body, headers={"content-type": "application/json"})
            assert len(answer.content) > LARGE
            count += 1
        return count

    async with await _connect(project.url, 2) as bulk, asyncio.TaskGroup() as tasks:
        running_calls = [tasks.create_task(large(bulk)) for _ in range(2)]
        times = await asyncio.to_thread(_time_small_calls, project.url, f"/{language}/small", 300)
        done.set()
    assert all(task.result() > 0 for task in running_calls)
    assert statistics.quantiles(times, n=100)[98] < 0.025


def _time_small_calls(url: str, path: str, count: int) -> list[float]:
    times = []
    with httpx.Client(base_url=url, timeout=30) as client:
        client.get(path)
        for _ in range(count):
            began = time.perf_counter()
            assert client.get(path).text == "small"
            times.append(time.perf_counter() - began)
    return times


def test_a_body_over_the_limit_is_413_before_it_is_read(project: RunningProject) -> None:
    answer = project.client.post("/ts/echo", content=b"", headers={"content-length": str(11 * 1024 * 1024)})
    assert answer.status_code == 413
