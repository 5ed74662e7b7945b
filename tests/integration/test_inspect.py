"""`runtime dev --inspect`: breakpoints stop requests, before and after a reload, and nothing of a debugger is left."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from runtime.config import Settings
from runtime.runners.inspector import LOOPBACK, free_port
from runtime.runners.manifest import find_runners
from tests.integration.debuggers import adapter_debugger, adapters, node_debugger
from tests.integration.project import REPOSITORY, RunningProject, eventually, is_alive, running, write_project

NODE_STEP = """\
export const config = { type: 'api', name: 'Hello', method: 'GET', path: '/hello/:name' }

interface Request {
  pathParams: { name: string }
}

export const handler = async (request: Request): Promise<object> => {
  const name: string = request.pathParams.name
  const greeting = `hello ${name}`
  return { status: 200, body: greeting }
}
"""
NODE_LINE = 10
PYTHON_STEP = """\
config = {"type": "api", "name": "Bye", "method": "GET", "path": "/bye/:name"}


async def handler(req, ctx):
    name = req.pathParams["name"]
    greeting = f"bye {name}"
    return {"status": 200, "body": greeting}
"""
PYTHON_LINE = 7
SLOW_STEP = """\
import asyncio

config = {
    "type": "api",
    "method": "GET",
    "path": "/slow",
    "infrastructure": {"handler": {"timeout": 0.2}},
}


async def handler(req, ctx):
    await asyncio.Event().wait()
"""
FAILING_STEP = """\
config = {"type": "api", "name": "Fail", "method": "GET", "path": "/fail"}


def handler(req, ctx):
    raise ValueError("no")
"""


@contextmanager
def inspected(root: Path, language: str, files: dict[str, str]) -> Iterator[tuple[RunningProject, int]]:
    """A project that runs with a debugger, and the debugger's port."""
    port = free_port()
    write_project(root, {"package.json": "{}", **files})
    with running(root, "--inspect", f"{language}={port}") as project:
        yield project, port


@contextmanager
def requested(project: RunningProject, path: str) -> Iterator[Future[httpx.Response]]:
    """A request under way."""
    with ThreadPoolExecutor(1) as threads:
        yield threads.submit(project.client.get, path)


def test_a_breakpoint_in_typescript_stops_a_request_before_and_after_a_reload(tmp_path: Path) -> None:
    file = tmp_path / "steps" / "hello.step.ts"
    with inspected(tmp_path, "node", {"steps/hello.step.ts": NODE_STEP}) as (project, port):
        with node_debugger(port) as debugger:
            debugger.stop_at(file, NODE_LINE)
            with requested(project, "/hello/you") as answer:
                frame = debugger.event("Debugger.paused")["callFrames"][0]
                seen = debugger.call(
                    "Debugger.evaluateOnCallFrame", callFrameId=frame["callFrameId"], expression="greeting"
                )
                assert seen["result"]["value"] == "hello you"
                assert not answer.done()
                debugger.call("Debugger.resume")
                assert answer.result().text == "hello you"
            first = project.runner_pids()["node"]
            file.write_text("// pushed down\n" + NODE_STEP.replace("hello $", "hi $"))
            debugger.wait_until_closed()
        project.wait_for('"renewed"')
        assert project.runner_pids()["node"] != first
        with node_debugger(port) as debugger:
            debugger.stop_at(file, NODE_LINE + 1)
            with requested(project, "/hello/you") as answer:
                debugger.event("Debugger.paused")
                debugger.call("Debugger.resume")
                assert answer.result().text == "hi you"


