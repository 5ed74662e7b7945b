"""Several processes of a language: they share the work, and what one of them does is no other's harm."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runtime.model import LogLevel
from tests.integration.fleets import LANGUAGES, PATIENCE, says, serving
from tests.integration.project import RunningProject, eventually, running, write_project

# ------------------------------------------------------------ several processes


@pytest.mark.parametrize("language", LANGUAGES)
async def test_several_processes_share_the_work_evenly(tmp_path: Path, language: str) -> None:
    async with serving(tmp_path, says(language, "one"), runners={language: {"processes": 2}}) as project:
        assert [status.state for status in project.status(language)] == ["serving", "serving"], "both from the start"
        answers = await asyncio.gather(*(project.answer(language) for _ in range(200)))
        shares = Counter(answer["pid"] for answer in answers)
        assert len(shares) == 2
        assert min(shares.values()) >= 80


async def test_one_of_several_that_dies_is_replaced_while_the_other_serves(tmp_path: Path) -> None:
    async with serving(tmp_path, says("python", "one"), runners={"python": {"processes": 2}}) as project:
        first, second = project.status("python")
        os.kill(first.pid or 0, signal.SIGKILL)
        await project.until_logged("process 1 of the python runner ended (signal 9)")
        assert (await project.answer("python"))["pid"] == second.pid
        await project.until("python", "serving", "serving")
        assert {(await project.answer("python"))["pid"] for _ in range(2)} == {
            status.pid for status in project.status("python")
        }


MORE = {"steps/more_step.py": 'config = {"type": "noop", "name": "More"}\n'}


async def test_one_that_finds_other_code_waits_for_the_reload_that_it_asks_for(tmp_path: Path) -> None:
    async with serving(tmp_path, says("python", "one"), runners={"python": {"processes": 3}}) as project:
        outdated: list[str] = []
        project.fleet.on_outdated = outdated.append
        write_project(tmp_path, MORE)
        os.kill(project.status("python")[0].pid or 0, signal.SIGKILL)
        await project.until_logged("process 1 of the python runner waits for the next reload: steps/more_step.py")
        await project.until("python", "waiting", "serving", "serving")
        assert (outdated, project.status("python")[0].restarts) == (["python"], 1)
        assert (await project.answer("python"))["word"] == "one"
        await project.renew("python")
        assert len(await project.until("python", "serving", "serving", "serving")) == 3
        assert project.sink.messages(LogLevel.ERROR) == []


async def test_the_last_that_served_makes_way_for_what_is_on_disk(tmp_path: Path) -> None:
    async with serving(tmp_path, says("python", "one"), runners={"python": {"processes": 2}}) as project:
        changed: list[str] = []
        project.fleet.on_changed = changed.append
        write_project(tmp_path, MORE)
        for number in (0, 1):
            os.kill(project.status("python")[number].pid or 0, signal.SIGKILL)
            await project.until_logged(f"process {number + 1} of the python runner ended")
        await project.until("python", "serving", "serving")
        assert changed == ["python"]
        assert {step.name for step in (await project.fleet.serving().catalog()).steps} == {"Says-python", "More"}


async def test_a_config_that_depends_on_the_process_leaves_the_others_out(tmp_path: Path) -> None:
    step = 'import os\nconfig = {"type": "noop", "name": f"P{os.getpid()}"}\n'
    files = {**says("python", "one"), "steps/odd_step.py": step}
    async with serving(tmp_path, files, runners={"python": {"processes": 2}}) as project:
        await project.until("python", "serving", "given up")
        [told] = project.sink.messages(LogLevel.ERROR)
        assert "process 2 of the python runner is left out: what it has loaded of steps/odd_step.py differs" in told
        assert told.endswith("must not depend on the process or the time; the others go on")
        assert project.sink.messages(LogLevel.WARN) == []


GATED = """
import os, time
config = {"type": "noop", "name": "Gate"}
try:
    os.close(os.open("first", os.O_CREAT | os.O_EXCL))
except FileExistsError:
    while not os.path.exists("go"):
        time.sleep(0.01)
"""
HELPED = """
import helper
config = {"type": "event", "name": "Says-python", "subscribes": ["t"], "description": %s}
async def handler(input, ctx):
    return {"word": helper.WORD}
