"""Files that are changed while the project runs: the next request runs them, and nothing else notices."""

from __future__ import annotations

import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from bench.harness.saves import make_project
from tests.integration.control import emit
from tests.integration.project import PATIENCE, RunningProject, eventually, running, write_project

TS = """
import type { ApiRouteConfig } from 'motia'
import { word } from './word'
export const config: ApiRouteConfig = { type: 'api', name: 'Ts', method: 'GET', path: '/ts' }
export const handler = async () => ({ status: 200, body: `${word} 1` })
"""
PY = """
from words import word
config = {"type": "api", "name": "Py", "method": "GET", "path": "/py"}
async def handler(req, ctx):
    return {"status": 200, "body": f"{word} 1"}
"""
PROJECT = {
    "package.json": "{}",
    "steps/ts.step.ts": TS,
    "steps/word.ts": "export const word: string = 'ts'\n",
    "steps/py_step.py": PY,
    "steps/words.py": "word = 'py'\n",
}
LANGUAGES = {"ts": "node", "py": "python"}
STEP = {"ts": "steps/ts.step.ts", "py": "steps/py_step.py"}
HELPER = {"ts": "steps/word.ts", "py": "steps/words.py"}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[RunningProject]:
    with running(write_project(tmp_path, PROJECT), environment={"LOG_FORMAT": "text"}) as started:
        yield started


def edit(root: Path, file: str, old: str, new: str) -> None:
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def answers(project: RunningProject, path: str, text: str) -> bool:
    return eventually(lambda: project.client.get(path).text.replace('": "', '":"') == text, PATIENCE)


def refuses_two_keys(project: RunningProject) -> bool:
    """Whether `http.maxQueryKeys: 1` counts; the start of everything ends the connections that stand open."""
    try:
        return project.client.get("/ts?a=1&b=2").status_code == 400
    except (httpx.RemoteProtocolError, httpx.ReadError):
        return False


@pytest.mark.parametrize("language", STEP)
def test_a_step_and_a_helper_that_are_saved_serve_and_the_other_language_stays(
    project: RunningProject, tmp_path: Path, language: str
) -> None:
    other = next(each for each in LANGUAGES if each != language)
    pid = project.runner_pids()[LANGUAGES[other]]
    edit(tmp_path, STEP[language], " 1", " 2")
    assert answers(project, f"/{language}", f"{language} 2"), project.output
    project.wait_for(rf"\[UPDATED\] Step \(API\) {STEP[language]}")
    edit(tmp_path, HELPER[language], f"'{language}'", "'helper'")
    assert answers(project, f"/{language}", "helper 2"), project.output
    assert pid in project.children_of(LANGUAGES[other])
    assert project.client.get(f"/{other}").text == f"{other} 1"


@pytest.mark.parametrize("language", STEP)
def test_a_broken_edit_leaves_the_old_code_serving_and_is_shown_until_it_is_mended(
    project: RunningProject, tmp_path: Path, language: str
) -> None:
    good = (tmp_path / STEP[language]).read_text()
    edit(tmp_path, STEP[language], "handler", "handler((")
    project.wait_for(rf"{STEP[language]}:\d+")
    assert project.client.get(f"/{language}").text == f"{language} 1"
    other = next(each for each in LANGUAGES if each != language)
    edit(tmp_path, STEP[other], " 1", " 2")
    assert answers(project, f"/{other}", f"{other} 2"), "a broken edit held up the other language"
    (tmp_path / STEP[language]).write_text(good.replace(" 1", " 3"))
    assert answers(project, f"/{language}", f"{language} 3"), project.output
    project.wait_for("mended")


def test_new_and_removed_files_come_and_go(project: RunningProject, tmp_path: Path) -> None:
    (tmp_path / "steps/new.step.ts").write_text(TS.replace("/ts", "/new").replace("'Ts'", "'New'"))
    assert answers(project, "/new", "ts 1"), project.output
    project.wait_for(r"\[CREATED\] Step \(API\) steps/new.step.ts")
    (tmp_path / "steps/new.step.ts").unlink()
    assert eventually(lambda: project.client.get("/new").status_code == 404, PATIENCE)
    project.wait_for(r"\[REMOVED\] .*steps/new.step.ts")


