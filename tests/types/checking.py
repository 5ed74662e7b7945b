"""Projects that type checkers look at: making one, and asking tsc and pyright what is wrong with it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from runtime.runners.programs import find_node
from tests.integration.project import REPOSITORY

PACKAGES = REPOSITORY / "tests" / "node_packages" / "node_modules"
COMPILERS = {
    "TypeScript 7": REPOSITORY / "runners" / "node" / "node_modules" / "typescript",
    "TypeScript 5": PACKAGES / "typescript",
}
TSCONFIG = {
    "compilerOptions": {
        "target": "ES2022",
        "module": "ESNext",
        "moduleResolution": "Bundler",
        "strict": True,
        "noEmit": True,
        "types": [],
    }
}
_MESSAGE = re.compile(r"^(?P<file>[^\s(][^(]*)\((?P<line>\d+),\d+\): error (?P<code>TS\d+)", re.MULTILINE)

Fault = tuple[str, int, str]
"""A file relative to the project, a line, and the error's code."""


def link_packages(root: Path, packages: Iterable[tuple[str, str]] = (("zod", "zod4"),)) -> None:
    """Gives a project packages of the tests' own, under the names that its steps import."""
    (root / "node_modules").mkdir()
    for name, installed in packages:
        (root / "node_modules" / name).symlink_to(PACKAGES / installed)


def generate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `runtime generate-types` in the project."""
    command = [sys.executable, "-m", "runtime", "generate-types", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)


def tsc(root: Path, compiler: Path) -> list[Fault]:
    """Everything that the compiler finds wrong."""
    command = [find_node(None), str(compiler / "bin" / "tsc"), "--project", ".", "--noEmit", "--pretty", "false"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    faults = [(found["file"], int(found["line"]), found["code"]) for found in _MESSAGE.finditer(done.stdout)]
    assert bool(faults) == bool(done.returncode), done.stdout + done.stderr
    return faults


def pyright(root: Path) -> list[Fault]:
    """Everything that pyright counts as an error."""
    program = Path(sys.executable).with_name("basedpyright")
    command = [str(program), "--level", "error", "--pythonpath", sys.executable, "--outputjson", "."]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    found = json.loads(done.stdout)
    assert found["summary"]["filesAnalyzed"] > 0
    return [
        (str(Path(each["file"]).relative_to(root)), each["range"]["start"]["line"] + 1, each["rule"])
        for each in found["generalDiagnostics"]
    ]


def marked(file: str, text: str, mark: str) -> list[Fault]:
    """The faults that a file announces at the ends of its lines."""
    lines = enumerate(text.splitlines(), 1)
    found = ((number, re.search(rf"{mark} ((?:TS|report)\w+)$", line)) for number, line in lines)
    return [(file, number, match[1]) for number, match in found if match]
