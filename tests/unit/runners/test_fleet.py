"""runners/fleet: what the project holds that nothing of it reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.model import Severity
from runtime.runners.fleet import ignored_configs


@pytest.mark.parametrize(
    "name", ["motia.config.ts", "motia.config.js", "motia.config.mjs", "motia.config.cjs", "motia_config.py"]
)
def test_a_config_that_is_code_is_said_to_have_no_effect(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    [problem] = ignored_configs(tmp_path)
    assert (problem.file, problem.severity) == (name, Severity.WARNING)
    assert "adapters, streamAuth and plugins" in problem.message


def test_without_one_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "motia.config.json").write_text("")
    (tmp_path / "motia.config.ts").mkdir()
    assert ignored_configs(tmp_path) == []
