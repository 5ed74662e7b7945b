"""An HttpError answers as if its body had been returned."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from motia import HttpError
from runtime_runner import failure
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.values import decode
from tests.unit.runner_python.bench import Bench, bench

API = {"trigger": pb.TRIGGER_KIND_API}
REQUEST = {"method": "POST", "path": "/", "form": "none"}


class Model(BaseModel):
    at: datetime = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Point:
    x: int


async def _throw(runner: Bench, body: Any, **fields: Any) -> pb.Result:
    async def handler() -> None:
        raise HttpError(409, body)

    return await runner.run(handler, REQUEST, **(API | fields))


async def _payload(runner: Bench, result: pb.Result) -> Any:
    chunks = b"".join(chunk.data for chunk in runner.sent("chunk") if chunk.transfer == result.payload_transfer)
    return decode(chunks if result.payload_transfer else result.payload)


async def _returned(runner: Bench, body: Any) -> tuple[str, bytes]:
    response = await _payload(runner, await runner.run(lambda: {"status": 409, "body": body}, REQUEST, **API))
    return response["form"], response["body"]


@pytest.mark.parametrize(
    "body",
    [
        {"error": "taken"},
        "text",
        b"\xff\x00",
        [1, 2.5, None, True],
        (1, 2),
        {"d": Decimal("1.5"), "u": UUID(int=7)},
        {"nested": Model()},
        Model(),
        Point(1),
        {1: "one"},
        False,
    ],
)
async def test_the_failure_carries_what_would_have_been_returned(body: Any) -> None:
    async with bench() as runner:
        form, expected = await _returned(runner, body)
        found = (await _throw(runner, body)).failure
        assert (found.kind, found.http_status, found.retryable) == (pb.FAILURE_KIND_NON_RETRIABLE, 409, False)
        value = decode(found.http_body)
        sent = value if form == "bytes" else value.encode() if form == "text" else json.loads(expected)
        assert (sent == expected) if form != "json" else (value == sent)


async def test_no_body_is_none() -> None:
    async with bench() as runner:
        found = (await _throw(runner, None)).failure
        assert (found.http_status, found.http_body) == (409, b"")


@pytest.mark.parametrize("body", ["x" * 300_000, {"text": "x" * 300_000}, b"x" * 300_000, {"big": 2**64}])
async def test_what_a_failure_cannot_carry_goes_as_a_response(body: Any) -> None:
    async with bench() as runner:
        result = await _throw(runner, body)
        assert not result.HasField("failure")
        response = await _payload(runner, result)
        assert response["status"] == 409
        assert (response["form"], response["body"]) == await _returned(runner, body)
        assert ("text/plain; charset=utf-8" in str(response.get("headers"))) is isinstance(body, str)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({1, 2}, "body is a set"),
        (iter([1]), "body is a list_iterator"),
        ({"a": b"raw"}, "body.a is bytes, which JSON cannot hold"),
        ({"a": [float("nan")]}, "body.a[0] is nan"),
        ("\ud800", "lone surrogate"),
    ],
)
async def test_a_body_that_cannot_be_sent_is_the_steps_fault(body: Any, why: str) -> None:
    async with bench() as runner:
        found = (await _throw(runner, body)).failure
        assert (found.kind, found.http_status) == (pb.FAILURE_KIND_INVALID_OUTPUT, 0)
        assert found.message.startswith("The body of the HttpError cannot be sent: ")
        assert why in found.message
        returned = (await runner.run(lambda: {"status": 409, "body": body}, REQUEST, **API)).failure
        assert not returned.message or returned.kind == pb.FAILURE_KIND_INVALID_OUTPUT


async def test_a_body_over_the_limit_is_refused() -> None:
    async with bench(max_payload_bytes=300_000) as runner:
        found = (await _throw(runner, "x" * 300_000)).failure
        assert (found.kind, found.http_status) == (pb.FAILURE_KIND_INVALID_OUTPUT, 0)


async def test_a_step_without_a_client_has_no_answer() -> None:
    async with bench() as runner:
        found = (await _throw(runner, {1, 2}, trigger=pb.TRIGGER_KIND_EVENT)).failure
        assert (found.kind, found.http_status, found.type) == (pb.FAILURE_KIND_NON_RETRIABLE, 0, "HttpError")
        assert failure.class_name(HttpError(400)) == "HttpError"
