"""Standard streams that were closed before the start stand for nothing, here and in the runners."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.project import PATIENCE, write_project

STEP = {
    "steps/a_step.py": """
import os
for number in (0, 1, 2):
    os.fstat(number)
open("loaded", "w").close()
config = {"type": "noop", "name": "A"}
"""
}


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_project_is_loaded_with_closed_streams(tmp_path: Path, closed: str) -> None:
    write_project(tmp_path, STEP)
    command = f'exec "{sys.executable}" -m runtime generate-types {closed}'
    done = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, timeout=PATIENCE, check=False)
    assert done.returncode == 0
    assert (tmp_path / "loaded").exists()


def test_a_server_starts_with_closed_streams(tmp_path: Path) -> None:
    write_project(tmp_path, STEP)
    command = f'exec "{sys.executable}" -m runtime dev --port 0 <&- >&- 2>&-'
    process = subprocess.Popen(["/bin/sh", "-c", command], cwd=tmp_path)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(3)
        assert (tmp_path / "loaded").exists()
        process.terminate()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
