"""The project says what it does: schemathesis finds no answer that the document does not know, and no 5xx."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.core.failures import Failure
from schemathesis.engine import StopReason, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder

from tests.integration.project import REPOSITORY, RunningProject, running, write_project
from tests.integration.shop import write_shop
from tests.unit.generate.test_asyncapi import official

LONG_SECONDS = 300
ANYTHING = "POST /anything/{rest}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    with running(write_shop(tmp_path_factory.mktemp("shop"))) as project:
        yield project


class Findings:
    """What schemathesis saw: how many answers of which status, and what was wrong with some."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.failures: dict[tuple[str | None, str], str] = {}

    def add(self, recorder: ScenarioRecorder) -> None:
        for interaction in recorder.interactions.values():
            if interaction.response is not None:
                self.statuses[interaction.response.status_code] += 1
        for checks in recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    failure: Failure = check.failure_info.failure
                    told = f"{failure.title}: {failure.message}\n{check.failure_info.code_sample}"
                    self.failures.setdefault((failure.operation, check.name), told)


def schema_of(project: RunningProject, **more: Any) -> Any:
    """The document as schemathesis sees it, all of its checks on."""
    config = {
        "seed": 4,
        "continue-on-failure": True,
        # "Any content" cannot say "unless its content type promises what it is not", such as a broken form.
        "operations": [{"include-name": ANYTHING, "checks": {"positive_data_acceptance": {"enabled": False}}}],
        **more,
    }
    return schemathesis.openapi.from_url(
        f"{project.url}/openapi.json", config=schemathesis.Config.from_dict(config), timeout=30
    )


def explore(stream: Any) -> tuple[Findings, StopReason]:
    """Reads all that an engine tells. Raises `AssertionError` for what it could not do."""
    findings = Findings()
    for event in stream:
        match event:
            case events.ScenarioFinished() | events.FuzzScenarioFinished():
                findings.add(event.recorder)
            case events.NonFatalError():
                raise AssertionError(f"{event.label}: {event.value!r}")
            case events.FatalError():
                raise AssertionError(repr(event.exception))
            case events.EngineFinished():
                return findings, event.stop_reason
    raise AssertionError("the engine did not finish")


def check(findings: Findings, least: int) -> None:
    assert not findings.failures, "\n\n".join(f"{where}\n{told}" for where, told in findings.failures.items())
    assert findings.statuses.total() >= least
    assert {200, 201, 202, 204, 400, 404} <= findings.statuses.keys()
    assert max(findings.statuses) < 500


def test_the_document_is_valid(shop: RunningProject) -> None:
    document = shop.client.get("/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    assert document["info"]["title"] == "shop"
    operations = [method for item in document["paths"].values() for method in item]
    assert len(operations) == shop.output.count("[CREATED]") == 7


@pytest.mark.filterwarnings("default")
def test_every_answer_is_one_that_the_document_knows(shop: RunningProject) -> None:
    schema = schema_of(shop, generation={"max-examples": 8, "no-shrink": True})
    findings, reason = explore(from_schema(schema).execute())
    assert reason is StopReason.COMPLETED
    check(findings, least=300)
    assert findings.statuses[405] > 0


@pytest.mark.long
@pytest.mark.timeout(LONG_SECONDS + 120)
@pytest.mark.filterwarnings("default")
def test_five_minutes_find_no_answer_that_the_document_does_not_know(shop: RunningProject) -> None:
    findings, reason = explore(from_schema(schema_of(shop, fuzz={"max-time": LONG_SECONDS})).fuzz())
    assert reason is StopReason.MAX_TIME
    check(findings, least=10_000)


def test_the_documents_of_the_example_are_valid() -> None:
    routes = json.loads(_generate(REPOSITORY, "openapi", "-o", "-").stdout)
    OpenAPIV31SpecValidator(routes).validate()
    assert {"/orders", "/orders/{id}"} <= routes["paths"].keys()
    events_and_streams = json.loads(_generate(REPOSITORY, "asyncapi", "-o", "-").stdout)
    official().validate(events_and_streams)
    assert {"topic.order.created", "stream.orderBoard"} <= events_and_streams["channels"].keys()


# ------------------------------------------------------------ where the document is


def test_the_document_is_answered_as_routes_are(shop: RunningProject) -> None:
    whole = shop.client.get("/openapi.json")
    assert len(whole.headers["x-trace-id"]) == 32
    head = shop.client.head("/openapi.json")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    known = shop.client.get("/openapi.json", headers={"if-none-match": whole.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    refused = shop.client.post("/openapi.json", json={})
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_the_command_writes_what_is_served(tmp_path: Path) -> None:
    root = write_shop(tmp_path)
    done = _generate(root, "openapi")
    assert (done.returncode, done.stdout, done.stderr) == (0, "openapi.json written\n", "")
    with running(root) as project:
        assert (
            json.loads((root / "openapi.json").read_text(encoding="utf-8"))
            == project.client.get("/openapi.json").json()
        )


def test_a_document_can_be_printed_under_another_title(tmp_path: Path) -> None:
    steps = {
        "steps/a_step.py": 'config = {"type": "event", "subscribes": ["a"]}\ndef handler(input, ctx): ...\n',
        "steps/b_step.py": 'config = {"type": "none"}\n',
    }
    done = _generate(write_project(tmp_path, steps), "asyncapi", "-o", "-", "-t", "Mine", "-v", "2.0.0")
    document = json.loads(done.stdout)
    assert document["info"] == {"title": "Mine", "version": "2.0.0"}
    assert list(document["channels"]) == ["topic.a"]
    assert "b_step.py" in done.stderr
    assert done.returncode == 1


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    done = _generate(tmp_path, "openapi", "--output", "none/openapi.json")
    assert done.returncode == 1
    assert "none/openapi.json cannot be written" in done.stderr
    assert "--output" in done.stderr


def _generate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "runtime", "generate", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=50)


def test_a_step_of_the_same_path_wins(tmp_path: Path) -> None:
    step = 'config = {"type": "api", "method": "GET", "path": "/openapi.json"}\n'
    step += 'def handler(req, ctx): return {"status": 200, "body": {"mine": True}}\n'
    with running(write_project(tmp_path, {"steps/a_step.py": step})) as project:
        assert project.client.get("/openapi.json").json() == {"mine": True}


def test_the_document_can_be_turned_off(tmp_path: Path) -> None:
    root = write_project(tmp_path, {"runtime.yaml": "http: { openapi: false }\n"})
    with running(root) as project:
        assert project.client.get("/openapi.json").status_code == 404


@pytest.mark.parametrize(("command", "status"), [("dev", 200), ("start", 404)])
def test_the_page_is_for_development(tmp_path: Path, command: str, status: int) -> None:
    root = write_project(tmp_path, {"runtime.yaml": f"control: {{ token: {'t' * 16} }}\n"})
    with running(root, command=command) as project:
        answer = project.client.get("/__runtime/docs", headers={"authorization": f"Bearer {'t' * 16}"})
        assert answer.status_code == status
        if status == 200:
            assert project.client.get("/__runtime/docs").status_code == 200
            assert project.client.get("/__runtime/docs", headers={"host": "evil.example"}).status_code == 403
