"""`runtime generate-types`: what it writes, when it does not, and that it works beside a running project."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.project import eventually, running, write_project
from tests.types.checking import generate

STEPS = {
    "steps/hello.step.ts": """
        export const config = { type: 'api', name: 'Hello', method: 'GET', path: '/hello/:name' }
        export const handler = async () => ({ status: 200 })
    """,
    "steps/count_step.py": """
from runtime_types import CountContext

config = {"type": "cron", "name": "Count", "cron": "0 0 1 1 *"}


async def handler(ctx: CountContext) -> None:
    ctx.logger.info("counted")
    """,
}


def test_it_writes_one_file_a_language_and_says_so(tmp_path: Path) -> None:
    done = generate(write_project(tmp_path, STEPS))
    assert (done.returncode, done.stdout.splitlines()) == (0, ["types.d.ts written", "runtime_types.py written"])
    assert "'Hello': ApiRouteHandler<" in (tmp_path / "types.d.ts").read_text(encoding="utf-8")
    assert "CountContext: TypeAlias" in (tmp_path / "runtime_types.py").read_text(encoding="utf-8")


def test_a_project_of_one_language_gets_one_file(tmp_path: Path) -> None:
    name = "steps/hello.step.ts"
    done = generate(write_project(tmp_path, {name: STEPS[name]}), "--json")
    assert json.loads(done.stdout) == {"files": ["types.d.ts"], "written": ["types.d.ts"]}
    assert not (tmp_path / "runtime_types.py").exists()


def test_files_that_are_current_are_not_touched(tmp_path: Path) -> None:
    generate(write_project(tmp_path, STEPS))
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in ("types.d.ts", "runtime_types.py")}
    done = generate(tmp_path)
    assert done.stdout.splitlines() == ["types.d.ts is current", "runtime_types.py is current"]
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in before} == before


def test_a_check_tells_stale_files_and_writes_nothing(tmp_path: Path) -> None:
    generate(write_project(tmp_path, STEPS))
    assert generate(tmp_path, "--check").returncode == 0
    stale = STEPS["steps/hello.step.ts"].replace("/hello/:name", "/hello/:id")
    (tmp_path / "steps" / "hello.step.ts").write_text(stale, encoding="utf-8")
    before = (tmp_path / "types.d.ts").read_bytes()
    done = generate(tmp_path, "--check", "--json")
    assert (done.returncode, json.loads(done.stdout)["stale"]) == (1, ["types.d.ts"])
    assert (tmp_path / "types.d.ts").read_bytes() == before


def test_a_file_that_cannot_be_used_fails_and_the_others_get_their_types(tmp_path: Path) -> None:
    broken = {"steps/broken.step.ts": "export const config = { type: 'aip' }"}
    done = generate(write_project(tmp_path, {**STEPS, **broken}))
    assert done.returncode == 1
    assert "steps/broken.step.ts" in done.stdout
    assert "'Hello'" in (tmp_path / "types.d.ts").read_text(encoding="utf-8")


def test_a_config_that_is_not_valid_is_a_fault_without_a_traceback(tmp_path: Path) -> None:
    done = generate(write_project(tmp_path, {**STEPS, "runtime.yaml": "htpp: {}"}))
    assert done.returncode == 1
    assert "did you mean http?" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_works_beside_the_running_project(tmp_path: Path) -> None:
    generate(write_project(tmp_path, STEPS))
    with running(tmp_path) as project:
        assert generate(tmp_path, "--check").returncode == 0
        assert project.client.get("/hello/you").status_code == 200


def test_each_start_of_dev_brings_the_types_up_to_date(tmp_path: Path) -> None:
    write_project(tmp_path, {**STEPS, "types.d.ts": "// of an older version\n"})
    with running(tmp_path) as project:
        assert project.client.get("/hello/you").status_code == 200
        assert eventually(lambda: "'Hello': ApiRouteHandler<" in (tmp_path / "types.d.ts").read_text("utf-8"), 5)
        assert eventually(lambda: "CountContext: TypeAlias" in (tmp_path / "runtime_types.py").read_text("utf-8"), 5)


def test_a_start_in_production_writes_no_types(tmp_path: Path) -> None:
    name = "steps/hello.step.ts"
    with running(write_project(tmp_path, {name: STEPS[name]}), command="start") as project:
        assert project.client.get("/hello/you").status_code == 200
    assert not (tmp_path / "types.d.ts").exists()


def test_a_python_file_in_a_package_is_no_step_of_the_project(tmp_path: Path) -> None:
    name = "steps/hello.step.ts"
    files = {name: STEPS[name], "steps/node_modules/dep/some_step.py": "config = {}\n"}
    generate(write_project(tmp_path, files))
    assert not (tmp_path / "runtime_types.py").exists()
