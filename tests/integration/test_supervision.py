"""Runner processes come and go: renewed, restarted, several of them, standing ready. Real processes in a fleet."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from runtime.catalog import Catalog
from runtime.clock import SystemClock
from runtime.config import Settings
from runtime.deadlines import Grace
from runtime.dispatcher import Dispatcher
from runtime.errors import ConfigFault
from runtime.model import FailureKind, Hook, Invocation, LogLevel, Outcome, RunnerStatus, Step, TriggerKind, whole
from runtime.runners.candidate import Candidate
from runtime.runners.fleet import Fleet
from runtime.services.logs import LogService
from runtime.values import decode, encode
from tests.fakes import ListSink
from tests.integration.project import RunningProject, eventually, is_alive, running, write_project

PATIENCE = 30.0
SOON = {"restartBackoff": 0.01, "restartBackoffMax": 0.02, "maxLoadDeaths": 2}
SAYS = {
    "python": """
import asyncio, os
config = {{"type": "event", "name": "Says-python", "subscribes": ["t"]}}
async def handler(input, ctx):
    if input and input.get("file"):
        while not os.path.exists(input["file"]):
            await asyncio.sleep(0.01)
    return {{"word": "{word}", "pid": os.getpid()}}
""",
    "node": """
import fs from 'node:fs'
export const config = {{ type: 'event', name: 'Says-node', subscribes: ['t'] }}
export const handler = async (input) => {{
  while (input?.file && !fs.existsSync(input.file)) await new Promise((done) => setTimeout(done, 10))
  return {{ word: '{word}', pid: process.pid }}
}}
""",
}
STEP = {"python": "steps/says_step.py", "node": "steps/says.step.ts"}
LANGUAGES = tuple(SAYS)
COUNTS = """
import asyncio, os
config = {"type": "api", "name": "Counts", "method": "GET", "path": "/counts"}
async def handler(req, ctx):
    async def body():
        yield "one"
        while not os.path.exists("gate"):
            await asyncio.sleep(0.01)
        yield "two"
    return {"status": 200, "body": body()}
