"""What a handler does to end its process ends its run alone; what it throws where nobody catches it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.project import RunningProject, eventually, running, write_project

FILES = {
    "package.json": "{}",
    "steps/acts.step.ts": """
        import { HttpError } from 'motia'
        let release: any
        const held = new Promise((resolve) => { release = resolve })
        const around = async (req: any, ctx: any, next: any) => { ctx.user = 'ann'; return next() }
        export const config = { type: 'api', name: 'TsActs', method: 'POST', path: '/ts/:what', middleware: [around] }
        export const handler = async (req: any, ctx: any) => {
          switch (req.pathParams.what) {
            case 'holds': ctx.logger.info('ts holds'); await held; return { status: 200, body: 'held' }
            case 'releases': release(); return { status: 200, body: 'released' }
            case 'exits': process.exit(3)
            case 'leaves': setTimeout(() => process.exit(4), 0); Promise.reject(new Error('left alone'))
              return { status: 200, body: 'left' }
            case 'large': throw new HttpError(409, 'x'.repeat(300_000))
            case 'unsendable': throw new HttpError(409, { a: new Set() })
            default: return { status: 200, body: { user: ctx.user, body: req.body, big: typeof req.body.n } }
          }
        }
    """,
    "steps/acts_step.py": """
import asyncio, sys
from motia import HttpError
held = asyncio.Event()
async def around(req, ctx, go_on):
    ctx.user = "ann"
    return await go_on()
config = {"type": "api", "name": "PyActs", "method": "POST", "path": "/py/:what", "middleware": [around]}
async def boom():
    sys.exit(4)
async def handler(req, ctx):
    what = req.pathParams.what
    if what == "holds":
        ctx.logger.info("py holds")
        await held.wait()
        return {"status": 200, "body": "held"}
    if what == "releases":
        held.set()
        return {"status": 200, "body": "released"}
    if what == "exits":
        sys.exit(3)
    if what == "leaves":
        asyncio.get_running_loop().call_soon(sys.exit, 5)
        asyncio.create_task(boom())
        return {"status": 200, "body": "left"}
    if what == "large":
        raise HttpError(409, "x" * 300_000)
    if what == "unsendable":
        raise HttpError(409, {"a": {1}})
    big = "bigint" if req.body.get("n", 0) > 2**53 else "number"
    return {"status": 200, "body": {"user": ctx["user"], "body": req.body, "big": big}}
""",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    with running(write_project(tmp_path_factory.mktemp("survival"), FILES)) as project:
        yield project


@pytest.mark.parametrize("language", ["ts", "py"])
def test_the_runner_goes_on_with_its_other_runs(project: RunningProject, language: str) -> None:
    runners = project.runner_pids()
    answers: list[Any] = []
    waiting = threading.Thread(target=lambda: answers.append(project.client.post(f"/{language}/holds")))
    waiting.start()
    project.wait_for(f"{language} holds")
    failed = project.client.post(f"/{language}/exits")
    assert (failed.status_code, failed.json()) == (500, {"error": "Internal server error"})
    assert project.client.post(f"/{language}/leaves").text == "left"
    assert project.client.post(f"/{language}/releases").text == "released"
    waiting.join(10)
    assert [answer.text for answer in answers] == ["held"]
    assert project.runner_pids() == runners
    told = {
        "ts": ["process.exit(3) was called", "process.exit(4) was called", "left alone", "steps/acts.step.ts:"],
        "py": ["SystemExit: 3", "task or callback of steps/acts_step.py", "SystemExit: 4", "SystemExit: 5"],
    }
    for line in told[language]:
        assert eventually(lambda line=line: line in project.output, 5), (line, project.output)  # type: ignore[misc]


@pytest.mark.parametrize("language", ["ts", "py"])
def test_an_http_error_answers_like_a_returned_body(project: RunningProject, language: str) -> None:
    large = project.client.post(f"/{language}/large")
    assert (large.status_code, len(large.text)) == (409, 300_000)
    assert project.client.post(f"/{language}/unsendable").status_code == 500
    assert eventually(lambda: "body of the HttpError cannot be sent: body.a is" in project.output, 5)


@pytest.mark.parametrize("language", ["ts", "py"])
def test_json_that_no_value_can_be_is_a_bad_request(project: RunningProject, language: str) -> None:
    json_type = {"content-type": "application/json"}
    for body, why in [
        ("[" * 3000 + "]" * 3000, "nests deeper than 512 levels"),
        (r'{"a": "\ud800"}', "a lone surrogate"),
        ("[" + "7" * 5000 + "]", "an integer of too many digits"),
    ]:
        refused = project.client.post(f"/{language}/echoes", content=body, headers=json_type)
        assert refused.status_code == 400
        assert why in refused.json()["detail"]
        assert "sys." not in refused.text


@pytest.mark.parametrize("language", ["ts", "py"])
def test_integers_keep_their_digits_and_middleware_passes_things_on(project: RunningProject, language: str) -> None:
    given = {"n": 9007199254740993, "list": [-9007199254740993, 1]}
    answer = project.client.post(f"/{language}/echoes", json=given)
    assert answer.json() == {"user": "ann", "body": given, "big": "bigint"}
