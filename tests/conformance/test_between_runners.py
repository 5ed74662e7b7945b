"""A value means the same in each language: it goes through all runners in turn and comes back unchanged."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from runtime.configfile import load_settings
from runtime.runners.manifest import find_runners
from tests.conformance.core_double import Core, connected, pack, unpack
from tests.conformance.project import copy_project
from tests.conformance.values import any_value
from tests.conftest import lack_of

ROOT = Path(__file__).resolve().parents[2]
CASES, MANY_CASES = 200, 10_000


@pytest.fixture(scope="module")
async def cores(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> AsyncIterator[list[Core]]:
    """A core for each runner that can run here."""
    async with AsyncExitStack() as stack:
        cores = []
        for runner in find_runners(ROOT, load_settings(ROOT, {})):
            if lack_of(runner):
                continue
            project = copy_project(runner, tmp_path_factory.mktemp(runner.manifest.language) / "project", cache)
            cores.append(await stack.enter_async_context(connected(project, ["echo", "natives"])))
        yield cores


async def through_all(cores: list[Core], payload: bytes) -> None:
    """Sends a value through every runner, twice, in an order that chance picks, and compares each answer's bytes."""
    for core in (*random.sample(cores, len(cores)), *random.sample(cores, len(cores))):
        result = await core.result(await core.start("echo", payload=payload))
        assert not result.HasField("failure"), (core.project.runner.manifest.language, result.failure)
        came = core.payload(result) or pack(None)
        core.frames.clear()  # or the test would keep all that ever came
        assert came == payload, (core.project.runner.manifest.language, unpack(payload), unpack(came))


@settings(deadline=None, max_examples=CASES, suppress_health_check=list(HealthCheck))
@given(value=any_value)
async def test_values_mean_the_same_in_each_language(cores: list[Core], value: object) -> None:
    await through_all(cores, pack(value))


@pytest.mark.long
@pytest.mark.timeout(900)
@settings(deadline=None, max_examples=MANY_CASES, suppress_health_check=list(HealthCheck))
@given(value=any_value)
async def test_many_values_mean_the_same_in_each_language(cores: list[Core], value: object) -> None:
    await through_all(cores, pack(value))


async def test_what_one_language_makes_the_others_read(cores: list[Core]) -> None:
    for core in cores:
        made = await core.call("natives")
        await through_all(cores, pack(made))
        moment = datetime.fromisoformat(made["date"])
        assert moment - datetime(2024, 2, 29, 12, 30, 15, tzinfo=UTC) == timedelta(0)
