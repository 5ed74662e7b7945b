"""web/control/application: what the control routes take, answer and refuse."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from runtime.errors import HostCallRefused, StorageFault
from runtime.model import Failure, FailureKind, LogLevel, TriggerKind
from runtime.records import QueueKey
from runtime.values import decode, encode
from runtime.web.control.answers import MAX_SHOWN
from runtime.web.control.values import from_json, to_json
from tests.unit.services.test_queues import BILL, ORPHAN, SHIP
from tests.unit.web.control.controlled import MAX_BODY, World, refused

BILL_QUERY = {"topic": "order.created", "step": "Bill"}
CAUSE = Failure(FailureKind.HANDLER, "inner", "KeyError")
FAILURE = Failure(FailureKind.HANDLER, "no price", "TypeError", "at bill.step.ts:3", CAUSE)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    await world.client.aclose()


# ------------------------------------------------------------ emit


async def test_emit_publishes_and_answers_with_the_id(world: World) -> None:
    answer = await world.post("emit", {"topic": "a/b ü", "data": {"n": [1, None]}, "options": {"delay": 5}})
    assert (answer.status_code, answer.json()) == (200, {"id": "event-id", "subscribers": ["Ship"], "nearest": None})
    ((topic, data, options, trace_id),) = world.emitted
    assert (topic, data, options) == ("a/b ü", {"n": [1, None]}, {"delay": 5})
    assert len(trace_id) == 32


async def test_emit_tells_which_topic_may_have_been_meant(world: World) -> None:
    answer = await world.post("emit", {"topic": "unheard"})
    assert answer.json() == {"id": "event-id", "subscribers": [], "nearest": "heard"}


async def test_emit_needs_neither_data_nor_options(world: World) -> None:
    await world.post("emit", {"topic": "t"})
    await world.post("emit", {"topic": "t", "options": None})
    assert [call[:3] for call in world.emitted] == [("t", None, {}), ("t", None, {})]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"topic": 5}',
        b'{"data": 1}',
        b'{"topic": "t", "options": []}',
        b'{"topic": "t", "dta": 1}',
        b'{"topic": "t", "data": NaN}',
        b'{"topic": "t", "data": "\\ud800"}',
        b'{"topic": "\\ud800"}',
        b'{"topic": "t", "data": 99999999999999999999999}',
        b'{"topic": "t", "data": {"$bytes": "%%%"}}',
        b'{"topic": "t", "data": {"$bytes": 5}}',
        b'{"topic": "t", "data": ' + b"[" * 512 + b"]" * 512 + b"}",
        b'{"topic": "t", "data": ' + b"[" * 4000 + b"]" * 4000 + b"}",
        b"\xff",
    ],
)
async def test_what_is_no_event_is_refused(world: World, body: bytes) -> None:
    refused(await world.client.post("emit", content=body), 400)
    assert world.emitted == []


async def test_a_body_has_a_bound_whether_it_says_its_length_or_not(world: World) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(MAX_BODY):
            yield b"x" * 100

    refused(await world.client.post("emit", content=b" " * (MAX_BODY + 1)), 413)
    refused(await world.client.post("emit", content=pieces()), 413)
    assert (await world.client.post("emit", content=b'{"topic":"t"}'.ljust(MAX_BODY))).status_code == 200


async def test_bytes_are_written_as_base64(world: World) -> None:
    await world.post("emit", {"topic": "t", "data": {"raw": {"$bytes": "AP8="}}})
    assert world.emitted[0][1] == {"raw": b"\x00\xff"}


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (HostCallRefused("unknown option 'dely'"), 422, "unknown option 'dely'"),
        (StorageFault("the disk is full", "make room"), 503, "the disk is full; make room"),
        (RuntimeError("secret"), 500, "the runtime failed at this; its log says how"),
    ],
)
async def test_what_the_services_refuse_is_said(world: World, error: Exception, status: int, detail: str) -> None:
    world.error = error
    assert refused(await world.post("emit", {"topic": "t"}), status)["detail"] == detail
    assert [("secret" in line) for line in world.reports.messages(LogLevel.ERROR)] == [True] * (status == 500)


# ------------------------------------------------------------ queues


async def test_all_queues_are_listed(world: World) -> None:
    world.bus.add(BILL)
    world.bus.kill(ORPHAN, FAILURE)
    queues = (await world.client.get("queues")).json()["queues"]
    assert [(queue["topic"], queue["step"], queue["kind"]) for queue in queues] == [
        ("", "Nightly", "cron"),
        ("order.created", "Bill", "event"),
        ("order.created", "Gone", "event"),
        ("order.created", "Ship", "event"),
        ("order.late", "Ship", "event"),
    ]
    assert queues[1] == {
        "topic": "order.created",
        "step": "Bill",
        "kind": "event",
        "waiting": 1,
        "delayed": 0,
        "inFlight": 0,
        "dead": 0,
        "oldest": "2023-11-14T22:13:20.000+00:00",
        "age": 5.0,
        "paused": False,
        "orphan": False,
        "policy": {
            "type": "standard",
            "concurrency": 10,
            "maxRetries": 3,
            "delaySeconds": 0.0,
            "backoff": {"delay": 1.0, "factor": 2.0, "max": 60.0, "jitter": 0.0},
        },
    }
    assert (queues[2]["orphan"], queues[2]["policy"], queues[2]["dead"]) == (True, None, 1)


async def test_a_queue_is_shown_with_payloads_and_all_attempts(world: World) -> None:
    waiting = world.bus.add(BILL, encode({"n": 1, "raw": b"\x00"}), group="g")
    letter = world.bus.kill(BILL, FAILURE, FAILURE, data=encode("x"))
    shown = (await world.client.get("queue", params=BILL_QUERY)).json()
    (event,), (dead,) = shown["events"], shown["deadLetters"]
    assert (event["id"], event["data"]) == (waiting.id, {"n": 1, "raw": {"$bytes": "AA=="}})
    assert (event["messageGroupId"], event["attempt"], event["taken"]) == ("g", 1, None)
    assert (dead["id"], dead["data"], dead["buried"]) == (letter.id, "x", "2023-11-14T22:13:20.000+00:00")
    assert [attempt["number"] for attempt in dead["attempts"]] == [1, 2]
    assert dead["attempts"][0]["began"] < dead["attempts"][0]["ended"]
    assert dead["attempts"][0]["failure"] == {
        "kind": "handler",
        "type": "TypeError",
        "message": "no price",
        "stack": "at bill.step.ts:3",
        "frames": [],
        "cause": {"kind": "handler", "type": "KeyError", "message": "inner", "stack": "", "frames": [], "cause": None},
    }


async def test_the_limit_bounds_what_is_shown(world: World) -> None:
    for _ in range(30):
        world.bus.add(BILL)
    assert len((await world.client.get("queue", params=BILL_QUERY)).json()["events"]) == 20
    assert len((await world.client.get("queue", params={**BILL_QUERY, "limit": "25"})).json()["events"]) == 25
    for limit in ("-1", "x", "", "²", "1e2", str(MAX_SHOWN + 1), "9" * 5000):
        refused(await world.client.get("queue", params={**BILL_QUERY, "limit": limit}), 400)


async def test_names_may_hold_anything(world: World) -> None:
    odd = QueueKey("a/b?c=d&e#\n%2F+", "../[x] ü")
    world.bus.add(odd)
    answer = await world.client.get("queue", params={"topic": odd.topic, "step": odd.step})
    assert (answer.json()["topic"], answer.json()["step"]) == (odd.topic, odd.step)


async def test_a_name_alone_may_do(world: World) -> None:
    assert (await world.client.get("queue", params={"name": "Bill"})).json()["step"] == "Bill"
    assert (await world.client.get("queue", params={"step": "Nightly", "kind": "cron"})).json()["kind"] == "cron"


async def test_an_unclear_address_lists_candidates(world: World) -> None:
    ambiguous = refused(await world.client.get("queue", params={"name": "Ship"}), 409)
    assert ambiguous["candidates"] == [
        {"topic": "order.created", "step": "Ship", "kind": "event"},
        {"topic": "order.late", "step": "Ship", "kind": "event"},
    ]
    unknown = refused(await world.client.get("queue", params={"name": "Bil"}), 404)
    assert unknown["candidates"] == [{"topic": "order.created", "step": "Bill", "kind": "event"}]
    refused(await world.client.get("queue"), 400)
    refused(await world.client.get("queue", params={"name": "Bill", "kind": "api!"}), 400)


async def test_a_queue_is_paused_and_resumed(world: World) -> None:
    assert (await world.post("queue/pause", **BILL_QUERY)).json()["paused"] is True
    assert BILL in world.bus.paused
    assert (await world.post("queue/resume", **BILL_QUERY)).json()["paused"] is False
    assert BILL not in world.bus.paused


async def test_a_queue_is_purged_of_one_or_the_other(world: World) -> None:
    world.bus.add(BILL)
    world.bus.kill(BILL, FAILURE)
    for body in ({}, {"what": "all"}, {"what": None}, {"waht": "dead"}):
        refused(await world.post("queue/purge", body, **BILL_QUERY), 400)
    assert (len(world.bus.events), len(world.bus.letters)) == (1, 1)
    answer = await world.post("queue/purge", {"what": "dead"}, **BILL_QUERY)
    assert answer.json() == {"topic": "order.created", "step": "Bill", "kind": "event", "purged": 1}
    assert (len(world.bus.events), len(world.bus.letters)) == (1, 0)
    assert (await world.post("queue/purge", {"what": "waiting"}, **BILL_QUERY)).json()["purged"] == 1


async def test_dead_letters_are_redriven(world: World) -> None:
    first, second = (world.bus.kill(BILL, FAILURE, data=encode(n)) for n in range(2))
    answer = await world.post("queue/redrive", {"ids": [first.id], "data": {"n": None}}, **BILL_QUERY)
    assert answer.json() == {"topic": "order.created", "step": "Bill", "kind": "event", "redriven": 1, "moved": 0}
    assert [decode(data) for data in world.bus.of(BILL)] == [{"n": None}]
    assert (await world.post("queue/redrive", {"failure": "TypeError"}, **BILL_QUERY)).json()["redriven"] == 1
    assert [delivery.id for delivery in world.bus.events] == [first.id, second.id]
    assert (await world.post("queue/redrive", {"all": True}, **BILL_QUERY)).json()["redriven"] == 0


async def test_an_edited_payload_may_be_null(world: World) -> None:
    letter = world.bus.kill(BILL, FAILURE, data=encode(5))
    await world.post("queue/redrive", {"ids": [letter.id], "data": None}, **BILL_QUERY)
    assert world.bus.of(BILL) == [encode(None)]


@pytest.mark.parametrize("target", ["Ship", {"topic": "order.created", "step": "Ship"}])
async def test_an_orphan_is_redriven_to_another_step(world: World, target: Any) -> None:
    world.bus.add(ORPHAN)
    world.bus.kill(ORPHAN, FAILURE)
    refused(await world.post("queue/redrive", {"all": True}, name="Gone"), 422)
    done = (await world.post("queue/redrive", {"all": True, "target": target}, name="Gone")).json()
    assert (done["redriven"], done["moved"]) == (1, 1)
    assert len(world.bus.of(SHIP)) == 2


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"all": False},
        {"all": "yes"},
        {"all": 1},
        {"ids": []},
        {"ids": ["1"]},
        {"ids": [True]},
        {"ids": [1.0]},
        {"ids": 1},
        {"failure": ""},
        {"failure": 5},
        {"all": True, "ids": [1]},
        {"all": True, "failure": "x"},
        {"ids": "x", "all": True},
        {"failure": [], "all": True},
        {"all": True, "target": 5},
        {"all": True, "target": {}},
        {"all": True, "target": {"topic": "x"}},
        {"all": True, "target": {"step": "Ship", "kind": "cron"}},
        {"all": True, "target": {"step": None}},
    ],
)
async def test_a_redrive_says_which_letters_and_nothing_odd(world: World, body: Any) -> None:
    world.bus.kill(BILL, FAILURE)
    refused(await world.post("queue/redrive", body, **BILL_QUERY), 400)
    assert len(world.bus.letters) == 1


# ------------------------------------------------------------ schedules


async def test_schedules_are_listed(world: World) -> None:
    assert (await world.client.get("cron")).json()["schedules"][1] == {
        "step": "Hourly",
        "expression": "@hourly",
        "timezone": "Europe/Berlin",
        "next": "2023-11-15T00:00:00.000+00:00",
        "last": "2023-11-14T22:13:20.250+00:00",
    }


async def test_a_schedule_is_triggered_by_its_step(world: World) -> None:
    assert (await world.post("cron/trigger", step="Hourly")).json() == {"id": "tick-id"}
    assert world.triggered == ["Hourly"]
    for step in ("Bill", ""):
        assert "Hourly, Nightly" in refused(await world.post("cron/trigger", step=step), 404)["detail"]
    assert world.triggered == ["Hourly"]


# ------------------------------------------------------------ the rest


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "", 404), ("GET", "nothing", 404), ("GET", "emit", 405), ("POST", "queues", 405), ("PUT", "cron", 405)],
)
async def test_what_is_no_route_is_a_problem_too(world: World, method: str, path: str, status: int) -> None:
    answer = await world.client.request(method, path)
    refused(answer, status)
    assert (status == 405) == ("allow" in answer.headers)


# ------------------------------------------------------------ values


@pytest.mark.parametrize("value", [None, 1, -1.5, "ü", [], {}, {"a": [{"b": b""}]}, 2**63, b"\x00\xff", True])
def test_values_come_back_as_they_were(value: Any) -> None:
    assert from_json(json.dumps(to_json(encode(value)))) == value


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", None),
        (encode({1: "x"}), {"1": "x"}),
        (encode([float("nan"), float("-inf")]), ["nan", "-inf"]),
        (b"\xc1", {"$bytes": "wQ=="}),
        (b"\x91" * 600 + b"\xc0", {"$bytes": to_json(encode(b"\x91" * 600 + b"\xc0"))["$bytes"]}),
        (b"\x91" * 5000 + b"\xc0", {"$bytes": to_json(encode(b"\x91" * 5000 + b"\xc0"))["$bytes"]}),
    ],
)
def test_what_json_lacks_is_shown_all_the_same(data: bytes, shown: Any) -> None:
    assert to_json(data) == shown


async def test_the_deepest_value_is_shown(world: World) -> None:
    deepest = from_json("[" * 512 + "]" * 512)
    world.bus.add(QueueKey("t", "Deep", TriggerKind.EVENT), encode(deepest))
    assert (await world.client.get("queue", params={"name": "Deep"})).json()["events"][0]["data"] == deepest


# ------------------------------------------------------------ traces


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_every_answer_tells_its_trace(world: World) -> None:
    answers = [await world.client.get("queues"), await world.client.get("none"), await world.client.put("queues")]
    traces = {answer.headers["x-trace-id"] for answer in answers}
    assert (len(traces), {len(trace) for trace in traces}) == (3, {32})
    assert "traceparent" not in answers[0].headers


async def test_an_event_has_the_trace_of_the_request_that_emits_it(world: World) -> None:
    parent = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    answer = await world.client.post("emit", json={"topic": "t"}, headers=parent)
    assert world.emitted[0][3] == answer.headers["x-trace-id"] == TRACE
    assert answer.headers["traceparent"].split("-")[1] == TRACE
