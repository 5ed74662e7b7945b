"""/healthz, /readyz and /metrics of a running project, and steps that have these paths themselves."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.project import PATIENCE, RunningProject, eventually, running, write_project

ANYTHING = "export const handler = async (req) => ({ status: 200, body: `own ${req.path}` })\n"


def step(name: str, path: str, method: str = "GET") -> str:
    return f"export const config = {{ type: 'api', name: '{name}', method: '{method}', path: '{path}' }}\n{ANYTHING}"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    files = {
        "steps/any.step.ts": step("Any", "/*"),
        "steps/healthz.step.ts": step("Healthz", "/healthz"),
        "steps/bad.step.ts": step("Bad", "/bad").replace("status: 200", "status: 500"),
    }
    with running(write_project(tmp_path_factory.mktemp("probes"), files)) as project:
        yield project


def test_a_step_keeps_its_very_path_and_a_wildcard_takes_none(project: RunningProject) -> None:
    assert project.client.get("/healthz").text == "own /healthz"
    assert project.client.get("/anything").text == "own /anything"
    assert project.client.get("/readyz").json() == {"status": "ready"}


def test_what_has_run_is_counted(project: RunningProject) -> None:
    before = project.client.get("/metrics").text
    project.client.get("/bad")
    after = project.client.get("/metrics").text
    assert 'runtime_step_failures_total{language="node",step="Bad"} 1.0' not in before
    assert 'runtime_step_failures_total{language="node",step="Bad"} 1.0' in after
    assert 'runtime_runner_processes{language="node",state="serving"} 1.0' in after


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
def test_a_head_has_the_answer_without_its_body(project: RunningProject, path: str) -> None:
    answer = project.client.head(path)
    assert (answer.status_code, answer.content) == (200, b"")
    assert project.client.get("/readyz").status_code == 200  # on the same connection


def test_it_is_not_ready_while_no_runner_serves(tmp_path: Path) -> None:
    with running(write_project(tmp_path, {"steps/a.step.ts": step("A", "/a")})) as project:
        assert project.client.get("/readyz").status_code == 200
        seen: list[dict[str, object]] = []

        def is_unready() -> bool:
            for pid in project.children_of("node"):
                kill(pid)
            answer = project.client.get("/readyz")
            seen.append(answer.json())
            return answer.status_code == 503

        assert eventually(is_unready, PATIENCE)
        assert seen[-1] == {"status": "unready", "reasons": ["no node runner serves"]}
        assert project.client.get("/healthz").status_code == 200
        assert eventually(lambda: project.client.get("/readyz").status_code == 200, PATIENCE)


def kill(pid: int) -> None:
    """Kills a process of the project's, which may have ended meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
