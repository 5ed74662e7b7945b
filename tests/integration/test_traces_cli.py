"""`runtime traces` and `runtime logs` beside a running project."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.control import command
from tests.integration.project import PATIENCE, RunningProject, eventually, running, write_project

FILES = {
    "steps/take_step.py": """
config = {"type": "api", "name": "Take", "method": "POST", "path": "/orders", "emits": ["order.taken"]}


async def handler(req, ctx):
    ctx.logger.info("taken", {"item": req.body["item"]})
    await ctx.emit({"topic": "order.taken", "data": {"item": req.body["item"]}})
    return {"status": 201, "body": {"item": req.body["item"]}}
""",
    "steps/pack.step.ts": """
export const config = { type: 'event', name: 'Pack', subscribes: ['order.taken'],
  infrastructure: { queue: { maxRetries: 0 } } }
export const handler = async (input: { item: string }, { logger }: any) => {
  logger.debug('packing')
  if (input.item === 'glass') throw new Error('it broke')
}
""",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("traced"), FILES)


@pytest.fixture(scope="module")
def project(root: Path) -> Iterator[RunningProject]:
    with running(root, "--debug") as project:
        yield project


def taken(project: RunningProject, root: Path, item: str) -> str:
    """The trace of an order that was taken and packed, once it is kept."""
    trace_id = str(project.client.post("/orders", json={"item": item}).headers["x-trace-id"])
    assert eventually(lambda: len(spans(root, trace_id)) == 2, PATIENCE)
    return trace_id


def spans(root: Path, trace_id: str) -> list[Any]:
    shown = command(root, "traces", "show", trace_id, "--json")
    return [] if shown.code else [span for span in shown.json["spanList"] if span["status"] != "running"]


def test_traces_are_listed_by_what_is_asked_for(project: RunningProject, root: Path) -> None:
    good, bad = taken(project, root, "book"), taken(project, root, "glass")
    listed = command(root, "traces", "--json").json["traces"]
    assert [trace["traceId"] for trace in listed][:2] == [bad, good]
    failed = command(root, "traces", "--status", "failed", "--step", "Pack", "--limit", "1", "--json").json
    assert [trace["traceId"] for trace in failed["traces"]] == [bad]
    text = command(root, "traces").out
    assert all(word in text for word in (good, bad, "POST /orders", "it broke"))
    assert "\x1b" not in text
    assert command(root, "traces", "--step", "Unheard").out.startswith("No traces:")
    assert command(root, "traces", "--status", "odd").code == 2


def test_a_trace_is_drawn_with_its_failure_and_its_lines(project: RunningProject, root: Path) -> None:
    trace_id = taken(project, root, "glass")
    text = command(root, "traces", "show", trace_id).out
    head, about, _, take, emitted, *rest = text.splitlines()
    assert head.startswith("POST /orders  failed 201")
    assert about.startswith(f"trace {trace_id}, began ")
    assert take.startswith("█")
    assert "Take" in take
    assert "emit order.taken" in emitted
    assert any("  Pack" in line and "failed → dead letters" in line for line in rest)
    assert any("Error: it broke (steps/pack.step.ts:6:" in line for line in rest)
    assert '[INFO] Take taken {"item": "glass"}' in rest
    absent = command(root, "traces", "show", "0" * 32)
    assert (absent.code, absent.out) == (1, "")
    assert "nothing is kept of a trace" in absent.err


def test_what_ran_is_run_again_as_it_was_or_otherwise(project: RunningProject, root: Path) -> None:
    trace_id = taken(project, root, "book")
    printed = command(root, "traces", "repeat", trace_id).out.splitlines()
    assert printed[1:] == ["answered 201", '{"item":"book"}']
    again = printed[0].removeprefix("repeated as ")
    assert eventually(lambda: len(spans(root, again)) == 2, PATIENCE)
    assert command(root, "traces", "show", again, "--json").json["repeats"] == trace_id

    write_project(root, {"other.json": '{"item": "glass"}'})
    pack = next(span for span in spans(root, trace_id) if span["step"] == "Pack")
    answer = command(
        root, "traces", "repeat", trace_id, "--span", pack["spanId"], "--input", "other.json", "--json"
    ).json
    assert eventually(lambda: [span["status"] for span in spans(root, answer["traceId"])] == ["failed"], PATIENCE)

    words = [sys.executable, "-m", "runtime", "traces", "repeat", trace_id, "--input", "-"]
    asked = json.dumps({"body": {"item": "lamp"}})
    done = subprocess.run(words, cwd=root, input=asked, capture_output=True, text=True, timeout=PATIENCE)
    assert done.stdout.endswith('{"item":"lamp"}\n'), done.stderr
    missing = command(root, "traces", "repeat", trace_id, "--input", "gone.json")
    assert (missing.code, missing.out) == (1, "")
    assert command(root, "traces", "repeat", trace_id, "--input", "steps/take_step.py").code == 2


def test_lines_are_shown_oldest_first_by_what_is_asked_for(project: RunningProject, root: Path) -> None:
    trace_id = taken(project, root, "glass")
    lines = command(root, "logs", "--trace", trace_id).out.splitlines()
    assert [line.split(" ", 1)[1] for line in lines[:2]] == [
        f'[INFO] Take taken {{"item": "glass"}} trace={trace_id}',
        f"[DEBUG] Pack packing trace={trace_id}",
    ]
    found = command(root, "logs", "--level", "info", "--step", "Take", "--text", "GLASS", "--json").json["logs"]
    assert {(line["source"], line["message"]) for line in found} == {("Take", "taken")}
    assert command(root, "logs", "--level", "loud").code == 2


def test_what_comes_is_followed_until_it_is_enough(project: RunningProject, root: Path) -> None:
    before = taken(project, root, "book")
    with following(root, "logs", "--step", "Take") as logs, following(root, "traces", "--json") as traces:
        for followed in (logs, traces):  # what was there is told once what comes is listened to
            assert eventually(lambda told=followed.lines: any(before in line for line in told), PATIENCE)  # type: ignore[misc]
        trace_id = taken(project, root, "vase")
        assert eventually(lambda: any(trace_id in line for line in logs.lines), PATIENCE)
        assert all("Take" in line for line in logs.lines)

        def is_told() -> bool:
            told = [json.loads(line) for line in traces.lines]
            return any(trace["traceId"] == trace_id and trace["spans"] == 2 for trace in told)

        assert eventually(is_told, PATIENCE)
        assert logs.interrupt() == 130
        assert traces.interrupt() == 130


class Following:
    """A command that goes on."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line)

    def interrupt(self) -> int:
        """Ctrl-C; gives the exit code."""
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code


@contextmanager
def following(root: Path, *arguments: str) -> Iterator[Following]:
    words = [sys.executable, "-u", "-m", "runtime", *arguments, "--follow"]
    with subprocess.Popen(words, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Following(process)
        finally:
            if process.poll() is None:
                process.kill()


def test_a_runtime_that_ends_ends_what_follows(tmp_path: Path) -> None:
    root = write_project(tmp_path, FILES)
    with running(root) as project, following(root, "logs") as logs:
        trace_id = project.client.post("/orders", json={"item": "book"}).headers["x-trace-id"]
        assert eventually(lambda: any(trace_id in line for line in logs.lines), PATIENCE)
        project.stop()
        assert logs._process.wait(PATIENCE) == 1
