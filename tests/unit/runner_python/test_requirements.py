"""What the runner needs of a project's environment."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from runtime_runner.requirements import unmet
from tests.unit.runner_python.conftest import RUNNER


def of(folder: Path, *lines: str) -> str:
    file = folder / "requirements.txt"
    file.write_text("\n".join(lines), encoding="utf-8")
    return unmet(str(file))


def test_this_environment_will_do() -> None:
    assert unmet() == ""


def test_all_that_does_not_fit_is_named(tmp_path: Path) -> None:
    found = of(tmp_path, "# a comment", "hpack>=99,<100", "nosuch>=1,<2", "msgpack>=0.1,<1.0.8", "protobuf>=4,<99")
    hpack, nosuch, msgpack = found.split(", ")
    assert hpack.startswith("hpack is 4.")
    assert hpack.endswith(" (needed: >=99,<100)")
    assert nosuch == "nosuch is missing (needed: >=1,<2)"
    assert msgpack.endswith("(needed: >=0.1,<1.0.8)")


@pytest.mark.parametrize(
    ("module", "fault"),
    [
        ("import nothing_of_the_kind", "cannot be imported: No module named 'nothing_of_the_kind'"),
        ("raise ImportError('made for another Python')", "cannot be imported: made for another Python"),
        ("__version__ = '1.4.0rc1'", ""),
        ("__version__ = '1.3.99'", "is 1.3.99 (needed: >=1.4,<2)"),
        ("__version__ = '2.0'", "is 2.0 (needed: >=1.4,<2)"),
        ("__version__ = 'new'", "is new (needed: >=1.4,<2)"),
    ],
)
def test_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, fault: str) -> None:
    name = "wanted" + "".join(chr(ord("a") + byte % 26) for byte in (module + fault).encode())[:40]
    (tmp_path / f"{name}.py").write_text(module, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert of(tmp_path, f"{name}>=1.4,<2") == (f"{name} {fault}" if fault else "")


def test_the_ranges_are_those_of_the_core() -> None:
    project = tomllib.loads((RUNNER.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [line for line in (RUNNER / "requirements.txt").read_text("utf-8").splitlines() if line[0] != "#"]
    assert set(needed) <= set(project["dependencies"])
    assert len(needed) == 3
