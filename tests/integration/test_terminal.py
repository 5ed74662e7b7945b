"""What the terminal shows of a project that runs, is broken and is mended: docs/terminal.md, line for line."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

import httpx
import pytest

from runtime.runners.inspector import free_port
from tests.integration.control import command
from tests.integration.project import PATIENCE, REPOSITORY, RunningProject, eventually, running, write_project
from tests.integration.terminal import INTERRUPT, at_terminal

PAGE = (REPOSITORY / "docs" / "terminal.md").read_text(encoding="utf-8")
TEXTS = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
[JSON_LINES] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
[(FILE, STEP)] = re.findall(r"```python\n# (steps/\S+)\n(.*?)```", PAGE, re.DOTALL)
TEXT = {"LOG_FORMAT": "text"}
NODE = "export const config = { type: 'noop', name: 'Other' }\n"
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
    started = started.removesuffix("Ctrl-C   stops it\n")  # which is for terminals alone
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
        assert eventually(
            lambda: len([each for each in serving.told("log") if each["step"] != "runtime"]) == 2, PATIENCE
        )
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
    page = alike(re.sub(r"\x1b\[\d*m", "", terminal.shown))
    assert alike(TEXTS[0]) in page
    assert "\x1b[32m[CREATED]\x1b[0m Step (API) steps/hello_step.py" in terminal.shown
    assert re.search(r"Ready at \x1b\[1mhttp://127\.0\.0\.1:\d+\x1b\[0m", terminal.shown)


def test_the_start_of_the_process_counts_as_well(tmp_path: Path) -> None:
    asked = time.time()
    with running(write_project(tmp_path, {FILE: STEP})) as project:
        [started] = project.told("started")
    waited = datetime.fromisoformat(started["time"]).timestamp() - asked
    # Imports alone take longer than this; the system counts in ticks of 10 ms.
    assert waited - 0.25 < started["durationMs"] / 1000 < waited + 0.02


def test_settings_that_cannot_be_used_are_shown_at_their_place(tmp_path: Path) -> None:
    with running(write_project(tmp_path, {FILE: STEP, "runtime.yaml": ""}), environment=TEXT) as project:
        (tmp_path / "runtime.yaml").write_text("http:\n  port: [1\n")
        project.wait_for("The code before goes on serving")
        shown = project.output.partition("error runtime.yaml:3:1\n")[2]
    assert shown.startswith("  this is not valid YAML: while parsing a flow sequence, expected ',' or ']'")
    assert "  > 3 |\n" in shown


def test_a_change_beside_one_that_is_broken_is_told_in_a_line(tmp_path: Path) -> None:
    helper, other = "word = 1\n", STEP.replace("/hello/", "/other/").replace("Hello", "Other")
    step = f"import words\n{STEP}"
    files = {FILE: step, "steps/words.py": helper, "steps/other_step.py": other}
    with running(write_project(tmp_path, files), environment=TEXT) as project:
        (tmp_path / "steps/words.py").write_text("word = 2\n")
        project.wait_for(rf"^\[UPDATED\] Step \(API\) {FILE} \(steps/words\.py\)$")
        (tmp_path / FILE).write_text(step.replace("ctx):", "ctx)"))
        project.wait_for("\\.\\d{3} python: the code before goes on serving$")
        (tmp_path / "steps/other_step.py").write_text(f"{other}\n")
        project.wait_for(rf"\.\d{{3}} still broken: {FILE}:5:28 \(python: the code before goes on serving\)$")
    assert project.output.count(f"error {FILE}") == 1


def test_who_has_an_empty_folder_is_offered_a_project_and_gets_it(tmp_path: Path) -> None:
    with running(tmp_path) as project:
        assert "`runtime create .` makes a project here." in project.told("started")[0]["message"]
    done = command(tmp_path, "create", ".", "--template", "starter-python", "--no-install")
    assert (done.code, done.err) == (0, "")


def test_the_debugger_stands_beside_the_address(tmp_path: Path) -> None:
    port = free_port()
    with running(write_project(tmp_path, {"steps/a.step.ts": NODE}), "--inspect", f"node={port}") as project:
        assert project.told("started")[0]["debuggers"] == {"node": port}
    with running(tmp_path, "--inspect", f"node={port}", environment=TEXT) as project:
        project.wait_for(rf"^Debugger 127\.0\.0\.1:{port} \(node\)$")
    assert project.output.index("Ready at") < project.output.index("Debugger")


def test_a_project_that_runs_is_not_started_again(tmp_path: Path) -> None:
    write_project(tmp_path, {FILE: STEP})
    with running(tmp_path) as project:
        for name in ("dev", "start"):
            refused = command(tmp_path, name)
            assert refused.code == 1
            assert refused.err.startswith(
                f"error: this project already runs at {project.url} (process {project.process.pid})\n"
            )
            assert "port" not in refused.out
        project.process.kill()
        project.process.wait(PATIENCE)
        with running(tmp_path) as again:
            assert again.client.get("/hello/you").status_code == 200


def test_in_memory_a_project_may_run_twice(tmp_path: Path) -> None:
    write_project(tmp_path, {FILE: STEP, "runtime.yaml": "storage: {engine: memory}\n"})
    with running(tmp_path), running(tmp_path) as second:
        assert second.client.get("/hello/you").status_code == 200


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
