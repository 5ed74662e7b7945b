"""Handlers run side by side, and large payloads do not hold up small ones."""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from tests.integration import client
from tests.integration.client import connected, get_at_once
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


FILES["steps/store.ts"] = "export const store = Array.from({ length: 20_000 }, (_, i) => ({ i, v: 0 }))\n"
FILES["steps/store-read.step.ts"] = """
    import { store } from './store'
    export const config = { type: 'api', name: 'ReadTs', method: 'GET', path: '/ts/store' }
    export const handler = async () => ({ status: 200, body: { store, text: 'x'.repeat(1 << 20) } })
"""
FILES["steps/store-write.step.ts"] = """
    import { store } from './store'
    export const config = { type: 'api', name: 'WriteTs', method: 'PUT', path: '/ts/store' }
    export const handler = async () => { for (const row of store) row.v++; return { status: 200, body: 'written' } }
"""
FILES["steps/store.py"] = "store = {str(i): {'v': 0} for i in range(20_000)}\n"
FILES["steps/store_read_step.py"] = """
from .store import store
config = {"type": "api", "name": "ReadPy", "method": "GET", "path": "/py/store"}
async def handler(req, ctx):
    return {"status": 200, "body": {"store": store, "text": "x" * (1 << 20)}}
"""
FILES["steps/store_write_step.py"] = """
from .store import store
config = {"type": "api", "name": "WritePy", "method": "PUT", "path": "/py/store"}
async def handler(req, ctx):
    store[f"new {len(store)}"] = {"v": store["0"]["v"]}
    for row in store.values():
        row["v"] += 1
    return {"status": 200, "body": "written"}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    with running(write_project(tmp_path_factory.mktemp("concurrency"), FILES)) as project:
        yield project


@pytest.mark.parametrize("language", LANGUAGES)
async def test_64_handlers_that_wait_100_ms_finish_in_300_ms(project: RunningProject, language: str) -> None:
    await get_at_once(project.url, f"/{language}/wait", 64)
    took, statuses = await get_at_once(project.url, f"/{language}/wait", 64)
    assert set(statuses) == {b"HTTP/1.1 200 OK"}
    assert 0.1 <= took < 0.3


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


@pytest.mark.long  # a figure of milliseconds, for a machine that has nothing else to do
@pytest.mark.parametrize("language", ["ts", "py"])
def test_small_calls_beside_two_large_ones_stay_quick(project: RunningProject, language: str) -> None:
    """p99 of small calls at most 25 ms while two calls of 8 MiB are under way all the time."""
    with bulk_load(project, f"/{language}/echo", 8) as first, bulk_load(project, f"/{language}/echo", 8) as second:
        times = _time_small_calls(project.url, f"/{language}/small", 1500)
        answers = [line for load in (first, second) for line in load()]
    assert len(answers) > 4, "the large calls did not run beside the small ones"
    assert {line.split()[0] for line in answers} == {"200"}
    assert statistics.quantiles(times, n=100)[98] < 0.025


@contextmanager
def bulk_load(project: RunningProject, path: str, mebibytes: int) -> Iterator[Callable[[], list[str]]]:
    """Large calls one after the other from a process of their own; yields what gives the answers so far."""
    host, port = urlsplit(project.url).hostname, urlsplit(project.url).port
    command = [sys.executable, client.__file__, str(host), str(port), path, str(mebibytes)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    answers = [process.stdout.readline()]

    def stop() -> list[str]:
        answers.extend(process.communicate(timeout=30)[0].splitlines())
        return answers

    try:
        yield stop
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def _time_small_calls(url: str, path: str, count: int) -> list[float]:
    """Seconds that each call took, without what this process's own garbage collector takes."""
    times = []
    gc.disable()
    try:
        with connected(url) as connection:
            connection.send("GET", path)
            for _ in range(count):
                began = time.perf_counter()
                assert connection.send("GET", path) == (200, b"small")
                times.append(time.perf_counter() - began)
    finally:
        gc.enable()
    return times


def test_a_body_over_the_limit_is_413_before_it_is_read(project: RunningProject) -> None:
    with connected(project.url) as connection:
        connection.send_head("POST", "/ts/echo", 11 * 1024 * 1024)
        status, body = connection.receive()
    assert status == 413
    assert b"10485760" in body


@pytest.mark.parametrize("language", ["ts", "py"])
def test_a_large_answer_is_of_one_moment_whatever_others_write(project: RunningProject, language: str) -> None:
    path = f"/{language}/store"
    ended = threading.Event()

    def write() -> None:
        with connected(project.url) as connection:
            while not ended.is_set():
                assert connection.send("PUT", path) == (200, b"written")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            answer = project.client.get(path)
            assert answer.status_code == 200
            rows = answer.json()["store"]
            rows = rows if isinstance(rows, list) else list(rows.values())
            assert len({row["v"] for row in rows}) == 1
    finally:
        ended.set()
        writer.join()
