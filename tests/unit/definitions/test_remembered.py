"""definitions/remembered, through the catalog: whose events wait, and what is remembered of whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from runtime.catalog import Catalog, CatalogBuilder
from runtime.model import LoadedFile, Manifest, Problem, Remembered, TriggerKind
from runtime.records import QueueKey
from runtime.triggers.consumer import sources

A, B = "steps/a.step.ts", "steps/b.step.ts"
EVENT, CRON = {"type": "event", "topic": "t"}, {"type": "cron", "cron": "@daily"}
WATCHES = ({"type": "state", "groupId": "g"}, {"type": "stream", "streamName": "s"})
API = {"type": "api", "method": "GET", "path": "/a"}


def step(file: str, name: str, *triggers: Mapping[str, Any], **more: Any) -> LoadedFile:
    return LoadedFile(file, {"name": name, "triggers": list(triggers or (EVENT,)), **more}, has_handler=True)


def built(*loaded: LoadedFile, after: Catalog | None = None, broken: tuple[str, ...] = ()) -> Catalog:
    problems = tuple(Problem(file, "syntax") for file in broken)
    remembered: Mapping[str, Remembered] = after.remembered if after else {}
    return CatalogBuilder().build([Manifest("node", loaded, problems=problems)], remembered=remembered)


def test_a_broken_step_gets_its_events_and_changes_but_nobody_takes_them() -> None:
    before = built(step(A, "A", EVENT, CRON, *WATCHES, API))
    now = built(after=before, broken=(A,))
    assert now.steps == () and now.waiting == before.steps
    assert (now.routes, now.schedules) == ((), ())
    assert now.subscriptions == before.subscriptions
    assert (now.state_watches, now.stream_watches) == (before.state_watches, before.stream_watches)
    assert now.queues() == before.queues() and len(now.queues()) == 4
    assert list(sources(now)) == []
    assert len(list(sources(before))) == 4


def test_an_emit_to_it_is_heard() -> None:
    emitter = step(B, "B", API, emits=["t"])
    assert len(built(emitter).problems) == 1
    assert built(emitter, after=built(step(A, "A"))).problems == ()


def test_it_is_remembered_through_any_number_of_catalogs_and_serves_when_it_is_mended() -> None:
    before = built(step(A, "A"))
    for _ in range(3):
        now = built(after=before, broken=(A,))
        assert now.remembered == before.remembered
        before = now
    mended = built(step(A, "A", {"type": "event", "topic": "u"}), after=before)
    assert mended.waiting == ()
    assert list(mended.subscriptions) == ["u"]
    assert mended.remembered[A].step is mended.steps[0]


def test_a_file_that_loads_and_is_not_valid_is_broken_too() -> None:
    now = built(LoadedFile(A, {"type": "strange"}, has_handler=True), after=built(step(A, "A")))
    assert [each.name for each in now.waiting] == ["A"]


def test_another_step_with_its_name_takes_its_place_but_not_its_memory() -> None:
    before = built(step(B, "Same"))
    taken = built(step(A, "Same"), after=before, broken=(B,))
    assert taken.waiting == ()
    assert [each.step.file for each in taken.subscriptions["t"]] == [A]
    assert taken.remembered.keys() == {A, B}
    both = built(after=taken, broken=(A, B))
    assert [each.file for each in both.waiting] == [A]
    assert len(both.subscriptions["t"]) == 1


@pytest.mark.parametrize("triggers", [(API,), ({"type": "api", "method": "GET", "path": "/b"}, API)])
def test_steps_without_a_queue_are_not_remembered(triggers: tuple[Mapping[str, Any], ...]) -> None:
    assert built(step(A, "A", *triggers)).remembered == {}
    assert built(step(A, "A", *triggers), after=built(step(A, "A"))).remembered == {}


def test_the_queue_of_its_schedule_is_no_orphan() -> None:
    now = built(after=built(step(A, "A", CRON)), broken=(A,))
    assert list(now.queues()) == [QueueKey("", "A", TriggerKind.CRON)]
