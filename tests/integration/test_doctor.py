"""`runtime doctor`: every fault is made for real, and what it says mends it is done."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runtime.diagnosis.examination import examine
from runtime.web.control.announcement import announced
from tests.integration.control import command
from tests.integration.project import PATIENCE, running, write_project

NOBODY = 54_321
"""A user that no other process has."""
STEP = "open('imported', 'w').close()\nconfig = {'type': 'noop', 'name': 'Quiet'}\n"
FILES = {"steps/quiet_step.py": STEP}
RUNTIME = f'runtime() {{ {shlex.quote(sys.executable)} -m runtime "$@"; }}; '


def no_other_user() -> str:
    """Why nobody else can run what is tested here; empty where somebody can."""
    if os.geteuid() != 0:
        return "only root may act as another user"
    reached = subprocess.run(["test", "-x", sys.executable], user=NOBODY, extra_groups=[], check=False)
    return "" if reached.returncode == 0 else f"another user cannot reach {sys.executable}"


needs_another_user = pytest.mark.skipif(bool(no_other_user()), reason=no_other_user())


@dataclass(frozen=True)
class Diagnosis:
    """What the doctor has said."""

    code: int
    checks: Mapping[str, Mapping[str, Any]]
    text: str

    def faults(self) -> list[str]:
        return [name for name, check in self.checks.items() if check["verdict"] == "fault"]


def shell(root: Path, script: str, environment: Mapping[str, str] | None = None, user: int | None = None) -> Any:
    """Runs a script in which `runtime` is the one that is tested."""
    return subprocess.run(
        ["bash", "-c", RUNTIME + script],
        cwd=root,
        env={**os.environ, "PORT": "0", **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 4,
        user=user,
        extra_groups=None if user is None else [],
    )


def doctor(
    root: Path, environment: Mapping[str, str] | None = None, user: int | None = None, before: str = ""
) -> Diagnosis:
    """The findings by check: by the command where another user asks, or a shell in which `before` was run."""
    if user is None and not before:
        return examined(root, environment or {})
    done = shell(root, f"{before}\nruntime doctor --json", environment, user)
    assert done.stderr == ""
    return Diagnosis(done.returncode, {each["check"]: each for each in json.loads(done.stdout)}, done.stdout)


def examined(root: Path, environment: Mapping[str, str]) -> Diagnosis:
    """The same without the command, whose start takes most of its time."""
    checks = {
        checked.check: {
            "verdict": checked.finding.verdict.value,
            "found": checked.finding.found,
            "fix": checked.finding.fix,
            "command": checked.finding.command,
        }
        for checked in examine(root, {**os.environ, "PORT": "0", **environment})
    }
    code = int(any(check["verdict"] == "fault" for check in checks.values()))
    return Diagnosis(code, checks, json.dumps(checks))


def mend(root: Path, command: str, **how: Any) -> None:
    done = shell(root, command, **how)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def test_a_project_that_can_run_is_told_so(tmp_path: Path) -> None:
    write_project(tmp_path, FILES)
    diagnosis = doctor(tmp_path, before="true")
    assert (diagnosis.code, diagnosis.faults()) == (0, [])
    assert {"runtime", "project", "port", "database", "disk"} <= diagnosis.checks.keys()
    assert all(check.keys() == {"check", "verdict", "found", "fix", "command"} for check in diagnosis.checks.values())
    files = "steps with 1 step or stream file; `runtime generate-types --check` tells whether it loads"
    assert diagnosis.checks["project"]["found"] == files
    printed = shell(tmp_path, "runtime doctor")
    assert printed.returncode == 0
    assert printed.stdout.count("\n✓ ") + printed.stdout.count("\n! ") == len(diagnosis.checks) - 1
    assert "\x1b[" not in printed.stdout


def test_no_step_is_run_and_nothing_is_left_behind(tmp_path: Path) -> None:
    write_project(tmp_path, FILES)
    doctor(tmp_path, before="true")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["steps"]


def test_a_terminal_gets_colours(tmp_path: Path) -> None:
    write_project(tmp_path, FILES)
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "runtime", "doctor"]
    environment = {**os.environ, "PORT": "0", "TERM": "xterm", "NO_COLOR": ""}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=writer, stdin=subprocess.DEVNULL):
        os.close(writer)
        printed = b""
        with contextlib.suppress(OSError):  # what Linux says at the end of a terminal
            while piece := os.read(reader, 65_536):
                printed += piece
    os.close(reader)
    assert "\x1b[32m✓".encode() in printed


def test_a_folder_without_steps_is_no_project(tmp_path: Path) -> None:
    found = doctor(tmp_path)
    assert (found.code, found.faults()) == (1, ["project"])
    mend(tmp_path, found.checks["project"]["command"])
    assert doctor(tmp_path).code == 0


def test_a_file_where_steps_are_looked_for_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "steps").write_text("a thought")
    found = doctor(tmp_path)
    assert found.checks["project"]["found"] == "steps is a file, where steps are looked for"
    mend(tmp_path, found.checks["project"]["command"])
    assert doctor(tmp_path).code == 0
    assert (tmp_path / "steps.old").read_text() == "a thought"


def test_a_pipe_in_the_place_of_a_step_is_told_of(tmp_path: Path) -> None:
    write_project(tmp_path, FILES)
    os.mkfifo(tmp_path / "steps" / "fifo_step.py")
    check = doctor(tmp_path).checks["project"]
    assert check["verdict"] == "fault"
    assert check["found"] == "steps/fifo_step.py: it is a named pipe and no file, so it is left out"


@pytest.mark.parametrize("file", ["runtime.yaml", ".env", "requirements.txt", "package.json"])
def test_a_pipe_in_the_place_of_what_the_core_reads_is_told_of(tmp_path: Path, file: str) -> None:
    write_project(tmp_path, FILES)
    (tmp_path / file).unlink(missing_ok=True)
    os.mkfifo(tmp_path / file)
    found = doctor(tmp_path)
    assert any(check["verdict"] == "fault" and file in check["found"] for check in found.checks.values()), found.text


def test_a_manifest_that_is_no_object_is_told_of(tmp_path: Path) -> None:
    write_project(tmp_path, {**FILES, "package.json": "[]"})
    found = doctor(tmp_path)
    assert found.checks["npm packages"]["verdict"] == "fault"
    assert found.checks["npm packages"]["found"] == "package.json is no object"


@pytest.mark.parametrize("line", ["pydantic >= ", "foo=1.0", "two words", "roman==5.1 extra", "=== broken line ((("])
def test_a_requirement_that_no_installer_takes_is_told_of(tmp_path: Path, line: str) -> None:
    write_project(tmp_path, {**FILES, "requirements.txt": f"# fine\npytest\n{line}\n"})
    found = doctor(tmp_path)
    check = found.checks["Python packages"]
    assert check["verdict"] == "fault"
    assert check["found"].startswith(f"requirements.txt:3: '{line.strip()}' is no requirement: ")
    assert check["fix"].startswith("correct the line")
    assert "runtime install" not in found.text


@pytest.mark.parametrize(
    "line",
    [
        "--no-index",
        "a.whl",
        "${A}",
        ".",
        "pytest --hash=sha256:00",
        "./local",
        "local/pkg",
        "git+https://x/y.git",
        "a @ https://x/y.whl",
    ],
)
def test_what_an_installer_takes_is_no_broken_requirement(tmp_path: Path, line: str) -> None:
    write_project(tmp_path, {**FILES, "requirements.txt": f"{line}\n"})
    assert "no requirement" not in doctor(tmp_path).checks["Python packages"]["found"]


def test_a_folder_in_the_place_of_variables_is_told_of(tmp_path: Path) -> None:
    write_project(tmp_path, {**FILES, ".env/variables": ""})
    check = doctor(tmp_path).checks["variables"]
    assert (check["verdict"], check["found"]) == ("warning", ".env is a folder, so no variables are read from it")
    (tmp_path / ".env" / "pyvenv.cfg").touch()  # some call their virtual environment so
    assert doctor(tmp_path).checks["variables"]["verdict"] == "ok"


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("http: {prot: 3000}\n", "http.prot is not a setting; did you mean port?"),
        ("http: [\n", "is not valid YAML"),
        ("http: {tls: {certificate: no.pem, key: no.pem}}\n", "http.tls.certificate: "),
        ("runners: {cobol: {}}\n", "runners.cobol names no runner"),
        ("control: {token: short}\n", "control.token is no text of at least 16"),
    ],
)
def test_settings_are_faulted_as_dev_would_fault_them(tmp_path: Path, yaml: str, said: str) -> None:
    write_project(tmp_path, {**FILES, "runtime.yaml": yaml})
    found = doctor(tmp_path)
    assert (found.code, found.faults()) == (1, ["settings"])
    assert said in found.checks["settings"]["found"]
    refused = shell(tmp_path, "runtime dev")
    assert refused.returncode == 1
    assert said in refused.stderr


def test_two_configs_are_a_fault(tmp_path: Path) -> None:
    write_project(tmp_path, {**FILES, "motia.config.js": "module.exports = {}", "motia_config.py": "config = {}"})
    assert "a project has one config" in doctor(tmp_path).checks["settings"]["found"]


def test_env_files_are_read_and_their_values_kept(tmp_path: Path) -> None:
    files = {
        ".env": "A='s3cret\nHOST_OF=s3cret.invalid\nRUNTIME_NODE=/s3cret/node\n",
        "runtime.yaml": "http: {host: '${HOST_OF}'}\nrunners: {python: {executable: '${PROGRAM}'}}\n",
        "steps/a.step.ts": "",
    }
    write_project(tmp_path, {**FILES, **files})
    found = doctor(tmp_path, {"PROGRAM": "/s3cret/python"})
    assert found.checks["variables"]["verdict"] == "warning"
    assert ".env:1: this is not NAME=value" in found.checks["variables"]["found"]
    assert found.faults() == ["Python of the steps", "Node of the steps", "port"]
    assert "(from HOST_OF)" in found.checks["port"]["found"]
    assert "s3cret" not in found.text
    (tmp_path / ".env").write_bytes(b"A=\xff\n")
    assert "variables" in doctor(tmp_path, {"PROGRAM": "python", "HOST_OF": "127.0.0.1"}).faults()


@pytest.mark.long  # the packages of the runner come from the registry
@pytest.mark.timeout(300)
def test_a_broken_environment_and_missing_packages_are_mended(tmp_path: Path) -> None:
    write_project(
        tmp_path, {**FILES, "requirements.txt": "motia\nroman==5.1  # numerals\nnone; python_version < '3'\n"}
    )
    venv.create(tmp_path / ".venv", symlinks=True)
    python = tmp_path / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(tmp_path / "gone")
    broken = doctor(tmp_path)
    assert broken.faults() == ["Python of the steps"]
    check = broken.checks["Python of the steps"]
    assert "is not there" in check["found"]
    mend(tmp_path, check["command"])
    assert doctor(tmp_path).faults() == []

    for path in (tmp_path / ".venv").rglob("roman*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    missing = doctor(tmp_path).checks["Python packages"]
    assert (missing["verdict"], missing["found"]) == ("fault", "roman is missing (asked for by requirements.txt)")
    mend(tmp_path, missing["command"])
    assert doctor(tmp_path).faults() == []


def test_an_environment_without_the_runners_packages_is_told_of(tmp_path: Path) -> None:
    venv.create(tmp_path / ".venv", symlinks=True)
    write_project(tmp_path, FILES)
    check = doctor(tmp_path).checks["Python of the steps"]
    assert check["verdict"] == "fault"
    assert "hpack is missing" in check["found"]
    python = tmp_path / ".venv" / "bin" / "python"
    assert check["command"] == f"{python} -m ensurepip && runtime install"
    (tmp_path / ".venv" / "lib" / "python3.11" / "site-packages" / "pip").mkdir(parents=True, exist_ok=True)
    assert doctor(tmp_path).checks["Python of the steps"]["command"] == "runtime install"
    (tmp_path / "steps/quiet_step.py").unlink()
    check = doctor(tmp_path).checks["Python of the steps"]
    assert check["verdict"] == "warning"
    assert check["found"].endswith("no step needs it")


def test_a_python_that_is_too_old_or_no_python_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.runners.packages.ask.ANSWER_SECONDS", 1.0)
    answers = {"old": "echo 3.9.1 too old", "broken": "echo it is broken >&2; exit 3", "slow": "sleep 60 & wait"}
    for name, script in answers.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    said = {"old": "is Python 3.9.1, and the runner needs", "broken": "it is broken", "slow": "does not answer within"}
    for name, words in said.items():
        executable = tmp_path / name
        write_project(tmp_path, {**FILES, "runtime.yaml": f"runners: {{python: {{executable: '{executable}'}}}}\n"})
        found = doctor(tmp_path)
        assert found.faults() == ["Python of the steps"]
        assert words in found.checks["Python of the steps"]["found"]


def test_a_package_of_another_version_is_told_of(tmp_path: Path) -> None:
    metadata = "Metadata-Version: 2.1\nName: roman\nVersion: 4.0\n"
    files = {"requirements.txt": "roman==5.1\n", "python_modules/roman-4.0.dist-info/METADATA": metadata}
    found = doctor(write_project(tmp_path, {**FILES, **files})).checks["Python packages"]
    assert (found["verdict"], found["command"]) == ("fault", "runtime install")
    assert found["found"] == "roman is 4.0, not ==5.1 (asked for by requirements.txt)"


def test_a_node_that_is_too_old_is_told_of(tmp_path: Path) -> None:
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v18.20.1\n")
    old.chmod(0o755)
    write_project(tmp_path, {"steps/a.step.ts": ""})
    found = doctor(tmp_path, {"RUNTIME_NODE": str(old)})
    check = found.checks["Node of the steps"]
    assert "Node of the steps" in found.faults()
    assert check["found"] == "the Node of RUNTIME_NODE is Node 18.20.1, and the runner needs at least 20"
    assert doctor(tmp_path, {"RUNTIME_NODE": str(old)}, before=check["command"]).faults() == []
    write_project(tmp_path, {"runtime.yaml": f"runners: {{node: {{executable: '{tmp_path}/none'}}}}\n"})
    check = doctor(tmp_path).checks["Node of the steps"]
    assert "cannot be started: No such file or directory" in check["found"]
    assert "runtime.yaml" in check["fix"]
    npm = doctor(tmp_path).checks["npm"]
    assert npm["command"] == ""
    assert "correct it in runtime.yaml" in npm["fix"]


def test_missing_npm_packages_are_mended(tmp_path: Path) -> None:
    files = {"package.json": '{"dependencies": {"ours": "file:./ours"}}', "ours/package.json": '{"name": "ours"}'}
    write_project(tmp_path, {"steps/quiet.step.js": "", **files})  # no Python, whose packages are the registry's
    found = doctor(tmp_path)
    assert found.faults() == ["npm packages"]
    assert found.checks["npm packages"]["found"] == "ours missing in node_modules"
    assert found.checks["npm packages"]["command"] == "runtime install"
    mend(tmp_path, found.checks["npm packages"]["command"])
    assert doctor(tmp_path).faults() == []
    shutil.rmtree(tmp_path / "node_modules")
    (tmp_path / "package-lock.json").unlink(missing_ok=True)
    (tmp_path / "pnpm-lock.yaml").write_text("")
    assert doctor(tmp_path).checks["npm packages"]["command"] == "pnpm install"


def test_a_further_runner_without_its_program_is_told_of(tmp_path: Path) -> None:
    manifest = (
        'language = "ruby"\ncommand = ["no-such-ruby", "{dir}/main.rb"]\nstep_files = ["*_step.rb"]\n'
        'install = "apt-get install ruby"\n'
    )
    files = {"ruby/runner.toml": manifest, "runtime.yaml": "runners: {ruby: {manifest: ruby}}\n", "steps/a_step.rb": ""}
    check = doctor(write_project(tmp_path, files)).checks["ruby runner"]
    assert (check["verdict"], check["command"]) == ("fault", "apt-get install ruby")
    assert "'no-such-ruby' is not on PATH" in check["found"]


@contextmanager
def held_port(host: str = "127.0.0.1") -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A port of another process."""
    script = (
        f"import socket; s = socket.create_server(({host!r}, 0)); print(s.getsockname()[1], flush=True); s.accept()"
    )
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def test_a_port_of_another_process_keeps_no_project_from_running(tmp_path: Path) -> None:
    write_project(tmp_path, FILES)
    with held_port() as (holder, port), socket.create_server(("127.0.0.1", 0)) as server:
        found = doctor(tmp_path, {"PORT": str(port)})
        assert (found.code, found.checks["port"]["verdict"]) == (0, "warning")
        held = f"in use by pid {holder.pid} ({sys.executable} -c import socket"
        assert held in found.checks["port"]["found"]
        assert "kill" not in found.text
        own = server.getsockname()[1]
        with announced(tmp_path, "127.0.0.1", own, None):
            check = doctor(tmp_path, {"PORT": str(port)}).checks["port"]
        assert (check["verdict"], check["fix"]) == ("ok", "")
        assert check["found"].startswith(f"this project runs at http://127.0.0.1:{own}; port (from PORT) is {held}")