def test_a_breakpoint_in_python_stops_a_request_before_and_after_a_reload(tmp_path: Path) -> None:
    file = tmp_path / "steps" / "bye_step.py"
    with inspected(tmp_path, "python", {"steps/bye_step.py": PYTHON_STEP}) as (project, port):
        with adapter_debugger(port) as debugger:
            debugger.attach({str(file): [PYTHON_LINE]})
            with requested(project, "/bye/you") as answer:
                thread = debugger.event("stopped")["threadId"]
                frame = debugger.call("stackTrace", threadId=thread)["stackFrames"][0]
                assert (frame["name"], frame["line"]) == ("handler", PYTHON_LINE)
                seen = debugger.call("evaluate", frameId=frame["id"], expression="greeting")
                assert seen["result"] == "'bye you'"
                assert not answer.done()
                debugger.call("continue", threadId=thread)
                assert answer.result().text == "bye you"
            first = project.runner_pids()["python"]
            file.write_text("# pushed down\n" + PYTHON_STEP.replace("bye {", "farewell {"))
            assert debugger.event("terminated") == {"restart": True}
            debugger.call("disconnect", terminateDebuggee=False)
        project.wait_for('"renewed"')
        assert project.runner_pids()["python"] != first
        with adapter_debugger(port) as debugger:
            debugger.attach({str(file): [PYTHON_LINE + 1]})
            with requested(project, "/bye/you") as answer:
                thread = debugger.event("stopped")["threadId"]
                debugger.call("continue", threadId=thread)
                assert answer.result().text == "farewell you"


def test_a_request_that_stands_at_a_breakpoint_during_a_reload_is_answered(tmp_path: Path) -> None:
    file = tmp_path / "steps" / "bye_step.py"
    with inspected(tmp_path, "python", {"steps/bye_step.py": PYTHON_STEP}) as (project, port):
        with adapter_debugger(port) as debugger:
            debugger.attach({str(file): [PYTHON_LINE]})
            with requested(project, "/bye/you") as answer:
                debugger.event("stopped")
                file.write_text(PYTHON_STEP.replace("bye {", "farewell {"))
                assert debugger.event("terminated") == {"restart": True}
                debugger.call("disconnect", terminateDebuggee=False)
                assert answer.result().text == "bye you"
        assert project.client.get("/bye/you").text == "farewell you"


@pytest.mark.parametrize("language", ["node", "python"])
def test_nothing_hurries_a_person_at_a_breakpoint(tmp_path: Path, language: str) -> None:
    """Deadlines and pings that others feel meanwhile are long over when the request goes on."""
    files = {
        "runtime.yaml": "link: { pingInterval: 0.05, pingTimeout: 0.1, cancelGrace: 0, stuckAfter: 0.1 }\n",
        "steps/hello.step.ts": NODE_STEP.replace("/hello/", "/node/").replace(
            "method:", "infrastructure: { handler: { timeout: 0.1 } }, method:"
        ),
        "steps/bye_step.py": PYTHON_STEP.replace("/bye/", "/python/").replace(
            '"method"', '"infrastructure": {"handler": {"timeout": 0.1}}, "method"'
        ),
    }
    slow = {"node": {"steps/slow_step.py": SLOW_STEP}, "python": {"steps/slow.step.ts": _SLOW_TYPESCRIPT}}[language]
    with inspected(tmp_path, language, {**files, **slow}) as (project, port):
        pids = project.runner_pids()
        with _stopped(tmp_path, language, port) as (wait, go_on), requested(project, f"/{language}/you") as answer:
            wait()
            for _ in range(3):
                assert httpx.get(f"{project.url}/slow").status_code == 504
            go_on()
            assert answer.result().status_code == 200
        assert project.runner_pids() == pids


_SLOW_TYPESCRIPT = """\
export const config = {
  type: 'api',
  method: 'GET',
  path: '/slow',
  infrastructure: { handler: { timeout: 0.2 } },
}
export const handler = () => new Promise(() => undefined)
"""


@contextmanager
def _stopped(root: Path, language: str, port: int) -> Iterator[tuple[Callable[[], object], Callable[[], object]]]:
    """Waiting for the breakpoint in the language's step, and going on."""
    if language == "node":
        with node_debugger(port) as node:
            node.stop_at(root / "steps" / "hello.step.ts", NODE_LINE)
            yield lambda: node.event("Debugger.paused"), lambda: node.call("Debugger.resume")
    else:
        with adapter_debugger(port) as python:
            python.attach({str(root / "steps" / "bye_step.py"): [PYTHON_LINE]})
            threads: list[int] = []
            yield (
                lambda: threads.append(python.event("stopped")["threadId"]),
                lambda: python.call("continue", threadId=threads[0]),
            )


