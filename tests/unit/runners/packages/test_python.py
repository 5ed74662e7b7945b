"""runners/packages/python: environments that cannot be filled; what is installed stands in the integration tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.config import Settings
from runtime.errors import RunnerFault
from runtime.runners.packages.python import install_python
from runtime.runners.packages.requirements import read_requirements


@pytest.mark.parametrize(
    ("made_with", "python", "message"),
    [("3.9.2", "/bin/sh", "was made with Python 3.9"), ("3.11.2", "/gone/python3", "leads to /gone/python3")],
)
def test_an_environment_that_no_step_can_run_in_is_refused(
    tmp_path: Path, made_with: str, python: str, message: str
) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(python)
    (tmp_path / ".venv" / "pyvenv.cfg").write_text(f"version = {made_with}\n")
    with pytest.raises(RunnerFault, match=message) as raised:
        install_python(tmp_path, Settings(), {}, tmp_path, read_requirements(tmp_path), print)
    assert raised.value.fix == "remove .venv and run `runtime install` again"
