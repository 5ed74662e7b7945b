"""What `scripts/conformance` says of a runner that cannot run here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS_FAILED = 1


@pytest.fixture
def unfit(tmp_path: Path) -> Path:
    """The folder of a runner that lacks something wherever it is."""
    manifest = (ROOT / "runners" / "python" / "runner.toml").read_text(encoding="utf-8")
    (tmp_path / "runner.toml").write_text(manifest, encoding="utf-8")
    (tmp_path / "main.py").write_text(
        "import sys\nprint('no gears', file=sys.stderr)\nsys.exit(78)\n", encoding="utf-8"
    )
    return tmp_path


def test_a_runner_that_cannot_run_fails_the_kit(unfit: Path) -> None:
    test = "tests/conformance/test_starting.py::test_m01_sends_its_secret"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--musts", "--runner", str(unfit), test]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert "python: cannot run: no gears" in done.stdout, done.stdout + done.stderr
    assert done.returncode == TESTS_FAILED
