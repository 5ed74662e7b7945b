"""Components that draw steps: bundled by the runner, told when they change, and nothing is loaded anew for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from tests.integration.project import PATIENCE, RunningProject, eventually, running, write_project

STEP = "steps/orders/take_step.py"
NODE = "steps/orders/take_step.tsx"
FILES = {
    STEP: """config = {"type": "event", "name": "Take", "subscribes": ["order"]}


async def handler(input, ctx): ...
""",
    NODE: """import { EventNode } from 'motia/workbench'
import { Badge } from './badge'
export default (props) => <EventNode {...props}><Badge text="an order" /></EventNode>
""",
    "steps/orders/badge.tsx": "export const Badge = ({ text }: { text: string }) => <b>{text}</b>\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[RunningProject]:
    with running(write_project(tmp_path, FILES)) as project:
        yield project


def asked(root: Path, path: str) -> tuple[int, str, str]:
    """Status, media type and text of a control route."""
    with live(root, path) as answer:
        return answer.status, str(answer.getheader("content-type")), answer.read().decode()


@contextmanager
def live(root: Path, path: str) -> Iterator[HTTPResponse]:
    known = json.loads((root / ".runtime" / "control.json").read_bytes())
    with closing(HTTPConnection(urlsplit(known["url"]).netloc, timeout=PATIENCE)) as connection:
        connection.request("GET", f"/__runtime/{path}", headers={"Authorization": f"Bearer {known['token']}"})
        yield connection.getresponse()


def test_a_component_is_one_module_whatever_language_its_step_is_in(project: RunningProject, tmp_path: Path) -> None:
    (step,) = json.loads(asked(tmp_path, "project")[2])["steps"]
    assert step["node"] == NODE
    status, media_type, text = asked(tmp_path, f"node?file={NODE}")
    assert (status, media_type) == (200, "text/javascript; charset=utf-8")
    assert "an order" in text
    assert "globalThis.__runtimeWorkbench" in text
    for other in (STEP, "steps/orders/badge.tsx", "../etc/passwd", ""):
        status, media_type, _ = asked(tmp_path, f"node?file={quote(other)}")
        assert (status, media_type) == (404, "application/problem+json")
    assert project.client.get(f"/__runtime/node?file={NODE}").status_code == 401


def test_a_fault_has_its_place_and_ends_nothing(project: RunningProject, tmp_path: Path) -> None:
    (tmp_path / NODE).write_text("export default () => <b>\n", encoding="utf-8")
    status, _, text = asked(tmp_path, f"node?file={NODE}")
    assert status == 422
    assert json.loads(text)["detail"].startswith(f"{NODE}:")
    (tmp_path / NODE).write_text("export default () => <b>mended</b>\n", encoding="utf-8")
    assert "mended" in asked(tmp_path, f"node?file={NODE}")[2]


@pytest.mark.parametrize("changed", [NODE, "steps/orders/badge.tsx"])
def test_a_change_is_told_to_who_watches_and_renews_no_runner(
    project: RunningProject, tmp_path: Path, changed: str
) -> None:
    before = project.runner_pids()
    assert set(before) == {"node", "python"}
    with live(tmp_path, "live?topics=project") as answer:
        assert answer.readline() == b"event: hello\n"
        (tmp_path / changed).write_text("export const Badge = () => <b>other</b>\n", encoding="utf-8")
        assert any(line == b"event: project\n" for line in answer)
    assert project.runner_pids() == before
    assert "renewed" not in {json.loads(line)["event"] for line in project.output.splitlines()}


def test_a_step_that_changes_beside_is_taken_up_as_ever(project: RunningProject, tmp_path: Path) -> None:
    (tmp_path / STEP).write_text(FILES[STEP].replace("Take", "Taken"), encoding="utf-8")
    assert eventually(lambda: "Taken" in asked(tmp_path, "project")[2], PATIENCE)
