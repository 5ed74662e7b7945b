"""Projects made of nothing but the reference pages start without a warning of our making, and do what the pages say."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.integration.control import command
from tests.integration.project import PATIENCE, RunningProject, running, write_project
from tests.integration.reference_projects import (
    JAVASCRIPT,
    PYTHON,
    TOGETHER,
    TYPESCRIPT,
    Files,
    text_of,
    write_reference,
)
from tests.test_reference import PAGES
from tests.types.checking import COMPILERS, generate, tsc

pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason="the pages are not beside this checkout")


class Reference(NamedTuple):
    """The files, and the zod in the project: the 3 that the page's package.json asks for, or the newest."""

    files: Files
    zod: str


PROJECTS = {
    "typescript": Reference(TYPESCRIPT, "zod3_25"),
    "javascript": Reference(JAVASCRIPT, "zod4"),
    "python": Reference(PYTHON, "zod4"),
    "together": Reference(TOGETHER, "zod4"),
}

UNHEARD: Mapping[str, set[str]] = {
    "typescript": {"order.processed", "report.generated", "todo.processed", "user.created"},
    "javascript": {"message.processed", "notifications.sent", "report.generated", "user.created"},
    "python": {"data.processed", "message.processed", "order.processed", "report.generated", "user.created"},
    "together": {
        "my-output",
        "notifications.sent",
        "payment.completed",
        "report.generated",
        "task.done",
        "todo.processed",
    },
}
"""Topics that a page's step declares and that no step of the project subscribes to: none does on the pages."""

SAID: Mapping[str, str] = {
    r"[\w-]+: an event was emitted to '[\w.]+', which no step subscribes to": "the topics of UNHEARD, when they come",
    r"CreateOrder: step 'CreateOrder' emits 'order\.created', which its config does not declare": (
        "the config of steps.md emits nothing, the handlers of other pages do"
    ),
    r"ProcessOrder: step 'ProcessOrder' emits 'order\.processed', which its config does not declare": (
        "the config of infrastructure.md emits nothing, the handler of api-reference.md does"
    ),
    r"CreateOrder: the event for 'order\.created' does not fit the input of step 'ProcessOrder'": (
        "the orders of infrastructure.md and state-management.md have other fields than those of api-reference.md"
    ),
    r"CreateOrder: .* but it returned undefined": "infrastructure.md returns nothing",
    r"CreateOrder: HostCallError: .* needs a 'messageGroupId'": "state-management.md knows no fifo queue",
    r"CreateTodo: the body of a request does not fit its schema: 'description' is missing": "left out on purpose",
    r"Tour: (Rate limit approaching|Payment failed)$": "the pages' own calls of the logger",
}
"""What is warned of when the projects are used, with the reason why that is right."""


_UNTYPED = {"TS7006", "TS7031"}
FAULTS: Mapping[str, Mapping[str, set[str]]] = {
    "typescript": {
        "steps/create-order.step.ts": {"TS2322", "TS2345"},
        "steps/my-endpoint.step.ts": _UNTYPED,
        "steps/my-step.step.ts": _UNTYPED,
        "steps/protected.step.ts": _UNTYPED,
        "steps/users/create-user.step.ts": {"TS2339"},
    },
    "together": {
        "middlewares/core.middleware.ts": _UNTYPED,
        "steps/create-todo.step.test.ts": {"TS2307"},
        "steps/discovered.step.ts": _UNTYPED,
    },
}
"""What tsc may find, by file: parameters that a page leaves without types (which its own tsconfig refuses), a handler
that returns nothing and emits what its config does not declare, a field that a schema lacks, packages for tests."""

_DOCUMENTED = re.compile(r"(?:steps|src)/.*(?:\.|_)(?:step|stream)\.(?:ts|js|py)")


