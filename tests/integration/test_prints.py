"""What runs print is shown with the step it came from, once and in order, whatever becomes of the process."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.integration.project import PATIENCE, RunningProject, eventually, running, write_project

MANY = 10_000
NAMES = {"Ts": "node", "Py": "python"}
LANGUAGES = list(NAMES)
ENDS = ("leaves", "late")
FILES = {
    "steps/prints.step.ts": """
        import { readFileSync } from 'node:fs'
        export const config = { type: 'api', name: 'PrintsTs', method: 'POST', path: '/Ts/:how' }
        export const handler = async ({ pathParams: { how }, body }) => {
          if (how === 'many') for (let n = 0; n < body.lines; n++) console.log(`ts line ${n}`)
          else if (how === 'unfinished') process.stdout.write('ts un'), process.stdout.write('finished')
          else if (how !== 'nothing') console.log(`ts ${how}`)
          if (how === 'leaves') setTimeout(() => console.log('ts late'), 50)
          if (how === 'exits') process.reallyExit(3)
          if (['killed', 'unfinished', 'ends'].includes(how)) process.kill(process.pid, 'SIGKILL')
          if (how === 'spins') while (true) {}
          return { status: 200 }
        }
    """,
    "steps/prints_step.py": """
import asyncio, os, signal
late = set()
async def leave():
    await asyncio.sleep(0.05)
    print("py late")
config = {"type": "api", "name": "PrintsPy", "method": "POST", "path": "/Py/:how"}
async def handler(req, ctx):
    how = req.pathParams["how"]
    if how == "many":
        for n in range(req.body["lines"]):
            print(f"py line {n}")
    elif how == "unfinished":
        print("py un", end="")
        print("finished", end="")
    elif how != "nothing":
        print(f"py {how}")
    if how == "leaves":
        late.add(asyncio.create_task(leave()))
    if how == "exits":
        os._exit(3)
    if how in ("killed", "unfinished", "ends"):
        os.kill(os.getpid(), signal.SIGKILL)
    while how == "spins":
        pass
    return {"status": 200}
""",
    "runtime.yaml": "link:\n  pingInterval: 1\n  pingTimeout: 1\n  restartBackoffMax: 0.1\n",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    with running(write_project(tmp_path_factory.mktemp("prints"), FILES)) as project:
        yield project


@pytest.mark.parametrize("how", ["exits", "killed", "unfinished", "spins"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_last_words_of_a_run_are_shown_once_with_its_step(project: RunningProject, language: str, how: str) -> None:
    words = f"{language.lower()} {how}"
    with ThreadPoolExecutor() as calls:
        call = calls.submit(_post, project, f"{language}/{how}")
        project.wait_for(f'"{words}"')
        assert call.result().status_code == 502
    _end(project, language)
    (line,) = [line for line in project.log_lines() if line["message"] == words]
    assert line["step"] == f"Prints{language}"
    assert line["traceId"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_run_has_left_behind_prints_with_its_step_and_trace(project: RunningProject, language: str) -> None:
    assert _post(project, f"{language}/leaves").status_code == 200
    project.wait_for(f'"{language.lower()} late"')
    lines = [line for line in project.log_lines() if line["message"] in (f"{language.lower()} {x}" for x in ENDS)]
    assert {line["step"] for line in lines} == {f"Prints{language}"}
    assert len(lines) == len(ENDS)
    assert len({line["traceId"] for line in lines}) == 1


@pytest.mark.parametrize("queue", [32 << 20, 1 << 20], ids=["all fit", "most are dropped"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_of_many_prints_is_shown_once_and_in_order(tmp_path: Path, language: str, queue: int) -> None:
    link = {"maxQueuedBytes": queue}
    write_project(tmp_path, {**FILES, "runtime.yaml": json.dumps({"link": link})})
    with running(tmp_path) as project:
        assert _post(project, f"{language}/many", {"lines": MANY}).status_code == 200
        _end(project, language)
        lines = [line for line in project.log_lines() if " line " in line["message"]]
        assert [line["message"] for line in lines] == [f"{language.lower()} line {n}" for n in range(MANY)]
        assert {line["step"] for line in lines} == {f"Prints{language}"}
        assert len({line["traceId"] for line in lines}) == 1
        assert "dropped" not in project.output


def _post(project: RunningProject, path: str, body: object = None) -> httpx.Response:
    return httpx.post(f"{project.url}/{path}", json=body, timeout=PATIENCE)


def _end(project: RunningProject, language: str) -> None:
    """Ends the runner in mid-run; what it had printed until then is shown when the next one serves."""
    assert eventually(lambda: _post(project, f"{language}/nothing").status_code == 200, PATIENCE)
    ended = f"the {NAMES[language]} runner.* ended "
    before = len(re.findall(ended, project.output))
    assert _post(project, f"{language}/ends").status_code == 502
    assert eventually(lambda: len(re.findall(ended, project.output)) > before, PATIENCE), project.output
    assert eventually(lambda: _post(project, f"{language}/nothing").status_code == 200, PATIENCE)
