"""services/remembered: what steps have said of themselves, kept from one start to the next."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.catalog import Catalog, CatalogBuilder
from runtime.model import LoadedFile, LogLevel, Manifest
from runtime.services.remembered import StepMemory
from runtime.values import decode, encode
from tests.fakes import Reports

FILE = "steps/a_step.py"
SCHEMA = {"type": "object", "properties": {"at": {"const": 2**63}}}


def catalog(*topics: str, file: str = FILE, **more: object) -> Catalog:
    config = {"type": "event", "name": "A", "subscribes": list(topics), "raw": b"\x00", **more}
    entry = LoadedFile(file, config, has_handler=True, schemas={"/input": SCHEMA})
    return CatalogBuilder().build([Manifest("python", (entry,))])


class Remembering:
    def __init__(self, root: Path) -> None:
        self.path = root / ".runtime" / "remembered"
        self.reports = Reports()

    def start(self) -> StepMemory:
        memory = StepMemory(self.path, self.reports)
        memory.read()
        return memory

    def told(self) -> list[str]:
        return self.reports.messages(LogLevel.WARN)


@pytest.fixture
def world(tmp_path: Path) -> Remembering:
    return Remembering(tmp_path)


def test_the_next_start_finds_the_step_as_it_served(world: Remembering) -> None:
    infrastructure = {"queue": {"type": "fifo", "delaySeconds": 7}}
    used = catalog("t", "u", infrastructure=infrastructure, input={"$runtime": 1}, validate="enforce")
    world.start().keep(used)
    found = world.start().remembered
    assert {file: each.step for file, each in found.items()} == {FILE: used.steps[0]}
    assert found[FILE].loaded == used.remembered[FILE].loaded
    assert found[FILE].step.queue.fifo and found[FILE].step.queue.delay == 7
    assert world.told() == []


def test_the_file_is_private_and_nothing_lies_beside_it(world: Remembering) -> None:
    world.start().keep(catalog("t"))
    assert world.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in world.path.parent.iterdir()] == ["remembered"]


def test_it_is_written_when_something_differs_and_only_then(world: Remembering) -> None:
    memory = world.start()
    memory.keep(catalog("t"))
    first = world.path.stat().st_ino
    memory.keep(catalog("t"))
    world.start().keep(catalog("t"))
    assert world.path.stat().st_ino == first
    memory.keep(catalog("u"))
    assert world.path.stat().st_ino != first
    assert set(decode(world.path.read_bytes())["steps"][FILE]["config"]["subscribes"]) == {"u"}


def test_a_project_without_queues_writes_nothing(world: Remembering) -> None:
    world.start().keep(Catalog())
    assert not world.path.exists()


def test_what_the_catalog_does_not_remember_is_forgotten(world: Remembering) -> None:
    world.start().keep(catalog("t"))
    world.start().keep(Catalog())
    assert world.start().remembered == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xc1",
        encode("text"),
        encode({"version": 2, "steps": {}}),
        encode({"version": 1, "steps": {FILE: {"config": {}}}}),
        encode({"version": 1, "steps": [1]}),
        encode({"version": 1, "steps": {FILE: {"language": 1, "config": [], "schemas": {}, "has_handler": True}}}),
    ],
)
def test_a_damaged_or_unknown_file_counts_as_none_and_is_told_once(world: Remembering, content: bytes) -> None:
    world.path.parent.mkdir()
    world.path.write_bytes(content)
    memory = world.start()
    assert memory.remembered == {}
    memory.read()
    assert len(world.told()) == 1 and "remembered" in world.told()[0]
    memory.keep(Catalog())
    assert world.start().remembered == {}
    assert len(world.told()) == 1


def test_a_config_that_is_not_valid_any_more_is_forgotten(world: Remembering) -> None:
    entry = {"language": "python", "config": {"type": "strange"}, "schemas": {}, "has_handler": True}
    world.path.parent.mkdir()
    world.path.write_bytes(encode({"version": 1, "steps": {FILE: entry}}))
    assert world.start().remembered == {}
    assert world.told() == []


def test_what_cannot_be_stored_is_told_once_and_tried_again(world: Remembering) -> None:
    memory = world.start()
    world.path.mkdir(parents=True)
    used = catalog("t")
    memory.keep(used)
    memory.keep(used)
    assert len(world.told()) == 1 and "cannot be written" in world.told()[0]
    assert memory.remembered == used.remembered
    world.path.rmdir()
    memory.keep(used)
    assert world.start().remembered.keys() == {FILE}
