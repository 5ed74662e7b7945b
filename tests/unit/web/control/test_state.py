"""web/control/state: groups, keys and values through the control routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from runtime.values import encode
from runtime.web.control import state as control_state
from runtime.web.control.answers import MAX_SHOWN
from runtime.web.control.application import HARMLESS_PATHS
from runtime.web.control.values import from_json
from tests.unit.web.control.controlled import World, refused


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    await world.client.aclose()


async def value(world: World, group: str, key: str) -> httpx.Response:
    return await world.client.get("state/value", params={"group": group, "key": key})


async def keys(world: World, group: str, **query: str) -> Any:
    answer = await world.client.get("state/keys", params={"group": group, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_groups_are_listed_with_their_number_of_keys(world: World) -> None:
    await world.fill("visits", "home", "shop")
    await world.fill("carts", "ada")
    assert (await world.client.get("state")).json() == {
        "groups": [{"group": "carts", "keys": 1}, {"group": "visits", "keys": 2}],
        "next": None,
    }


async def test_a_project_without_state_has_no_groups(world: World) -> None:
    assert (await world.client.get("state")).json() == {"groups": [], "next": None}


async def test_groups_come_in_pages(world: World) -> None:
    names = [f"g{number}" for number in range(7)]
    for name in names:
        await world.fill(name, "key")
    found, after = [], dict[str, str]()
    for _ in range(4):
        page = (await world.client.get("state", params={"limit": "2", **after})).json()
        found.append([each["group"] for each in page["groups"]])
        after = {"after": page["next"]}
    assert found == [names[:2], names[2:4], names[4:6], names[6:]]
    assert page["next"] is None


async def test_keys_are_listed_in_the_order_in_which_they_came(world: World) -> None:
    await world.fill("visits", "zoo", "home", "attic")
    assert await keys(world, "visits") == {
        "group": "visits",
        "total": 3,
        "keys": [{"key": "zoo"}, {"key": "home"}, {"key": "attic"}],
        "next": None,
    }
    assert await keys(world, "none") == {"group": "none", "total": 0, "keys": [], "next": None}


async def test_keys_come_in_pages(world: World) -> None:
    await world.fill("g", "e", "d", "c", "b", "a")
    first = await keys(world, "g", limit="2")
    second = await keys(world, "g", limit="2", after=first["next"])
    third = await keys(world, "g", limit="2", after=second["next"])
    assert [[each["key"] for each in page["keys"]] for page in (first, second, third)] == [
        ["e", "d"],
        ["c", "b"],
        ["a"],
    ]
    assert third["next"] is None
    gone = await world.client.get("state/keys", params={"group": "g", "after": "x"})
    assert "begin anew" in refused(gone, 404)["detail"]


async def test_values_are_shown_when_they_are_asked_for(world: World) -> None:
    await world.state.set("g", "a", encode({"n": 1}), "", {})
    await world.state.set("g", "b", encode(b"\x00"), "", {})
    first, second = (await keys(world, "g", values="true"))["keys"]
    assert (first["key"], first["value"]) == ("a", {"n": 1})
    assert second["value"] == {"$bytes": "AA=="}
    assert second["version"] > first["version"] > 0
    refused(await world.client.get("state/keys", params={"group": "g", "values": "yes"}), 400)


async def test_a_page_of_long_values_ends_early(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_state, "MAX_PAGE_BYTES", 250)
    for key in "abcd":
        await world.state.set("g", key, encode("x" * 200), "", {})
    page = await keys(world, "g", values="true")
    assert [each["key"] for each in page["keys"]] == ["a", "b"]
    rest = await keys(world, "g", values="true", after=page["next"])
    assert ([each["key"] for each in rest["keys"]], rest["next"]) == (["c", "d"], None)


@pytest.mark.parametrize("limit", ["-1", "x", "", str(MAX_SHOWN + 1)])
async def test_pages_have_a_bound(world: World, limit: str) -> None:
    refused(await world.client.get("state", params={"limit": limit}), 400)
    refused(await world.client.get("state/keys", params={"group": "g", "limit": limit}), 400)


async def test_a_value_is_shown_with_its_version(world: World) -> None:
    await world.state.set("g", "k", encode([1, None]), "", {})
    shown = (await value(world, "g", "k")).json()
    assert (shown["group"], shown["key"], shown["value"]) == ("g", "k", [1, None])
    await world.state.set("g", "k", encode(2), "", {})
    assert (await value(world, "g", "k")).json()["version"] > shown["version"]


async def test_a_value_that_is_not_there_is_said(world: World) -> None:
    assert refused(await value(world, "g", "k"), 404)["detail"] == "group 'g' has no key 'k'"
    await world.post("state/set", {"value": None}, group="g", key="k")
    assert (await value(world, "g", "k")).json()["value"] is None


@pytest.mark.parametrize("name", ["", " ", "a/b?c=d&e#\n%2F+", "../[x] ü"])
async def test_names_may_hold_anything(world: World, name: str) -> None:
    stored = await world.post("state/set", {"value": 5}, group=name, key=name)
    assert stored.json() == {"group": name, "key": name, "value": 5}
    assert (await value(world, name, name)).json()["value"] == 5
    assert (await world.client.get("state")).json()["groups"] == [{"group": name, "keys": 1}]


async def test_a_value_is_replaced_only_when_it_has_the_version(world: World) -> None:
    first = {"group": "g", "key": "k"}
    assert (await world.post("state/set", {"value": 1, "ifVersion": 0}, **first)).status_code == 200
    version = (await value(world, "g", "k")).json()["version"]
    refused(await world.post("state/set", {"value": 2, "ifVersion": 0}, **first), 409)
    refused(await world.post("state/set", {"value": 2, "ifVersion": version + 1}, **first), 409)
    assert (await world.post("state/set", {"value": 3, "ifVersion": version, "ttl": None}, **first)).status_code == 200
    assert (await value(world, "g", "k")).json()["value"] == 3


async def test_a_value_may_end_by_itself(world: World) -> None:
    await world.post("state/set", {"value": 1, "ttl": 1.5}, group="g", key="k")
    await world.clock.advance(1.4)
    assert (await value(world, "g", "k")).status_code == 200
    await world.clock.advance(0.2)
    refused(await value(world, "g", "k"), 404)
    assert (await world.client.get("state")).json()["groups"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"ttl": 5}, 400),
        ({"value": 1, "tll": 5}, 400),
        ({"value": {"$bytes": "%"}}, 400),
        ({"value": 1, "ttl": 0}, 422),
        ({"value": 1, "ttl": "soon"}, 422),
        ({"value": 1, "ifVersion": -1}, 422),
        ({"value": 1, "ifVersion": "1"}, 422),
        ({"value": 1, "ifVersion": None}, 422),
    ],
)
async def test_what_cannot_be_set_is_refused(world: World, body: Any, status: int) -> None:
    refused(await world.post("state/set", body, group="g", key="k"), status)
    refused(await value(world, "g", "k"), 404)


async def test_a_deleted_value_is_told(world: World) -> None:
    await world.state.set("g", "k", encode({"n": b"\xff"}), "", {})
    deleted = (await world.post("state/delete", group="g", key="k")).json()
    assert deleted == {"group": "g", "key": "k", "deleted": True, "value": {"n": {"$bytes": "/w=="}}}
    again = (await world.post("state/delete", group="g", key="k")).json()
    assert again == {"group": "g", "key": "k", "deleted": False, "value": None}


async def test_a_stored_null_is_something_to_delete(world: World) -> None:
    await world.post("state/set", {"value": None}, group="g", key="k")
    assert (await world.post("state/delete", group="g", key="k")).json()["deleted"] is True


async def test_a_cleared_group_tells_how_many_keys_it_had(world: World) -> None:
    await world.fill("g", "a", "b")
    await world.fill("other", "a")
    assert (await world.post("state/clear", group="g")).json() == {"group": "g", "cleared": 2}
    assert (await world.post("state/clear", group="g")).json() == {"group": "g", "cleared": 0}
    assert (await world.client.get("state")).json()["groups"] == [{"group": "other", "keys": 1}]


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", "state/keys", {}),
        ("GET", "state/value", {}),
        ("GET", "state/value", {"group": "g"}),
        ("GET", "state/value", {"key": "k"}),
        ("POST", "state/set", {"group": "g"}),
        ("POST", "state/delete", {"key": "k"}),
        ("POST", "state/clear", {}),
    ],
)
async def test_a_request_says_what_it_means(world: World, method: str, path: str, query: dict[str, str]) -> None:
    answer = await world.client.request(method, path, params=query)
    assert refused(answer, 400)["detail"].startswith("say which ")


async def test_the_deepest_value_is_shown(world: World) -> None:
    deepest = from_json("[" * 512 + "]" * 512)
    await world.state.set("g", "k", encode(deepest), "", {})
    assert (await value(world, "g", "k")).json()["value"] == deepest
    assert (await keys(world, "g", values="true"))["keys"][0]["value"] == deepest
    assert (await world.post("state/delete", group="g", key="k")).json()["value"] == deepest


def test_neither_names_nor_values_are_for_everybody() -> None:
    assert not any(path.startswith(control_state.STATE_PATH) for path in HARMLESS_PATHS)
