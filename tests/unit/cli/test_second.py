"""cli/second: a project that runs is not started again; what a killed runtime has left stops nobody."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.cli.second import refuse_second
from runtime.errors import RuntimeFault


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def announce(root: Path, pid: int, port: int) -> None:
    (root / ".runtime").mkdir()
    told = {"url": f"http://127.0.0.1:{port}", "token": None, "pid": pid}
    (root / ".runtime" / "control.json").write_text(json.dumps(told))


def test_who_starts_again_learns_where_it_runs(tmp_path: Path, port: int) -> None:
    announce(tmp_path, os.getppid(), port)
    with pytest.raises(RuntimeFault, match=f"already runs at http://127.0.0.1:{port} .process {os.getppid()}") as told:
        refuse_second(tmp_path)
    assert f"`kill {os.getppid()}`" in told.value.fix


def test_a_process_that_is_gone_stops_nobody(tmp_path: Path, port: int) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    announce(tmp_path, gone.pid, port)
    refuse_second(tmp_path)


def test_another_process_with_the_number_of_a_killed_one_stops_nobody(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    announce(tmp_path, os.getppid(), port)
    refuse_second(tmp_path)


def test_the_number_of_a_killed_one_may_be_our_own(tmp_path: Path, port: int) -> None:
    announce(tmp_path, os.getpid(), port)
    refuse_second(tmp_path)


def test_nothing_and_nonsense_stop_nobody(tmp_path: Path) -> None:
    refuse_second(tmp_path)
    (tmp_path / ".runtime").mkdir()
    (tmp_path / ".runtime" / "control.json").write_text("{")
    refuse_second(tmp_path)
