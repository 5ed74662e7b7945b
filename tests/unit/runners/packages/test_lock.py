"""runners/packages/lock: installations of one project come one after the other."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runtime.errors import RunnerFault
from runtime.runners.packages.commands import Ending
from runtime.runners.packages.lock import LOCK_FILE, alone

PATIENCE = 20
HOLDER = (
    "import sys; from pathlib import Path; from runtime.runners.packages.lock import alone\n"
    "with alone(Path(sys.argv[1]), print): print('held', flush=True); sys.stdin.read()"
)


def holding(root: Path) -> subprocess.Popen[str]:
    """Another process that installs until its input ends."""
    command = [sys.executable, "-c", HOLDER, str(root)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_second_installation_waits_for_the_first_and_says_so_once(tmp_path: Path) -> None:
    said: list[str] = []
    told, through = threading.Event(), threading.Event()

    def say(line: str) -> None:
        said.append(line)
        told.set()

    def second() -> None:
        with alone(tmp_path, say):
            through.set()

    with holding(tmp_path) as first:
        assert first.stdout is not None
        assert first.stdin is not None
        assert first.stdout.readline() == "held\n"
        thread = threading.Thread(target=second)
        thread.start()
        assert told.wait(PATIENCE)
        assert not through.is_set()
        first.stdin.close()
        assert through.wait(PATIENCE)
        thread.join()
    assert said == ["packages: another installation runs in this project, waiting for its end..."]


def test_who_waits_can_be_ended(tmp_path: Path) -> None:
    ending = Ending()
    with holding(tmp_path) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with pytest.raises(RunnerFault, match="the runtime ends"), alone(tmp_path, lambda line: ending.end(), ending):
            pass
        first.communicate()


def test_a_lock_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE.parent).touch()
    with pytest.raises(RunnerFault, match=r"install\.lock cannot be written"), alone(tmp_path, print):
        pass