"""


@pytest.mark.parametrize("description", ["'fixed'", "helper.WORD"])
async def test_a_file_that_changes_between_the_loads_leaves_one_version_serving(
    tmp_path: Path, description: str
) -> None:
    files = {"steps/says_step.py": HELPED % description, "steps/helper.py": "WORD = 'one'\n"}
    async with serving(tmp_path, files, runners={"python": {"processes": 2}}) as project:
        outdated: list[str] = []
        project.fleet.on_outdated = outdated.append
        write_project(tmp_path, {"steps/a_gate_step.py": GATED, "steps/helper.py": "WORD = 'two'\n"})
        await project.renew("python")
        write_project(tmp_path, {"steps/helper.py": "WORD = 'three'\n", "go": ""})
        told = await project.until_logged("process 2 of the python runner waits for the next reload")
        assert told.endswith("steps/helper.py has changed on disk since the others began to load")
        await project.until("python", "serving", "waiting")
        assert {(await project.answer("python"))["word"] for _ in range(4)} == {"two"}
        assert (outdated, project.sink.messages(LogLevel.ERROR)) == (["python"], [])
        await project.renew("python")
        await project.until("python", "serving", "serving")
        assert {(await project.answer("python"))["word"] for _ in range(4)} == {"three"}


async def test_one_that_finds_another_helper_when_it_is_started_again_waits(tmp_path: Path) -> None:
    files = {"steps/says_step.py": HELPED % "'fixed'", "steps/helper.py": "WORD = 'one'\n"}
    async with serving(tmp_path, files, runners={"python": {"processes": 2}}) as project:
        outdated: list[str] = []
        project.fleet.on_outdated = outdated.append
        write_project(tmp_path, {"steps/helper.py": "WORD = 'two'\n"})
        os.kill(project.status("python")[1].pid or 0, signal.SIGKILL)
        await project.until_logged("process 2 of the python runner waits for the next reload: steps/helper.py")
        assert {(await project.answer("python"))["word"] for _ in range(4)} == {"one"}
        assert outdated == ["python"]
        os.kill(project.status("python")[0].pid or 0, signal.SIGKILL)
        await project.until("python", "serving", "serving")
        assert {(await project.answer("python"))["word"] for _ in range(4)} == {"two"}


async def test_an_order_that_means_nothing_may_differ(tmp_path: Path) -> None:
    step = """
import os
flows = [f"f{number}" for number in range(8)]
turn = os.getpid() % 8
config = {"type": "noop", "name": "Set", "flows": flows[turn:] + flows[:turn]}
"""
    async with serving(tmp_path, {"steps/set_step.py": step}, runners={"python": {"processes": 2}}) as project:
        await project.until("python", "serving", "serving")


# ------------------------------------------------------------ in a project that serves

GROUPS, EACH = 20, 10
ORDERED = {
    "runtime.yaml": "runners:\n  python:\n    processes: 2\n",
    "steps/begin_step.py": f"""
config = {{"type": "api", "name": "Begin", "method": "POST", "path": "/begin", "emits": ["job"]}}
async def handler(req, ctx):
    for number in range({EACH}):
        for group in range({GROUPS}):
            await ctx.emit("job", {{"group": group, "number": number}}, {{"messageGroupId": str(group)}})
    return {{"status": 202}}
""",
    "steps/job_step.py": """
import asyncio, os
config = {"type": "event", "name": "Job", "subscribes": ["job"],
  "infrastructure": {"queue": {"type": "fifo", "concurrency": 20}}}
async def handler(input, ctx):
    await asyncio.sleep(0.002)
    ctx.logger.info(f"did {input.group} {input.number} {os.getpid()}")
""",
    "steps/pid_step.py": """
import asyncio, os
config = {"type": "api", "name": "Pid", "method": "GET", "path": "/pid"}
async def handler(req, ctx):
    await asyncio.sleep(0.01)
    return {"status": 200, "body": str(os.getpid())}
