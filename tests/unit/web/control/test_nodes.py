"""web/control/nodes: what draws a step, as a module."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from runtime.catalog import Catalog
from runtime.errors import HookFailed
from runtime.model import Failure, FailureKind, Step
from runtime.web.control.nodes import MAX_NODE_BYTES, NodeRoutes
from runtime.web.control.project import Project, nodes_of
from tests.unit.web.control.controlled import refused

STEPS = (Step("A", "node", "steps/a.step.ts", "noop"), Step("B", "python", "steps/b_step.py", "noop"))
FILES = ("steps/a.step.tsx", "steps/b_step.jsx", "steps/other.tsx")


def client(root: Path, reply: str | FailureKind) -> httpx.AsyncClient:
    """Over a project whose bundler answers like this."""
    for file in FILES:
        (root / file).parent.mkdir(exist_ok=True)
        (root / file).touch()

    async def bundle(file: str, max_bytes: int, seconds: float) -> str:
        assert (max_bytes, seconds) == (MAX_NODE_BYTES, 10.0)
        if isinstance(reply, FailureKind):
            raise HookFailed(Failure(reply, f"{file}:1:2: no"))
        return f"{reply} {file}"

    project = Project(root, "p", "1", "development", lambda: Catalog(steps=STEPS), list, list)
    app = Starlette(routes=NodeRoutes(project, bundle).routes())
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost/__runtime/")


@pytest.mark.parametrize("file", FILES[:2])
async def test_the_file_beside_a_step_is_bundled(tmp_path: Path, file: str) -> None:
    answer = await client(tmp_path, "module of").get("node", params={"file": file})
    assert (answer.status_code, answer.text) == (200, f"module of {file}")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("steps", "nodes", "drawn"),
    [
        (["a_step.py"], ["a.step.tsx"], {"a_step.py": "a.step.tsx"}),
        (["a.step.ts"], ["a_step.jsx"], {"a.step.ts": "a_step.jsx"}),
        (["a_step.rb"], ["a.step.tsx", "a_step.jsx"], {"a_step.rb": "a_step.jsx"}),
        (["a_step.py", "a.step.ts"], ["a.step.tsx"], {"a.step.ts": "a.step.tsx"}),
        (["a_step.py"], ["a.tsx", "b.step.tsx", "deep/a.step.tsx"], {}),
    ],
)
def test_a_component_is_called_like_its_step_in_any_spelling(
    tmp_path: Path, steps: list[str], nodes: list[str], drawn: dict[str, str]
) -> None:
    (tmp_path / "deep").mkdir()
    for node in nodes:
        (tmp_path / node).touch()
    assert nodes_of(tmp_path, steps) == drawn


@pytest.mark.parametrize("file", [FILES[2], "steps/a.step.ts", "../a.step.tsx", "steps/../steps/a.step.tsx", ""])
async def test_nothing_else_is(tmp_path: Path, file: str) -> None:
    refused(await client(tmp_path, "module of").get("node", params={"file": file}), 404)


@pytest.mark.parametrize(
    ("kind", "status"),
    [(FailureKind.LOAD, 422), (FailureKind.REFUSED, 422), (FailureKind.DEADLINE, 503), (FailureKind.RUNNER_LOST, 503)],
)
async def test_a_fault_is_told_with_its_place(tmp_path: Path, kind: FailureKind, status: int) -> None:
    answer = await client(tmp_path, kind).get("node", params={"file": FILES[0]})
    assert refused(answer, status)["detail"] == f"{FILES[0]}:1:2: no"