class Tried(NamedTuple):
    """A project in use."""

    name: str
    root: Path
    running: RunningProject

    def call(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        return self.running.client.request(method, path, json=body, headers=headers)

    def wait(self, step: str, message: str) -> dict[str, Any]:
        """The first log line of a step whose message contains this."""
        line = self.running.wait_for(rf'.*"step": "{step}", "message": "[^"]*{message}.*')[0]
        found: dict[str, Any] = json.loads(line)
        return found

    def run(self, *arguments: str) -> None:
        printed = command(self.root, *arguments)
        assert printed.code == 0, printed.out + printed.err


@pytest.fixture(scope="module")
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    files, zod = PROJECTS[request.param]
    root = write_reference(tmp_path_factory.mktemp(request.param), files, zod)
    with running(root, "--no-install", environment={"COLUMNS": "200"}) as started:
        yield Tried(request.param, root, started)


def of(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("project", names, indirect=True, scope="module")


@of(*PROJECTS)
def test_every_step_is_there_and_no_warning_is_ours(project: Tried) -> None:
    files = {name for name in PROJECTS[project.name].files if _DOCUMENTED.fullmatch(name)}
    created = [line["message"] for line in project.running.told("created")]
    assert {re.sub(r"^\[CREATED\] (?:Step \(\w+\)|Stream) ", "", line) for line in created} == files
    said = [line["problem"] for line in project.running.told("problem")]
    warned = [re.fullmatch(r"emits '(.+)', which no step subscribes to", problem) for problem in said]
    assert {found and found[1] for found in warned} == UNHEARD[project.name], said


@of("typescript", "javascript", "python")
def test_api_steps_answer_as_their_pages_say(project: Tried) -> None:
    assert project.call("GET", "/hello").json() == {"message": "Hello world!"}
    assert project.call("GET", "/users/7").json() == {"id": "7", "name": "John"}
    assert project.call("GET", "/health").json() == {"status": "ok"}
    made = project.call("POST", "/users", {"name": "Ada", "email": "a@b.c"}, authorization="x")
    assert (made.status_code, made.json()["name"]) == (201, "Ada")
    assert made.headers["x-request-id"] == made.headers["x-trace-id"]


@of("typescript", "javascript", "python")
def test_events_reach_the_steps_that_subscribe(project: Tried) -> None:
    sent = project.call("POST", "/messages", {"text": "hi"})
    line = project.wait("ProcessMessage", "Processing message")
    assert (sent.json(), line["traceId"]) == ({"ok": True}, sent.headers["x-trace-id"])
    assert line["data"] in ({"text": "hi"}, {"input": {"text": "hi"}})
    assert project.call("POST", "/resources", {"title": "T", "email": "a@b.c"}).json() == {"id": "123"}
    assert project.wait("SendEmail", "Sending email")["data"] == {"email": "a@b.c"}


@of("typescript", "javascript", "python")
def test_middleware_refuses_lets_pass_and_adds(project: Tried) -> None:
    for refused in (project.call("GET", "/protected"), project.call("POST", "/users", {"name": "Ada"})):
        assert (refused.status_code, refused.json()) == (401, {"error": "Unauthorized"})
    assert project.call("GET", "/protected", authorization="x").json() == {"message": "Success"}
    answer = project.call("POST", "/endpoint", {})
    assert answer.json() in ({"message": "Welcome Admin"}, {"user": {"id": "123", "role": "admin"}})
    assert answer.headers["x-request-id"] == answer.headers["x-trace-id"]


@of("typescript", "javascript", "python")
def test_state_streams_and_logger_do_what_the_pages_call(project: Tried) -> None:
    assert project.call("POST", "/tour").json() == {"prefs": {"theme": "dark"}, "users": []}
    assert project.wait("Tour", "Payment failed")["data"]["error"] == "declined"


@of("typescript")
def test_an_item_of_a_stream_is_answered_with_its_metadata(project: Tried) -> None:
    todo = project.call("POST", "/todo", {"description": "milk"}).json()
    assert (todo["description"], todo["__motia"]["groupId"]) == ("milk", "inbox")
    assert project.call("POST", "/todo", {}).json() == {"error": "Description is required"}


@of("typescript", "javascript")
def test_orders_of_one_customer_are_handled_in_order(project: Tried) -> None:
    wanted = [f"o{number}" for number in range(5)]
    for order in wanted:
        # The page's handler returns nothing, which is no response.
        assert project.call("POST", "/orders", {"orderId": order, "customerId": "c"}).status_code == 500
    project.running.wait_for('"Processing order".*"o4"')
    lines = project.running.log_lines()
    assert [line["data"]["orderId"] for line in lines if line["message"] == "Processing order"] == wanted


@of("python")
def test_a_fifo_queue_asks_for_a_group(project: Tried) -> None:
    assert project.call("POST", "/orders", {"items": [], "total": 5}).status_code == 500
    assert "needs a 'messageGroupId'" in project.wait("CreateOrder", "HostCallError")["message"]
    message = json.dumps({"order_id": "o1", "amount": 5})
    project.run("emit", "--topic", "order.created", "--message", message, "--option", "messageGroupId=c")
    assert project.wait("ProcessOrder", "Processing order")["data"] == {"order_id": "o1", "amount": 5}


@of(*PROJECTS)
def test_schedules_run_when_they_are_triggered(project: Tried) -> None:
    for name, message in (("DailyCleanup", "Running daily cleanup"), ("DailyReport", "Daily order report")):
        project.run("cron", "trigger", name)
        project.wait(name, message)


@of("typescript", "python", "together")
def test_steps_see_the_env_file(project: Tried) -> None:
    if project.name == "typescript":
        assert project.call("POST", "/chat").json() == {"message": "Success!"}
        assert project.wait("chat-with-ai", "Using OpenAI API")["data"] == {"hasKey": True}
    else:
        project.run("emit", "--topic", "data.received", "--message", "{}")
        assert project.wait("process-data", "Processing with API key")["data"] == {"has_key": True}


@of("together")
def test_an_event_goes_through_three_languages(project: Tried) -> None:
    assert project.call("GET", "/users").json() == {"message": "Users retrieved"}
    assert project.wait("send-notifications", "Sending notifications")["data"]["data"]["count"] == 0
    order = project.call("POST", "/orders", {"items": ["tea"], "total": 5}).json()
    assert (order["status"], order["total"]) == ("pending", 5)
    assert project.wait("ProcessPayment", "Payment processed")["data"] == {"orderId": order["id"]}
    project.run("cron", "trigger", "DailyReport")
    project.running.wait_for(r'"Daily order report".*"total": 1, "pending": 0, "paid": 1')


@of("together")
def test_the_other_steps_of_the_pages(project: Tried) -> None:
    assert project.call("GET", "/users/7?page=1").json() == {"userId": "7"}
    assert project.call("POST", "/endpoint").json() == {"success": True}
    assert project.call("POST", "/todo", {"description": "milk"}).json() == {"id": "123", "description": "milk"}
    project.wait("ProcessTodo", "Processing todo")
    project.run("emit", "--topic", "email.requested", "--message", '{"to": "a@b.c"}')
    assert project.wait("SendEmail", "sent")["data"] == {"to": "a@b.c"}


@of("typescript", "together")
def test_tsc_finds_nothing_that_is_ours(project: Tried) -> None:
    assert generate(project.root).returncode == 0
    found = {(file, code) for file, _, code in tsc(project.root, COMPILERS["TypeScript 5"])}
    allowed = FAULTS[project.name]
    assert {(file, code) for file, code in found if code not in allowed.get(file, ())} == set()
    assert {file for file, _ in found} == set(allowed)


@of(*PROJECTS)
def test_the_description_is_valid(project: Tried) -> None:
    project.run("generate", "openapi")
    made = json.loads((project.root / "openapi.json").read_text(encoding="utf-8"))
    OpenAPIV31SpecValidator(made).validate()
    assert made["info"]["title"] == "my-motia-app"
    assert project.call("GET", "/openapi.json").json()["paths"] == made["paths"]


@of(*PROJECTS)
def test_nothing_else_was_said(project: Tried) -> None:
    told = [f"{line['step']}: {line['message']}" for line in project.running.log_lines() if line["level"] != "info"]
    assert [line for line in told if not any(re.match(pattern, line) for pattern in SAID)] == []


# ------------------------------------------------------------ around the steps

PACKAGE = {"name": "app", "scripts": {"dev": "motia dev", "postinstall": "motia install"}}
AROUND = {
    "config.yml": "state:\n  adapter: redis\n",
    "motia-workbench.json": '[{"id": "hello", "config": {}}]',
    "lib/outside.step.ts": "throw new Error('this folder is not scanned')",
    "steps/hello.tsx": "export default () => <b>hello</b>",
    "steps/hello.step.tsx": "throw new Error('a node of the Workbench is no step')",
}
STEPS: Files = {
    "steps/hello.step.js": JAVASCRIPT["steps/hello.step.js"],
    "src/get_user_step.py": PYTHON["steps/get_user_step.py"],
}


@contextmanager
def npm(root: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Runs npm as in a shell in which the environment of these tests is active, and ends it as Ctrl-C does."""
    folder = Path(sys.executable).parent
    process = subprocess.Popen(
        [str(folder / "npm"), *arguments],
        cwd=root,
        env={**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(PATIENCE)


@pytest.mark.parametrize("kind", [{}, {"type": "module"}, {"type": "commonjs"}], ids=["plain", "module", "commonjs"])
def test_npm_runs_a_project_of_any_kind(tmp_path: Path, kind: dict[str, str]) -> None:
    texts = {name: text_of(parts) for name, parts in STEPS.items()}
    write_project(tmp_path, {**AROUND, **texts, "package.json": json.dumps({**PACKAGE, **kind})})
    with npm(tmp_path, "run", "dev", "--", "--port", "0") as process:
        started = RunningProject(process)
        with started.client as client:
            assert client.get("/hello").json() == {"message": "Hello world!"}
            assert client.get("/users/7").json() == {"id": "7", "name": "John"}
        assert "2 steps loaded\n" in started.output
    started.stop()
    assert process.stdout is not None
    process.stdout.close()
    assert not (tmp_path / ".runtime" / "control.json").exists(), "npm has ended, and the runtime has not"


def test_npm_installs_with_the_hook_of_the_pages(tmp_path: Path) -> None:
    write_project(tmp_path, {"package.json": json.dumps(PACKAGE)})
    with npm(tmp_path, "install", "--offline", "--no-audit", "--no-fund") as process:
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said
    assert "nothing to install" in said
