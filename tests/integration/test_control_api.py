"""The control API is as its description says: every route is in it, and what a running project answers fits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.integration.project import PATIENCE, RunningProject, eventually, running, write_project
from tests.integration.test_traces import FILES
from tests.unit.web.control.controlled import World

BOARD = {"stream": "board", "group": "g"}
QUEUE = {"topic": "priced", "step": "Charge"}
Call = tuple[str, str, Mapping[str, str], Any]


class Described:
    """A running project and the description that it gives of its control API."""

    def __init__(self, project: RunningProject, token: str) -> None:
        self.project = project
        self.headers = {"authorization": f"Bearer {token}"}
        self.document = project.client.get("/__runtime/api.json").json()
        self.asked: set[tuple[str, str]] = set()

    def ask(self, method: str, path: str, query: Mapping[str, str], body: Any = None) -> Any:
        """The answer to a call that the description knows, which both must fit."""
        said = self.document["paths"][f"/__runtime/{path}"][method.lower()]
        assert set(query) <= {asked["name"] for asked in said["parameters"]}
        if body is not None:
            self._check(said["requestBody"]["content"]["application/json"]["schema"], body)
        answer = self.project.client.request(
            method, f"/__runtime/{path}", params=query, headers=self.headers, **({} if body is None else {"json": body})
        )
        assert answer.status_code == 200, (path, answer.text)
        [(media_type, content)] = said["responses"]["200"]["content"].items()
        assert answer.headers["content-type"].split(";")[0] == media_type
        self.asked.add((method, f"/__runtime/{path}"))
        document = answer.json() if media_type == "application/json" else answer.text
        self._check(content["schema"], document)
        return document

    def _check(self, schema: Mapping[str, Any], document: Any) -> None:
        whole = {**schema, "components": self.document["components"]}
        faults = [
            f"{fault.instance_path}: {fault.message}"
            for fault in jsonschema_rs.Draft202012Validator(whole).iter_errors(document)
        ]
        assert not faults, faults


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    root = write_project(tmp_path_factory.mktemp("described"), FILES)
    with running(root) as project:
        token = json.loads((root / ".runtime" / "control.json").read_bytes())["token"]
        yield Described(project, token)


def operations(document: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, item in document["paths"].items() for method in item}


def test_the_description_is_valid(described: Described) -> None:
    OpenAPIV31SpecValidator(described.document).validate()
    ids = [said["operationId"] for item in described.document["paths"].values() for said in item.values()]
    assert len(ids) == len(set(ids)) > 30


async def test_the_description_has_every_route_and_no_other(described: Described) -> None:
    world = World()
    control: Any = world.control
    there = {(method, route.path) for route in control.routes for method in route.methods - {"HEAD"}}
    assert operations(described.document) == there
    await world.client.aclose()


def calls(trace: str) -> list[Call]:
    """One call of each route, in an order in which each finds what it asks for."""
    return [
        ("POST", "emit", {}, {"topic": "booked", "data": {"id": "x"}}),
        ("GET", "queues", {}, None),
        ("GET", "queue", QUEUE, None),
        ("POST", "queue/pause", QUEUE, None),
        ("POST", "queue/resume", QUEUE, None),
        ("POST", "queue/redrive", QUEUE, {"all": True}),
        ("POST", "queue/purge", QUEUE, {"what": "dead"}),
        ("GET", "cron", {}, None),
        ("POST", "cron/trigger", {"step": "Tick"}, None),
        ("GET", "state", {}, None),
        ("POST", "state/set", {"group": "g", "key": "k"}, {"value": {"a": [1]}, "ttl": 60}),
        ("GET", "state/keys", {"group": "g", "values": "true"}, None),
        ("GET", "state/value", {"group": "g", "key": "k"}, None),
        ("POST", "state/delete", {"group": "g", "key": "k"}, None),
        ("POST", "state/clear", {"group": "g"}, None),
        ("GET", "runners", {}, None),
        ("PUT", "item", {**BOARD, "id": "i"}, {"value": {"total": 1}}),
        ("GET", "item", {**BOARD, "id": "i"}, None),
        ("GET", "groups", {"stream": "board"}, None),
        ("GET", "items", BOARD, None),
        ("POST", "stream/send", BOARD, {"type": "hint", "data": 1}),
        ("DELETE", "item", {**BOARD, "id": "i"}, None),
        ("GET", "traces", {"limit": "50"}, None),
        ("GET", "trace", {"id": trace}, None),
        ("GET", "logs", {"limit": "50"}, None),
        ("POST", "trace/repeat", {"id": trace}, {}),
        ("GET", "project", {}, None),
        ("GET", "source", {"file": "steps/charge_step.py"}, None),
        ("PUT", "layout", {}, {"flow": "default", "positions": {"steps/start.step.ts": {"x": 1.5, "y": 2}}}),
        ("GET", "layout", {}, None),
        ("GET", "api.json", {}, None),
        ("DELETE", "traces", {}, None),
    ]


def test_what_is_answered_fits_what_is_described(described: Described) -> None:
    made = described.project.client.post("/start/a", json={"id": "a", "price": None})
    trace = made.headers["x-trace-id"]

    def has_failed() -> bool:
        return bool(described.ask("GET", "queue", QUEUE)["dead"])

    assert eventually(has_failed, PATIENCE)
    for call in calls(trace):
        described.ask(*call)
    left = {("GET", "/__runtime/live"), ("GET", "/__runtime/node")}  # the tests of theirs have them
    assert operations(described.document) - described.asked == left


@pytest.mark.parametrize("path", ["trace", "queue", "state/value", "item", "source", "nothing"])
def test_what_is_refused_fits_as_well(described: Described, path: str) -> None:
    answer = described.project.client.get(f"/__runtime/{path}", headers=described.headers)
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"] == "application/problem+json"
    described._check({"$ref": "#/components/schemas/Refusal"}, answer.json())