def test_a_killed_runner_leaves_no_adapter_and_its_successor_has_the_port(tmp_path: Path) -> None:
    file = tmp_path / "steps" / "bye_step.py"
    with inspected(tmp_path, "python", {"steps/bye_step.py": PYTHON_STEP}) as (project, port):
        (adapter,) = adapters(tmp_path)
        first = project.runner_pids()["python"]
        with adapter_debugger(port) as debugger:
            debugger.attach({str(file): [PYTHON_LINE]})
            with requested(project, "/bye/you") as answer:
                debugger.event("stopped")
                os.kill(first, signal.SIGKILL)
                assert answer.result().status_code == 502
            debugger.event("terminated")
        assert eventually(lambda: not is_alive(adapter), 10)
        assert eventually(lambda: project.runner_pids().get("python", first) != first, 10)
        with adapter_debugger(port) as debugger:
            debugger.attach({str(file): [PYTHON_LINE]})
            with requested(project, "/bye/you") as answer:
                debugger.call("continue", threadId=debugger.event("stopped")["threadId"])
                assert answer.result().text == "bye you"


def test_a_killed_core_leaves_nothing_of_a_debugger(tmp_path: Path) -> None:
    with inspected(tmp_path, "python", {"steps/bye_step.py": PYTHON_STEP}) as (project, port):
        left = [*adapters(tmp_path), project.runner_pids()["python"]]
        assert len(left) == 2
        with adapter_debugger(port) as debugger:
            debugger.attach({})
            project.process.kill()
            debugger.wait_until_closed()
        assert eventually(lambda: not any(map(is_alive, left)), 10)


def test_of_many_saves_one_adapter_stays_and_none_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "steps" / "bye_step.py"
    with inspected(tmp_path, "python", {"steps/bye_step.py": PYTHON_STEP}) as (project, _):
        for number in range(8):
            before = adapters(tmp_path)
            file.write_text(PYTHON_STEP.replace("bye {", f"{number} {{"))
            assert eventually(lambda before=before: bool(adapters(tmp_path) - before), 20)  # type: ignore[misc]
        assert eventually(lambda: project.client.get("/bye/you").text == "7 you", 20)
        assert eventually(lambda: len(adapters(tmp_path)) <= 2, 20)  # that of a spare stands beside the serving one's
    assert eventually(lambda: not adapters(tmp_path), 10)


def test_stacks_under_a_debugger_are_those_of_the_steps(tmp_path: Path) -> None:
    with inspected(tmp_path, "python", {"steps/fail_step.py": FAILING_STEP}) as (project, _):
        assert project.client.get("/fail").status_code == 500
        project.wait_for("ValueError: no")
        assert "debugpy" not in project.output
        assert "runpy" not in project.output
        assert "frozen modules" not in project.output


def test_a_language_without_a_debugger_does_not_start(tmp_path: Path) -> None:
    assert "the ruby runner has no debugger" in _refused(tmp_path, "ruby")


def test_a_taken_port_does_not_start(tmp_path: Path) -> None:
    with inspected(tmp_path / "first", "node", {"steps/hello.step.ts": NODE_STEP}) as (_, port):
        said = _refused(write_project(tmp_path / "second", {"package.json": "{}"}), f"node={port}")
    assert f"port {port} for the node debugger cannot be opened" in said
    assert f"--inspect node={port + 1}" in said


def test_a_python_without_debugpy_does_not_start(tmp_path: Path) -> None:
    venv.create(tmp_path / ".venv", with_pip=False)
    write_project(tmp_path, {"steps/bye_step.py": PYTHON_STEP})
    said = _refused(tmp_path, "python", "--no-install")
    assert "No module named 'debugpy'" in said
    assert "add debugpy to requirements.txt and run `runtime install`" in said


def _refused(root: Path, option: str, *arguments: str) -> str:
    """What a start with this option says that must not come about."""
    command = [sys.executable, "-m", "runtime", "dev", "--port", "0", "--inspect", option, *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_the_page_leads_editors_to_the_ports_of_the_runners() -> None:
    page = (REPOSITORY / "docs" / "debugging.md").read_text(encoding="utf-8")
    shown = re.search(r"```json\n(.*?)```", page, re.DOTALL)
    assert shown is not None
    node, python = json.loads(shown[1])["configurations"]
    ports = {each.manifest.language: each.manifest.inspect_port for each in find_runners(REPOSITORY, Settings())}
    assert (node["port"], python["connect"]["port"]) == (ports["node"], ports["python"])
    assert {node["address"], python["connect"]["host"]} == {LOOPBACK}
