"""A project of many steps whose files are saved while it runs."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bench.harness import BenchFault

STEPS = 200
_ASK_AGAIN = 0.005
"""Seconds between two questions whether the new code answers; asked without a pause they would be the load."""
_SCHEMA = "{ type: 'object', properties: { text: { type: 'string' } } }"
_TYPESCRIPT = """import type {{ ApiRouteConfig }} from 'motia'

export const config: ApiRouteConfig = {{
  type: 'api', name: 'Ts{n}', method: 'GET', path: '/ts/{n}', responseSchema: {{ 200: {schema} }},
}}

export const handler = async () => ({{ status: 200, body: {{ text: '{text}' }} }})
"""
_PYTHON = """config = {{"type": "api", "name": "Py{n}", "method": "GET", "path": "/py/{n}"}}


async def handler(req, ctx):
    return {{"status": 200, "body": {{"text": "{text}"}}}}
"""
_EMIT = """import type { ApiRouteConfig } from 'motia'

export const config: ApiRouteConfig = { type: 'api', name: 'Emit', method: 'POST', path: '/emit', emits: ['number'] }

export const handler = async (req, { emit }) => {
  await emit({ topic: 'number', data: req.body })
  return { status: 202 }
}
"""
_NOTE = """config = {"type": "event", "name": "Note", "subscribes": ["number"]}


async def handler(input, ctx):
    await ctx.state.set("numbers", str(input["n"]), True)
"""
_COUNT = """config = {"type": "api", "name": "Count", "method": "GET", "path": "/count"}


async def handler(req, ctx):
    return {"status": 200, "body": {"count": len(await ctx.state.keys("numbers"))}}
"""
_STREAM = "export const config = { name: 'board', baseConfig: { storageType: 'default' } }\n"


@dataclass(frozen=True, slots=True)
class Saved:
    """A step that is saved again and again, and where it answers."""

    file: Path
    path: str
    template: str

    def save(self, text: str) -> None:
        """Writes the file so that its step answers with the text."""
        self.file.write_text(self.template.format(n=0, text=text, schema=_SCHEMA), encoding="utf-8")


def make_project(root: Path) -> dict[str, Saved]:
    """A project of 200 steps, half of them in each language, and what events and sockets need; by language."""
    shutil.rmtree(root, ignore_errors=True)
    steps = root / "steps"
    (steps / "py").mkdir(parents=True)
    (steps / "ts").mkdir()
    for n in range(STEPS // 2):
        (steps / "ts" / f"s{n}.step.ts").write_text(_TYPESCRIPT.format(n=n, text="first", schema=_SCHEMA))
        (steps / "py" / f"s{n}_step.py").write_text(_PYTHON.format(n=n, text="first"))
    (steps / "emit.step.ts").write_text(_EMIT)
    (steps / "note_step.py").write_text(_NOTE)
    (steps / "count_step.py").write_text(_COUNT)
    (steps / "board.stream.ts").write_text(_STREAM)
    return {
        "typescript": Saved(steps / "ts" / "s0.step.ts", "/ts/0", _TYPESCRIPT),
        "python": Saved(steps / "py" / "s0_step.py", "/py/0", _PYTHON),
    }


def answer_of(url: str) -> str:
    """What a saved step answers. Raises `BenchFault` when it does not."""
    try:
        with urlopen(url, timeout=10) as response:
            return str(json.loads(response.read())["text"])
    except (URLError, OSError, ValueError) as error:
        raise BenchFault(f"{url} does not answer as it should: {error}") from error


def seconds_until(url: str, text: str, within: float = 10.0) -> float:
    """Asks again and again until the answer is the text. Raises `BenchFault` when it does not come to that."""
    began = time.perf_counter()
    while (answer := answer_of(url)) != text:
        if time.perf_counter() - began > within:
            raise BenchFault(f"{url} still answers {answer!r}, not {text!r}, after {within:g} s")
        time.sleep(_ASK_AGAIN)
    return time.perf_counter() - began
