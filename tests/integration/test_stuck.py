"""A handler that lets nothing else have a turn costs its runner, not the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.control import NOTHING, counts, emit
from tests.integration.project import eventually, running, write_project

SPINNING = {
    "ts": {
        "steps/spin.step.ts": """
            export const config = { type: 'event', name: 'Spin', subscribes: ['spin'],
              infrastructure: { handler: { timeout: 1 }, queue: { maxRetries: 0 } } }
            export const handler = async () => { while (true) {} }
        """,
        "steps/hello.step.ts": """
            export const config = { type: 'api', name: 'Hello', method: 'GET', path: '/hello' }
            export const handler = async () => ({ status: 200, body: 'hello' })
        """,
    },
    "py": {
        "steps/spin_step.py": """
config = {"type": "event", "name": "Spin", "subscribes": ["spin"],
  "infrastructure": {"handler": {"timeout": 1}, "queue": {"maxRetries": 0}}}
async def handler(input, ctx):
    while True:
        pass
""",
        "steps/hello_step.py": """
config = {"type": "api", "name": "Hello", "method": "GET", "path": "/hello"}
async def handler(req, ctx):
    return {"status": 200, "body": "hello"}
""",
    },
}


@pytest.mark.parametrize("language", SPINNING)
def test_a_handler_that_blocks_its_runner_is_ended_with_it(tmp_path: Path, language: str) -> None:
    with running(write_project(tmp_path, {"package.json": "{}", **SPINNING[language]})) as project:
        emit(tmp_path, "spin", {})
        project.wait_for("is stuck and is started anew: step 'Spin'")
        assert eventually(lambda: project.client.get("/hello").text == "hello", 15), project.output
        assert counts(tmp_path, "Spin") == {**NOTHING, "dead": 1}
