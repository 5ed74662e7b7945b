"""diagnosis/network: what a port that is in use means for `dev`, for `start`, and for a project that runs."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from runtime.diagnosis.findings import Finding, Verdict
from runtime.diagnosis.network import look_at_port
from runtime.diagnosis.subject import read_subject
from runtime.web.control.announcement import announced

HOST = "127.0.0.1"
FIX = "`runtime dev` takes the next free port, `runtime start` needs another: --port or http.port"


@pytest.fixture
def held() -> Iterator[int]:
    """A port that this process listens at."""
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]


def finding(root: Path, port: int) -> Finding:
    return look_at_port(read_subject(root, {"PORT": str(port)}))


def test_a_port_in_use_is_a_warning_where_dev_finds_another(tmp_path: Path, held: int) -> None:
    found = finding(tmp_path, held)
    assert (found.verdict, found.fix, found.command) == (Verdict.WARNING, FIX, "")
    assert found.found.startswith(f"port (from PORT) is in use by pid {os.getpid()} (")


def test_ports_that_are_all_in_use_are_a_fault(tmp_path: Path) -> None:
    with ExitStack() as held:
        try:
            held.enter_context(socket.create_server((HOST, 65535)))
        except OSError:
            pytest.skip("another program has the last port")
        found = finding(tmp_path, 65535)
    assert (found.verdict, found.command) == (Verdict.FAULT, "")
    assert found.fix == "choose another port with --port or http.port"


def test_another_runtime_is_named_by_its_folder(tmp_path: Path, held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    with announced(other, HOST, held, None):
        found = finding(tmp_path, held).found
    assert found == f"port (from PORT) is in use by the runtime of {other} (pid {os.getpid()})"
