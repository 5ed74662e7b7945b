"""PROTOCOL.md, section 4: loading."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from runtime._gen import runner_pb2 as pb
from tests.conformance.core_double import Core, connected, started, unpack, welcome
from tests.conformance.project import Project

ODD_NAMES = (
    "sync.cron",
    "two words",
    "über größe",
    "中文",
    "🍋",
    "a#b?c&d=e",
    "50%",
    "%20",
    "x[1]{2}(3)",
    "quote'\"`",
    "$HOME",
    "-dash",
    "back\\slash",
)

SAVED_NS = 1_700_000_000 * 10**9
"""A whole second."""


def _map_of(name: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"}}}


DESCRIBED = {
    "/input": _map_of("line"),
    "/bodySchema": {**_map_of("name"), "required": ["name"]},
    "/queryParams/1/schema": _map_of("size"),
    "/pathParams": _map_of("id"),
    "/responseSchema/200": _map_of("id"),
    "/responseSchema/404": _map_of("error"),
    "/emits/1/schema": _map_of("label"),
    "/triggers/0/input": _map_of("event"),
    "/triggers/1/bodySchema": _map_of("body"),
    "/triggers/1/queryParams": _map_of("query"),
    "/triggers/1/pathParams": _map_of("path"),
    "/triggers/1/responseSchema": _map_of("answer"),
    "/triggers/1/emits/0/schema": _map_of("id"),
}
"""The schemas of the step `described`: one at each place that runner.proto names."""


async def test_m10_steps_share_modules(project: Project) -> None:
    odd = [project.copy_step("echo", name) for name in ODD_NAMES]
    async with connected(project, steps=["shares_one", "shares_two"]) as core:
        assert await core.call("shares_one") == 1
        assert await core.call("shares_two") == 2
        assert await core.call("shares_one") == 3
        manifest = await core.load(odd)
        assert not manifest.load_failures
        for path in odd:
            assert await core.call("echo", path, step_file=path) == path


async def test_m11_config_arrives_without_functions(core: Core) -> None:
    entry = _step(core, "described")
    config = unpack(entry.config)
    # Nothing is left of these two; whether the empty shell is sent is the runner's choice.
    assert not config.pop("middleware", [])
    assert not config.pop("responseSchema", {})
    assert config == {
        "type": "api",
        "name": "described",
        "path": "/described",
        "method": "POST",
        "emits": ["a.topic", {"topic": "b.topic", "label": "B"}],
        "flows": ["one", "two"],
        "infrastructure": {"handler": {"timeout": 60}},
        "queryParams": [{"name": "page", "description": "which"}, {"name": "size"}],
        "triggers": [{"type": "event", "topic": "a.topic"}, {"type": "api", "emits": [{"topic": "c.topic"}]}],
    }
    assert entry.middleware == 1
    assert entry.has_handler
    assert _schemas(entry) == DESCRIBED


async def test_noop_steps_and_streams_are_in_the_manifest(core: Core) -> None:
    idle = _step(core, "idle")
    assert unpack(idle.config) == {"type": "noop", "name": "idle", "virtualEmits": ["someday"]}
    assert not idle.has_handler
    [stream] = [each for each in core.manifest.streams if each.file == core.project.stream("tickets")]
    assert unpack(stream.config) == {"name": "tickets", "baseConfig": {"storageType": "default"}}
    assert _schemas(stream) == {"/schema": {"type": "object", "properties": {"title": {"type": "string"}}}}


@pytest.mark.parametrize(
    ("name", "type", "words"),
    [
        ("syntax_error", "SyntaxError", ""),
        ("throws_at_load", "NoKey", "API_KEY is not set"),
        ("missing_import", "", "nowhere"),
        ("no_config", "", "config"),
    ],
)
async def test_m12_load_failures_say_where(project: Project, name: str, type: str, words: str) -> None:
    path, line = project.break_step(name)
    failure = await _load_failure(project, path)
    assert failure.file == path
    assert failure.failure.kind == pb.FAILURE_KIND_LOAD
    assert failure.failure.type == type or not type
    assert words in failure.failure.message
    assert failure.line == line
    assert failure.location_file in ("", path)


async def test_m72_a_new_process_loads_files_as_they_are_now(project: Project) -> None:
    for change, (order, fruit) in enumerate((("order 7", "lemons"), ("order 8", "melons"))):
        _save_all(project, {"order 7": order, "lemons": fruit}, change)
        async with connected(project, ["throws"]) as core:
            failure = (await core.invoke("throws")).failure
            assert (failure.message, failure.cause.message) == (f"{order} is rejected", f"no {fruit} in stock")


def _save_all(project: Project, words: dict[str, str], nanosecond: int) -> None:
    """Replaces words in all files, within one second and without a change of their lengths."""
    for path in project.root.rglob("steps/**/*.*"):
        if "cache" not in str(path):
            text = path.read_text(encoding="utf-8")
            for word, other in words.items():
                text = text.replace(word, other)
            path.write_text(text, encoding="utf-8")
            os.utime(path, ns=(SAVED_NS, SAVED_NS + nanosecond))


async def test_load_failures_name_the_helper_at_fault(project: Project) -> None:
    path, _ = project.break_step("imports_broken")
    failure = await _load_failure(project, path)
    assert failure.file == path
    helper = (project.root / failure.location_file).read_text(encoding="utf-8").splitlines()
    assert "the fault" in helper[failure.line - 1]


async def _load_failure(project: Project, path: str) -> pb.LoadFailure:
    async with started(project) as core:
        await welcome(core)
        (failure,) = (await core.load([path])).load_failures
        return failure


def _step(core: Core, name: str) -> pb.StepEntry:
    path = core.project.step(name)
    return next(entry for entry in core.manifest.steps if entry.file == path)


def _schemas(entry: pb.StepEntry | pb.StreamEntry) -> dict[str, Any]:
    """The schemas by place, without what only says which draft they are of."""
    schemas = {place: json.loads(text) for place, text in entry.schemas.items()}
    return {place: {key: part for key, part in schema.items() if key != "$schema"} for place, schema in schemas.items()}
