"""Texts and streams over HTTP in whole projects: early, late and returning readers, a restart, both languages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.integration.project import PATIENCE, RunningProject, running, write_project
from tests.sse import EventSource, ServerSent, events

HALF = 100
READERS = 20
FILES = {
    "package.json": "{}",
    "steps/board.stream.ts": """
        export const config = { name: 'board', schema: { type: 'object' } }
    """,
    "steps/tell.step.ts": """
        export const config = { type: 'api', name: 'TellTs', method: 'POST', path: '/ts/:id', emits: [] }
        export const handler = async (req, { stream, streams }) => {
          const { id } = req.pathParams
          for (let n = req.body.from; n < req.body.to; n++) {
            await stream.write(id, `${n} Grüße 💩\\n`)
            await streams.board.set('told', String(n % 3), { n })
          }
          if (req.body.closes) await stream.close(id)
          return { status: 200, body: {} }
        }
    """,
    "steps/tell_step.py": """
config = {"type": "api", "name": "TellPy", "method": "POST", "path": "/py/:id", "emits": []}
async def handler(req, ctx):
    id = req.pathParams.id
    for n in range(req.body["from"], req.body.to):
        await ctx.stream.write(id, f"{n} Grüße 💩\\n")
        await ctx.streams.board.set("told", str(n % 3), {"n": n})
    if req.body.closes:
        await ctx.stream.close(id)
    return {"status": 200, "body": {}}
""",
}


def part(start: int, end: int) -> str:
    return "".join(f"{n} Grüße 💩\n" for n in range(start, end))


WHOLE = part(0, 2 * HALF)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    with running(write_project(tmp_path_factory.mktemp("reads"), FILES)) as project:
        yield project


@asynccontextmanager
async def client_of(project: RunningProject) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=project.url, timeout=PATIENCE, limits=limits) as client:
        yield client


async def read_events(client: httpx.AsyncClient, path: str, is_known: asyncio.Event, last_id: str | None = None) -> str:
    """Reads a text to its end; says when the runtime knows of the reader."""
    async with events(client, path, last_id) as source:
        await source.comment()
        is_known.set()
        return await rest_of(source)


async def read_plain(client: httpx.AsyncClient, path: str, is_known: asyncio.Event) -> str:
    async with client.stream("GET", path, headers={"accept": "text/plain"}) as answer:
        is_known.set()
        return b"".join([piece async for piece in answer.aiter_raw()]).decode()


async def readers(client: httpx.AsyncClient, path: str) -> list[asyncio.Task[str]]:
    """So many readers that the runtime knows of, half of them over events."""
    known = [asyncio.Event() for _ in range(READERS)]
    ways = (read_events, read_plain)
    tasks = [asyncio.create_task(ways[number % 2](client, path, event)) for number, event in enumerate(known)]
    for event in known:
        await event.wait()
    return tasks


async def rest_of(source: EventSource) -> str:
    """The text as the events that are left tell it."""
    text = ""
    while (event := await source.next()).name == "message":
        text += event.data
    assert event.name == "close"
    return text


async def tell(client: httpx.AsyncClient, path: str, start: int, end: int, *, closes: bool) -> None:
    answer = await client.post(path, json={"from": start, "to": end, "closes": closes})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("language", ["ts", "py"])
def test_early_late_and_returning_readers_of_a_text_get_the_same(project: RunningProject, language: str) -> None:
    async def run() -> None:
        handler, path = f"/{language}/{language}%2F1", f"/__runtime/text/{language}%2F1"
        async with client_of(project) as client:
            early = await readers(client, path)
            await tell(client, handler, 0, HALF, closes=False)
            late = await readers(client, path)
            async with events(client, path) as source:
                seen = ""
                while len(seen) < len(part(0, HALF // 2)):
                    seen += (await source.next()).data
            await tell(client, handler, HALF, 2 * HALF, closes=True)
            later = await readers(client, path)
            assert set(await asyncio.gather(*early, *late, *later)) == {WHOLE}
            async with events(client, path, source.last_id) as source:
                assert seen + await rest_of(source) == WHOLE
            document = {"id": f"{language}/1", "text": WHOLE, "closed": True}
            assert (await client.get(path)).json() == document

    asyncio.run(run())


def offset_of(id: str) -> int:
    """The offset behind the piece of an event, which the id names behind the text's beginning."""
    return int(id.rpartition("-")[2])


def test_a_reader_gets_exactly_the_rest_also_from_the_next_process(tmp_path: Path) -> None:
    root, path = write_project(tmp_path, FILES), "/__runtime/text/t"
    seen: list[ServerSent] = []

    async def before(project: RunningProject) -> None:
        async with client_of(project) as client, events(client, path) as source:
            await source.comment()
            await tell(client, "/ts/t", 0, HALF, closes=False)
            while not seen or offset_of(seen[-1].id) < len(part(0, HALF).encode()):
                seen.append(await source.next())

    async def after(project: RunningProject) -> None:
        async with client_of(project) as client:
            back = []
            for event in (seen[0], seen[len(seen) // 2], seen[-1]):
                is_known = asyncio.Event()
                back.append((event.id, asyncio.create_task(read_events(client, path, is_known, event.id))))
                await is_known.wait()
            await tell(client, "/py/t", HALF, 2 * HALF, closes=True)
            for id, task in back:
                assert WHOLE.encode()[: offset_of(id)].decode() + await task == WHOLE

    with running(root) as project:
        asyncio.run(before(project))
        project.process.kill()
    with running(root) as project:
        asyncio.run(after(project))


def test_items_are_read_as_json_and_as_they_change(project: RunningProject) -> None:
    async def run() -> None:
        path = "/__runtime/streams/board/told"
        async with client_of(project) as client:
            await tell(client, "/ts/board", 0, 3, closes=False)
            items = (await client.get(path)).json()
            assert sorted(item["n"] for item in items) == [0, 1, 2]
            assert (await client.get(f"{path}/1")).json() == next(item for item in items if item["id"] == "1")
            async with events(client, path) as source:
                assert (await source.next()).json == items
                await tell(client, "/py/board", 3, 30, closes=False)
                seen = await source.take(10)
            async with events(client, path, source.last_id) as source:
                seen += await source.take(17)
            assert [event.json["n"] for event in seen] == list(range(3, 30))
            assert {event.name for event in seen} == {"update"}

    asyncio.run(run())


def test_readers_do_not_hold_up_a_stop(tmp_path: Path) -> None:
    async def run(project: RunningProject) -> None:
        async with client_of(project) as client, events(client, "/__runtime/streams/board/told") as source:
            await source.next()
            assert await asyncio.to_thread(project.stop) == 0

    with running(write_project(tmp_path, {**FILES, "runtime.yaml": "shutdownGrace: 600\n"})) as project:
        asyncio.run(run(project))


def test_in_start_reads_are_served_only_where_they_are_asked_for(tmp_path: Path) -> None:
    root = write_project(tmp_path, FILES)
    with running(root, command="start") as project:
        assert project.client.get("/__runtime/streams/board/told").status_code == 404
        assert project.client.get("/__runtime/text/t").status_code == 404
    write_project(root, {"runtime.yaml": "streams: { httpReads: true }\n"})
    with running(root, command="start") as project:
        answer = project.client.get("/__runtime/streams/board/told", headers={"host": "shop.example"})
        assert (answer.status_code, answer.json()) == (200, [])
