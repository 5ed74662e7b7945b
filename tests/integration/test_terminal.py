"""What the terminal shows of a project that runs, is broken and is mended: docs/terminal.md, line for line."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx
import pytest

from tests.integration.project import PATIENCE, REPOSITORY, RunningProject, eventually, running, write_project
from tests.integration.terminal import INTERRUPT, at_terminal

PAGE = (REPOSITORY / "docs" / "terminal.md").read_text(encoding="utf-8")
TEXTS = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
[JSON_LINES] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
[(FILE, STEP)] = re.findall(r"```python\n# (steps/\S+)\n(.*?)```", PAGE, re.DOTALL)
TEXT = {"LOG_FORMAT": "text"}
_ANEW = (
    (r"\d{4}-\d\d-\d\dT", "DATE "),
    (r"\d\d:\d\d:\d\d\.\d{3}", "TIME"),
    (r" +\d+(\.\d+)? (ms|s)\b", " TOOK"),
    (r'"durationMs": [\d.]+', '"durationMs": 0'),
    (r"[0-9a-f]{32}", "TRACE"),
    (r"127\.0\.0\.1:\d+", "ADDRESS"),
)


def alike(text: str) -> str:
    """The text without what differs from run to run."""
    for pattern, word in _ANEW:
        text = re.sub(pattern, word, text)
    return text


def shows(project: RunningProject, block: str) -> bool:
    """Waits until the lines of a block of the page stand in the output, one under the other."""
    return eventually(lambda: alike(block) in alike(project.output + "\n"), PATIENCE)


def test_the_page_shows_what_the_terminal_shows(tmp_path: Path) -> None:
    started, asked, updated, broken, mended = TEXTS
    with running(write_project(tmp_path, {FILE: STEP}), environment=TEXT) as project:
        assert shows(project, started), project.output
        assert project.client.get("/hello/you?secret=1").status_code == 200
        assert shows(project, asked), project.output
        assert "secret" not in project.output
        path = tmp_path / FILE
        path.write_text(f"{STEP}\n# changed\n")
        assert shows(project, updated), project.output
        path.write_text(STEP.replace("ctx):", "ctx)"))
        assert shows(project, broken), project.output
        assert project.client.get("/hello/you").json() == {"hello": "you"}
        path.write_text(STEP)
        assert shows(project, mended), project.output


def test_the_page_shows_the_lines_for_machines(tmp_path: Path) -> None:
    with running(write_project(tmp_path, {FILE: STEP})) as project:
        assert project.client.get("/hello/you").status_code == 200
        assert shows(project, JSON_LINES), project.output
        (tmp_path / FILE).write_text(STEP.replace("ctx):", "ctx)"))
        assert eventually(lambda: bool(project.told("held")), PATIENCE)
        (tmp_path / FILE).write_text(STEP + "\n")
        assert eventually(lambda: bool(project.told("renewed")), PATIENCE)
    lines = [json.loads(line) for line in project.output.splitlines()]  # nothing that is no JSON
    assert all(line.keys() >= {"time", "level", "event", "message"} for line in lines)
    events = {line["event"] for line in lines}
    assert events >= {"created", "started", "log", "request", "problem", "held", "mended", "renewed"}
    documented = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE))))
    assert events <= documented


@pytest.mark.parametrize(
    ("command", "settings", "are_told"),
    [
        ("dev", "", True),
        ("dev", "log: {requests: false}", False),
        ("start", "", False),
        ("start", "log: {requests: true}", True),
    ],
)
def test_when_requests_have_lines(tmp_path: Path, command: str, settings: str, are_told: bool) -> None:
    project = write_project(tmp_path, {FILE: STEP, "runtime.yaml": settings})
    with running(project, command=command) as serving:
        assert serving.client.get("/hello/you").status_code == 200
        assert eventually(lambda: len(serving.told("log")) == 2, PATIENCE)
        assert serving.client.get("/nope").status_code == 404
    assert [line["status"] for line in serving.told("request")] == ([200, 404] if are_told else [])


def test_a_client_that_leaves_a_slow_handler_is_told_of(tmp_path: Path) -> None:
    step = """
import asyncio
config = {"type": "api", "name": "Slow", "method": "GET", "path": "/slow"}
async def handler(req, ctx):
    ctx.logger.info("begun")
    while not await ctx.state.get("go", "on"):
        await asyncio.sleep(0.01)
    return {"status": 200}
"""
    go = """
config = {"type": "api", "name": "Go", "method": "POST", "path": "/go"}
async def handler(req, ctx):
    await ctx.state.set("go", "on", True)
    return {"status": 200}
"""
    with running(write_project(tmp_path, {"steps/slow_step.py": step, "steps/go_step.py": go})) as project:
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{project.url}/slow", timeout=0.5)
        project.wait_for("begun")
        assert project.client.post("/go").status_code == 200
        left = project.wait_for('"path": "/slow".*')[0]
    assert '"ending": "the client left"' in left


def test_a_terminal_has_colours_and_ctrl_c_ends_it_in_order(tmp_path: Path) -> None:
    with at_terminal(write_project(tmp_path, {FILE: STEP}), "dev", "--port", "0") as terminal:
        terminal.answer("stops it", INTERRUPT)
        assert terminal.finish() == 0
    assert "\x1b[32m[CREATED]\x1b[0m Step (API) steps/hello_step.py" in terminal.shown
    assert re.search(r"Ready at \x1b\[1mhttp://127\.0\.0\.1:\d+\x1b\[0m", terminal.shown)


@contextmanager
def unread(root: Path) -> Iterator[tuple[IO[str], str]]:
    """A project in development whose output nobody reads by itself: that output, and where it answers."""
    command = [sys.executable, "-m", "runtime", "dev", "--port", "0"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = next(found[1] for line in process.stdout if (found := re.search(r"Ready at (\S+)", line)))
            yield process.stdout, url
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()


def test_a_reader_that_is_gone_does_not_stop_the_server(tmp_path: Path) -> None:
    with unread(write_project(tmp_path, {FILE: STEP})) as (output, url):
        output.close()
        for _ in range(5):
            assert httpx.get(f"{url}/hello/you", timeout=PATIENCE).status_code == 200


def test_a_reader_that_takes_nothing_does_not_stop_the_server(tmp_path: Path) -> None:
    loud = """
config = {"type": "api", "name": "Loud", "method": "GET", "path": "/loud"}
async def handler(req, ctx):
    for _ in range(200):
        ctx.logger.info("x" * 1000)
    return {"status": 200, "body": "ok"}
"""
    settings = "log: {maxWaitingBytes: 20000}"
    with unread(write_project(tmp_path, {"steps/loud_step.py": loud, "runtime.yaml": settings})) as (output, url):
        for _ in range(3):  # 600 kB: more than the pipe and the buffer hold
            assert httpx.get(f"{url}/loud", timeout=PATIENCE).text == "ok"
        assert any("lines are missing here" in line for line in output)