def test_a_language_comes_with_its_first_file_and_goes_with_its_last(tmp_path: Path) -> None:
    files = {name: text for name, text in PROJECT.items() if not name.endswith(".py")}
    with running(write_project(tmp_path, files)) as project:
        assert project.client.get("/py").status_code == 404
        write_project(tmp_path, {name: text for name, text in PROJECT.items() if name.endswith(".py")})
        assert answers(project, "/py", "py 1"), project.output
        (tmp_path / "steps/py_step.py").unlink()
        assert eventually(lambda: not project.children_of("python"), PATIENCE), project.output
        assert project.client.get("/py").status_code == 404


def test_a_whole_folder_that_is_moved_away_and_back_is_followed(project: RunningProject, tmp_path: Path) -> None:
    shutil.move(tmp_path / "steps", tmp_path / "aside")
    assert eventually(lambda: project.client.get("/ts").status_code == 404, PATIENCE)
    shutil.move(tmp_path / "aside", tmp_path / "steps")
    assert answers(project, "/ts", "ts 1"), project.output
    assert answers(project, "/py", "py 1"), project.output


def test_variables_reach_the_steps_when_their_file_is_saved(tmp_path: Path) -> None:
    show = {
        "steps/show_step.py": """
import os
config = {"type": "api", "name": "Show", "method": "GET", "path": "/show"}
async def handler(req, ctx):
    return {"status": 200, "body": os.environ.get("WORD", "none")}
"""
    }
    with running(write_project(tmp_path, show)) as project:
        assert project.client.get("/show").text == "none"
        (tmp_path / ".env").write_text("WORD=first\n")
        assert answers(project, "/show", "first"), project.output
        (tmp_path / ".env").write_text("WORD=second\n")
        assert answers(project, "/show", "second"), project.output


def test_settings_are_taken_over_by_a_start_of_everything_and_bad_ones_are_not(tmp_path: Path) -> None:
    with running(write_project(tmp_path, PROJECT), environment={"LOG_FORMAT": "text"}) as project:
        (tmp_path / "runtime.yaml").write_text("http:\n  maxBodyBytes: what\n")
        project.wait_for("maxBodyBytes")
        assert project.client.post("/ts", content=b"12345678").status_code == 405
        (tmp_path / "runtime.yaml").write_text("http:\n  maxQueryKeys: 1\n")
        assert eventually(partial(refuses_two_keys, project), PATIENCE), project.output
        assert answers(project, "/py", "py 1")


def test_what_runs_finishes_on_the_code_it_began_with(tmp_path: Path) -> None:
    slow = """
    import { existsSync, writeFileSync } from 'node:fs'
    export const config = { type: 'api', name: 'Slow', method: 'GET', path: '/slow' }
    export const handler = async () => {
      writeFileSync('begun', '')
      while (!existsSync('go')) await new Promise((resolve) => setTimeout(resolve, 5))
      return { status: 200, body: 'first' }
    }
    """
    with running(write_project(tmp_path, {**PROJECT, "steps/slow.step.ts": slow})) as project:
        got: list[str] = []
        asking = threading.Thread(target=lambda: got.append(project.client.get("/slow").text))
        asking.start()
        assert eventually((tmp_path / "begun").exists, PATIENCE)
        edit(tmp_path, "steps/slow.step.ts", "'first'", "'second'")
        edit(tmp_path, STEP["ts"], " 1", " 2")
        assert answers(project, "/ts", "ts 2")
        (tmp_path / "go").touch()
        asking.join(PATIENCE)
        assert got == ["first"]
        assert project.client.get("/slow").text == "second"


