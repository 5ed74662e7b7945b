"""Packages in `runtime dev`, with real installers and packages from this machine alone."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from runtime.config import ReloadSettings, Settings
from runtime.reload.concern import Concern, concern_of, named_files
from runtime.reload.watcher import watching
from runtime.runners.manifest import InstalledRunner, find_runners
from runtime.runners.packages.upkeep import Outdated, Project, install_outdated, outdated
from tests.integration.project import PATIENCE, write_project

pytestmark = pytest.mark.timeout(120)


def a_project(root: Path) -> Project:
    """A project whose Python runner needs nothing, so that no registry is asked for it."""
    runner = root / ".runner"
    write_project(runner, {"requirements.txt": ""})
    runners = find_runners(root, Settings())
    installed = [
        InstalledRunner(each.manifest, runner) if each.manifest.language == "python" else each for each in runners
    ]
    return Project(root, Settings(), dict(os.environ), installed)


def wheel(root: Path, name: str, version: str) -> None:
    """Puts a package that is one module into the folder of wheels."""
    info = f"{name}-{version}.dist-info"
    (root / "wheels").mkdir(exist_ok=True)
    with zipfile.ZipFile(root / "wheels" / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", f"version = '{version}'\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: us\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")


def require(root: Path, *lines: str, options: str = "") -> None:
    options = options or f"--no-index\n--find-links {root}/wheels"
    (root / "requirements.txt").write_text("\n".join((options, *lines)) + "\n")


def has(root: Path, module: str) -> bool:
    python = root / ".venv" / "bin" / "python"
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0


def ask(root: Path, *names: str) -> None:
    (root / "package.json").write_text(json.dumps({"dependencies": {name: f"file:./local/{name}" for name in names}}))
    for name in names:
        write_project(root, {f"local/{name}/package.json": json.dumps({"name": name, "version": "1.0.0"})})


@asynccontextmanager
async def concerns(project: Project) -> AsyncIterator[AsyncIterator[Concern]]:
    """What the changes of the project concern."""

    def concern(*paths: str) -> Concern:
        return concern_of(paths, project.installed, {}, {})

    async def found() -> AsyncIterator[Concern]:
        async for paths in sets:
            yield concern(*paths)

    named = named_files(project.installed)
    async with watching(project.root, ReloadSettings(), {}, named, lambda path: bool(concern(path)), print) as sets:
        yield found()


async def until_packages(found: AsyncIterator[Concern], language: str) -> None:
    with anyio.fail_after(PATIENCE):
        while language not in (await anext(found)).packages:
            continue


async def test_python_packages_are_installed_and_kept_current(tmp_path: Path) -> None:
    project, said = a_project(tmp_path), list[str]()
    wheel(tmp_path, "one_of_ours", "1")
    require(tmp_path, "one-of-ours==1")
    async with concerns(project) as found:
        assert await install_outdated(project, said.append) == {"python"}
        await until_packages(found, "python")
    assert [line.split(" with ")[0] for line in said] == [
        "Python: making .venv",
        "Python: installing requirements.txt and what the runner needs into .venv...",
    ]
    assert has(tmp_path, "one_of_ours")
    assert await install_outdated(project, said.append) == frozenset()

    wheel(tmp_path, "two_of_ours", "1")
    require(tmp_path, "one-of-ours==1", "two-of-ours")
    async with concerns(project) as found:
        assert await install_outdated(project, said.append) == {"python"}
        await until_packages(found, "python")
    assert has(tmp_path, "two_of_ours")
    assert len(said) == 3


async def test_npm_packages_are_installed_and_kept_current(tmp_path: Path) -> None:
    project, said = a_project(tmp_path), list[str]()
    ask(tmp_path, "one")
    assert await install_outdated(project, said.append) == {"node"}
    assert await install_outdated(project, said.append) == frozenset()
    ask(tmp_path, "one", "two")
    async with concerns(project) as found:
        assert await install_outdated(project, said.append) == {"node"}
        await until_packages(found, "node")
    assert (tmp_path / "node_modules" / "two" / "package.json").is_file()
    assert said == ["npm: running npm install..."] * 2
    assert outdated(project) == Outdated()


async def test_what_fails_is_told_and_tried_again(tmp_path: Path) -> None:
    project, said = a_project(tmp_path), list[str]()
    (tmp_path / "package.json").write_text('{"dependencies": {"one": "file:./gone.tgz"}}')
    wheel(tmp_path, "one_of_ours", "1")
    require(tmp_path, "one-of-ours==99")
    assert await install_outdated(project, said.append) == frozenset()
    told = "\n".join(said)
    assert "one-of-ours==99" in told
    assert "npm install failed" in told

    require(tmp_path, "one-of-ours")
    ask(tmp_path, "one")
    assert await install_outdated(project, said.append) == {"node", "python"}
    assert has(tmp_path, "one_of_ours")


def installers() -> set[str]:
    """Process ids of what any thread of this process has started."""
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


async def test_an_installation_that_is_cancelled_ends_its_process_and_counts_as_none(tmp_path: Path) -> None:
    project, said = a_project(tmp_path), list[str]()
    asked = anyio.Event()

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        require(tmp_path, "one-of-ours", options=f"--index-url http://127.0.0.1:{port}/simple")
        before = installers()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(install_outdated, project, said.append)
            with anyio.fail_after(PATIENCE):
                await asked.wait()
            assert installers() - before
            tasks.cancel_scope.cancel()
        assert installers() - before == set()
    assert not [line for line in said if "failed" in line]
    assert outdated(project) == Outdated(("python",))

    wheel(tmp_path, "one_of_ours", "1")
    require(tmp_path, "one-of-ours")
    assert await install_outdated(project, said.append) == {"python"}
    assert has(tmp_path, "one_of_ours")


async def test_an_environment_that_was_half_made_is_made_anew(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    wheel(tmp_path, "one_of_ours", "1")
    require(tmp_path, "one-of-ours")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/usr/bin/env")
    write_project(tmp_path / ".venv", {"pyvenv.cfg": "version = 3.11.2\n", ".runtime-unfinished": "making it"})
    assert await install_outdated(project, print) == {"python"}
    assert has(tmp_path, "one_of_ours")
