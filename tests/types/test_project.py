"""The sample project's types: what they say, that its steps fit them, and that mistakes do not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.project import running
from tests.types.checking import COMPILERS, marked, pyright, tsc
from tests.types.conftest import HERE

MISTAKES = HERE / "mistakes"
compilers = pytest.mark.parametrize("compiler", COMPILERS.values(), ids=COMPILERS.keys())


def golden(name: str, text: str) -> None:
    """Compares with the file of this name; with UPDATE_GOLDEN=1 writes it anew, for a look at the difference."""
    path = HERE / "golden" / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), "see the difference with UPDATE_GOLDEN=1 and git diff"


def with_mistakes(generated: Path, folder: Path) -> Path:
    """The project with the steps that are wrong."""
    root = folder / "project"
    shutil.copytree(generated, root, symlinks=True, ignore=shutil.ignore_patterns(".runtime"))
    shutil.copytree(MISTAKES, root / "mistakes")
    return root


def test_the_types_of_the_typescript_steps(generated: Path) -> None:
    text = (generated / "types.d.ts").read_text(encoding="utf-8")
    golden("types.d.ts", text[text.rindex("declare module 'motia' {") :])


def test_the_types_of_the_python_steps(generated: Path) -> None:
    golden("runtime_types.py", (generated / "runtime_types.py").read_text(encoding="utf-8"))


@compilers
def test_the_typescript_steps_fit_their_types(generated: Path, compiler: Path) -> None:
    assert tsc(generated, compiler) == []


def test_the_python_steps_fit_their_types(generated: Path) -> None:
    assert pyright(generated) == []


@compilers
def test_tsc_refuses_each_mistake_and_nothing_else(generated: Path, compiler: Path, tmp_path: Path) -> None:
    expected = marked("mistakes/mistakes.ts", (MISTAKES / "mistakes.ts").read_text(encoding="utf-8"), "//")
    assert len(expected) > 20
    assert tsc(with_mistakes(generated, tmp_path), compiler) == expected


def test_pyright_refuses_each_mistake_and_nothing_else(generated: Path, tmp_path: Path) -> None:
    expected = marked("mistakes/mistakes.py", (MISTAKES / "mistakes.py").read_text(encoding="utf-8"), "#")
    assert len(expected) > 15
    assert sorted(pyright(with_mistakes(generated, tmp_path))) == expected


def test_the_python_types_can_be_imported_without_the_runtime(generated: Path) -> None:
    code = "import runtime_types as t; print(t.ScoreOrderInput.__required_keys__ == {'orderId', 'total', 'customer'})"
    code += "; print(t.NotWrittenYetContext)"
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(generated)!r}); {code}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.splitlines() == ["True", "typing.Any"]


def test_steps_that_import_their_types_run(generated: Path, tmp_path: Path) -> None:
    root = tmp_path / "project"
    shutil.copytree(generated, root, symlinks=True, ignore=shutil.ignore_patterns(".runtime"))
    with running(root) as project:
        answer = project.client.post("/baskets/7/price", json={"lines": [{"sku": "a", "quantity": 2}]})
        assert (answer.status_code, answer.json()) == (200, {"total": 2})