def test_saves_that_come_faster_than_generations_end_in_the_last_one(project: RunningProject, tmp_path: Path) -> None:
    for number in range(2, 200):
        for file in STEP.values():
            edit(tmp_path, file, f"word}} {number - 1}", f"word}} {number}")
        project.client.get("/ts")  # some milliseconds, as between the files of a formatter
    assert answers(project, "/py", "py 199"), project.output
    assert answers(project, "/ts", "ts 199"), project.output


def test_two_saves_of_one_size_within_a_second_are_both_taken_up(project: RunningProject, tmp_path: Path) -> None:
    for digit in "23456789":
        path = tmp_path / STEP["py"]
        path.write_text(re.sub(r" \d\"", f' {digit}"', path.read_text()))
        assert answers(project, "/py", f"py {digit}"), project.output


@pytest.mark.long  # by the clock, so that it wants the machine for itself
def test_a_save_answers_at_once_in_a_project_of_200_steps(tmp_path: Path) -> None:
    """The figures themselves come from `scripts/bench reload`; here the bound of the worst is held for a few."""
    saved = make_project(tmp_path)
    with running(tmp_path, environment={"LOG_LEVEL": "warn"}) as project:
        for each in saved.values():
            took = []
            for number in range(8):
                each.save(f"save {number}")
                began = time.perf_counter()
                assert answers(project, each.path, json.dumps({"text": f"save {number}"}, separators=(",", ":")))
                took.append(time.perf_counter() - began)
            assert max(took) <= 0.8, took


# ------------------------------------------------------------ languages do not stand in each other's way


@pytest.mark.parametrize("language", STEP)
def test_a_route_that_moves_to_the_other_language_in_one_go_goes_on_being_served(
    project: RunningProject, tmp_path: Path, language: str
) -> None:
    other = next(each for each in LANGUAGES if each != language)
    text = (tmp_path / STEP[other]).read_text()
    moved = "steps/a.step.ts" if other == "ts" else "steps/a_step.py"  # before the others in path order
    taken = text.replace(f'"/{other}"', f'"/{language}"').replace(f"'/{other}'", f"'/{language}'")
    names = {"ts": "Ts", "py": "Py"}
    taken = re.sub(rf"(['\"]){names[other]}\1", rf"\1{names[language]}\1", taken)
    (tmp_path / STEP[language]).unlink()
    (tmp_path / moved).write_text(taken)
    assert answers(project, f"/{language}", f"{other} 1"), project.output


def test_an_endless_load_in_one_language_holds_up_no_other(project: RunningProject, tmp_path: Path) -> None:
    (tmp_path / "steps/loop.step.ts").write_text(f"{TS}\nwhile (true) {{}}\n".replace("'/ts'", "'/loop'"))
    edit(tmp_path, STEP["py"], "word} 1", "word} 2")
    assert answers(project, "/py", "py 2"), project.output
    (tmp_path / "steps/loop.step.ts").unlink()
    edit(tmp_path, STEP["ts"], "word} 1", "word} 2")
    assert answers(project, "/ts", "ts 2"), project.output


def test_old_code_that_takes_long_is_never_cut_off_by_saves(tmp_path: Path) -> None:
    slow = """
import asyncio, os
config = {"type": "event", "name": "Slow", "subscribes": ["slow"], "infrastructure": {"queue": {"maxRetries": 0}}}
async def handler(input, ctx):
    await ctx.state.set("begun", str(input["n"]), True)
    while not os.path.exists("go"):
        await asyncio.sleep(0.01)
    await ctx.state.set("done", str(input["n"]), ctx.attempt)
"""
    show = """
config = {"type": "api", "name": "Show", "method": "GET", "path": "/show"}
async def handler(req, ctx):
    return {"status": 200, "body": {name: await ctx.state.keys(name) for name in ("begun", "done")}}
"""
    files = {**PROJECT, "steps/slow_step.py": slow, "steps/show_step.py": show}
    with running(write_project(tmp_path, files), environment={"LOG_FORMAT": "text"}) as project:

        def shown(name: str) -> list[str]:
            return sorted(project.client.get("/show").json()[name])

        def has_begun(number: int) -> bool:
            return str(number) in shown("begun")

        for number in range(8):
            emit(tmp_path, "slow", {"n": number})
            assert eventually(partial(has_begun, number), PATIENCE), project.output
            edit(tmp_path, STEP["py"], f"word}} {number + 1}", f"word}} {number + 2}")
            assert answers(project, "/py", f"py {number + 2}"), project.output
        (tmp_path / "go").touch()
        assert eventually(lambda: len(shown("done")) == 8, PATIENCE), project.output


