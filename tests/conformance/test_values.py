"""PROTOCOL.md, section 8: values."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from runtime._gen import runner_pb2 as pb
from tests.conformance.core_double import Core, pack, unpack
from tests.conformance.values import any_value

MAX_DEPTH = 512
LONGEST = 70_000
EDGES = (0, 7, 8, 15, 16, 31, 32, 53, 63, 64)
INTEGERS = sorted(
    {
        value
        for edge in EDGES
        for middle in (2**edge, -(2**edge))
        for value in (middle - 1, middle, middle + 1)
        if -(2**63) <= value < 2**64
    }
    | {0, 1_700_000_000_000, -1_700_000_000_000}
)
FLOATS = [0.5, -0.1, 1e-310, 1.7976931348623157e308, 5e-324, math.pi, math.nan, math.inf, -math.inf]
TEXTS = ["", "a", "a\0b", "🍋", "👩‍👩‍👧", "\ufeffbom", "\u2028", "e\u0301", "ä" * 31]
TEXTS += ["x" * length for length in (31, 32, 255, 256, LONGEST)]
BYTES = [b"", b"\0\xff", bytes(range(256)), b"x" * LONGEST]
CONTAINERS: list[Any] = [
    [],
    {},
    [[]],
    [{}, [None, True, False]],
    {"": ""},
    {"z": 1, "a": 2, "m": {"y": [], "b": {}}},
    {"__proto__": {"polluted": True}, "constructor": 1, "toString": 2, "prototype": 3},
    {"items": 1, "keys": 2, "get": 3, "copy": 4, "self": 5, "then": 6, "toJSON": 7},
    list(range(16)),
    list(range(LONGEST)),
    {f"k{number}": number for number in range(16)},
    {f"k{number}": number for number in range(LONGEST)},
]
VALUES: list[Any] = [None, True, False, *INTEGERS, *FLOATS, *TEXTS, *BYTES, *CONTAINERS]


async def test_m36_values_round_trip(core: Core) -> None:
    for value in VALUES:
        result = await core.invoke("echo", value)
        assert not result.HasField("failure"), (result.failure, str(value)[:80])
        # Equal bytes are equal values, in the shortest form, with the keys in their order.
        assert (core.payload(result) or pack(None)) == pack(value), str(value)[:80]


async def test_values_round_trip_through_host_calls(core: Core) -> None:
    run = await core.start("keeps", VALUES)
    call = await core.expect(pb.HostCall)
    assert core.payload(call) == pack(VALUES)
    await core.reply(call)
    await core.reply(await core.expect(pb.HostCall), VALUES)
    assert core.payload(await core.result(run)) == pack([VALUES, VALUES])


@pytest.mark.parametrize("value", [1.0, -3.0, 2.0**53, 2.0**60, -(2.0**63), 2.0**64, 1e300, -0.0])
async def test_whole_floats_keep_their_value(core: Core, value: float) -> None:
    assert await core.call("echo", value) == value


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(value=any_value)
async def test_any_value_round_trips(core: Core, value: object) -> None:
    result = await core.invoke("echo", value)
    assert not result.HasField("failure"), result.failure
    assert (core.payload(result) or pack(None)) == pack(value)


async def test_values_of_the_language(core: Core) -> None:
    value = await core.call("natives")
    date = value.pop("date")
    assert date.endswith("Z")
    assert datetime.fromisoformat(date) == datetime(2024, 2, 29, 12, 30, 15, tzinfo=UTC)
    assert value == {"absent": None, "bytes": b"\0\xff", "list": [1, 2], "large": 2**63}


async def test_m37_cyclic_and_deep_values(core: Core) -> None:
    cyclic = (await core.invoke("nests", "cycle")).failure
    assert cyclic.kind == pb.FAILURE_KIND_INVALID_OUTPUT
    assert "loop[0].self" in cyclic.message
    deep = (await core.invoke("nests", MAX_DEPTH + 1)).failure
    assert deep.kind == pb.FAILURE_KIND_INVALID_OUTPUT
    assert str(MAX_DEPTH) in deep.message
    far_deeper = (await core.invoke("nests", 100_000)).failure
    assert far_deeper.kind == pb.FAILURE_KIND_INVALID_OUTPUT
    assert _depth(await core.call("nests", MAX_DEPTH)) == MAX_DEPTH


async def test_values_of_the_greatest_depth_come_back(core: Core) -> None:
    deepest: list[Any] = []
    for _ in range(MAX_DEPTH - 1):
        deepest = [deepest]
    result = await core.invoke("echo", deepest)
    assert not result.HasField("failure"), result.failure
    assert _depth(unpack(core.payload(result))) == MAX_DEPTH


def _depth(value: list[Any]) -> int:
    depth = 1
    while value:
        (value,) = value
        depth += 1
    return depth
