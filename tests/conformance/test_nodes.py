"""PROTOCOL.md, section 15: what draws steps."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from runtime._gen import runner_pb2 as pb
from tests.conformance.core_double import FEATURES, Core, started, welcome
from tests.conformance.project import Project

FILE = "steps/echo.step.tsx"
MAX_BYTES = 100_000
GOOD = """
import { EventNode } from 'motia/workbench'
import { title } from './title'
export default () => <EventNode>{title}</EventNode>
"""


@pytest.fixture
async def core(project: Project) -> AsyncIterator[Core]:
    """A runner that has loaded `echo` and bundles components; skips where it does not."""
    async with started(project) as core:
        hello = await welcome(core, (*FEATURES, pb.FEATURE_NODES))
        if not {pb.FEATURE_HOOKS, pb.FEATURE_NODES} <= set(hello.features):
            pytest.skip("the runner does not offer FEATURE_NODES")
        await core.load([project.step("echo")])
        yield core


async def bundled(core: Core, text: str, max_bytes: int = MAX_BYTES) -> pb.CallReply:
    (core.project.root / FILE).write_text(text, encoding="utf-8")
    (core.project.root / "steps" / "title.ts").write_text("export const title = 'a title'", encoding="utf-8")
    return await core.call_reply(await core.ask(pb.HOOK_NODE, FILE, {"maxBytes": max_bytes}))


async def test_m75_a_component_is_one_module(core: Core) -> None:
    text = core.value(await bundled(core, GOOD))
    assert "a title" in text
    assert "export" in text
    assert "import " not in text
    for name in ("react/jsx-runtime", "motia/workbench"):
        assert f'globalThis.__runtimeWorkbench?.["{name}"]' in text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("export default () => <b>", f"{FILE}:1:"),
        ("\n  import './gone'", f"{FILE}:2:10: "),
        ("import './a.css'", f"{FILE}:1:8: "),
    ],
)
async def test_m76_a_component_that_cannot_be_bundled_says_where(core: Core, text: str, place: str) -> None:
    (core.project.root / "steps" / "a.css").write_text("", encoding="utf-8")
    failure = (await bundled(core, text)).failure
    assert failure.kind == pb.FAILURE_KIND_LOAD
    assert failure.message.startswith(place)
    assert await core.call("echo", "still there") == "still there"


async def test_m77_a_module_is_bounded(core: Core) -> None:
    failure = (await bundled(core, GOOD, max_bytes=100)).failure
    assert failure.kind == pb.FAILURE_KIND_LOAD
    assert "100" in failure.message
