"""runners/included: patterns of `includeFiles` that match nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.model import Severity, Step
from runtime.runners.included import matches, unmatched_files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with some files beside its steps."""
    for name in (
        "lib/stockfish",
        "steps/chess/board.html",
        "steps/chess/img/a.png",
        "steps/chess/img/b.jpg",
        "steps/chess/.hidden",
        "steps/chess/a[1].txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    "pattern",
    [
        "board.html",
        "./board.html",
        "img",
        "img/",
        "./img/*.png",
        "*/?.jpg",
        "**/*.png",
        "**/board.html",
        "../../lib/stockfish",
        "../../**/stock*",
        "img/*.{gif,png}",
        "{img,gone}/{x,b}.jpg",
        "[a-c]oard.html",
        ".hid*",
    ],
)
def test_a_pattern_that_matches(root: Path, pattern: str) -> None:
    assert matches(root / "steps/chess", pattern)


@pytest.mark.parametrize(
    "pattern",
    ["bord.html", "img/*.gif", "*.png", "../board.html", "board.html/x", "img/*.{gif,bmp}", "*hidden", "**/z"],
)
def test_a_pattern_that_matches_nothing(root: Path, pattern: str) -> None:
    assert not matches(root / "steps/chess", pattern)


def test_it_is_a_warning_that_names_the_pattern(root: Path) -> None:
    step = Step("C", "node", "steps/chess/move.step.ts", "api", include_files=("./board.html", "./bord.html", "!x"))
    [problem] = unmatched_files(root, [step, Step("D", "node", "steps/d.step.ts", "api")])
    assert (problem.file, problem.severity) == (step.file, Severity.WARNING)
    assert problem.message == "config.includeFiles[1]: './bord.html' matches no file"
    assert "steps/chess" in problem.fix


def test_a_tree_without_end_is_not_walked_to_its_end(root: Path) -> None:
    for number in range(120):
        (root / f"many/{number}").mkdir(parents=True)
    (root / "many/back").symlink_to(root / "many")
    assert matches(root, "many/**/gone", most=100)
    assert not matches(root, "many/**/gone", most=1000)


def test_braces_without_end_are_not_all_spelled(root: Path) -> None:
    assert not matches(root, "{a,b}" * 40)
