"""What breaks is named, and everything else goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.client import connected
from tests.integration.project import RunningProject, children, eventually, is_alive, running, write_project

HANGS = {
    "ts": (
        "steps/hang.step.ts",
        """
        export const config = { type: 'api', name: 'HangTs', method: 'GET', path: '/ts/hang' }
        export const handler = async (req, { logger }) => { logger.info('hanging'); await new Promise(() => {}) }
        """,
    ),
    "py": (
        "steps/hang_step.py",
        """
import asyncio
config = {"type": "api", "name": "HangPy", "method": "GET", "path": "/py/hang"}
async def handler(req, ctx):
    ctx.logger.info("hanging")
    await asyncio.Event().wait()
""",
    ),
}
HELLOS = {
    "steps/hello.step.ts": """
        export const config = { type: 'api', name: 'HelloTs', method: 'GET', path: '/ts/hello' }
        export const handler = async () => ({ status: 200, body: 'hello' })
    """,
    "steps/hello_step.py": """
config = {"type": "api", "name": "HelloPy", "method": "GET", "path": "/py/hello"}
async def handler(req, ctx):
    return {"status": 200, "body": "hello"}
""",
}
SPINS = {
    "steps/spin.step.ts": """
        export const config = { type: 'api', name: 'SpinTs', method: 'GET', path: '/ts/spin' }
        export const handler = async () => { console.log('spinning ts'); while (true) {} }
    """,
    "steps/spin_step.py": """
config = {"type": "api", "name": "SpinPy", "method": "GET", "path": "/py/spin"}
async def handler(req, ctx):
    print("spinning py")
    while True:
        pass
""",
}
LANGUAGE = {"ts": "node", "py": "python"}


@pytest.fixture(scope="module")
def hanging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    files = {**HELLOS, **dict(HANGS.values())}
    with running(write_project(tmp_path_factory.mktemp("hanging"), files)) as project:
        yield project


@pytest.mark.parametrize("language", ["ts", "py"])
def test_a_killed_runner_answers_502_at_once_and_is_back_within_2_s(hanging: RunningProject, language: str) -> None:
    answers: list[httpx.Response] = []
    call = threading.Thread(target=lambda: answers.append(httpx.get(f"{hanging.url}/{language}/hang", timeout=30)))
    call.start()
    hanging.wait_for(f"Hang{language.capitalize()}.*hanging")

    os.kill(hanging.runner_pids()[LANGUAGE[language]], signal.SIGKILL)
    killed = time.perf_counter()
    call.join(10)
    answered = time.perf_counter()
    hello = hanging.client.get(f"/{language}/hello")
    served = time.perf_counter()

    assert answers[0].status_code == 502
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert answered - killed < 0.5
    assert (hello.status_code, hello.text) == (200, "hello")
    assert served - killed < 2


def test_the_other_runner_notices_nothing_of_a_death(hanging: RunningProject) -> None:
    before = hanging.runner_pids()
    os.kill(before["python"], signal.SIGKILL)
    assert hanging.client.get("/ts/hello").text == "hello"
    # A request that is sent before the death is seen is lost with the runner, as its 502 says.
    assert eventually(lambda: hanging.client.get("/py/hello").text == "hello", 2)
    assert hanging.runner_pids()["node"] == before["node"]
    assert hanging.runner_pids()["python"] != before["python"]


def test_no_runner_survives_a_killed_core_even_while_handlers_spin(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("p")  # a socket's path may not be long
    with running(write_project(root, SPINS)) as project:
        for language in ("ts", "py"):
            url = f"{project.url}/{language}/spin"
            threading.Thread(target=_get_ignoring_the_end, args=(url,), daemon=True).start()
            project.wait_for(f"spinning {language}")
        runners = project.runner_pids()
        everything = [pid for child in children(project.process.pid) for pid in (child, *children(child))]
        project.process.kill()
        assert len(runners) == 2
        assert eventually(lambda: not any(is_alive(pid) for pid in everything), 2)
    left = list((root / ".runtime" / "run").glob("*.sock"))
    assert len(left) <= 1
    with running(root) as project:
        now = list((root / ".runtime" / "run").glob("*.sock"))
        assert [path.stem for path in now] == [str(project.process.pid)]
        assert (root / ".runtime" / "run").stat().st_mode & 0o777 == 0o700


def _get_ignoring_the_end(url: str) -> None:
    """The connection ends with the core; that is what the caller wants."""
    try:
        httpx.get(url, timeout=30)
    except httpx.HTTPError as error:
        assert "disconnected" in str(error) or "reset" in str(error)


def test_an_orderly_stop_finishes_what_runs(tmp_path: Path) -> None:
    files = {
        "steps/slow_step.py": """
