"""How long a project of 200 steps takes from `runtime start` to its answers."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.client import connected
from tests.integration.project import write_project
from tests.packages import link_packages

STEPS = 100
"""Of each language."""
SECONDS = 3.0
RUNS = 3

TYPESCRIPT = """import type {{ ApiRouteConfig, Handlers }} from 'motia'
import {{ greet }} from '../lib/greet'
{schema}
export const config: ApiRouteConfig = {{
  type: 'api', name: 'Ts{number}', method: 'POST', path: '/ts/{number}', flows: ['start'], emits: [], {body}
}}

export const handler: Handlers['Ts{number}'] = async (req) => ({{ status: 200, body: greet({number}) }})
"""
ZOD = """import { z } from 'zod'

const order = z.object({ id: z.string(), items: z.array(z.object({ name: z.string(), price: z.number() })) })
"""
PYTHON = """from typing import Annotated

from pydantic import BaseModel, Field


class Item(BaseModel):
    name: str
    price: Annotated[float, Field(gt=0)]


class Order(BaseModel):
    id: str
    items: list[Item]


config = {{"type": "api", "name": "Py{number}", "method": "POST", "path": "/py/{number}", "bodySchema": Order}}


async def handler(req, ctx):
    return {{"status": 200, "body": "hello {number}"}}
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {"package.json": "{}", "src/lib/greet.ts": "export const greet = (n: number): string => `hello ${n}`\n"}
    for number in range(STEPS):
        schema, body = (ZOD, "bodySchema: order,") if number % 2 else ("", "")
        files[f"src/ts/step-{number}.step.ts"] = TYPESCRIPT.format(number=number, schema=schema, body=body)
        files[f"src/py/step_{number}_step.py"] = PYTHON.format(number=number)
    root = write_project(tmp_path_factory.mktemp("start"), files)
    link_packages(root, zod="zod4")
    return root


def start(root: Path) -> float:
    """Seconds from the start of the process until a step of each language has answered."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "runtime", "start", "--port", "0"]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        try:
            printed = []
            for line in process.stdout:
                printed.append(line)
                if ready := re.search(r"Ready at (http://\S+) in .*: (\d+) steps loaded\"", line):
                    break
            assert ready, "".join(printed)
            assert int(ready[2]) == 2 * STEPS, "".join(printed)
            with connected(ready[1]) as connection:
                for language in ("ts", "py"):
                    path = f"/{language}/{STEPS - 1}"
                    assert connection.send("POST", path, b'{"id": "1", "items": []}') == (
                        200,
                        b"hello %d" % (STEPS - 1),
                    )
            return time.perf_counter() - began
        finally:
            process.terminate()


@pytest.mark.alone
@pytest.mark.parametrize("caches", ["cold", "warm"])
def test_200_steps_serve_within_3_s(root: Path, caches: str) -> None:
    took = []
    for _ in range(RUNS):
        if caches == "cold":
            shutil.rmtree(root / ".runtime", ignore_errors=True)
            for cache in root.rglob("__pycache__"):
                shutil.rmtree(cache)
        took.append(start(root))
    print(f"{caches}: {', '.join(f'{seconds:.2f}' for seconds in took)} s")
    assert statistics.median(took) < SECONDS