"""
COUNTING = Step("Counts", "python", "steps/counts_step.py", "api")
REQUEST = encode(
    {
        "method": "GET",
        "path": "/counts",
        "pathParams": {},
        "queryParams": {},
        "headers": {},
        "form": "none",
        "body": b"",
    }
)
DIES = {"python": "import os\nos._exit(3)\n", "node": "process.kill(process.pid, 'SIGKILL')\n"}


def says(language: str, word: str) -> dict[str, str]:
    return {STEP[language]: SAYS[language].format(word=word)}


class Project(NamedTuple):
    """A fleet that runs, and what it says."""

    root: Path
    fleet: Fleet
    sink: ListSink

    async def renew(self, *languages: str, environ: Mapping[str, str] | None = None) -> Catalog:
        """A renewal that takes over; of everything when nothing is named."""
        async with self.fleet.renewal(languages or None, environ) as candidate:
            catalog = await loaded(candidate)
            candidate.take_over()
        return catalog

    async def ask(self, language: str, **given: Any) -> Outcome:
        """Runs the step that says its word."""
        step = Step(f"Says-{language}", language, STEP[language], "event")
        invocation = Invocation(step, TriggerKind.EVENT, encode(given), "f" * 32)
        return await Dispatcher(self.fleet.pools).dispatch(invocation, PATIENCE)

    async def answer(self, language: str, **given: Any) -> dict[str, Any]:
        """What it says."""
        outcome = await self.ask(language, **given)
        assert outcome.failure is None, outcome.failure
        said: dict[str, Any] = decode(whole(outcome.payload))
        return said

    def status(self, language: str, state: str | None = None) -> list[RunnerStatus]:
        """Its processes, those in a state when one is named."""
        found = [status for status in self.fleet.status() if status.language == language]
        return [status for status in found if state in (None, status.state)]

    async def until(self, language: str, *states: str) -> list[RunnerStatus]:
        """Waits until its processes are in these states, in this order."""
        await until(lambda: tuple(status.state for status in self.status(language)) == states)
        return self.status(language)

    async def spare(self, language: str) -> RunnerStatus:
        """The process that stands ready, once it is there."""
        await until(lambda: any(status.pid for status in self.status(language, "spare")))
        return self.status(language, "spare")[0]

    async def until_logged(self, text: str) -> str:
        """Waits for a log line that holds the text."""
        await until(lambda: any(text in record.message for record in self.sink.records))
        return next(record.message for record in self.sink.records if text in record.message)


async def until(check: Callable[[], bool]) -> None:
    """Asks again and again until the check holds, for there is nobody who tells. Raises `TimeoutError`."""
    async with asyncio.timeout(PATIENCE):
        while not check():  # noqa: ASYNC110 - other processes know
            await asyncio.sleep(0.01)


async def loaded(candidate: Candidate) -> Catalog:
    async with asyncio.timeout(PATIENCE):
        return await candidate.catalog()


async def gone(pid: int | None) -> None:
    """Waits for the end of a process."""
    assert pid is not None
    await until(lambda: not is_alive(pid))


@asynccontextmanager
async def fleet_of(root: Path, files: Mapping[str, str], **settings: Any) -> AsyncIterator[Project]:
    """A fleet over the files of which nothing serves yet."""
    write_project(root, files)
    sink = ListSink()
    logs = LogService(sink, SystemClock(), LogLevel.DEBUG)
    given = Settings.model_validate({"link": SOON, **settings})
    fleet = Fleet(root, given, os.environ, None, logs)
    async with fleet.running(Grace(5.0)):
        yield Project(root, fleet, sink)


@asynccontextmanager
async def serving(root: Path, files: Mapping[str, str], **settings: Any) -> AsyncIterator[Project]:
    """The same when it serves."""
    async with fleet_of(root, files, **settings) as project:
        await project.renew()
        yield project


# ------------------------------------------------------------ renewal


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_renewal_serves_new_code_and_leaves_the_other_language_alone(tmp_path: Path, language: str) -> None:
    [other] = set(LANGUAGES) - {language}
    async with serving(tmp_path, {**says(language, "old"), **says(other, "same")}) as project:
        before, beside = await project.answer(language), await project.answer(other)
        write_project(tmp_path, says(language, "new"))
        async with project.fleet.renewal([language]) as candidate:
            assert candidate.languages == {language}
            assert candidate.file_count == 2
            assert len((await loaded(candidate)).steps) == 2
            assert (await project.answer(language))["word"] == "old", "it has not taken over"
            candidate.take_over()
            assert (await project.answer(language))["word"] == "new"
        assert await project.answer(other) == beside
        await gone(before["pid"])


async def test_what_runs_finishes_on_the_old_code(tmp_path: Path) -> None:
    async with serving(tmp_path, says("python", "old")) as project:
        gate = tmp_path / "gate"
        running = asyncio.ensure_future(project.answer("python", file=str(gate)))
        await until(lambda: project.status("python")[0].in_flight > 0)
        write_project(tmp_path, says("python", "new"))
        await project.renew("python")
        assert (await project.answer("python"))["word"] == "new"
        assert [status.in_flight for status in project.status("python", "draining")] == [1]
        gate.write_text("")
        assert (await running)["word"] == "old"
        await project.until("python", "serving")
        assert project.sink.messages(LogLevel.WARN) == []


async def test_a_body_that_is_sent_as_it_is_produced_comes_to_its_end(tmp_path: Path) -> None:
    async with serving(tmp_path, {"steps/counts_step.py": COUNTS}) as project:
        invocation = Invocation(COUNTING, TriggerKind.API, REQUEST, "f" * 32)
        outcome = await Dispatcher(project.fleet.pools).dispatch(invocation, PATIENCE)
        assert outcome.body is not None
        pieces = aiter(outcome.body)
        assert await anext(pieces) == b"one"
        write_project(tmp_path, {"steps/counts_step.py": COUNTS.replace("one", "1")})
        await project.renew("python")
        (tmp_path / "gate").write_text("")
        assert b"".join([piece async for piece in pieces]) == b"two"
        await project.until("python", "serving")


async def test_no_request_finds_nobody(tmp_path: Path) -> None:
    async with serving(tmp_path, says("python", "0")) as project:
        project.fleet.keep_spare("python", 60)
        over, ran = asyncio.Event(), 0

        async def keep_asking() -> None:
            nonlocal ran
            while not over.is_set():
                assert project.fleet.pools["python"].live() is not None
                await project.answer("python")
                ran += 1

        async with asyncio.TaskGroup() as asking:
            for _ in range(8):
                asking.create_task(keep_asking())
            for number in range(1, 6):
                write_project(tmp_path, says("python", str(number)))
                await project.renew("python")
                assert (await project.answer("python"))["word"] == str(number)
            over.set()
        assert ran > 8


async def test_the_config_is_that_of_the_candidate(tmp_path: Path) -> None:
    plain = "def authenticate(request):\n    return None\n\n\nconfig = {}\n"
    async with serving(tmp_path, {"motia_config.py": plain, **says("python", "old")}) as project:
        write_project(
            tmp_path, {"motia_config.py": plain.replace("{}", '{"streamAuth": {"authenticate": authenticate}}')}
        )
        async with project.fleet.renewal(["python"]) as candidate:
            await loaded(candidate)
            config = await candidate.config(None)
            assert config is not None
            assert config.hooks == {Hook.AUTHENTICATE}
        write_project(tmp_path, {"motia_config.py": "raise ValueError('not today')\n"})
        async with project.fleet.renewal(["python"]) as candidate:
            await loaded(candidate)
            with pytest.raises(ConfigFault, match="not today"):
                await candidate.config(None)


async def test_of_too_many_that_finish_the_oldest_is_ended(tmp_path: Path) -> None:
    async with serving(tmp_path, says("python", "0"), reload={"maxDraining": 2}) as project:
        running = []
        for number in range(1, 4):
            running.append(asyncio.ensure_future(project.ask("python", file=str(tmp_path / "never"))))
            await until(lambda: project.status("python")[0].in_flight > 0)
            write_project(tmp_path, says("python", str(number)))
            await project.renew("python")
        outcome = await running[0]
        assert outcome.failure is not None
        assert outcome.failure.kind is FailureKind.RUNNER_LOST
        assert [status.generation for status in project.status("python", "draining")] == [2, 3]
        for task in running[1:]:
            task.cancel()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_candidate_that_does_not_take_over_is_ended_at_once(tmp_path: Path, language: str) -> None:
    async with serving(tmp_path, says(language, "old")) as project:
        write_project(tmp_path, says(language, "new"))
        async with project.fleet.renewal([language]) as candidate:
            await loaded(candidate)
            [tried] = project.status(language, "loading")
        await gone(tried.pid)
        await project.until(language, "serving")
        assert (await project.answer(language))["word"] == "old"


async def test_one_that_is_left_while_it_loads_is_ended_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path, says("python", "old")) as project:
        write_project(tmp_path, {"steps/hangs_step.py": "print('hanging')\nwhile True:\n    pass\n"})
        async with project.fleet.renewal(["python"]):
            await project.until_logged("hanging")
            [tried] = project.status("python", "loading")
        await gone(tried.pid)
        assert (await project.answer("python"))["word"] == "old"


async def test_languages_come_and_go_with_their_files(tmp_path: Path) -> None:
    async with serving(tmp_path, says("python", "one")) as project:
        assert set(project.fleet.pools) >= set(LANGUAGES), "a pool for each from the start"
        write_project(tmp_path, says("node", "two"))
        await project.renew("node")
        assert (await project.answer("node"))["word"] == "two"
        (tmp_path / STEP["python"]).unlink()
        catalog = await project.renew("python")
        assert [step.language for step in catalog.steps] == ["node"]
        await project.until("python")
        write_project(tmp_path, says("python", "three"))
        await project.renew("python")
        assert (await project.answer("python"))["word"] == "three"


async def test_new_variables_are_those_of_the_next_processes(tmp_path: Path) -> None:
    step = 'import os\nconfig = {"type": "noop", "name": os.environ.get("WORD", "none")}\n'
    async with serving(tmp_path, {"steps/a_step.py": step}) as project:
        catalog = await project.renew("python", environ={**os.environ, "WORD": "given"})
        assert [each.name for each in catalog.steps] == ["given"]
        assert [each.name for each in (await project.renew("python")).steps] == ["given"]


# ------------------------------------------------------------ faults


@pytest.mark.parametrize("language", LANGUAGES)
async def test_code_that_ends_its_process_is_given_up_and_tried_anew_with_the_next_renewal(
    tmp_path: Path, language: str
) -> None:
    async with serving(tmp_path, says(language, "old")) as project:
        write_project(tmp_path, {STEP[language]: DIES[language]})
        async with project.fleet.renewal([language]) as candidate:
            catalog = await loaded(candidate)
            assert set(candidate.given_up) == {language}
            [problem] = catalog.problems
            assert problem.message.startswith("died 2 times before it had loaded")
        assert (await project.answer(language))["word"] == "old"
        async with project.fleet.renewal([language]) as candidate:
            await loaded(candidate)
            candidate.take_over()
        await project.until(language, "given up")
        write_project(tmp_path, says(language, "mended"))
        await project.renew(language)
        assert (await project.answer(language))["word"] == "mended"


async def test_a_process_that_dies_is_restarted_and_loads_what_is_on_disk(tmp_path: Path) -> None:
    async with serving(tmp_path, says("python", "old")) as project:
        changed: list[str] = []
        project.fleet.on_changed = changed.append
        os.kill((await project.answer("python"))["pid"], signal.SIGKILL)
        await project.until_logged("ended (signal 9) and is started again")
        assert (await project.answer("python"))["word"] == "old"
        assert changed == [], "the same manifest"
        [status] = await project.until("python", "serving")
        assert status.restarts == 1
        write_project(tmp_path, {"steps/more_step.py": 'config = {"type": "noop", "name": "More"}\n'})
        os.kill(status.pid or 0, signal.SIGKILL)
        await until(lambda: bool(changed))
        assert changed == ["python"]
        assert {step.name for step in (await project.fleet.serving().catalog()).steps} == {"Says-python", "More"}


async def test_a_runner_that_answers_no_ping_is_started_anew(tmp_path: Path) -> None:
    settings = {"link": {**SOON, "pingInterval": 0.1, "pingTimeout": 0.3}}
    async with serving(tmp_path, says("python", "old"), **settings) as project:
        pid = (await project.answer("python"))["pid"]
        await until(lambda: project.status("python")[0].cpu is not None)
        assert (project.status("python")[0].memory_bytes or 0) > 1 << 20
        os.kill(pid, signal.SIGSTOP)
        message = await project.until_logged("the python runner is stuck and is started anew")
        assert "link.pingTimeout" in message
        await gone(pid)
        assert (await project.answer("python"))["pid"] != pid


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


async def test_one_of_several_with_other_code_does_not_serve(tmp_path: Path) -> None:
    async with serving(tmp_path, says("python", "one"), runners={"python": {"processes": 2}}) as project:
        changed: list[str] = []
        project.fleet.on_changed = changed.append
        write_project(tmp_path, {"steps/more_step.py": 'config = {"type": "noop", "name": "More"}\n'})
        os.kill(project.status("python")[0].pid or 0, signal.SIGKILL)
        await project.until_logged("differs from what the other processes have")
        await project.until("python", "given up", "serving")
        assert (await project.answer("python"))["word"] == "one"
        await project.renew("python")
        await project.until_logged("the others go on")
        assert changed == []
        assert len(await project.until("python", "serving", "serving")) == 2


# ------------------------------------------------------------ spares


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_spare_is_what_the_next_renewal_uses(tmp_path: Path, language: str) -> None:
    async with serving(tmp_path, says(language, "old")) as project:
        project.fleet.keep_spare(language, 60)
        spare = await project.spare(language)
        write_project(tmp_path, says(language, "new"))
        await project.renew(language)
        answer = await project.answer(language)
        assert (answer["word"], answer["pid"]) == ("new", spare.pid)
        [another] = project.status(language, "spare")
        assert another.pid != spare.pid
        project.fleet.keep_spare(language, 0)
        assert project.status(language, "spare") == []


async def test_a_spare_of_another_environment_is_not_used(tmp_path: Path) -> None:
    async with serving(tmp_path, says("python", "old")) as project:
        project.fleet.keep_spare("python", 60)
        [spare] = project.status("python", "spare")
        await project.renew("python", environ={**os.environ, "WORD": "given"})
        assert (await project.answer("python"))["pid"] != spare.pid
        assert len(project.status("python", "spare")) == 1


async def test_a_spare_ends_after_its_time(tmp_path: Path) -> None:
    async with serving(tmp_path, says("python", "old")) as project:
        project.fleet.keep_spare("python", 0.2)
        assert len(project.status("python", "spare")) == 1
        await project.until("python", "serving")


async def test_a_spare_that_dies_is_not_replaced_before_the_next_change(tmp_path: Path) -> None:
    async with serving(tmp_path, says("python", "old")) as project:
        project.fleet.keep_spare("python", 60)
        os.kill((await project.spare("python")).pid or 0, signal.SIGKILL)
        await project.until("python", "serving")
        write_project(tmp_path, says("python", "new"))
        await project.renew("python")
        assert (await project.answer("python"))["word"] == "new"
        assert len(project.status("python", "spare")) == 1


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
