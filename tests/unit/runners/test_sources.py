"""runners/sources: which files may have been other ones for one process than for another."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from runtime.model import LoadedFile, Manifest
from runtime.runners.discovery import LanguageFiles
from runtime.runners.sources import Sources
from tests.integration.project import write_project

FILES = LanguageFiles(("steps/a_step.py",), ())
LATER = 3600 * 10**9


def manifest(*imports: str) -> Manifest:
    return Manifest("python", (LoadedFile("steps/a_step.py", {}, imports=imports),))


def sources(root: Path, *known: str) -> Sources:
    write_project(root, {"steps/a_step.py": "1", "lib/b.py": "1", "lib/c.py": "1"})
    return Sources(root, lambda path: path.endswith(".py"), known)


async def begun(made: Sources, *imports: str) -> None:
    await made.begin(FILES)
    await made.learn(manifest(*imports))


async def test_what_nobody_touches_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = sources(tmp_path)
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + LATER)
    await begun(made, "lib/b.py")
    write_project(tmp_path, {"lib/c.py": "2"})
    assert await made.changed(manifest("lib/b.py"), FILES) == []


@pytest.mark.parametrize("path", ["steps/a_step.py", "lib/b.py"])
async def test_a_change_after_the_load_is_seen(tmp_path: Path, path: str) -> None:
    made = sources(tmp_path, "lib/b.py")
    await begun(made, "lib/b.py")
    write_project(tmp_path, {path: "22"})
    assert await made.changed(manifest("lib/b.py"), FILES) == [path]
    (tmp_path / path).unlink()
    assert await made.changed(manifest(), FILES) == [path]


async def test_a_known_import_that_changes_while_it_is_loaded_is_seen(tmp_path: Path) -> None:
    made = sources(tmp_path, "lib/b.py", "lib/c.py")
    await made.begin(FILES)
    write_project(tmp_path, {"lib/b.py": "22", "lib/c.py": "22"})
    await made.learn(manifest("lib/b.py"))
    assert await made.changed(manifest("lib/b.py"), FILES) == ["lib/b.py"], "nobody imports the other"


async def test_an_import_that_nobody_knew_of_counts_as_changed_if_it_was_touched_since(tmp_path: Path) -> None:
    made = sources(tmp_path)
    await made.begin(FILES)
    write_project(tmp_path, {"lib/b.py": "1"})
    os.utime(tmp_path / "lib/b.py", ns=(1, 1))
    await made.learn(manifest("lib/b.py"))
    assert await made.changed(manifest("lib/b.py"), FILES) == ["lib/b.py"]


async def test_a_step_that_has_come_since_is_a_change(tmp_path: Path) -> None:
    made = sources(tmp_path)
    await begun(made)
    write_project(tmp_path, {"steps/new_step.py": "1"})
    assert await made.changed(manifest(), LanguageFiles((*FILES.steps, "steps/new_step.py"), ())) == [
        "steps/new_step.py"
    ]


async def test_another_process_may_become_the_one_that_counts(tmp_path: Path) -> None:
    made = sources(tmp_path, "lib/b.py")
    await begun(made, "lib/b.py")
    write_project(tmp_path, {"lib/b.py": "22", "steps/new_step.py": "1"})
    files = LanguageFiles((*FILES.steps, "steps/new_step.py"), ())
    await made.replace(manifest("lib/b.py"), files, time.time() + 60)
    assert await made.changed(manifest("lib/b.py"), files) == []
    write_project(tmp_path, {"lib/b.py": "333"})
    assert await made.changed(manifest("lib/b.py"), files) == ["lib/b.py"]
