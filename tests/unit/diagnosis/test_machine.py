"""diagnosis/machine: what only a clock set back could show."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from runtime.diagnosis import machine
from runtime.diagnosis.findings import Verdict
from runtime.diagnosis.subject import read_subject


def test_a_clock_before_the_installation_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = tmp_path / "installed"
    installed.touch()
    monkeypatch.setattr(machine, "_INSTALLED", installed)
    subject = read_subject(tmp_path, {})
    assert machine.look_at_clock(subject).verdict is Verdict.OK
    os.utime(installed, (time.time() + 3600,) * 2)
    found = machine.look_at_clock(subject)
    assert found.verdict is Verdict.FAULT
    assert found.command.endswith("timedatectl set-ntp true")
