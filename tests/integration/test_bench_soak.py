"""The soak judges the whole of its load: what fails before the first minute or behind the last one is told as well."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import pytest

from bench import soak
from bench.harness import pacing
from bench.harness.pacing import Asked, Figures, Pacing, Plan
from bench.harness.results import Row
from bench.harness.servers import Running
from bench.harness.slowness import Factors
from bench.soak import Minute
from tests.integration.answering import answering

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
FAILED = b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"
CORE = Running("http://127.0.0.1:1", 1)


def figures(requests: int, failed: int) -> Figures:
    return Figures(60.0, requests, failed, 0, 0, 0, 1.0, 2.0, 0.1)


def judged_requests(intervals: Sequence[Figures], monkeypatch: pytest.MonkeyPatch) -> Row:
    """The row of failures of a load whose generator has given these figures: warm-up, minutes, tail."""

    @contextmanager
    def generator(*_: object) -> Iterator[Iterator[Figures]]:
        yield iter(intervals)

    def look(core: Running, figures: Figures, stolen: float, slow: Factors) -> Minute:
        return Minute(figures, stolen, slow, {1: 1}, {1: 1}, [0, 0, 0, 0], 0)

    monkeypatch.setattr(soak, "_generator", generator)
    monkeypatch.setattr(soak, "_look", look)
    monkeypatch.setattr("bench.harness.slowness.Slowness.factors", lambda _: Factors(1.0, 1.0))
    seen, whole = soak._load(CORE, 100.0, len(intervals) - 2, {1: "core"})
    [row] = [row for row in soak._judge_requests(100.0, seen, whole) if row.case.startswith("failed of")]
    return row


@pytest.mark.parametrize("failing", range(4))
def test_a_failure_counts_whenever_it_happens(failing: int, monkeypatch: pytest.MonkeyPatch) -> None:
    row = judged_requests([figures(500, 7 * (number == failing)) for number in range(4)], monkeypatch)
    assert (row.case, row.ours, row.is_met) == ("failed of 2,000 requests", "7", False)


def test_a_load_without_failures_meets_its_goal(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged_requests([figures(500, 0)] * 4, monkeypatch).is_met


@pytest.mark.parametrize("answer", [FAILED, None])
def test_a_round_that_failed_is_a_failure_and_its_deliveries_are_missing(
    answer: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "SETTLE_SECONDS", 0.2)
    monkeypatch.setattr(soak, "SOCKETS", 1)
    # Rounds get that answer and are delivered to nobody; other requests are served.
    with answering(lambda asked: answer if b" /rounds " in asked else OK) as url, ExitStack() as held:
        # One round in all, on the first connection; the requests go over the other.
        plan = Plan(url, [Asked("/")], None, (0.2,), 2, 1, {}, Asked("/rounds"), 0.01)
        connections = [pacing._Connection(url) for _ in range(2)]
        hears, _tells = (held.enter_context(each) for each in socket.socketpair())
        for each in connections:
            held.enter_context(each.socket)
        found = Pacing(plan, connections, [hears]).run(0.2, is_last=True)
    assert found.requests > found.failed == 1
    missing = soak._judge_deliveries(found)
    assert (missing.case, missing.ours, missing.is_met) == ("missing, or too many, of 1 deliveries", "1", False)
