"""services/changes: what follows a write of state or of a stream."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from runtime.catalog import Catalog, build_catalog
from runtime.model import LoadedFile, Manifest
from runtime.records import Publication, Written
from runtime.services.changes import ChangeService
from runtime.values import NIL, decode, encode
from tests.fakes import FakeClock
from tests.unit.test_values import values

TRACE = "f" * 32
CREATED, UPDATED, DELETED = Written(None, b"\x01"), Written(b"\x01", b"\x02"), Written(b"\x02", None)
NOTHING = Written(None, None)


def catalog_of(**steps: dict[str, Any]) -> Catalog:
    """Steps by name, each with its config, and a stream `chat`."""
    files = tuple(LoadedFile(f"steps/{name}.step.ts", config, has_handler=True) for name, config in steps.items())
    return build_catalog([Manifest("node", files, (LoadedFile("steps/chat.stream.ts", {"name": "chat"}),))])


def service(**steps: dict[str, Any]) -> ChangeService:
    changes = ChangeService(FakeClock())
    changes.catalog = catalog_of(**steps)
    return changes


def state(group: str = "orders", **more: Any) -> dict[str, Any]:
    return {"type": "state", "groupId": group, **more}


def stream(**more: Any) -> dict[str, Any]:
    return {"type": "stream", "streamName": "chat", **more}


def of_state(changes: ChangeService, written: Written, group: str = "orders", key: str = "17") -> Publication | None:
    follow = changes.of_state(group, key, TRACE)
    return None if follow is None else follow(written)


def of_stream(changes: ChangeService, written: Written, group: str = "room", id: str = "m") -> Publication | None:
    follow = changes.of_stream("chat", group, id, TRACE)
    return None if follow is None else follow(written)


def queues(publication: Publication | None) -> list[str]:
    """The queues that an event goes to, as `step: topic`."""
    placements = publication.placements if publication is not None else ()
    return sorted(f"{placement.queue.step}: {placement.queue.topic}" for placement in placements)


def test_where_nobody_watches_nothing_follows() -> None:
    changes = service(a=state("others"), b={"type": "event", "subscribes": ["orders"]})
    assert changes.of_state("orders", "17", TRACE) is None
    assert changes.of_group("orders", TRACE) is None
    assert changes.of_stream("chat", "room", "m", TRACE) is None
    assert ChangeService(FakeClock()).of_state("orders", "17", TRACE) is None


@pytest.mark.parametrize(
    ("written", "operation", "value", "previous"),
    [(CREATED, "create", 1, None), (UPDATED, "update", 2, 1), (DELETED, "delete", None, 2)],
)
def test_a_change_of_state(written: Written, operation: str, value: Any, previous: Any) -> None:
    changes = service(a=state())
    publication = of_state(changes, written)
    assert publication is not None
    event, [placement], key = publication
    change = {"groupId": "orders", "key": "17", "operation": operation, "value": value, "previous": previous}
    assert decode(event.data) == change
    assert (event.topic, event.trace_id, event.created, key) == ("orders", TRACE, FakeClock().now(), "")
    assert placement.queue in changes.catalog.queues()
    assert (placement.due, placement.group, placement.priority) == (0.0, "", 0)


def test_a_change_of_an_item() -> None:
    changes = service(a=stream())
    before, after = ({"id": "m", "text": text, "__motia": {"groupId": "room"}} for text in ("a", "b"))
    publication = of_stream(changes, Written(encode(before), encode(after)))
    assert publication is not None
    place = {"streamName": "chat", "groupId": "room", "id": "m"}
    assert decode(publication.event.data) == {**place, "operation": "update", "value": after, "previous": before}
    assert publication.event.topic == "chat"
    assert publication.placements[0].queue in changes.catalog.queues()


@given(values, values)
def test_what_was_stored_arrives_unread(before: Any, after: Any) -> None:
    publication = of_state(service(a=state("größe")), Written(encode(before), encode(after)), "größe", "k" * 40)
    assert publication is not None
    change = {"groupId": "größe", "key": "k" * 40, "operation": "update", "value": after, "previous": before}
    assert publication.event.data == encode(change)


def test_a_value_that_is_null_is_a_value() -> None:
    changes = service(a=state())
    kinds = [of_state(changes, written) for written in (Written(None, NIL), Written(NIL, NIL), Written(NIL, None))]
    assert [decode(each.event.data)["operation"] for each in kinds if each] == ["create", "update", "delete"]


def test_a_delete_of_what_is_not_there_is_no_change() -> None:
    changes = service(a=state(), b=stream())
    assert of_state(changes, NOTHING) is None
    assert of_stream(changes, NOTHING) is None


def test_only_the_kinds_that_are_asked_for() -> None:
    changes = service(a=state(on=["create", "delete"]), b=state(on=["update"]), c=state(key="17", on=["delete"]))
    assert [queues(of_state(changes, written)) for written in (CREATED, UPDATED, DELETED)] == [
        ["a: orders (create, delete)"],
        ["b: orders (update)"],
        ["a: orders (create, delete)", "c: orders/17 (delete)"],
    ]
    assert of_state(service(c=state(on=["delete"])), CREATED) is None


def test_only_the_keys_that_are_asked_for() -> None:
    changes = service(a=state(), b=state(key="17"), c=state(key="18"), d=state("others", key="17"))
    assert queues(of_state(changes, CREATED)) == ["a: orders", "b: orders/17"]
    assert queues(of_state(changes, CREATED, key="19")) == ["a: orders"]
    assert queues(of_state(changes, CREATED, key="")) == ["a: orders"]
    assert service(b=state(key="17")).of_state("orders", "18", TRACE) is None


def test_only_the_items_that_are_asked_for() -> None:
    changes = service(all=stream(), room=stream(groupId="room"), one=stream(groupId="room", id="m"), any=stream(id="m"))
    assert queues(of_stream(changes, CREATED)) == ["all: chat", "any: chat/*/m", "one: chat/room/m", "room: chat/room"]
    assert queues(of_stream(changes, CREATED, id="n")) == ["all: chat", "room: chat/room"]
    assert queues(of_stream(changes, CREATED, group="hall")) == ["all: chat", "any: chat/*/m"]
    assert queues(of_stream(changes, CREATED, group="", id="")) == ["all: chat"]
    assert service(one=stream(groupId="room", id="m")).of_stream("chat", "room", "n", TRACE) is None


def test_each_trigger_of_a_step_gets_the_change() -> None:
    changes = service(a={"triggers": [state(), state(key="17"), stream()]})
    assert queues(of_state(changes, UPDATED)) == ["a: orders", "a: orders/17"]


def test_values_of_other_names_are_never_a_group_of_a_fifo_queue() -> None:
    changes = service(b=stream(infrastructure={"queue": {"type": "fifo"}}))
    places = [("a/b", "c"), ("a", "b/c"), ("a%2Fb", "c"), ("", "a/b/c")]
    found = [of_stream(changes, CREATED, group, id) for group, id in places]
    groups = [publication.placements[0].group for publication in found if publication is not None]
    assert len(set(groups)) == len(places)


def test_changes_of_one_value_are_a_group_of_a_fifo_queue() -> None:
    fifo: dict[str, Any] = {"infrastructure": {"queue": {"type": "fifo"}}}
    changes = service(a=state(**fifo), b=stream(**fifo))
    for publication, group in ((of_state(changes, CREATED), "orders/17"), (of_stream(changes, CREATED), "chat/room/m")):
        assert publication is not None
        assert publication.placements[0].group == group


def test_a_delay_counts_from_the_change() -> None:
    publication = of_state(service(a=state(infrastructure={"queue": {"delaySeconds": 5}})), CREATED)
    assert publication is not None
    assert publication.placements[0].due == publication.event.created + 5


def test_a_cleared_group_changes_by_key() -> None:
    clearing = service(a=state(), b=state(key="17")).of_group("orders", TRACE)
    assert clearing is not None
    found = {key: follow(DELETED) for key in ("17", "18") if (follow := clearing(key)) is not None}
    assert {key: queues(publication) for key, publication in found.items()} == {
        "17": ["a: orders", "b: orders/17"],
        "18": ["a: orders"],
    }


def test_every_change_is_an_event_of_its_own() -> None:
    follow = service(a=state()).of_state("orders", "17", "")
    assert follow is not None
    one, other = follow(DELETED), follow(CREATED)
    assert one is not None
    assert other is not None
    assert one.event.id != other.event.id
    assert len(one.event.trace_id) == 32, "without a trace one begins"


def test_a_new_catalog_counts_from_then_on() -> None:
    changes = service(a=state())
    changes.catalog = catalog_of(b=state("others"))
    assert changes.of_state("orders", "17", TRACE) is None
    assert changes.of_state("others", "17", TRACE) is not None


def test_a_write_that_began_before_another_catalog_goes_to_who_watched_then() -> None:
    changes = service(a=state())
    begun = changes.of_state("orders", "17", TRACE)
    changes.catalog = catalog_of(b=state())
    assert begun is not None
    assert queues(begun(CREATED)) == ["a: orders"]
    assert queues(of_state(changes, CREATED)) == ["b: orders"]
