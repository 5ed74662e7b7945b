"""`runtime create` and `runtime generate step`: what they make is run, called and type-checked."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path, PurePosixPath

import pytest

from runtime.cli.loading import load_project
from runtime.cli.new_step import take_step, write_step
from runtime.errors import RuntimeFault
from runtime.scaffold.steps import KINDS, LANGUAGES
from runtime.scaffold.templates import TEMPLATES
from tests.integration.control import command
from tests.integration.project import PATIENCE, REPOSITORY, RunningProject, eventually, running
from tests.integration.terminal import at_terminal
from tests.packages import link_packages
from tests.types.checking import COMPILERS, generate, pyright, tsc

TYPES_OF_NODE = REPOSITORY / "runners" / "node" / "node_modules" / "@types" / "node"
NAMES = [template.name for template in TEMPLATES]


def create(root: Path, template: str) -> Path:
    """A project of this template; its packages are those of the tests."""
    done = command(root, "create", "demo", "--template", template, "--no-install")
    assert (done.code, done.err) == (0, "")
    project = root / "demo"
    if (project / "package.json").exists():
        link_packages(project, zod="zod4")
        (project / "node_modules" / "@types").mkdir()
        (project / "node_modules" / "@types" / "node").symlink_to(TYPES_OF_NODE)
    return project


def calls(readme: str) -> list[tuple[str, str]]:
    """Each command of the terminal block with the answer under it."""
    block = re.search(r"```console\n(.*?)```", readme, re.DOTALL)
    assert block is not None
    return re.findall(r"^\$ (.+)\n(.+)\n", block[1], re.MULTILINE)


def printed_by(shell: str, project: RunningProject) -> str:
    there = shell.replace("localhost:3000", project.url.removeprefix("http://"))
    done = subprocess.run(["bash", "-c", there], capture_output=True, text=True, check=True)
    return done.stdout


def logs(project: RunningProject, step: str, message: str, data: object = None) -> bool:
    """Waits until a step has said so; data that is not given may be any."""

    def has_said() -> bool:
        said = (line for line in project.log_lines() if (line.get("step"), line["message"]) == (step, message))
        return any(data is None or line.get("data") == data for line in said)

    return eventually(has_said, PATIENCE)


@pytest.mark.parametrize("template", NAMES)
def test_a_project_runs_and_answers_as_its_readme_says(tmp_path: Path, template: str) -> None:
    root = create(tmp_path, template)
    shown = calls((root / "README.md").read_text(encoding="utf-8"))
    assert len(shown) == 3
    with running(root) as project:
        steps = [path for path in (root / "steps").rglob("*step*") if path.is_file() and path.suffix != ".pyc"]
        assert project.output.count("[CREATED]") == len(steps)
        assert not re.search("error|warning|could not be used", project.output, re.IGNORECASE)
        for shell, answer in shown:
            assert eventually(lambda call=shell, said=answer: printed_by(call, project) == said, 5), shell  # type: ignore[misc]
        assert command(root, "cron", "trigger", "CountGreetings").code == 0
        assert logs(project, "CountGreetings", "greetings so far", {"count": 1})
        body = {"name": ""}
        assert project.client.post("/greetings", json=body).json()["errors"][0]["pointer"] == "/name"


@pytest.mark.long  # each compiler for each; the multilang one is in test_the_steps_fit_their_types as well
@pytest.mark.parametrize("template", NAMES)
def test_the_steps_of_a_project_fit_their_types(tmp_path: Path, template: str) -> None:
    root = create(tmp_path, template)
    assert generate(root).returncode == 0
    assert_typed(root)
    for file in ("types.d.ts", "runtime_types.py"):
        assert (root / file).exists() == any(file in path.read_text() for path in (root / "README.md",))


def assert_typed(root: Path) -> None:
    """Fails for everything that a type checker of the project's languages finds."""
    settings = next((root / name for name in ("tsconfig.json", "jsconfig.json") if (root / name).exists()), None)
    if settings is not None:
        settings.rename(root / "tsconfig.json")
        for name, compiler in COMPILERS.items():
            assert tsc(root, compiler) == [], name
    if (root / "runtime_types.py").exists():
        assert pyright(root) == []
        program = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "steps"]
        done = subprocess.run(program, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_a_project_whose_packages_cannot_be_had_stays(tmp_path: Path) -> None:
    unreachable = {"npm_config_registry": "http://127.0.0.1:9/", "npm_config_fetch_retries": "0"}
    done = command(tmp_path, "create", "demo", "--template", "starter-typescript", environment=unreachable)
    assert done.code == 1
    assert "error: npm install failed" in done.err
    assert "python -m runtime install" in done.out
    assert (tmp_path / "demo" / "steps").is_dir()


# ------------------------------------------------------------ at a terminal


def test_name_and_template_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    with at_terminal(tmp_path, "create", "--no-install") as terminal:
        terminal.answer("Name of the project", "a b")
        terminal.answer("Name of the project", "taken")
        terminal.answer("Name of the project", "shop")
        terminal.answer("one flow through TypeScript, Python and JavaScript\nTemplate [1]: ", "2")
        assert terminal.finish() == 0
    assert "cd shop" in terminal.shown
    assert (tmp_path / "shop" / "jsconfig.json").is_file()
    assert {path.name for path in (tmp_path / "taken").iterdir()} == {"file"}


@pytest.mark.parametrize("given", [(), ("shop",)])
def test_an_interrupted_question_leaves_nothing_behind(tmp_path: Path, given: tuple[str, ...]) -> None:
    with at_terminal(tmp_path, "create", *given) as terminal:
        assert terminal.break_off("Template [1]" if given else "Name of the project") == 130
    assert "Traceback" not in terminal.shown
    assert list(tmp_path.iterdir()) == []


def test_what_a_step_needs_is_asked_for(tmp_path: Path) -> None:
    with at_terminal(tmp_path, "generate", "step", "--language", "python") as terminal:
        terminal.answer("Type [1]", "cron")
        terminal.answer("Name [My cron]", "clean up")
        terminal.answer("Schedule [0 * * * *]", "now and then")
        terminal.answer("Schedule [0 * * * *]", "@daily")
        assert terminal.finish() == 0
    assert "not a cron expression" in terminal.shown
    assert '"@daily"' in (tmp_path / "steps" / "clean_up_step.py").read_text()


# ------------------------------------------------------------ steps

DETAILS: Mapping[str, Mapping[str, str]] = {
    "api": {"method": "POST", "path": "/made/{}"},
    "event": {"topic": "made.{}"},
    "cron": {"cron": "0 0 1 1 *"},
    "noop": {},
    "state": {"group": "made-{}"},
    "stream": {"stream": "made{}"},
}
WRITER = """
config = {"type": "api", "name": "Write", "method": "PUT", "path": "/streams/:name"}


async def handler(req, ctx):
    await ctx.streams[req.pathParams.name].set("group", "item", {"text": "hello"})
    return {"status": 204}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a step of every type in every language."""
    root = create(tmp_path_factory.mktemp("steps"), "starter-multilang")
    project = load_project(root)  # once: the command would do so for each of them
    for language, (kind, details) in product(LANGUAGES, DETAILS.items()):
        filled = {option: value.format(language) for option, value in details.items()}
        step = take_step(kind, language, f"made {kind} in {language}", filled)
        assert write_step(project, step, PurePosixPath("steps/made") / language)
    return root


@pytest.fixture(scope="module")
def project(made: Path) -> Iterator[RunningProject]:
    (made / "steps" / "write_step.py").write_text(WRITER)
    with running(made) as project:
        yield project


def test_every_step_is_loaded_without_problems(project: RunningProject, made: Path) -> None:
    assert set(DETAILS) == set(KINDS)
    created = len(DETAILS) * len(LANGUAGES) + len(LANGUAGES)
    assert len(re.findall(r"\[CREATED\].* steps/made/", project.output)) == created
    assert not re.search("warning|could not be used", project.output)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_runs(project: RunningProject, made: Path, language: str) -> None:
    suffix = f"In{language.capitalize()}"
    assert project.client.post(f"/made/{language}", json={}).json() == {"message": f"MadeApi{suffix} answers"}
    assert command(made, "emit", "--topic", f"made.{language}", "--message", '{"is": "there"}').code == 0
    assert logs(project, f"MadeEvent{suffix}", "an event", {"input": {"is": "there"}})
    assert command(made, "cron", "trigger", f"MadeCron{suffix}").code == 0
    assert logs(project, f"MadeCron{suffix}", "it is time")
    assert command(made, "state", "set", f"made-{language}", "a-key", '"a value"').code == 0
    assert logs(project, f"MadeState{suffix}", "create of a-key", {"value": "a value"})
    assert project.client.put(f"/streams/made{language}").status_code == 204
    assert logs(project, f"MadeStream{suffix}", "create of item")


def test_what_is_printed_to_try_a_step_works(project: RunningProject, made: Path) -> None:
    done = command(made, "generate", "step", "--type", "event", "--language", "javascript", "--name", "Tried",
                   "--topic", "it's tried")  # fmt: skip
    assert done.out.splitlines()[-1] == """Try it: python -m runtime emit --topic 'it'"'"'s tried' --message '{}'"""
    (made / "steps" / "tried.step.js").unlink()


def test_the_steps_fit_their_types(made: Path) -> None:
    (made / "steps" / "write_step.py").unlink(missing_ok=True)
    assert generate(made).returncode == 0
    assert_typed(made)


def test_what_another_step_has_is_not_taken(made: Path) -> None:
    before = set((made / "steps").rglob("*.ts"))
    project = load_project(made)
    for name, path, said in (
        ("GetGreeting", "/x", "the name 'GetGreeting' is taken by steps/greetings/get-greeting"),
        ("Other", "/greetings/:name", "the route GET /greetings/:name is taken by steps/greetings/"),
    ):
        step = take_step("api", "typescript", name, {"method": "get", "path": path})
        with pytest.raises(RuntimeFault, match=re.escape(said)):
            write_step(project, step, PurePosixPath("steps"))
    assert set((made / "steps").rglob("*.ts")) == before


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "shop_step.py").write_text("half = 'a thought'\n")
    arguments = ("--type", "noop", "--language", "python", "--name", "shop")
    refused = command(tmp_path, "generate", "step", *arguments)
    assert refused.code == 1
    assert "shop_step.py is there already" in refused.err
    assert (tmp_path / "steps" / "shop_step.py").read_text() == "half = 'a thought'\n"
