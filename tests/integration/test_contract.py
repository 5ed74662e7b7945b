"""What handlers get and may do (SPEC, section 3): one suite over the languages, against a running project."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.control import command, queue
from tests.integration.project import RunningProject, eventually, running

FILES = Path(__file__).with_name("contract")
LANGUAGES = ("typescript", "javascript", "python")
STEP_NAMES = {"typescript": "TypeScript", "javascript": "JavaScript", "python": "Python"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(FILES, tmp_path_factory.mktemp("contract") / "project"))


@pytest.fixture(scope="module")
def project(root: Path) -> Iterator[RunningProject]:
    with running(root, environment={"LOG_LEVEL": "debug"}) as project:
        yield project


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def call(project: RunningProject, language: str, what: str, body: object = None) -> Any:
    answer = project.client.post(f"/{language}/{what}", json=body or {})
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def heard(project: RunningProject, language: str) -> list[Any]:
    found: list[Any] = project.client.get(f"/{language}-heard").json()
    return found


def test_nothing_is_wrong_with_the_project(project: RunningProject) -> None:
    assert not re.search(r"not a known key|cannot|error", project.output.partition("Ready")[0], re.IGNORECASE)


def test_what_a_handler_knows_of_its_run(project: RunningProject, language: str) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = project.client.post(
        f"/{language}/context", json={}, headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    )
    result = answer.json()["result"]
    assert result["traceId"] == trace_id == answer.headers["x-trace-id"]
    assert result["flows"] == ["contract", language]
    assert (result["attempt"], result["aborted"], result["hasKey"]) == (1, False, False)
    assert (result["trigger"]["type"], result["trigger"]["index"]) == ("api", 0)


def test_both_forms_of_emit_and_the_trigger_that_fired(project: RunningProject, language: str) -> None:
    assert call(project, language, "emits") == {"texts": True, "same": True}

    def forms() -> list[str]:
        return sorted(each["input"]["form"] for each in heard(project, language) if each["input"]["form"] != "left")

    assert eventually(lambda: forms() == ["map", "words"], 5), heard(project, language)
    for each in heard(project, language):
        assert (each["attempt"], each["keyed"]) == (1, True)
        assert each["trigger"] == {"type": "event", "index": 0, "source": f"{language}.heard"}


def test_a_schedule_among_several_triggers(root: Path, project: RunningProject, language: str) -> None:
    printed = command(root, "cron", "trigger", f"{STEP_NAMES[language]}Heard")
    assert printed.code == 0, printed.err

    def fired() -> list[Any]:
        return [each["trigger"] for each in heard(project, language) if each["trigger"]["type"] == "cron"]

    assert eventually(lambda: bool(fired()), 5), project.output
    assert fired()[0] == {"type": "cron", "index": 2, "source": "0 0 1 1 *"}


def test_calls_that_nobody_awaited_are_carried_out(project: RunningProject, language: str) -> None:
    call(project, language, "leaves")
    assert eventually(lambda: any(each["input"] == {"form": "left"} for each in heard(project, language)), 5)


def test_state(project: RunningProject, language: str) -> None:
    assert call(project, language, "state") == [
        None,
        {"n": 1},
        2,
        [{"n": 1}, 2],
        ["b", "a"],
        {"n": 1},
        {"n": 5},
        2,
        None,
        [],
        7,
        7,
    ]


def test_entries_and_conditions_of_writes(project: RunningProject, language: str) -> None:
    assert call(project, language, "entries") == [None, {"n": 1}, {"n": 2}, True, True, {"n": 4}, {"n": 2}]


def test_a_conflict_that_nobody_catches_is_a_failure(project: RunningProject, language: str) -> None:
    answer = project.client.post(f"/{language}/insists", json={})
    assert (answer.status_code, answer.json()) == (500, {"error": "Internal server error"})

    def logged() -> bool:
        lines = [each for each in project.log_lines() if each.get("step") == f"{STEP_NAMES[language]}Everything"]
        return any("VersionConflict" in json.dumps(each) for each in lines)

    assert eventually(logged, 5), project.output


def test_the_operations_of_an_update(project: RunningProject, language: str) -> None:
    expected = {"a": {"b": [1, 2], "c": True}, "n": 3}
    assert call(project, language, "operations") == [expected, {**expected, "gone": False}]


def test_texts(project: RunningProject, language: str) -> None:
    call(project, language, "texts")
    for id, text, closed in ((f"{language}-text", "abé\nc", True), (f"{language}-open", "on", False)):
        answer = project.client.get(f"/__runtime/text/{id}")
        assert answer.json() == {"id": id, "text": text, "closed": closed}


def test_changes_of_state_and_streams_run_a_step(project: RunningProject, language: str) -> None:
    call(project, language, "changes")
    assert eventually(lambda: len(call(project, language, "seen")) == 5, 5), project.output
    found = {
        f"{each['trigger']['type']} {each['change']['operation']}": each for each in call(project, language, "seen")
    }
    place = {"groupId": f"{language}-watched", "key": "k"}
    assert [found[f"state {operation}"]["change"] for operation in ("create", "update", "delete")] == [
        {**place, "operation": "create", "value": 1, "previous": None},
        {**place, "operation": "update", "value": {"n": 2}, "previous": 1},
        {**place, "operation": "delete", "value": None, "previous": {"n": 2}},
    ]
    created, deleted = (found[f"stream {operation}"]["change"] for operation in ("create", "delete"))
    for change in (created, deleted):
        assert (change["streamName"], change["groupId"], change["id"]) == ("notes", f"{language}-watched", "i")
    assert (created["value"]["text"], created["value"]["id"], created["previous"]) == ("a", "i", None)
    assert (deleted["value"], deleted["previous"]["text"]) == (None, "b")
    assert found["state create"]["trigger"] == {"type": "state", "index": 0, "source": f"{language}-watched"}
    assert found["stream create"]["trigger"] == {"type": "stream", "index": 1, "source": "notes"}


def test_streams(project: RunningProject, language: str) -> None:
    assert call(project, language, "streams") == ["a", "b", 1, "one", None]


def test_log_lines_have_level_step_trace_and_data(project: RunningProject, language: str) -> None:
    call(project, language, "logs")
    project.wait_for(f"{language} error")
    for level in ("debug", "info", "warn", "error"):
        (line,) = [each for each in project.log_lines() if each["message"] == f"{language} {level}"]
        assert line["level"] == level
        assert line["step"] == f"{STEP_NAMES[language]}Everything"
        assert line["data"] == {"level": level}


def test_included_files_can_be_read(project: RunningProject, language: str) -> None:
    assert call(project, language, "file") == "a text beside the steps"


def test_an_http_error_is_the_answer(project: RunningProject, language: str) -> None:
    answer = project.client.post(f"/{language}/refuses", json={"who": "you"})
    assert (answer.status_code, answer.json()) == (418, {"error": "a teapot", "for": "you"})


def test_an_error_without_hope_goes_straight_to_the_dead_letters(
    root: Path, project: RunningProject, language: str
) -> None:
    call(project, language, "hopeless")
    name = f"{STEP_NAMES[language]}Hopeless"
    assert eventually(lambda: queue(root, name)["dead"] == 1, 5)
    (letter,) = queue(root, name)["deadLetters"]
    (attempt,) = letter["attempts"]
    failure = attempt["failure"]
    assert (failure["kind"], failure["type"], failure["message"]) == ("non_retriable", "NonRetriableError", "no use")
    assert failure["cause"]["message"] == "the reason"


def chained(project: RunningProject, language: str, body: object, **headers: str) -> httpx.Response:
    return project.client.post(f"/{language}-chained", json=body, headers=headers)


def test_middleware_runs_in_order_and_changes_request_and_response(project: RunningProject, language: str) -> None:
    answer = chained(project, language, {}, authorization="yes")
    assert (answer.status_code, answer.json()) == (200, {"marks": ["First", "Second"]})
    trace_id = answer.headers["x-trace-id"]
    assert (answer.headers["x-first"], answer.headers["x-second"]) == (trace_id, trace_id)
    assert answer.headers["x-own"] == "kept"


def test_middleware_may_answer_itself(project: RunningProject, language: str) -> None:
    answer = chained(project, language, {})
    assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})
    assert "x-first" in answer.headers
    assert "x-second" not in answer.headers


def test_middleware_catches_what_a_handler_throws(project: RunningProject, language: str) -> None:
    answer = chained(project, language, {"fail": "on purpose"}, authorization="yes")
    name = "ValueError" if language == "python" else "RangeError"
    assert (answer.status_code, answer.json()) == (422, {"caught": name, "message": "on purpose"})


def test_a_handler_hears_that_its_time_is_over(project: RunningProject) -> None:
    project.client.post("/cancels", json={})
    expected = {"typescript", "javascript", "python", "plain"}
    assert eventually(lambda: set(project.client.get("/cancelled").json()) == expected, 5), project.output