""",
}


def done(project: RunningProject) -> list[tuple[int, int, int]]:
    """Group, number and process of each run of the job, in the order in which they ended."""
    messages = [str(line.get("message", "")).split() for line in project.log_lines()]
    return [(int(words[1]), int(words[2]), int(words[3])) for words in messages if words[:1] == ["did"]]


def test_the_order_of_groups_holds_across_processes(tmp_path: Path) -> None:
    with running(write_project(tmp_path, ORDERED)) as project:
        assert project.client.post("/begin").status_code == 202
        assert eventually(lambda: len(done(project)) == GROUPS * EACH, PATIENCE), project.output
        ended = done(project)
        for group in range(GROUPS):
            assert [number for found, number, _ in ended if found == group] == list(range(EACH))
        assert len({pid for *_, pid in ended}) == 2


def test_requests_are_shared_and_one_that_dies_takes_only_its_own_along(tmp_path: Path) -> None:
    with running(write_project(tmp_path, ORDERED)) as project, ThreadPoolExecutor(32) as clients:
        pids = [answer.text for answer in clients.map(lambda _: project.client.get("/pid"), range(200))]
        assert len(set(pids)) == 2
        running_now = [clients.submit(project.client.get, "/pid") for _ in range(32)]
        os.kill(int(pids[0]), signal.SIGKILL)
        statuses = Counter(answer.result(PATIENCE).status_code for answer in running_now)
        assert set(statuses) <= {200, 502}
        assert statuses[200] >= 16, "the other process goes on"
        project.wait_for("is started again")
        assert eventually(
            lambda: len({answer.text for answer in clients.map(lambda _: project.client.get("/pid"), range(8))}) == 2,
            PATIENCE,
        )


# ------------------------------------------------------------ under a reload

WORD = """
import os
config = {"type": "api", "name": "Word", "method": "GET", "path": "/word"}
async def handler(req, ctx):
    return {"status": 200, "body": "old"}
"""
THREE = {"runtime.yaml": "runners:\n  python:\n    processes: 3\n", "steps/word_step.py": WORD}


def test_a_process_that_dies_while_a_change_is_held_waits_for_the_one_that_mends_it(tmp_path: Path) -> None:
    with running(write_project(tmp_path, THREE)) as project:
        write_project(tmp_path, {"steps/word_step.py": "def ("})
        project.wait_for('"event": "held"')
        os.kill(project.children_of("python")[0], signal.SIGKILL)
        project.wait_for("of the python runner waits for the next reload: steps/word_step.py has changed")
        assert project.client.get("/word").text == "old"
        write_project(tmp_path, {"steps/word_step.py": WORD.replace("old", "new")})
        assert eventually(lambda: project.client.get("/word").text == "new", PATIENCE)
        assert "given up" not in project.output
        assert "printed nothing" not in project.output


def test_a_process_that_dies_and_finds_good_code_has_it_taken_up(tmp_path: Path) -> None:
    files = {**THREE, "runtime.yaml": THREE["runtime.yaml"] + "reload:\n  watch: off\n"}
    with running(write_project(tmp_path, files)) as project:
        moved = WORD.replace("/word", "/words").replace("old", "new")
        write_project(tmp_path, {"steps/word_step.py": moved})
        os.kill(project.children_of("python")[0], signal.SIGKILL)
        assert eventually(lambda: project.client.get("/words").text == "new", PATIENCE)


REWRITING = """
import os
config = {"type": "noop", "name": "Rewriting"}
try:
    os.close(os.open("first", os.O_CREAT | os.O_EXCL))
except FileExistsError:
    if not os.path.exists("again"):
        os.close(os.open("again", os.O_CREAT))
        with open("steps/helper.py", "w") as file:
            file.write("WORD = 'two'")
"""
WORDED = """
import os, helper
config = {"type": "api", "name": "Word", "method": "GET", "path": "/word"}
async def handler(req, ctx):
    return {"status": 200, "body": f"{helper.WORD} {os.getpid()}"}
"""


def test_a_start_during_which_a_file_changes_ends_with_one_version_in_all_processes(tmp_path: Path) -> None:
    files = {
        "runtime.yaml": "runners:\n  python:\n    processes: 2\n",
        "steps/a_step.py": REWRITING,
        "steps/word_step.py": WORDED,
        "steps/helper.py": "WORD = 'one'",
    }
    with running(write_project(tmp_path, files), command="start") as project:

        def has_settled() -> bool:
            answers = [project.client.get("/word").text.split() for _ in range(8)]
            return {word for word, _ in answers} == {"two"} and len({pid for _, pid in answers}) == 2

        assert eventually(has_settled, PATIENCE), project.output
        project.wait_for("process 2 of the python runner waits for the next reload: steps/helper.py has changed")
