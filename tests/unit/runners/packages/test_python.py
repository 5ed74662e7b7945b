"""runners/packages/python: environments that cannot be filled; what is installed stands in the integration tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runtime.config import Settings
from runtime.errors import RunnerFault
from runtime.runners.packages.python import install_python, is_python_outdated
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


PIP = """#!/bin/sh
case "$1" in
  -m)
    echo install >> calls; mkdir -p .venv/lib/python3.11/site-packages/roman-5.1.dist-info
    echo '{"": "3.11.2", "roman": "5.1"}' > versions ;;
  -c) if [ -e versions ]; then cat versions; fi ;;
esac
"""


def environment(root: Path) -> Path:
    """An environment whose pip installs what is wanted, and counts its runs."""
    folder = root / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    (folder / "bin" / "python").write_text(PIP)
    (folder / "bin" / "python").chmod(0o755)
    (folder / "pyvenv.cfg").write_text("version = 3.11.2\n")
    return folder


def test_a_package_that_somebody_has_removed_is_installed_again(tmp_path: Path) -> None:
    folder, said = environment(tmp_path), list[str]()
    (tmp_path / "requirements.txt").write_text("roman==5.1\n")
    runner = tmp_path / "runner"
    runner.mkdir()
    (runner / "requirements.txt").write_text("# nothing\n")

    def install() -> None:
        install_python(tmp_path, Settings(), {}, runner, read_requirements(tmp_path), said.append)

    def is_outdated() -> bool:
        return is_python_outdated(tmp_path, Settings(), runner, read_requirements(tmp_path))

    install()
    install()
    assert not is_outdated()
    shutil.rmtree(folder / "lib" / "python3.11" / "site-packages" / "roman-5.1.dist-info")
    assert is_outdated()
    install()
    assert not is_outdated()
    installing = "Python: installing requirements.txt and what the runner needs into .venv..."
    assert said == [installing, "Python: .venv is up to date", installing]
    assert (tmp_path / "calls").read_text().split() == ["install", "install"]


def test_a_package_that_is_kept_elsewhere_is_not_sought_for_ever(tmp_path: Path) -> None:
    environment(tmp_path)
    (tmp_path / "requirements.txt").write_text("of-the-system==5.1\n")
    (tmp_path / "runner").mkdir()
    (tmp_path / "runner" / "requirements.txt").write_text("# nothing\n")
    wanted = read_requirements(tmp_path)
    install_python(tmp_path, Settings(), {}, tmp_path / "runner", wanted, print)
    assert not is_python_outdated(tmp_path, Settings(), tmp_path / "runner", wanted)


@pytest.mark.parametrize("has", ["null", '"4.0"'])
def test_what_the_python_itself_lacks_is_installed_though_nothing_seems_to_be_missing(tmp_path: Path, has: str) -> None:
    environment(tmp_path)
    (tmp_path / "requirements.txt").write_text("roman==5.1; python_version > '3'\n")
    (tmp_path / "runner").mkdir()
    (tmp_path / "runner" / "requirements.txt").write_text("# nothing\n")
    said = list[str]()

    def install() -> None:
        install_python(tmp_path, Settings(), {}, tmp_path / "runner", read_requirements(tmp_path), said.append)

    install()
    install()
    assert said[-1] == "Python: .venv is up to date"
    (tmp_path / "versions").write_text(f'{{"": "3.11.2", "roman": {has}}}\n')
    install()
    assert said[-1].startswith("Python: installing requirements.txt")
    assert (tmp_path / "calls").read_text().split() == ["install", "install"]