CONFIG = "export default { streamAuth: { authenticate: () => { throw new Error('no') } } }\n"
STREAM = {"steps/board.stream.ts": "export const config = { name: 'board', baseConfig: { storageType: 'default' } }\n"}
READ = "/__runtime/streams/board/all"


def test_a_config_that_breaks_or_moves_never_lets_anybody_in(tmp_path: Path) -> None:
    files = {**PROJECT, **STREAM, "motia.config.ts": CONFIG}
    with running(write_project(tmp_path, files), environment={"LOG_FORMAT": "text"}) as project:
        assert project.client.get(READ).status_code == 401
        (tmp_path / "motia.config.ts").write_text("export default { streamAuth: {")
        project.wait_for(r"motia\.config\.ts")
        edit(tmp_path, STEP["py"], "word} 1", "word} 2")
        assert answers(project, "/py", "py 2"), "a broken config of one language held up the other"
        assert project.client.get(READ).status_code == 401
        (tmp_path / "motia.config.ts").unlink()
        python = "def authenticate(request):\n    raise ValueError('no')\n"
        (tmp_path / "motia_config.py").write_text(
            f"{python}config = {{'streamAuth': {{'authenticate': authenticate}}}}\n"
        )
        edit(tmp_path, STEP["ts"], "word} 1", "word} 2")
        statuses = set()

        def has_moved() -> bool:
            statuses.add(project.client.get(READ).status_code)
            return project.client.get("/ts").text == "ts 2"

        assert eventually(has_moved, PATIENCE), project.output
        assert 200 not in statuses


def test_settings_that_are_saved_with_a_broken_step_take_nothing_down(tmp_path: Path) -> None:
    with running(write_project(tmp_path, PROJECT), environment={"LOG_FORMAT": "text"}) as project:
        good = (tmp_path / STEP["py"]).read_text()
        (tmp_path / STEP["py"]).write_text("def (")
        (tmp_path / "runtime.yaml").write_text("http:\n  maxQueryKeys: 1\n")
        project.wait_for("once .* mended")
        assert project.client.get("/py").text == "py 1"
        assert not refuses_two_keys(project)
        for keys in (2, 1):
            (tmp_path / "runtime.yaml").write_text(f"http:\n  maxQueryKeys: {keys}\n")
            edit(tmp_path, STEP["ts"], f"word}} {3 - keys}", f"word}} {4 - keys}")
            assert answers(project, "/ts", f"ts {4 - keys}"), project.output
        assert len(re.findall("once .* mended", project.output)) == 1
        (tmp_path / STEP["py"]).write_text(good)
        assert eventually(partial(refuses_two_keys, project), PATIENCE), project.output
        assert project.client.get("/py").text == "py 1"


def test_settings_wait_for_what_is_held(tmp_path: Path) -> None:
    with running(write_project(tmp_path, PROJECT), environment={"LOG_FORMAT": "text"}) as project:
        edit(tmp_path, STEP["ts"], "handler", "handler((")
        project.wait_for("goes on serving")
        (tmp_path / "runtime.yaml").write_text("http:\n  maxQueryKeys: 1\n")
        project.wait_for("once .* mended")
        assert project.client.get("/ts").text == "ts 1"
        edit(tmp_path, STEP["ts"], "handler((", "handler")
        assert eventually(partial(refuses_two_keys, project), PATIENCE), project.output