import asyncio
config = {"type": "api", "name": "Slow", "method": "GET", "path": "/slow"}
async def handler(req, ctx):
    ctx.logger.info("begun")
    await asyncio.sleep(0.5)
    return {"status": 200, "body": "finished"}
"""
    }
    answers: list[httpx.Response] = []
    with running(write_project(tmp_path, files)) as project:
        call = threading.Thread(target=lambda: answers.append(httpx.get(f"{project.url}/slow", timeout=30)))
        call.start()
        project.wait_for("begun")
        assert project.stop() == 0
        call.join(10)
    assert answers[0].text == "finished"


BROKEN = {
    **HELLOS,
    "steps/syntax.step.ts": "export const config = {\n  type: 'api' name: 'Syntax'\n}\n",
    "steps/syntax_step.py": 'config = {"type": "api"}\ndef handler(req, ctx)\n    return 1\n',
    "steps/throws.step.js": "const broken = undefined\nmodule.exports = { config: broken.config }\n",
    "steps/throws_step.py": "config = {}\n\nraise ValueError('not today')\n",
    "steps/missing.step.ts": "import left from 'no-such-package-here'\nexport const config = { type: 'noop', left }\n",
    "steps/missing_step.py": "import no_such_package_here\n",
    "steps/typo.step.ts": "export const config = { type: 'event', name: 'Typo', subscribe: ['x'] }\n"
    "export const handler = async () => {}\n",
    "steps/bad_key_step.py": 'config = {"type": "cron", "name": "BadCron", "cron": "not a cron"}\n'
    "async def handler(ctx): pass\n",
    "steps/no_config_step.py": "async def handler(req, ctx): pass\n",
    "steps/zz-duplicate.step.ts": """
        export const config = { type: 'api', name: 'Second', method: 'GET', path: '/ts/hello' }
        export const handler = async () => ({ status: 200, body: 'never' })
    """,
    "steps/zz_same_name_step.py": """
config = {"type": "api", "name": "HelloPy", "method": "GET", "path": "/other"}
async def handler(req, ctx): return {"status": 200}
""",
}
NAMED = {
    "steps/syntax.step.ts:2": "Expected",
    "steps/syntax_step.py:2": "SyntaxError",
    "steps/throws.step.js:2": "TypeError",
    "steps/throws_step.py:3": "not today",
    "steps/missing.step.ts": "no-such-package-here",
    "steps/missing_step.py": "no_such_package_here",
    "steps/typo.step.ts": "rename 'subscribe' to 'subscribes'",
    "steps/bad_key_step.py": "cron expression",
    "steps/no_config_step.py": "config",
    "steps/zz-duplicate.step.ts": "steps/hello.step.ts",
    "steps/zz_same_name_step.py": "steps/hello_step.py",
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    with running(write_project(tmp_path_factory.mktemp("broken"), BROKEN)) as project:
        yield project


@pytest.mark.parametrize(("place", "reason"), NAMED.items())
def test_each_broken_file_is_named_with_its_reason(broken: RunningProject, place: str, reason: str) -> None:
    found = [line for line in broken.told("problem") if line["message"].startswith(place)]
    assert any(reason in f"{line['message']} {line['fix']}" for line in found), broken.output


def test_everything_else_serves(broken: RunningProject) -> None:
    assert broken.client.get("/ts/hello").text == "hello"
    assert broken.client.get("/py/hello").text == "hello"


def test_a_throw_is_500_for_the_client_and_a_stack_in_the_log(tmp_path: Path) -> None:
    files = {
        "steps/boom.step.ts": """
const explode = () => { throw new Error('the secret reason') }
export const config = { type: 'api', name: 'BoomTs', method: 'GET', path: '/ts' }
export const handler = async () => explode()
""",
        "steps/boom_step.py": """
