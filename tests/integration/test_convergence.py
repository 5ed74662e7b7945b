"""Whatever happens on the way, each client ends with what the store holds."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.integration.crowd import FILES, Writers, crowd, restarted
from tests.integration.project import running, write_project

SEED = 20
CLIENTS = 100
CUT = 25
"""Clients whose connections break at a time."""


def test_a_hundred_clients_see_ten_thousand_changes(tmp_path: Path) -> None:
    with running(write_project(tmp_path, FILES)) as project, crowd(project, SEED) as watching:
        writers = Writers(SEED, 10_000)
        for quarter in range(4):
            watching.open(CLIENTS // 4)
            writers.go(project.url)
            writers.wait_for(quarter / 5)
        writers.join()
        watching.settle(project)
        assert watching.differences(project) == []


@pytest.mark.parametrize(
    ("changes", "kills"),
    [(10_000, 1), pytest.param(100_000, 8, marks=[pytest.mark.long, pytest.mark.timeout(600)])],
)
def test_they_see_them_through_broken_connections_and_kills(tmp_path: Path, changes: int, kills: int) -> None:
    root = write_project(tmp_path, FILES)
    with ExitStack() as stack:
        project = stack.enter_context(running(root))
        watching = stack.enter_context(crowd(project, SEED))
        watching.open(CLIENTS)
        writers = Writers(SEED, changes)
        for life in range(kills + 1):
            writers.go(project.url)
            writers.wait_for((life + 0.5) / (kills + 1))
            watching.cut(CUT)
            if life == kills:
                break
            writers.wait_for((life + 0.8) / (kills + 1))
            writers.go(None)
            project.process.kill()
            project.process.wait()
            project = stack.enter_context(restarted(root, project.url))
        writers.join()
        watching.settle(project)
        assert watching.differences(project) == []