def test_the_runtime_of_the_folder_may_have_the_port(tmp_path: Path) -> None:
    write_project(tmp_path, FILES)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with announced(tmp_path, "127.0.0.1", port, None):
            found = doctor(tmp_path, {"PORT": str(port)})
    assert found.checks["port"]["found"].endswith("is that of the runtime which runs in this folder")
    runs = f"this project runs at http://127.0.0.1:{port} (pid {os.getpid()})"
    assert found.checks["running"] == {"verdict": "ok", "found": runs, "fix": "", "command": ""}
    assert found.code == 0
    stopped = doctor(tmp_path).checks["running"]
    assert (stopped["verdict"], stopped["found"]) == ("ok", "this project does not run")
    (tmp_path / ".runtime/control.json").write_text("{")
    damaged = doctor(tmp_path).checks["running"]
    assert damaged["verdict"] == "warning"
    mend(tmp_path, damaged["command"])
    assert doctor(tmp_path).checks["running"]["verdict"] == "ok"


def test_a_project_that_runs_is_left_alone_and_its_processes_are_known(tmp_path: Path) -> None:
    files = {**FILES, "steps/other.step.ts": "export const config = { type: 'noop', name: 'Other' }\n"}
    with running(write_project(tmp_path, files)) as project:
        assert project.runner_pids().keys() == {"node", "python"}
        listed = command(tmp_path, "runners", "--json").json["runners"]
        serving = {each["language"]: each["pid"] for each in listed if each["state"] == "serving"}
        assert serving == project.runner_pids()
        assert re.search(rf"│ node +│ 1 +│ {serving['node']} +│ serving", command(tmp_path, "runners").out)
        found = doctor(tmp_path, {"PORT": project.url.rpartition(":")[2]})
        assert found.faults() == []
        assert found.checks["port"]["found"].endswith("is that of the runtime which runs in this folder")
        assert found.checks["running"]["found"] == f"this project runs at {project.url} (pid {project.process.pid})"
        assert found.checks["database"]["found"].startswith(".runtime/runtime.db is whole")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A project that every user may enter."""
    path = Path(tempfile.mkdtemp(prefix="doctor-"))
    path.chmod(0o755)
    write_project(path, FILES)
    yield path
    shutil.rmtree(path)


@pytest.mark.skipif(os.geteuid() == 0 and bool(no_other_user()), reason=no_other_user())
def test_a_folder_that_cannot_be_written_is_mended(folder: Path) -> None:
    user = NOBODY if os.geteuid() == 0 else None
    (folder / ".runtime").mkdir()
    os.chown(folder / ".runtime", user or -1, -1)
    (folder / ".runtime").chmod(0o555)
    found = doctor(folder, user=user)
    assert found.faults() == ["files"]
    assert found.checks["files"]["found"] == ".runtime cannot be written: Permission denied"
    mend(folder, found.checks["files"]["command"], user=user)
    assert doctor(folder, user=user).faults() == []


@needs_another_user
def test_anothers_folder_and_closed_sources_are_told_of(folder: Path) -> None:
    found = doctor(folder, user=NOBODY)
    assert found.checks["files"]["command"].startswith(f"sudo chown -R {NOBODY} ")
    (folder / "steps/quiet_step.py").chmod(0)
    closed = doctor(folder, user=NOBODY).checks["project"]
    assert closed["found"] == "steps/quiet_step.py cannot be read"
    mend(folder, closed["command"].replace("sudo ", ""))
    assert doctor(folder, user=NOBODY).checks["project"]["verdict"] == "ok"


def test_a_file_in_the_place_of_the_folder_is_told_of(tmp_path: Path) -> None:
    write_project(tmp_path, {**FILES, ".runtime": ""})
    found = doctor(tmp_path)
    assert found.faults() == ["files"]
    assert found.checks["running"]["verdict"] == "ok"
    mend(tmp_path, found.checks["files"]["command"])
    assert doctor(tmp_path).faults() == []


def test_sockets_are_for_this_user_alone(tmp_path: Path) -> None:
    write_project(tmp_path, {**FILES, ".runtime/run/none": ""})
    (tmp_path / ".runtime/run").chmod(0o755)
    found = doctor(tmp_path)
    assert (found.code, found.checks["socket"]["verdict"]) == (0, "warning")
    mend(tmp_path, found.checks["socket"]["command"])
    assert doctor(tmp_path).checks["socket"]["verdict"] == "ok"


def test_a_damaged_database_is_put_aside(tmp_path: Path) -> None:
    write_project(tmp_path, {**FILES, ".runtime/runtime.db": "this is no database " * 100})
    found = doctor(tmp_path)
    assert (found.code, found.faults()) == (1, ["database"])
    assert "is no database, or its beginning is damaged" in found.checks["database"]["found"]
    mend(tmp_path, found.checks["database"]["command"])
    assert doctor(tmp_path).code == 0
    assert (tmp_path / ".runtime/damaged/runtime.db").exists()


@needs_another_user
def test_too_few_watches_are_told_of(folder: Path) -> None:
    """The limit is a user's own, so this one's is used up."""
    hog = (
        "import ctypes, sys; libc = ctypes.CDLL(None)\n"
        "while libc.inotify_init1(0) >= 0: pass\n"
        "print('full', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", hog]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, user=NOBODY, extra_groups=[], text=True, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == "full\n"
        check = doctor(folder, user=NOBODY).checks["watching"]
        assert check["verdict"] == "warning"
        assert "fs.inotify.max_user_instances" in check["found"]
        assert re.fullmatch(r"sudo sysctl fs\.inotify\.max_user_instances=\d+", check["command"])
    assert doctor(folder, user=NOBODY).checks["watching"]["verdict"] == "ok"


def test_too_few_open_files_are_told_of(tmp_path: Path) -> None:
    write_project(tmp_path, FILES)
    check = doctor(tmp_path, before="ulimit -n 2000").checks["open files"]
    assert check["verdict"] == "warning"
    assert "2000 files, too few for streams.maxSockets (10000)" in check["found"]
    assert check["command"].endswith("prlimit --pid $$ --nofile=11024:11024")
    lowered = re.search(r"lower streams.maxSockets to (\d+)", check["fix"])
    assert lowered is not None
    write_project(tmp_path, {"runtime.yaml": f"streams: {{maxSockets: {lowered[1]}}}\n"})
    assert doctor(tmp_path, before="ulimit -n 2000").checks["open files"]["verdict"] == "ok"


def test_an_unknown_time_zone_is_told_of(tmp_path: Path) -> None:
    write_project(tmp_path, FILES)
    found = doctor(tmp_path, {"TZ": "Nowhere/Nothing"}, before="true")
    assert found.faults() == ["clock"]
    assert doctor(tmp_path, {"TZ": "Nowhere/Nothing"}, before=found.checks["clock"]["command"]).faults() == []


@needs_another_user
def test_a_full_disk_is_told_of(tmp_path: Path) -> None:
    mounted = f"mount -t tmpfs -o size=110m tmpfs {shlex.quote(str(tmp_path))} && cd {shlex.quote(str(tmp_path))}"
    if subprocess.run(["unshare", "-m", "bash", "-c", mounted], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    fill = "mkdir -p steps .runtime/cache && head -c 20M /dev/zero > .runtime/cache/x"
    script = f"{mounted} && {fill} && {RUNTIME} runtime doctor --json; rm -rf .runtime/cache; runtime doctor --json"
    done = subprocess.run(
        ["unshare", "-m", "bash", "-c", script], env={**os.environ, "PORT": "0"}, capture_output=True, text=True
    )
    first, end = json.JSONDecoder().raw_decode(done.stdout)
    before, after = (
        {each["check"]: each for each in document}["disk"] for document in (first, json.loads(done.stdout[end:]))
    )
    assert (before["verdict"], before["command"]) == ("fault", "rm -rf .runtime/cache")
    assert after["verdict"] == "warning"
