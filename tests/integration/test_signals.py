"""What signals do to a running project, and the exit codes of real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.cli.options import EXIT_FAULT, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE
from tests.integration.control import command
from tests.integration.project import PATIENCE, RunningProject, children, eventually, is_alive, running, write_project

WAITING = """
import asyncio, os
config = {"type": "api", "name": "Waits", "method": "GET", "path": "/waits"}
async def handler(req, ctx):
    ctx.logger.info("began")
    while not os.path.exists("go"):
        await asyncio.sleep(0.01)
    return {"status": 200, "body": "finished"}
"""
LOADING = "import threading\nopen('loading', 'w').close()\nthreading.Event().wait()\n"
NODE = "export const config = { type: 'noop', name: 'Other' }\n"
ASKING = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
COMMANDS = ["dev", "start"]


def everybody(project: RunningProject) -> list[int]:
    """The processes of a project, each with its own."""
    found, waiting = [], [project.process.pid]
    while waiting:
        found.append(waiting.pop())
        waiting += children(found[-1])
    assert len(found) > 2, found
    return found


@contextmanager
def waiting(root: Path, name: str) -> Iterator[tuple[RunningProject, threading.Thread, list[str]]]:
    """A project with a request under way, and what will be said of its answer."""
    answers: list[str] = []
    files = {"steps/waits_step.py": WAITING, "steps/other.step.ts": NODE, "package.json": "{}"}
    with running(write_project(root, files), command=name) as project:

        def ask() -> None:
            try:
                answers.append(project.client.get("/waits").text)
            except Exception as error:
                answers.append(type(error).__name__)

        asking = threading.Thread(target=ask)
        asking.start()
        project.wait_for("began")
        try:
            yield project, asking, answers
        finally:
            (root / "go").touch()
            asking.join(PATIENCE)


@pytest.mark.parametrize("asked", ASKING)
@pytest.mark.parametrize("name", COMMANDS)
def test_the_first_signal_lets_what_runs_finish(tmp_path: Path, name: str, asked: signal.Signals) -> None:
    with waiting(tmp_path, name) as (project, asking, answers):
        processes = everybody(project)
        project.process.send_signal(asked)
        project.wait_for(r"stopping: waiting for 1 run \(Ctrl-C again to leave now\)")
        assert project.process.poll() is None
        (tmp_path / "go").touch()
        asking.join(PATIENCE)
        assert answers == ["finished"]
        assert project.process.wait(PATIENCE) == EXIT_OK
        assert [pid for pid in processes if is_alive(pid)] == []


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGHUP])
def test_hanging_up_as_well_cuts_nothing_off(tmp_path: Path, first: signal.Signals) -> None:
    with waiting(tmp_path, "start") as (project, asking, answers):
        project.process.send_signal(first)
        project.wait_for("stopping: waiting for 1 run")
        project.process.send_signal(signal.SIGHUP)
        if first is signal.SIGHUP:
            project.process.send_signal(signal.SIGTERM)
        (tmp_path / "go").touch()
        asking.join(PATIENCE)
        assert answers == ["finished"]
        assert project.process.wait(PATIENCE) == EXIT_OK


@pytest.mark.parametrize(("name", "server"), [("dev", "uvicorn"), ("start", "uvicorn"), ("start", "hypercorn")])
def test_the_second_signal_leaves_at_once_and_nobody_behind(tmp_path: Path, name: str, server: str) -> None:
    (tmp_path / "runtime.yaml").write_text(f"http: {{server: {server}}}\n")
    with waiting(tmp_path, name) as (project, asking, answers):
        processes = everybody(project)
        project.process.send_signal(signal.SIGTERM)
        project.wait_for("stopping: waiting for 1 run")
        project.process.send_signal(signal.SIGINT)
        assert project.process.wait(PATIENCE) == EXIT_INTERRUPTED
        assert eventually(lambda: not any(map(is_alive, processes)), PATIENCE)
        asking.join(PATIENCE)
        closed = [["RemoteProtocolError"], ["ReadError"]]
        assert answers in (closed if server == "uvicorn" else [[""]])
        assert "Traceback" not in project.output


@pytest.mark.parametrize("asked", ASKING)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_signal_while_the_project_loads_ends_it_at_once(tmp_path: Path, name: str, asked: signal.Signals) -> None:
    write_project(tmp_path, {"steps/loading_step.py": LOADING})
    with (
        subprocess.Popen(
            [sys.executable, "-m", "runtime", name, "--port", "0"],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
        ThreadPoolExecutor() as reading,
    ):
        assert process.stdout is not None
        printed = reading.submit(process.stdout.read)
        assert eventually((tmp_path / "loading").exists, PATIENCE)
        (runner,) = children(process.pid)
        process.send_signal(asked)
        assert process.wait(5) == EXIT_OK
        assert not is_alive(runner)
        assert "Traceback" not in printed.result(PATIENCE)


def test_what_is_wrong_with_the_project_is_exit_code_1(tmp_path: Path) -> None:
    write_project(tmp_path, {"runtime.yaml": "http: {prot: 1}\n"})
    for name in (*COMMANDS, "install", "doctor", "generate-types"):
        assert command(tmp_path, name).code == EXIT_FAULT, name
    assert command(tmp_path, "queue", "list").code == EXIT_FAULT


@pytest.mark.parametrize(
    "words",
    [("none",), ("dev", "--none"), ("start", "--port", "70000"), ("emit",), ("emit", "--topic", "t", "--message", "{")],
)
def test_a_wrong_command_line_is_exit_code_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = command(tmp_path, *words)
    assert (done.code, done.out) == (EXIT_USAGE, "")
    assert done.err


def test_what_is_done_is_exit_code_0(tmp_path: Path) -> None:
    for words in (("version",), ("--version",), ("--help",), ("install",)):
        assert command(tmp_path, *words).code == EXIT_OK


def test_a_core_that_is_killed_takes_its_runners_along(tmp_path: Path) -> None:
    with waiting(tmp_path, "start") as (project, _, _):
        processes = everybody(project)
        project.process.kill()
        assert project.process.wait(PATIENCE) == -signal.SIGKILL
        assert eventually(lambda: not any(map(is_alive, processes)), PATIENCE)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what a process ignores")
def test_nohup_keeps_a_project_that_has_lost_its_terminal(tmp_path: Path) -> None:
    script = 'trap "" HUP; exec "$@"'
    with subprocess.Popen(
        ["bash", "-c", script, "bash", sys.executable, "-m", "runtime", "start", "--port", "0"],
        cwd=write_project(tmp_path, {"steps/waits_step.py": WAITING}),
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        project = RunningProject(process)
        process.send_signal(signal.SIGHUP)
        (tmp_path / "go").touch()
        assert project.client.get("/waits").text == "finished"
        project.client.close()
        assert project.stop() == EXIT_OK
