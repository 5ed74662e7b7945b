"""An event whose subscriber's file is broken at a start, or when its process dies, waits until the file is mended."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.integration.control import becomes, queue
from tests.integration.project import PATIENCE, RunningProject, eventually, running, write_project

SEND = """
config = {"type": "api", "name": "Send", "method": "POST", "path": "/send/:word", "emits": ["t"]}
async def handler(req, ctx):
    word = req.pathParams.word
    await ctx.emit({"topic": "t", "data": {"word": word}, "messageGroupId": "g"})
    await ctx.state.set("words", word, word)
    return {"status": 200, "body": {}}
"""
SCHEMA = '{"type": "object", "properties": {"word": {"enum": ["before", "after"]}}}'
FILES = {
    "steps/send_step.py": SEND,
    "steps/py_step.py": f"""
config = {{"type": "event", "name": "Py", "subscribes": ["t"], "input": {SCHEMA}, "validate": "enforce",
          "infrastructure": {{"queue": {{"type": "fifo"}}}}}}
async def handler(input, ctx):
    ctx.logger.info("Py got " + input["word"])
""",
    "steps/watch_step.py": """
config = {"type": "state", "name": "Watch", "groupId": "words"}
async def handler(change, ctx):
    ctx.logger.info("Watch got " + change["value"])
""",
    "steps/ts.step.ts": """
export const config = { type: 'event', name: 'Ts', subscribes: ['t'] }
export const handler = async (input, { logger }) => { logger.info('Ts got ' + input.word) }
""",
}
TOLD = {"Py": "steps/py_step.py", "Watch": "steps/watch_step.py", "Ts": "steps/ts.step.ts"}
"""Files by the steps that get something."""


def break_all(root: Path) -> None:
    write_project(root, dict.fromkeys(TOLD.values(), "def ("))


def mend_all(root: Path) -> None:
    write_project(root, {file: FILES[file] for file in TOLD.values()})


def send(project: RunningProject, word: str) -> int:
    return project.client.post(f"/send/{word}").status_code


def all_got(project: RunningProject, word: str, steps: Iterable[str] = TOLD) -> None:
    for step in steps:
        project.wait_for(f"{step} got {word}")


def good_start(root: Path) -> None:
    with running(write_project(root, FILES)) as project:
        assert send(project, "before") == 200
        all_got(project, "before")
        project.process.kill()


def waits(root: Path, step: str) -> bool:
    found: dict[str, Any] = queue(root, step, limit=0)
    return found["waiting"] == 1 and not found["orphan"]


def test_they_wait_where_a_start_finds_the_files_broken(tmp_path: Path) -> None:
    good_start(tmp_path)
    break_all(tmp_path)
    with running(tmp_path) as project:
        assert send(project, "after") == 200
        assert all(waits(tmp_path, step) for step in TOLD)
        assert "which no step subscribes to" not in project.output
        assert "kept for step" not in project.output
        mend_all(tmp_path)
        all_got(project, "after")
        assert all(becomes(tmp_path, step) for step in TOLD)


def test_they_wait_through_further_kills_and_for_a_project_in_production(tmp_path: Path) -> None:
    good_start(tmp_path)
    break_all(tmp_path)
    with running(tmp_path, command="start") as project:
        project.process.kill()
    with running(tmp_path, command="start") as project:
        assert send(project, "after") == 200
        assert send(project, "unfit") == 500  # the schema of a remembered step counts as well
        project.process.kill()
    mend_all(tmp_path)
    with running(tmp_path, command="start") as project:
        all_got(project, "after")


def test_they_wait_where_a_runner_dies_while_a_broken_edit_is_held(tmp_path: Path) -> None:
    with running(write_project(tmp_path, FILES)) as project:
        pids = project.runner_pids()
        break_all(tmp_path)
        assert eventually(lambda: _languages(project, "held") == {"python", "node"}, PATIENCE)
        assert _languages(project, "renewed") == set()
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: _languages(project, "renewed") == {"python", "node"}, PATIENCE)
        assert send(project, "after") == 200
        mend_all(tmp_path)
        all_got(project, "after")


def test_they_wait_where_other_settings_start_everything_anew(tmp_path: Path) -> None:
    with running(write_project(tmp_path, FILES)) as project:
        break_all(tmp_path)
        write_project(tmp_path, {"runtime.yaml": "log:\n  level: debug\n"})
        for file in TOLD.values():
            project.wait_for(f'"problem".*{file}')
        assert send(project, "after") == 200
        mend_all(tmp_path)
        all_got(project, "after")


def test_a_file_that_is_gone_leaves_no_subscriber(tmp_path: Path) -> None:
    good_start(tmp_path)
    for file in TOLD.values():
        (tmp_path / file).unlink()
    with running(tmp_path) as project:
        assert send(project, "after") == 200
        assert project.wait_for("which no step subscribes to")


def _languages(project: RunningProject, event: str) -> set[str]:
    return {language for fact in project.told(event) for language in fact["languages"]}
