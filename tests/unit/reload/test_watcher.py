"""reload/watcher: each save is one set with the right path, whichever way the system tells of changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from runtime.config.reload import ReloadSettings
from runtime.reload.notices import Notices
from runtime.reload.watcher import watching

PATIENCE = 20
NAMED = ("node_modules/.package-lock.json", ".venv/.runtime-install")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="it is Linux that is asked")


def is_watched(path: str) -> bool:
    return path.endswith((".py", ".ts", ".json")) or path in NAMED or path == ".env"


class Watched:
    """A project that is watched."""

    def __init__(self, root: Path, sets: AsyncIterator[frozenset[str]], reports: list[str]) -> None:
        self.root = root
        self.reports = reports
        self._sets = sets

    def write(self, path: str, text: str = "x") -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    async def next(self) -> set[str]:
        with anyio.fail_after(PATIENCE):
            return set(await anext(self._sets))

    async def until(self, *paths: str) -> set[str]:
        """What comes until each of these paths has come, in one set or several."""
        found: set[str] = set()
        while not found.issuperset(paths):
            found |= await self.next()
        return found


@asynccontextmanager
async def watched(
    root: Path, settings: ReloadSettings | None = None, environ: Mapping[str, str] | None = None
) -> AsyncIterator[Watched]:
    reports: list[str] = []
    async with watching(root, settings or ReloadSettings(), environ or {}, NAMED, is_watched, reports.append) as sets:
        yield Watched(root, sets, reports)


@pytest.fixture(params=["events", "polling"])
async def project(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Watched]:
    """A project with a step and a helper, watched in each of the ways."""
    for file in ("steps/a_step.py", "lib/helper.ts", "node_modules/dependency/index.ts"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("1")
    polled = ReloadSettings(watch="polling", poll_interval=0.05)
    async with watched(tmp_path, polled if request.param == "polling" else None) as project:
        yield project


async def test_a_save_is_one_set(project: Watched) -> None:
    for turn in range(3):
        project.write("steps/a_step.py", "2" * turn)
        assert await project.next() == {"steps/a_step.py"}
    project.write(".env", "A=1")
    assert await project.next() == {".env"}


def by_rename(file: Path) -> None:
    beside = file.with_name(f"{file.name}.tmp.123")
    beside.write_text("new")
    beside.replace(file)


def by_backup(file: Path) -> None:
    """As vim does: a probe for permissions, a swap file, the old file aside."""
    probe, swap = file.with_name("4913"), file.with_name(f".{file.name}.swp")
    swap.write_text("swap")
    probe.touch()
    probe.unlink()
    backup = file.with_name(f"{file.name}~")
    file.rename(backup)
    file.write_text("new")
    backup.unlink()
    swap.unlink()


def with_kept_backup(file: Path) -> None:
    shutil.copy(file, file.with_name(f"{file.name}~"))
    file.with_name(f"#{file.name}#").write_text("autosave")
    file.write_text("new")


def in_pieces(file: Path) -> None:
    with file.open("w") as opened:
        for _ in range(50):
            opened.write("piece\n")
            opened.flush()


@pytest.mark.parametrize("save", [by_rename, by_backup, with_kept_backup, in_pieces])
async def test_editors_save_in_their_ways(project: Watched, save: Callable[[Path], None]) -> None:
    save(project.root / "steps" / "a_step.py")
    assert await project.until("steps/a_step.py") == {"steps/a_step.py"}
    project.write("lib/helper.ts", "next")
    assert await project.next() == {"lib/helper.ts"}


async def test_what_does_not_count_is_not_told(project: Watched) -> None:
    for noise in (
        "node_modules/dependency/index.ts",
        ".git/x.py",
        "steps/__pycache__/a.py",
        "steps/notes.txt",
        "a.ts~",
    ):
        project.write(noise, "other")
    project.write("env/pyvenv.cfg")
    project.write("env/lib/x.py")
    project.write("lib/helper.ts", "next")
    assert await project.until("lib/helper.ts") == {"lib/helper.ts"}


async def test_files_of_packages_are_noticed_though_their_folders_are_not(project: Watched) -> None:
    project.write("node_modules/.package-lock.json")
    assert await project.next() == {"node_modules/.package-lock.json"}
    project.write(".venv/.runtime-install")
    assert await project.next() == {".venv/.runtime-install"}
    project.write(".venv/.runtime-install", "another")
    assert await project.next() == {".venv/.runtime-install"}
    shutil.rmtree(project.root / "node_modules")
    assert await project.next() == {"node_modules/.package-lock.json"}


async def test_a_new_folder_is_watched_with_all_in_it(project: Watched) -> None:
    project.write("src/deep/er/b_step.py")
    assert await project.until("src/deep/er/b_step.py") == {"src/deep/er/b_step.py"}
    project.write("src/deep/er/b_step.py", "2")
    project.write("src/deep/c_step.py")
    assert await project.until("src/deep/er/b_step.py", "src/deep/c_step.py")


async def test_a_folder_that_is_made_anew_goes_on_being_watched(project: Watched) -> None:
    shutil.rmtree(project.root / "steps")
    project.write("steps/b_step.py")
    assert await project.until("steps/b_step.py", "steps/a_step.py")
    project.write("steps/b_step.py", "22")
    assert await project.next() == {"steps/b_step.py"}


async def test_a_folder_that_moves_takes_its_files_along(project: Watched) -> None:
    (project.root / "steps").rename(project.root / "src")
    assert await project.until("src/a_step.py") == {"steps/a_step.py", "src/a_step.py"}
    project.write("src/a_step.py", "22")
    assert await project.next() == {"src/a_step.py"}
    (project.root / "src").rename(project.root.parent / f"{project.root.name}-away")
    assert await project.next() == {"src/a_step.py"}


async def test_a_file_that_goes_is_told(project: Watched) -> None:
    (project.root / "steps/a_step.py").unlink()
    assert await project.next() == {"steps/a_step.py"}


async def test_nothing_is_lost_while_nobody_asks(project: Watched) -> None:
    project.write("steps/a_step.py", "22")
    assert await project.next() == {"steps/a_step.py"}
    written = {f"steps/n{number}_step.py" for number in range(1500)}
    for path in written:
        project.write(path)
    assert await project.until(*written) == written


async def test_a_name_that_is_no_text_harms_nothing(project: Watched) -> None:
    (project.root / "steps" / os.fsdecode(b"\xff.txt")).touch()
    project.write("steps/a_step.py", "22")
    assert await project.until("steps/a_step.py") == {"steps/a_step.py"}
    project.write("steps/a_step.py", "333")
    assert await project.next() == {"steps/a_step.py"}


async def test_a_set_waits_for_a_writer_that_goes_on(tmp_path: Path) -> None:
    async with watched(tmp_path, ReloadSettings(settle=1)) as project:
        for number in range(20):
            project.write(f"a{number}.py")
            await anyio.lowlevel.checkpoint()
        assert len(await project.next()) == 20


async def test_a_writer_that_never_ends_does_not_hold_up_for_ever(tmp_path: Path) -> None:
    async with watched(tmp_path, ReloadSettings(settle=0.005)) as project, anyio.create_task_group() as tasks:

        async def write() -> None:
            number = 0
            while True:
                project.write("a.py", "x" * (number := number + 1))
                await anyio.sleep(0.001)

        tasks.start_soon(write)
        assert await project.next() == {"a.py"}
        tasks.cancel_scope.cancel()


async def test_a_folder_of_sources_may_be_a_link(tmp_path: Path) -> None:
    root, shared = tmp_path / "project", tmp_path / "shared"
    root.mkdir()
    shared.mkdir()
    (root / "steps").symlink_to(shared)
    (root / "back").symlink_to(root)
    async with watched(root) as project:
        (shared / "a_step.py").write_text("1")
        assert await project.next() == {"steps/a_step.py"}


async def test_a_folder_full_of_data_is_not_watched(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    for number in range(10_001):
        (tmp_path / "data" / f"{number}.json").touch()
    async with watched(tmp_path) as project:
        project.write("data/7.json", "{}")
        project.write("a.py")
        assert await project.until("a.py") == {"a.py"}


BAD = os.fsdecode(b"lib/bad\xff")


@linux_only
async def test_a_folder_whose_name_is_no_text_is_named_and_the_rest_is_watched(project: Watched) -> None:
    (project.root / BAD).mkdir()
    project.write("a.py")
    assert await project.until("a.py") == {"a.py"}
    project.write(f"{BAD}/b.py")
    project.write(f"{BAD}/inner/c.py")
    project.write("lib/helper.ts", "next")
    assert await project.until("lib/helper.ts") == {"lib/helper.ts"}
    told = [report for report in project.reports if "bad" in report]
    assert told == ["the files in 'lib/bad\\xff' are not watched, for the name of the folder is not UTF-8; rename it"]


@linux_only
@pytest.mark.parametrize("watch", ["events", "polling"])
async def test_folders_whose_names_are_no_text_are_told_at_once(tmp_path: Path, watch: str) -> None:
    for number in range(9):
        (tmp_path / os.fsdecode(b"%d\xff" % number)).mkdir()
    async with watched(tmp_path, ReloadSettings.model_validate({"watch": watch})) as project:
        assert project.reports == [
            "the files in '0\\xff', '1\\xff', '2\\xff' and 6 more folders are not watched, for the names of the "
            "folders are not UTF-8; rename them"
        ]


@linux_only
async def test_a_project_below_a_name_that_is_no_text_is_polled(tmp_path: Path) -> None:
    root = tmp_path / os.fsdecode(b"bad\xff")
    root.mkdir()
    async with watched(root, ReloadSettings.model_validate({"pollInterval": 0.05})) as project:
        project.write("a.py")
        assert await project.next() == {"a.py"}
        assert ["is not UTF-8; rename its folder" in report for report in project.reports] == [True]


@linux_only
async def test_what_changes_while_the_watching_begins_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listen = Notices.listen

    def late(notices: Notices, folders: Sequence[str]) -> None:
        (tmp_path / "a.py").write_text("1")
        listen(notices, folders)

    monkeypatch.setattr(Notices, "listen", late)
    async with watched(tmp_path) as project:
        assert await project.next() == {"a.py"}


async def test_off_gives_nothing(tmp_path: Path) -> None:
    async with watching(tmp_path, ReloadSettings(watch="off"), {}, NAMED, is_watched, print) as sets:
        assert [found async for found in sets] == []


@pytest.mark.parametrize(
    ("settings", "environ", "line"),
    [
        ({"watch": "polling"}, {}, "runtime.yaml says reload.watch: polling"),
        ({}, {"WATCHFILES_FORCE_POLLING": "true"}, "WATCHFILES_FORCE_POLLING is set"),
    ],
)
async def test_polling_says_why(tmp_path: Path, settings: dict[str, str], environ: dict[str, str], line: str) -> None:
    wanted = ReloadSettings.model_validate({**settings, "pollInterval": 0.05})
    async with watched(tmp_path, wanted, environ) as project:
        project.write("a.py")
        assert await project.next() == {"a.py"}
        assert [line in report for report in project.reports] == [True]


@pytest.mark.parametrize(
    ("settings", "environ"),
    [({"watch": "events"}, {"WATCHFILES_FORCE_POLLING": "1"}), ({}, {"WATCHFILES_FORCE_POLLING": "false"})],
)
async def test_events_need_no_word(tmp_path: Path, settings: dict[str, str], environ: dict[str, str]) -> None:
    async with watched(tmp_path, ReloadSettings.model_validate(settings), environ) as project:
        project.write("a.py")
        assert await project.next() == {"a.py"}
        assert project.reports == []


def watches() -> int:
    """How many folders this process has the kernel watch."""
    descriptors = Path("/proc/self/fdinfo")
    texts = [path.read_text() for path in descriptors.iterdir() if path.exists()]
    return sum(text.count("inotify wd:") for text in texts)


@linux_only
async def test_packages_cost_no_watches(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / "node_modules" / f"p{number}" / "lib").mkdir(parents=True)
        (tmp_path / "web" / "node_modules" / f"p{number}").mkdir(parents=True)
    (tmp_path / "steps").mkdir()
    before = watches()
    async with watched(tmp_path):
        assert watches() - before == 4  # the root, steps, web, and node_modules alone
    with anyio.fail_after(PATIENCE):
        while watches() != before:  # noqa: ASYNC110 - the system lets go of them in its own time, and tells nobody
            await anyio.sleep(0.01)


SCRIPT = """
import anyio, sys
from pathlib import Path
from tests.unit.reload.test_watcher import watched, ReloadSettings

