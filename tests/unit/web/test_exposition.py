"""web/exposition: the numbers as Prometheus reads them."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from runtime.model import Failure, FailureKind, RunnerStatus
from runtime.records import QueueKey, QueueStatus
from runtime.services.metrics import BUCKETS, Metrics
from runtime.services.queues import QueueView
from runtime.web.exposition import Counted, Exposition
from tests.unit.services.spans import span_of

STEP = {"step": 'A "quoted"\nname', "language": "node"}
QUEUE = {"topic": "t", "step": "A", "kind": "event"}
PROCESSES = [
    RunnerStatus("node", 1, 7, 1, "serving", 2, 1000, None, 1, 0.0),
    RunnerStatus("node", 2, 8, 1, "serving", 3, None, None, 0, 0.0),
    RunnerStatus("node", 1, 9, 2, "loading", 0, 500, None, 0, 0.0),
    RunnerStatus("python", 1, None, 1, "given up", 0, None, None, 5, 0.0),
]


def counted() -> Counted:
    metrics = Metrics()
    for seconds, failure in ((0.5, None), (0.0625, Failure(FailureKind.HANDLER, "no")), (100.0, None)):
        span = span_of(STEP["step"])
        metrics.began(span)
        span.ended, span.failure = span.began + seconds, failure
        metrics.ended(span)
    metrics.began(span_of(STEP["step"]))
    views = [
        QueueView(QueueStatus(QueueKey("t", "A"), 3, 2, 1, 4, 1.0, False), 12.5, None),
        QueueView(QueueStatus(QueueKey("t", "B"), 0, 0, 0, 0, None, False), None, None),
    ]
    return Counted(metrics, lambda: views, lambda: PROCESSES, lambda: 17, lambda: 5, lambda: {"traces": 4, "logs": 0})


async def ask(accept: str = "", method: str = "GET") -> httpx.Response:
    transport = httpx.ASGITransport(Starlette(routes=Exposition(counted()).routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.request(method, "/metrics", headers={"accept": accept})


async def numbers() -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families((await ask()).text)
    return {
        (each.name, tuple(sorted(each.labels.items()))): each.value for family in families for each in family.samples
    }


async def test_every_number_is_there() -> None:
    found = await numbers()

    def of(name: str, **labels: str) -> float:
        return found[f"runtime_{name}", tuple(sorted(labels.items()))]

    assert (of("step_runs_total", **STEP), of("step_failures_total", **STEP), of("step_running", **STEP)) == (3, 1, 1)
    assert (of("step_duration_seconds_count", **STEP), of("step_duration_seconds_sum", **STEP)) == (3, 100.5625)
    below = [of("step_duration_seconds_bucket", **STEP, le=f"{bound:g}") for bound in BUCKETS]
    assert below == sorted(below) and below[BUCKETS.index(0.1)] == 1 and below[-1] == 2
    assert of("step_duration_seconds_bucket", **STEP, le="+Inf") == 3
    for name, value in (
        ("waiting", 3),
        ("delayed", 2),
        ("in_flight", 1),
        ("dead_letters", 4),
        ("oldest_seconds", 12.5),
    ):
        assert of(f"queue_{name}", **QUEUE) == value
    assert of("queue_oldest_seconds", **{**QUEUE, "step": "B"}) == 0
    assert of("runner_processes", language="node", state="serving") == 2
    assert of("runner_processes", language="python", state="given up") == 1
    assert (of("runner_in_flight", language="node"), of("runner_memory_bytes", language="node")) == (5, 1500)
    assert of("runner_restarts", language="python") == 5
    assert (of("sockets_open"), of("telemetry_dropped_total")) == (17, 5)
    assert (of("otlp_dropped_total", signal="traces"), of("otlp_dropped_total", signal="logs")) == (4, 0)


@pytest.mark.parametrize(
    "accept", ["", "*/*", "text/plain;version=0.0.4", "application/openmetrics-text;version=1.0.0"]
)
async def test_it_is_written_as_it_is_asked_for(accept: str) -> None:
    answer = await ask(accept)
    wanted = "application/openmetrics-text" if "openmetrics" in accept else "text/plain"
    assert answer.headers["content-type"].startswith(wanted)
    assert answer.text.endswith("# EOF\n") == ("openmetrics" in accept)


async def test_a_head_is_answered() -> None:
    assert (await ask(method="HEAD")).status_code == 200
