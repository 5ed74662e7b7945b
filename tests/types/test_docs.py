"""The TypeScript that the pages of docs/ show whole fits the types that are generated for it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.integration.project import REPOSITORY, write_project
from tests.types.checking import COMPILERS, PACKAGES, TSCONFIG, generate, link_packages, tsc

EXCEPTIONS = {"environment": "TS2591"}  # process is a name of Node's types, not of ours
_FILE = re.compile(r"^```ts\n// (?P<path>(?:steps/|motia\.config)\S+)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)
_STREAM = re.compile(r"^```python\n# (?P<path>steps/\S+_stream\.py)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)


def _files(page: Path) -> dict[str, str]:
    """The TypeScript files of a page, with the streams that it defines in Python."""
    text = page.read_text(encoding="utf-8")
    files = {found["path"]: found["text"] for found in _FILE.finditer(text)}
    return files and files | {found["path"]: found["text"] for found in _STREAM.finditer(text)}


PAGES = {page.stem: page for page in sorted((REPOSITORY / "docs").glob("*.md")) if _files(page)}


def test_there_are_pages_to_check() -> None:
    assert {"changes", "state", "streams"} <= PAGES.keys()


@pytest.mark.skipif(not PACKAGES.is_dir(), reason="tests/node_packages is not installed: scripts/setup does it")
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_the_typescript_of_a_page_fits_its_types(tmp_path: Path, page: Path) -> None:
    root = write_project(tmp_path, {"package.json": "{}", "tsconfig.json": json.dumps(TSCONFIG), **_files(page)})
    link_packages(root)
    done = generate(root)
    assert done.returncode == 0, done.stdout + done.stderr
    faults = tsc(root, COMPILERS["TypeScript 7"])
    assert [fault for fault in faults if fault[2] != EXCEPTIONS.get(page.stem)] == []
