"""The commands that talk to a running project, and the control routes that they use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.control import becomes, command, counts, emit, pause, queue
from tests.integration.project import RunningProject, running, write_project

FILES = {
    "package.json": "{}",
    "steps/ship.step.ts": """
        const infrastructure = { queue: { maxRetries: 0 } }
        export const config = { type: 'event', name: 'Ship', subscribes: ['order'], infrastructure }
        export const handler = async ({ orderId }, { logger }) => {
          if (orderId < 0) throw new RangeError(`no order ${orderId}`)
          logger.info(`shipped ${orderId}`)
        }
    """,
    "steps/bill_step.py": """
config = {"type": "event", "name": "Bill", "subscribes": ["order", "refund"]}
async def handler(input, ctx):
    ctx.logger.info(f"billed {input.orderId}")
""",
    "steps/hold_step.py": """
config = {"type": "event", "name": "Hold", "subscribes": ["hold"]}
async def handler(input, ctx):
    ctx.logger.info(f"held {input}")
""",
    "steps/report_step.py": """
config = {"type": "cron", "name": "Report", "cron": "0 9 * * MON", "timezone": "Europe/Berlin"}
async def handler(ctx):
    ctx.logger.info("reported")
""",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("cli"), FILES)


@pytest.fixture(scope="module")
def project(root: Path) -> Iterator[RunningProject]:
    with running(root) as project:
        yield project


def test_emit_prints_the_id_of_a_stored_event(project: RunningProject, root: Path) -> None:
    printed = command(root, "emit", "--topic", "order", "--message", '{"orderId": 1}')
    assert (printed.code, printed.err) == (0, "")
    assert printed.out.startswith("emitted ")
    assert printed.out.endswith(" to 'order'\n")
    project.wait_for("shipped 1")

    arguments = ("emit", "--topic", "order", "--message", '{"orderId": 2}', "--option", "idempotencyKey=two", "--json")
    first, again = (command(root, *arguments).json for _ in range(2))
    assert first == again
    assert (first.keys(), first["subscribers"]) == ({"id", "subscribers", "nearest"}, ["Bill", "Ship"])
    project.wait_for("shipped 2")
    assert becomes(root, "Ship")
    assert project.output.count("shipped 2") == 1


@pytest.mark.usefixtures("project")
def test_emit_warns_of_a_topic_that_no_step_subscribes_to(root: Path) -> None:
    for topic, hint in (("ordre", "did you mean 'order'?"), ("zzz", "`runtime queue list` shows the topics that have")):
        printed = command(root, "emit", "--topic", topic, "--message", "{}")
        assert (printed.code, printed.out.startswith("emitted ")) == (0, True)
        assert printed.err.startswith(f"warning: no step subscribes to '{topic}'; {hint}")
    printed = command(root, "emit", "--topic", "ordre", "--message", "{}", "--json")
    assert (printed.err, printed.json["subscribers"], printed.json["nearest"]) == ("", [], "order")


def test_emit_says_what_is_wrong(project: RunningProject, root: Path) -> None:
    refused = command(root, "emit", "--topic", "order", "--message", "{}", "--option", "delai=3", "--json")
    assert (refused.code, refused.out) == (1, "")
    assert "'delai' is no option of emit; known are messageGroupId" in refused.err
    assert "Traceback" not in refused.err

    wrong = command(root, "emit", "--topic", "order", "--message", "{orderId: 1}")
    assert (wrong.code, wrong.out) == (2, "")
    assert "--message" in wrong.err
    assert counts(root, "Ship")["waiting"] == 0


def test_pause_and_resume_hold_a_queue_and_let_it_go_on(project: RunningProject, root: Path) -> None:
    assert command(root, "queue", "pause", "hold").out == "'hold' → 'Hold' is paused\n"
    command(root, "emit", "--topic", "hold", "--message", '"this"')
    listed = {each["step"]: each for each in command(root, "queue", "list", "--json").json["queues"]}
    assert (listed["Hold"]["paused"], listed["Hold"]["waiting"], listed["Hold"]["inFlight"]) == (True, 1, 0)
    assert "paused" in command(root, "queue", "list").out

    shown = command(root, "queue", "show", "Hold", "--json").json
    assert [event["data"] for event in shown["events"]] == ["this"]
    assert '"this"' in command(root, "queue", "show", "Hold").out
    assert "held this" not in project.output

    assert command(root, "queue", "resume", "--step", "Hold", "--json").json["paused"] is False
    project.wait_for("held this")
    assert becomes(root, "Hold")


def test_purge_forgets_what_waits(project: RunningProject, root: Path) -> None:
    pause(root, "Hold")
    for _ in range(3):
        emit(root, "hold", "never")
    assert command(root, "queue", "purge", "Hold", "--waiting").out == "forgot 3 events of 'hold' → 'Hold'\n"
    assert command(root, "queue", "resume", "Hold").code == 0
    assert becomes(root, "Hold")
    assert "held never" not in project.output


def test_dead_letters_are_shown_redriven_and_purged(project: RunningProject, root: Path) -> None:
    for order in (-1, -2):
        emit(root, "order", {"orderId": order})
    assert becomes(root, "Ship", dead=2)
    shown = command(root, "queue", "show", "Ship").out
    assert "RangeError (handler): no order -1" in shown
    assert "ship.step.ts:5" in shown
    letters = {letter["data"]["orderId"]: letter["id"] for letter in queue(root, "Ship")["deadLetters"]}

    edited = ("--id", str(letters[-1]), "--data", '{"orderId": 11}')
    done = command(root, "queue", "redrive", "Ship", *edited).out
    assert done == "redrove 1 dead letters of 'order' → 'Ship'\n"
    project.wait_for("shipped 11")
    assert becomes(root, "Ship", dead=1)

    refused = command(root, "queue", "redrive", "Ship", "--failure", "TypeError", "--json")
    assert (refused.code, refused.out) == (1, "")
    assert "there are: RangeError (1)" in refused.err
    by_cause = command(root, "queue", "redrive", "Ship", "--failure", "RangeError", "--json").json
    assert (by_cause["redriven"], by_cause["moved"]) == (1, 0)
    assert becomes(root, "Ship", dead=1)
    assert command(root, "queue", "purge", "Ship", "--dead", "--json").json["purged"] == 1
    assert becomes(root, "Ship")


def test_an_unclear_queue_is_answered_with_those_that_may_be_meant(project: RunningProject, root: Path) -> None:
    ambiguous = command(root, "queue", "show", "order")
    assert (ambiguous.code, ambiguous.out) == (1, "")
    for line in ("'order' fits 2 queues", "topic 'order', step 'Bill'", "topic 'order', step 'Ship'"):
        assert line in ambiguous.err
    unknown = command(root, "queue", "pause", "Shop", "--json")
    assert (unknown.code, unknown.out) == (1, "")
    assert "topic 'order', step 'Ship'" in unknown.err
    assert command(root, "queue", "show").code == 2
    assert command(root, "queue", "redrive", "Ship").code == 2
    assert command(root, "queue", "purge", "Ship", "--dead", "--waiting").code == 2


def test_schedules_are_listed_and_triggered(project: RunningProject, root: Path) -> None:
    [schedule] = command(root, "cron", "list", "--json").json["schedules"]
    assert (schedule["step"], schedule["expression"], schedule["last"]) == ("Report", "0 9 * * MON", None)
    listed = command(root, "cron", "list").out
    assert "Report" in listed
    assert "Europe/Berlin" in listed
    assert command(root, "cron", "trigger", "Report").out.startswith("triggered 'Report' as ")
    project.wait_for("reported")
    unknown = command(root, "cron", "trigger", "Rapport")
    assert (unknown.code, unknown.out) == (1, "")
    assert "Report" in unknown.err


def test_a_wrong_token_is_refused(project: RunningProject, root: Path) -> None:
    refused = command(root, "queue", "show", "Ship", "--token", "not-the-token-of-this-run", "--json")
    assert (refused.code, refused.out) == (1, "")
    assert "the runtime refuses the token" in refused.err
    assert "Traceback" not in refused.err
    for headers in ({}, {"Authorization": "Bearer not-the-token-of-this-run"}):
        answer = project.client.post("/__runtime/queue/pause?step=Ship", headers=headers, json={})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert not queue(root, "Ship")["paused"]


@pytest.mark.parametrize(
    "arguments",
    [("emit", "--topic", "order", "--message", "1"), ("queue", "list", "--json"), ("cron", "trigger", "Report")],
)
def test_without_a_runtime_the_commands_say_so(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    printed = command(tmp_path, *arguments)
    assert (printed.code, printed.out) == (1, "")
    assert "no runtime runs in" in printed.err
    assert "runtime dev" in printed.err
    assert "Traceback" not in printed.err


def test_a_killed_runtime_that_left_its_file_behind_is_noticed(tmp_path: Path) -> None:
    with running(write_project(tmp_path, {"steps/hold_step.py": FILES["steps/hold_step.py"]})) as project:
        project.process.kill()
        project.process.wait()
    assert (tmp_path / ".runtime" / "control.json").exists()
    printed = command(tmp_path, "queue", "list", "--json")
    assert (printed.code, printed.out) == (1, "")
    assert "no runtime answers at 127.0.0.1" in printed.err


ROUTES = [
    ("POST", "emit"),
    ("GET", "queues"),
    ("GET", "queue?step=Hold"),
    ("POST", "queue/pause?step=Hold"),
    ("POST", "queue/resume?step=Hold"),
    ("POST", "queue/redrive?step=Hold"),
    ("POST", "queue/purge?step=Hold"),
    ("GET", "cron"),
    ("POST", "cron/trigger?step=Report"),
    ("GET", "state"),
    ("GET", "state/keys?group=g"),
    ("GET", "state/value?group=g&key=k"),
    ("POST", "state/set?group=g&key=k"),
    ("POST", "state/delete?group=g&key=k"),
    ("POST", "state/clear?group=g"),
]


def test_start_has_no_control_routes_without_a_configured_token(tmp_path: Path) -> None:
    files = {name: FILES[name] for name in ("steps/hold_step.py", "steps/report_step.py")}
    with running(write_project(tmp_path, files), command="start") as project:
        answers = {route: project.client.request(route[0], f"/__runtime/{route[1]}").status_code for route in ROUTES}
        assert answers == dict.fromkeys(ROUTES, 404)
        printed = command(tmp_path, "queue", "list")
        assert (printed.code, printed.out) == (1, "")
        assert "the control routes of this runtime are off" in printed.err
        assert json.loads((tmp_path / ".runtime" / "control.json").read_text())["token"] is None


def test_start_answers_to_its_configured_token_and_to_no_other(tmp_path: Path) -> None:
    token = "a-token-of-the-project"
    files = {"steps/hold_step.py": FILES["steps/hold_step.py"], "runtime.yaml": "control:\n  token: ${RUNTIME_TOKEN}\n"}
    with running(write_project(tmp_path, files), command="start", environment={"RUNTIME_TOKEN": token}) as project:
        assert project.client.get("/__runtime/queues").status_code == 401
        assert command(tmp_path, "queue", "list").code == 1
        assert command(tmp_path, "queue", "list", "--token", "another-token-that-is-long").code == 1
        known = command(tmp_path, "queue", "list", "--json", environment={"RUNTIME_TOKEN": token}).json
        assert [each["step"] for each in known["queues"]] == ["Hold"]
        assert command(tmp_path, "emit", "--topic", "hold", "--message", '"it"', "--token", token).code == 0
        project.wait_for("held it")
        assert token not in project.output