config = {"type": "api", "name": "BoomPy", "method": "GET", "path": "/py"}
def explode(): raise RuntimeError("the secret reason")
async def handler(req, ctx): explode()
""",
    }
    with running(write_project(tmp_path, files)) as project:
        for language, line in (("ts", "boom.step.ts:2"), ("py", "boom_step.py")):
            answer = project.client.get(f"/{language}")
            assert (answer.status_code, answer.json()) == (500, {"error": "Internal server error"})
            logged = project.wait_for(f"Boom{language.capitalize()}.*the secret reason").string
            assert line in logged
            assert "node_modules" not in logged
            assert "runtime_runner" not in logged


def test_a_bad_setting_stops_the_start_and_names_the_nearest_key(tmp_path: Path) -> None:
    write_project(tmp_path, {**HELLOS, "runtime.yaml": "http:\n  prot: 4000\n"})
    with pytest.raises(AssertionError, match="did you mean port"), running(tmp_path):
        raise AssertionError("it started")


def test_a_port_in_use_stops_the_start(hanging: RunningProject, tmp_path: Path) -> None:
    port = hanging.url.rpartition(":")[2]
    write_project(tmp_path, {**HELLOS, "runtime.yaml": f"http:\n  port: {port}\n"})
    refused = pytest.raises(AssertionError, match="error: cannot listen on")
    with refused as failed, running(tmp_path, "--port", port, command="start"):
        raise AssertionError("it started")
    assert "choose another with --port" in str(failed.value)
    assert "Traceback" not in str(failed.value)


def test_a_stop_ends_a_step_that_never_finishes_loading(tmp_path: Path) -> None:
    files = {"steps/loop_step.py": "print('loading', flush=True)\nwhile True: pass\n"}
    process = subprocess.Popen(
        [sys.executable, "-m", "runtime", "dev", "--port", "0"],
        cwd=write_project(tmp_path, files),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "loading" in process.stdout.readline()
    began = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert time.perf_counter() - began < 3
    process.stdout.close()


def test_an_event_whose_runner_died_goes_to_the_next_one_at_once(tmp_path: Path) -> None:
    files = {
        "steps/start.step.ts": """
        export const config = { type: 'api', name: 'Start', method: 'POST', path: '/start', emits: ['job'] }
        export const handler = async (req, { emit }) => {
          await emit({ topic: 'job', data: 1 })
          return { status: 202 }
        }
        """,
        "steps/job_step.py": """
import asyncio
config = {"type": "event", "name": "Job", "subscribes": ["job"]}
async def handler(input, ctx):
    ctx.logger.info(f"attempt {ctx.attempt}")
    if ctx.attempt == 1:
        await asyncio.Event().wait()
""",
    }
    with running(write_project(tmp_path, files)) as project:
        assert project.client.post("/start").status_code == 202
        project.wait_for("attempt 1")
        os.kill(project.runner_pids()["python"], signal.SIGKILL)
        killed = time.perf_counter()
        project.wait_for("attempt 2")
        assert time.perf_counter() - killed < 1


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_both_servers_serve_bound_the_head_and_stop_in_order(tmp_path: Path, server: str) -> None:
    write_project(tmp_path, {**HELLOS, "runtime.yaml": f"http:\n  server: {server}\n"})
    with running(tmp_path) as project:
        assert project.client.get("/ts/hello").text == "hello"
        with connected(project.url) as connection:
            # One byte over the bound: the server has read all of it when it refuses, so no reset hides the answer.
            connection.send_bytes(b"GET /ts/hello HTTP/1.1\r\nHost: test\r\nX-Long: ".ljust(64 * 1024 + 1, b"x"))
            status, _ = connection.receive()
            assert status == 431
        assert project.client.get("/py/hello").text == "hello"
        assert project.stop() == 0
        assert "Traceback" not in project.output


def test_a_file_that_ends_the_process_while_loading_is_named(tmp_path: Path) -> None:
    files = {**HELLOS, "steps/exits.step.js": "process.exit(2)\n", "steps/exits_step.py": "import sys\nsys.exit(2)\n"}
    with running(write_project(tmp_path, files)) as project:
        assert {line["file"] for line in project.told("problem")} >= {
            "steps/exits.step.js",
            "steps/exits_step.py",
        }
        assert project.client.get("/ts/hello").text == "hello"
        assert project.client.get("/py/hello").text == "hello"


def test_the_last_words_of_a_runner_are_shown_without_a_line_break_too(tmp_path: Path) -> None:
    files = {
        "steps/dies.step.js": """
        export const config = { type: 'api', name: 'Dies', method: 'GET', path: '/dies' }
        export const handler = async () => {
          process.stdout.write('last words', () => process.kill(process.pid, 'SIGKILL'))
          await new Promise(() => {})
        }
        """
    }
    with running(write_project(tmp_path, files)) as project:
        assert project.client.get("/dies").status_code == 502
        project.wait_for("last words")


def test_a_handler_that_returns_neither_status_nor_body_is_told_so(tmp_path: Path) -> None:
    files = {
        "steps/bare.step.ts": """
        export const config = { type: 'api', name: 'Bare', method: 'GET', path: '/bare' }
        export const handler = async () => ({ hello: 1 })
        """
    }
    with running(write_project(tmp_path, files)) as project:
        assert project.client.get("/bare").status_code == 500
        project.wait_for("neither a status nor a body")
