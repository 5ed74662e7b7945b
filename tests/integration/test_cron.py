"""Schedules on the real clock: they fire, make up for what was missed, and their runs are retried."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.integration.control import NOTHING, becomes, command, counts, queue
from tests.integration.project import PATIENCE, RunningProject, eventually, running, write_project

SCHEDULES = {
    "package.json": "{}",
    "steps/second.step.ts": """
        export const config = { type: 'cron', name: 'Second', cron: '* * * * * *', timezone: 'Asia/Kolkata' }
        export const handler = async ({ logger, trigger, attempt }) => {
          logger.info('tick', { type: trigger.type, source: trigger.source, attempt })
        }
    """,
    "steps/rare_step.py": """
config = {"type": "cron", "name": "Rare", "cron": "0 0 29 2 *"}
async def handler(ctx):
    ctx.logger.info(f"rare in trace {ctx.trace_id}")
""",
    "steps/failing.step.ts": """
        const infrastructure = { queue: { maxRetries: 2, backoff: { type: 'fixed', delay: 0.05 } } }
        export const config = { type: 'cron', name: 'FailingTs', cron: '0 0 29 2 *', infrastructure }
        export const handler = async ({ attempt }) => { throw new RangeError(`attempt ${attempt}`) }
    """,
    "steps/failing_step.py": """
infrastructure = {"queue": {"maxRetries": 2, "backoff": {"type": "fixed", "delay": 0.05}}}
config = {"type": "cron", "name": "FailingPy", "cron": "0 0 29 2 *", "infrastructure": infrastructure}
def handler(ctx):
    raise LookupError(f"attempt {ctx.attempt}")
""",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("cron"), SCHEDULES)


@pytest.fixture(scope="module")
def project(root: Path) -> Iterator[RunningProject]:
    with running(root) as project:
        yield project


def _schedules(root: Path) -> dict[str, dict[str, Any]]:
    return {each["step"]: each for each in command(root, "cron", "list", "--json").json["schedules"]}


def _time(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


def test_a_schedule_by_the_second_fires_and_is_listed(project: RunningProject, root: Path) -> None:
    def ticks() -> list[Any]:
        return [line["data"] for line in project.log_lines() if line["message"] == "tick"]

    assert eventually(lambda: len(ticks()) >= 2, PATIENCE)
    assert ticks()[0] == {"type": "cron", "source": "* * * * * *", "attempt": 1}
    asked = time.time()
    second = _schedules(root)["Second"]
    assert (second["expression"], second["timezone"]) == ("* * * * * *", "Asia/Kolkata")
    assert _time(second["last"]).is_integer()
    assert _time(second["last"]) < _time(second["next"])
    assert _time(second["next"]) > asked - 1
    rare = _schedules(root)["Rare"]
    assert rare["last"] is None
    assert datetime.fromisoformat(rare["next"]).astimezone(UTC) > datetime.now(UTC)


def test_a_trigger_runs_a_step_now(project: RunningProject, root: Path) -> None:
    id = command(root, "cron", "trigger", "Rare", "--json").json["id"]
    assert id
    project.wait_for("rare in trace [0-9a-f]{32}")
    assert becomes(root, "Rare")
    assert _schedules(root)["Rare"]["last"] is None


@pytest.mark.parametrize(("step", "type"), [("FailingTs", "RangeError"), ("FailingPy", "LookupError")])
def test_a_failing_run_is_retried_and_dies_in_its_queue(
    project: RunningProject, root: Path, step: str, type: str
) -> None:
    assert command(root, "cron", "trigger", step).code == 0
    assert becomes(root, step, dead=1)
    found = queue(root, step)
    [letter] = found["deadLetters"]
    assert (found["kind"], found["topic"]) == ("cron", "")
    failures = [(attempt["failure"]["type"], attempt["failure"]["message"]) for attempt in letter["attempts"]]
    assert failures == [(type, f"attempt {number}") for number in (1, 2, 3)]
    assert command(root, "queue", "redrive", step, "--kind", "cron", "--all").code == 0
    assert eventually(lambda: project.output.count(f"{type}: attempt 3") == 2, PATIENCE)
    assert becomes(root, step, dead=1)


CATCH_UP = """
config = {{"type": "cron", "name": "{name}", "cron": "{cron}", "catchUp": "{catch_up}"}}
async def handler(ctx):
    with open("{name}.log", "a") as file:
        file.write("ran\\n")
"""
EXPECTED = {"none": 0, "last": 1, "all": 2}


def test_what_was_missed_is_made_up_for_as_catch_up_says(tmp_path: Path) -> None:
    with running(_with_schedule(tmp_path, "* * * * * *")) as project:
        assert eventually(lambda: all(_runs(tmp_path, name) for name in EXPECTED), PATIENCE)
        assert project.stop() == 0
    stopped = math.floor(time.time())
    for name in EXPECTED:
        (tmp_path / f"{name}.log").unlink()

    # Down for two seconds of the schedule: that the time passes is what this test is about.
    assert eventually(lambda: time.time() > stopped + 2.2, PATIENCE)
    missed = ",".join(str((stopped + after) % 60) for after in (1, 2))
    with running(_with_schedule(tmp_path, f"{missed} * * * * *")):
        for name, count in EXPECTED.items():
            assert eventually(lambda name=name, count=count: _runs(tmp_path, name) == count, PATIENCE)  # type: ignore[misc]
            assert eventually(lambda name=name: counts(tmp_path, name) == NOTHING, PATIENCE)  # type: ignore[misc]
        schedules = _schedules(tmp_path)
        assert time.time() < stopped + 55, "the next tick came before the count"
    for name, count in EXPECTED.items():
        assert _runs(tmp_path, name) == count
        assert _time(schedules[name]["next"]) == stopped + 61
    assert _time(schedules["last"]["last"]) == _time(schedules["all"]["last"]) == stopped + 2


def _with_schedule(root: Path, cron: str) -> Path:
    steps = {f"steps/{name}_step.py": CATCH_UP.format(name=name, cron=cron, catch_up=name) for name in EXPECTED}
    return write_project(root, steps)


def _runs(root: Path, name: str) -> int:
    log = root / f"{name}.log"
    return len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0
