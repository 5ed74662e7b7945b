"""The scripts say what they are for, before anything is set up."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted(path.name for path in (ROOT / "scripts").iterdir())


@pytest.mark.parametrize("asking", [["-h"], ["--help"], ["--long", "--help"]])
@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_says_how_it_is_used_and_does_nothing(tmp_path: Path, script: str, asking: list[str]) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / script, tmp_path / "scripts")  # alone: there is nothing here that it could set up
    done = subprocess.run([f"scripts/{script}", *asking], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: scripts/{script}")
    assert f"\nexample: scripts/{script}" in done.stdout
    assert sorted(path.name for path in tmp_path.rglob("*")) == sorted(("scripts", script))


def test_the_benchmarks_are_named() -> None:
    told = subprocess.run([ROOT / "scripts/bench", "--help"], capture_output=True, text=True, check=True).stdout
    assert {path.stem for path in (ROOT / "bench").glob("[a-z]*.py")} <= set(re.findall(r"\w+", told))