async def main():
    root = Path(sys.argv[1])
    async with watched(root, ReloadSettings(poll_interval=0.05)) as project:
        if len(sys.argv) > 2:
            project.write("late/deep/x.py")
            assert await project.until("late/deep/x.py") == {"late/deep/x.py"}
        project.write("a.py")
        assert await project.next() == {"a.py"}
        print(*project.reports, sep="\\n")

anyio.run(main)
"""


@linux_only
@pytest.mark.parametrize(
    ("limit", "folders", "arguments"),
    [("max_inotify_watches", 5, ()), ("max_inotify_watches", 1, ("late",)), ("max_inotify_instances", 1, ())],
)
def test_a_system_that_refuses_is_polled(tmp_path: Path, limit: str, folders: int, arguments: tuple[str, ...]) -> None:
    allowed = 0 if limit.endswith("instances") else 3
    limited = ["unshare", "-Ur", "sh", "-c", f'echo {allowed} > /proc/sys/user/{limit} && exec "$@"', "sh"]
    if subprocess.run([*limited, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not make a user namespace to set limits in")
    for number in range(folders):
        (tmp_path / f"f{number}").mkdir()
    command = [*limited, sys.executable, "-c", SCRIPT, str(tmp_path), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    assert "changes are polled" in line
    assert f"fs.inotify.{limit.replace('inotify', 'user')}" in line
