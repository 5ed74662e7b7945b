"""Runner processes come and go: renewed, restarted, standing ready. Real processes in a fleet."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from runtime.dispatcher import Dispatcher
from runtime.errors import ConfigFault
from runtime.model import Hook, Invocation, LogLevel, Step, TriggerKind
from runtime.values import encode
from tests.integration.fleets import LANGUAGES, PATIENCE, SOON, STEP, fleet_of, gone, loaded, says, serving, until
from tests.integration.project import is_alive, write_project

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


async def test_where_too_many_finish_the_next_renewal_waits_and_cuts_off_nobody(tmp_path: Path) -> None:
    async with serving(tmp_path, says("python", "0"), reload={"maxDraining": 2}) as project:
        running = []
        for number in range(1, 3):
            running.append(asyncio.ensure_future(project.ask("python", file=str(tmp_path / f"go{number}"))))
            await until(lambda: project.status("python")[0].in_flight > 0)
            write_project(tmp_path, says("python", str(number)))
            await project.renew("python")
        waiting = asyncio.ensure_future(project.renew("python"))
        await until(lambda: len(project.status("python", "draining")) == 2)
        assert not waiting.done()
        (tmp_path / "go1").touch()
        await waiting
        assert (await running[0]).failure is None
        (tmp_path / "go2").touch()
        assert (await running[1]).failure is None


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


# ------------------------------------------------------------ ends

BEARS = """
import os, subprocess, sys, time
config = {"type": "event", "name": "Says-python", "subscribes": ["t"]}
async def handler(input, ctx):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    return {"word": "", "pid": os.getpid(), "child": child.pid}
"""


async def test_what_a_handler_has_started_is_killed_with_its_runner(tmp_path: Path) -> None:
    async with serving(
        tmp_path, {STEP["python"]: BEARS}, link={**SOON, "pingInterval": 0.1, "pingTimeout": 0.3}
    ) as project:
        answer = await project.answer("python")
        os.kill(answer["pid"], signal.SIGSTOP)
        await gone(answer["pid"])
        await gone(answer["child"])


async def test_what_a_handler_has_started_outlives_a_runner_that_leaves_in_order(tmp_path: Path) -> None:
    async with serving(tmp_path, {STEP["python"]: BEARS}) as project:
        answer = await project.answer("python")
        await project.renew("python")
        await gone(answer["pid"])
        assert is_alive(answer["child"])
        os.kill(answer["child"], signal.SIGKILL)


async def test_a_run_is_counted_once_while_its_runner_stops_and_a_body_as_long_as_it_comes(tmp_path: Path) -> None:
    write_project(tmp_path, {"steps/counts_step.py": COUNTS})
    async with fleet_of(tmp_path, {}) as project:
        await project.renew()
        invocation = Invocation(COUNTING, TriggerKind.API, REQUEST, "f" * 32)
        outcome = await Dispatcher(project.fleet.pools).dispatch(invocation, PATIENCE)
        assert outcome.body is not None
        assert [status.in_flight for status in project.status("python")] == [1]

        async def watch() -> list[tuple[str, int]]:
            await until(lambda: project.status("python")[0].state == "draining")
            seen: list[tuple[str, int]] = [(status.state, status.in_flight) for status in project.status("python")]
            (tmp_path / "gate").write_text("")
            return seen

        watching = asyncio.ensure_future(watch())
    assert await watching == [("draining", 1)]


async def test_a_runner_that_is_busy_while_it_leaves_is_not_called_stuck(tmp_path: Path) -> None:
    busy = """
import os, time
config = {"type": "event", "name": "Says-python", "subscribes": ["t"]}
async def handler(input, ctx):
    while not os.path.exists(input["file"]):
        pass
    return {"word": "done"}
"""
    settings = {"link": {**SOON, "pingInterval": 0.1, "pingTimeout": 0.4}}
    async with serving(tmp_path, {STEP["python"]: busy}, **settings) as project:
        gate = tmp_path / "gate"
        running = asyncio.ensure_future(project.answer("python", file=str(gate)))
        await until(lambda: project.status("python")[0].in_flight > 0)
        await project.renew("python")
        await asyncio.sleep(1.0)  # longer than a ping may take: nothing is to happen
        gate.write_text("")
        assert (await running)["word"] == "done"
        assert project.sink.messages(LogLevel.ERROR) == []


async def test_a_process_that_never_greets_is_ended(tmp_path: Path) -> None:
    mute = tmp_path / "mute"
    mute.write_text("#!/bin/sh\nexec sleep 600\n")
    mute.chmod(0o700)
    settings = {"link": {**SOON, "loadTimeout": 0.3}, "runners": {"node": {"executable": str(mute)}}}
    async with serving(tmp_path, says("python", "one"), **settings) as project:
        supervisor = project.fleet._supervisors["node"]
        process = supervisor.start(project.fleet._launch(supervisor.installed))
        async with asyncio.timeout(PATIENCE):
            await process.ended.wait()
        await project.until_logged("the node runner did not load within 0.3 s")


async def test_a_config_that_has_just_come_waits_for_its_own_language(tmp_path: Path) -> None:
    async with serving(tmp_path, says("python", "one")) as project:
        write_project(tmp_path, {"motia.config.ts": "export default {}\n"})
        async with project.fleet.renewal(["python"]) as candidate:
            await loaded(candidate)
            assert await candidate.config(None) is None
        async with project.fleet.renewal(["node"]) as candidate:
            await loaded(candidate)
            config = await candidate.config(None)
            assert config is not None
            assert config.file == "motia.config.ts"
