"""runners/packages/requirements: what a project asks for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.errors import RunnerFault
from runtime.runners.packages.requirements import Requirements, read_requirements


def read(root: Path, **files: str) -> Requirements:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_toml", ".toml").replace("_txt", ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return read_requirements(root)


def test_a_project_without_files_asks_for_nothing(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert (found.source, found.lines, found.names_motia) == ("", (), False)
    assert not found


def test_requirements_come_before_pyproject(tmp_path: Path) -> None:
    project = '[project]\nname = "p"\ndependencies = ["requests >= 2 ; python_version > \'3\'", "motia", "six"]'
    found = read(tmp_path, pyproject_toml=project)
    assert (found.source, found.names_motia) == ("pyproject.toml", True)
    assert found.lines == ("requests >= 2 ; python_version > '3'", "six")
    found = read(tmp_path, requirements_txt="# words\n\n six==1 # pinned\n--index-url https://here\n")
    assert (found.source, found.lines) == ("requirements.txt", ("six==1 # pinned", "--index-url https://here"))


def test_a_pyproject_for_tools_only_asks_for_nothing(tmp_path: Path) -> None:
    assert not read(tmp_path, pyproject_toml="[tool.ruff]\nline-length = 100\n")


@pytest.mark.parametrize(
    "line", ["motia", "Motia>=0.5.12", "motia[all] ~= 1", "motia==1 \\\n  --hash=sha256:0", "motia # it"]
)
def test_motia_comes_along(tmp_path: Path, line: str) -> None:
    found = read(tmp_path, requirements_txt=f"{line}\nsix\nmotia-extra\n")
    assert (found.names_motia, found.lines) == (True, ("six", "motia-extra"))


def test_other_files_stand_in_their_place(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        requirements_txt="-r reqs/base.txt # first\n--requirement=reqs/more.txt\nsix\n",
        reqs__base_txt="-rdeep/er.txt\nmotia\na",
        reqs__deep__er_txt="-r ../base.txt\nb",
        reqs__more_txt="-c limits.txt\nc",
        reqs__limits_txt="c<2",
    )
    assert found.lines == ("b", "a", f'-c "{tmp_path}/reqs/limits.txt"', "c", "six")
    assert found.names_motia


def test_each_line_has_its_place(tmp_path: Path) -> None:
    text = "# words\n\nsix \\\n  --hash=x\r\nmotia\n-r more.txt\n\nlast"
    found = read(tmp_path, requirements_txt=text, more_txt="\na\n-c limits.txt", limits_txt="")
    assert found.places == ("requirements.txt:3", "more.txt:2", "more.txt:3", "requirements.txt:8")
    assert len(found.lines) == 4
    assert read(tmp_path / "other", pyproject_toml='project.dependencies = ["six"]').places == ("pyproject.toml",)


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
def test_a_named_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(RunnerFault, match=f"{name} cannot be read: it is no regular file"):
        read_requirements(tmp_path)


def test_the_fingerprint_changes_with_what_decides(tmp_path: Path) -> None:
    first = read(tmp_path, requirements_txt="-r base.txt\n-c limits.txt\n", base_txt="a", limits_txt="a<2")
    assert read_requirements(tmp_path) == first
    prints = {
        first.fingerprint,
        read(tmp_path, base_txt="a==1").fingerprint,
        read(tmp_path, limits_txt="a<3").fingerprint,
    }
    assert len(prints) == 3
    assert read(tmp_path, base_txt="# words\na==1\n", limits_txt="a<3").fingerprint in prints


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"requirements_txt": "-r gone.txt"}, "gone.txt cannot be read: No such file"),
        ({"pyproject_toml": "[project"}, "pyproject.toml is not valid TOML"),
        ({"pyproject_toml": 'project.dependencies = "six"'}, "project.dependencies must be a list of strings"),
        ({"pyproject_toml": "project = 1"}, "project.dependencies must be a list of strings"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(RunnerFault, match=message):
        read(tmp_path, **files)


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("six".encode("utf-16"))
    with pytest.raises(RunnerFault, match=r"requirements\.txt is not UTF-8"):
        read_requirements(tmp_path)
