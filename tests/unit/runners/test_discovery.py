"""runners/discovery: which files are steps and streams, and whose."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.config import Settings
from runtime.model import Severity
from runtime.runners.discovery import LanguageFiles, discover, find_files, is_foreign
from runtime.runners.manifest import InstalledRunner, RunnerManifest, find_runners
from tests.unit.closed import closed_folder


@pytest.fixture(scope="module")
def installed() -> list[InstalledRunner]:
    """The runners that come along."""
    return find_runners(Path("none"), Settings())


def found(root: Path, installed: list[InstalledRunner], *files: str) -> dict[str, LanguageFiles]:
    for file in files:
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return find_files(root, installed)


def names(files: dict[str, LanguageFiles]) -> set[str]:
    return {file for each in files.values() for file in (*each.steps, *each.streams)}


def test_a_project_without_folders_has_no_files(tmp_path: Path, installed: list[InstalledRunner]) -> None:
    files = find_files(tmp_path, installed)
    assert set(files) == {runner.manifest.language for runner in installed}
    assert not any(files.values())


@pytest.mark.parametrize(
    "name", ["a_step.py", "a.step.py", "sync.cron_step.py", "a b.step.py", "ü_step.py", "[id]_step.py", "a-b.step.py"]
)
@pytest.mark.parametrize("folder", ["steps", "src", "steps/deep/er"])
def test_python_steps(tmp_path: Path, installed: list[InstalledRunner], folder: str, name: str) -> None:
    assert found(tmp_path, installed, f"{folder}/{name}")["python"].steps == (f"{folder}/{name}",)


@pytest.mark.parametrize("name", ["a_stream.py", "a.stream.py"])
def test_python_streams(tmp_path: Path, installed: list[InstalledRunner], name: str) -> None:
    assert found(tmp_path, installed, f"src/{name}")["python"].streams == (f"src/{name}",)


@pytest.mark.parametrize(
    "file",
    [
        "a_step.py",
        "lib/a_step.py",
        "steps/a.py",
        "steps/step.py",
        "steps/a_step.pyc",
        "steps/a_step.py.bak",
        "steps/A_STEP.PY",
        "steps/a.step.tsx",
        "steps/a.step.jsx",
        "steps/test_a_step.py",
        "steps/a_step_test.py",
        "steps/a.test.step.py",
        "steps/a.spec.step.py",
        "steps/.a_step.py",
        "steps/node_modules/a_step.py",
        "steps/deep/node_modules/x/a_step.py",
        "steps/.git/a_step.py",
        "steps/__pycache__/a_step.py",
        "src/venv/lib/a_step.py",
    ],
)
def test_what_is_never_a_step(tmp_path: Path, installed: list[InstalledRunner], file: str) -> None:
    assert names(found(tmp_path, installed, file)) == set()


def test_a_virtual_environment_of_any_name_is_not_scanned(tmp_path: Path, installed: list[InstalledRunner]) -> None:
    assert names(found(tmp_path, installed, "src/mine/pyvenv.cfg", "src/mine/lib/a_step.py")) == set()


def test_a_folder_that_is_no_virtual_environment_is_scanned(tmp_path: Path, installed: list[InstalledRunner]) -> None:
    assert names(found(tmp_path, installed, "steps/env/a_step.py")) == {"steps/env/a_step.py"}


def test_files_come_in_path_order(tmp_path: Path, installed: list[InstalledRunner]) -> None:
    files = ["steps/b_step.py", "steps/a/z_step.py", "src/a_step.py", "steps/a_step.py"]
    assert list(found(tmp_path, installed, *files)["python"].steps) == sorted(files)


def test_a_file_belongs_to_the_first_runner_that_takes_it(tmp_path: Path) -> None:
    def installed(language: str, *patterns: str) -> InstalledRunner:
        manifest = RunnerManifest(language=language, command=("x",), step_files=patterns, stream_files=("*.stream",))
        return InstalledRunner(manifest, tmp_path)

    runners = [installed("one", "*_step.rb"), installed("two", "*.rb")]
    files = found(tmp_path, runners, "steps/a_step.rb", "steps/b.rb", "steps/c.stream")
    assert files["one"] == LanguageFiles(("steps/a_step.rb",), ("steps/c.stream",))
    assert files["two"] == LanguageFiles(("steps/b.rb",), ())


def test_a_folder_that_leads_back_to_itself_ends(tmp_path: Path, installed: list[InstalledRunner]) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "loop").symlink_to(tmp_path / "steps")
    assert names(found(tmp_path, installed, "steps/a_step.py")) == {"steps/a_step.py"}


def test_files_are_true_when_there_are_any() -> None:
    assert not LanguageFiles((), ())
    assert LanguageFiles(("a",), ())
    assert LanguageFiles((), ("a",))


@pytest.mark.parametrize(
    ("file", "shown", "reason"),
    [
        (b"steps/caf\xe9_step.py", "steps/caf\\xe9_step.py", "the name of the file is not UTF-8"),
        (b"steps/\xff/a_step.py", "steps/\\xff/a_step.py", "the name of the file is not UTF-8"),
        (b"steps/a\x1b[31m_step.py", "steps/a\\x1b[31m_step.py", "the name of the file has control characters"),
        (b"steps/a\nb.step.ts", "steps/a\\x0ab.step.ts", "the name of the file has control characters"),
    ],
)
def test_a_file_whose_name_cannot_be_shown_is_left_out_and_told(
    tmp_path: Path, installed: list[InstalledRunner], file: bytes, shown: str, reason: str
) -> None:
    assert names(found(tmp_path, installed, os.fsdecode(file), "steps/ü_step.py")) == {"steps/ü_step.py"}
    [problem] = discover(tmp_path, installed).unusable
    assert problem.file == shown
    assert problem.message.startswith(reason)


def test_a_link_to_nothing_is_left_out_and_told(tmp_path: Path, installed: list[InstalledRunner]) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "a_step.py").symlink_to("gone.py")
    assert names(find_files(tmp_path, installed)) == set()
    [problem] = discover(tmp_path, installed).unusable
    assert (problem.file, problem.message) == ("steps/a_step.py", "it is a link to 'gone.py', which is not there")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(path))


def _link_to_pipe(path: Path) -> None:
    os.mkfifo(path.parent.parent / "pipe")
    path.symlink_to("../pipe")


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (_pipe, "a named pipe"),
        (_link_to_pipe, "a named pipe"),
        (_socket, "a socket"),
        (lambda path: path.symlink_to("/dev/zero"), "a device"),
        (lambda path: path.symlink_to("."), "a folder"),
    ],
)
def test_what_is_no_file_is_left_out_and_told(
    tmp_path: Path, installed: list[InstalledRunner], make: Callable[[Path], None], kind: str
) -> None:
    found(tmp_path, installed, "steps/good_step.py")
    make(tmp_path / "steps" / "a_step.py")
    assert names(find_files(tmp_path, installed)) == {"steps/good_step.py"}
    [problem] = discover(tmp_path, installed).unusable
    assert (problem.file, problem.message) == ("steps/a_step.py", f"it is {kind} and no file, so it is left out")


def test_a_helper_that_is_a_pipe_is_warned_of_and_other_things_are_not(
    tmp_path: Path, installed: list[InstalledRunner]
) -> None:
    found(tmp_path, installed, "steps/good_step.py", "steps/helper.py")
    for name in ("words.py", "words"):
        _pipe(tmp_path / "steps" / name)
    discovered = discover(tmp_path, installed)
    [problem] = discovered.unusable
    assert (problem.file, problem.severity) == ("steps/words.py", Severity.WARNING)
    assert names(dict(discovered.files)) == {"steps/good_step.py"}


def test_a_folder_that_may_not_be_entered_is_passed_over(installed: list[InstalledRunner]) -> None:
    with closed_folder("steps/database") as root:
        assert is_foreign(root / "steps" / "database")
        assert not is_foreign(root / "steps")
        assert names(find_files(root, installed)) == set()
