"""`runtime state` beside a running project: what handlers write is seen, what the commands write reaches them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.control import command
from tests.integration.project import PATIENCE, RunningProject, running, write_project

FILES = {
    "steps/seat_step.py": """
config = {"type": "api", "name": "Seat", "method": "POST", "path": "/seats/:seat"}


async def handler(req, ctx):
    seat = req.pathParams.seat
    await ctx.state.set("seats", seat, {"by": req.body.name, "raw": b"\\x00\\xff"})
    entry = await ctx.state.get_entry("seats", seat)
    return {"status": 200, "body": entry.version}
""",
    "steps/who_step.py": """
config = {"type": "api", "name": "Who", "method": "GET", "path": "/seats/:seat"}


async def handler(req, ctx):
    return {"status": 200, "body": await ctx.state.get("seats", req.pathParams.seat)}
""",
    "steps/watch_step.py": """
config = {"type": "state", "name": "Watch", "groupId": "seats"}


async def handler(change, ctx):
    ctx.logger.info(f"{change.operation} of {change.key}")
""",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path, FILES)


@pytest.fixture
def project(root: Path) -> Iterator[RunningProject]:
    with running(root) as project:
        yield project


def test_what_a_handler_has_set_is_shown_with_its_version(project: RunningProject, root: Path) -> None:
    assert command(root, "state", "list").out == "No groups.\n"
    version = project.client.post("/seats/7", json={"name": "Ada"}).json()
    kept = {"by": "Ada", "raw": {"$bytes": "AP8="}}
    assert command(root, "state", "get", "seats", "7", "--json").json == {
        "group": "seats",
        "key": "7",
        "value": kept,
        "version": version,
    }
    assert command(root, "state", "list", "--json").json["groups"] == [{"group": "seats", "keys": 1}]
    listed = command(root, "state", "list", "seats", "--values", "--json").json
    assert listed["keys"] == [{"key": "7", "value": kept, "version": version}]


def test_what_a_command_writes_reaches_handlers_and_those_who_watch(project: RunningProject, root: Path) -> None:
    assert command(root, "state", "set", "seats", "7", '{"by": "Bob"}', "--if-version", "0").code == 0
    assert project.client.get("/seats/7").json() == {"by": "Bob"}
    project.wait_for("create of 7")

    refused = command(root, "state", "set", "seats", "7", "1", "--if-version", "0", "--json")
    assert (refused.code, refused.out) == (1, "")
    assert "version" in refused.err
    assert "Traceback" not in refused.err

    assert command(root, "state", "delete", "seats", "7", "--json").json["value"] == {"by": "Bob"}
    project.wait_for("delete of 7")
    absent = command(root, "state", "get", "seats", "7")
    assert (absent.code, absent.out, absent.err) == (1, "", "error: group 'seats' has no key '7'\n")


def test_a_cleared_group_is_a_delete_of_each_key(project: RunningProject, root: Path) -> None:
    for seat in ("1", "2"):
        project.client.post(f"/seats/{seat}", json={"name": "Ada"})
    assert command(root, "state", "clear", "seats").out == "removed 2 keys of 'seats'\n"
    project.wait_for("delete of 1")
    project.wait_for("delete of 2")


def test_a_value_may_come_through_a_pipe(project: RunningProject, root: Path) -> None:
    long = '"' + "x" * 500_000 + '"'
    words = [sys.executable, "-m", "runtime", "state", "set", "seats", "long", "-"]
    done = subprocess.run(words, cwd=root, input=long, capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout) == (0, "set 'seats' / 'long'\n")
    assert project.client.get("/seats/long").text == long.strip('"')


def test_it_takes_the_token_to_see_names_and_values(project: RunningProject, root: Path) -> None:
    for path in ("state", "state/keys?group=seats", "state/value?group=seats&key=7"):
        assert project.client.get(f"/__runtime/{path}").status_code == 401
    assert project.client.post("/__runtime/state/set?group=seats&key=7", json={"value": 1}).status_code == 401
    refused = command(root, "state", "list", "--token", "not-the-token-of-this-run")
    assert (refused.code, refused.out) == (1, "")
    assert "the runtime refuses the token" in refused.err
