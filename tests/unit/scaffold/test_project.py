"""scaffold/project: a folder that becomes a project as a whole, or stays as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime.errors import RuntimeFault
from runtime.scaffold.project import MAX_NAME, check_folder, project_folder, write_project
from runtime.scaffold.templates import find_template

TYPESCRIPT = find_template("starter-typescript")


def contents(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["demo", "my-app", "App_2", "a.b", "demo/", "9lives"])
def test_a_project_goes_into_a_folder_of_its_name(tmp_path: Path, name: str) -> None:
    assert project_folder(name, tmp_path) == tmp_path / name.rstrip("/")


@pytest.mark.parametrize("name", [".", "./"])
def test_a_dot_is_the_current_folder(tmp_path: Path, name: str) -> None:
    assert project_folder(name, tmp_path) == tmp_path


@pytest.mark.parametrize(
    "name",
    ["", "/", "..", "../up", "a/b", ".hidden", "-x", "a b", "größe", "a" * (MAX_NAME + 1), "node_modules", "venv/"],
)
def test_other_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RuntimeFault) as raised:
        project_folder(name, tmp_path)
    assert raised.value.fix


def test_a_project_bears_its_own_name(tmp_path: Path) -> None:
    write_project(TYPESCRIPT, tmp_path / "My_Shop")
    made = contents(tmp_path / "My_Shop")
    assert made == {path.as_posix() for path in TYPESCRIPT.files()}
    assert json.loads((tmp_path / "My_Shop" / "package.json").read_text())["name"] == "my_shop"
    assert (tmp_path / "My_Shop" / "README.md").read_text().startswith("# My_Shop\n")
    texts = [path.read_text() for path in (tmp_path / "My_Shop").rglob("*") if path.is_file()]
    assert not any(TYPESCRIPT.name in text for text in texts)


def test_a_folder_with_a_name_that_npm_forbids_gets_one_that_it_takes(tmp_path: Path) -> None:
    here = tmp_path / "Größe & Gewicht"
    here.mkdir()
    write_project(TYPESCRIPT, here)
    assert json.loads((here / "package.json").read_text())["name"] == "gr-e-gewicht"


def test_what_is_in_the_way_is_named_and_left_alone(tmp_path: Path) -> None:
    for name in ("main.py", "b", "c", "d", "e"):
        (tmp_path / name).write_text("mine")
    with pytest.raises(RuntimeFault, match=r"is not empty: b, c, d and 2 more"):
        write_project(TYPESCRIPT, tmp_path)
    assert contents(tmp_path) == {"main.py", "b", "c", "d", "e"}


def test_a_file_of_the_name_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("mine")
    with pytest.raises(RuntimeFault, match="cannot hold a project"):
        check_folder(tmp_path / "demo")


def test_what_belongs_to_git_is_not_in_the_way_and_stays(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / "LICENSE").write_text("mine")
    (tmp_path / ".gitignore").write_text("secret\n.runtime/")
    write_project(TYPESCRIPT, tmp_path)
    assert (tmp_path / "LICENSE").read_text() == "mine"
    lines = (tmp_path / ".gitignore").read_text().splitlines()
    assert lines[:2] == ["secret", ".runtime/"]
    assert lines.count(".runtime/") == 1
    assert "node_modules/" in lines


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
@pytest.mark.parametrize("is_there", [True, False])
def test_what_fails_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, is_there: bool
) -> None:
    folder = tmp_path / "demo"
    if is_there:
        folder.mkdir()
        (folder / ".gitignore").write_text("secret\n")
    write_text = Path.write_text

    def failing(path: Path, *given: str, **named: str) -> int:
        if path.name == "tsconfig.json":
            raise error
        return write_text(path, *given, **named)

    monkeypatch.setattr(Path, "write_text", failing)
    expected = RuntimeFault if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        write_project(TYPESCRIPT, folder)
    assert contents(tmp_path) == ({"demo/.gitignore"} if is_there else set())
    assert folder.exists() == is_there


def test_a_gitignore_that_cannot_be_added_to_is_named(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").mkdir()
    with pytest.raises(RuntimeFault, match=r"\.gitignore cannot be added to: Is a directory"):
        write_project(TYPESCRIPT, tmp_path)
    assert contents(tmp_path) == set()


@pytest.mark.parametrize(
    ("folder", "name"), [("a b ü$", "a-b"), ("ü", "project"), ("node_modules", "project"), ("x" * 250, "x" * MAX_NAME)]
)
def test_every_folder_has_a_name_that_npm_takes(tmp_path: Path, folder: str, name: str) -> None:
    write_project(TYPESCRIPT, tmp_path / folder)
    assert json.loads((tmp_path / folder / "package.json").read_text())["name"] == name
