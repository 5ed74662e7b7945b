"""`/metrics`: what is counted, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import anyio.to_thread
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from runtime import __version__
from runtime.model import RunnerStatus
from runtime.services.metrics import BUCKETS, Metrics
from runtime.services.queues import QueueView

METRICS_PATH = "/metrics"
_BOUNDS = (*(f"{bound:g}" for bound in BUCKETS), "+Inf")
_STEP, _QUEUE, _RUNNER = ("step", "language"), ("topic", "step", "kind"), ("language",)


class Counted(NamedTuple):
    """Where the numbers come from."""

    metrics: Metrics
    queues: Callable[[], Sequence[QueueView]]
    runners: Callable[[], Sequence[RunnerStatus]]
    sockets: Callable[[], int]
    lost: Callable[[], int]
    """Spans and lines that were not kept since the start."""
    unsent: Callable[[], Mapping[str, int]] = dict
    """Those that did not get to a collector, by signal; none where nothing is sent."""


class Exposition:
    """Answers with everything at one moment."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted

    def routes(self) -> list[Route]:
        """The route; put a `Guard` before it."""
        return [Route(METRICS_PATH, self._show, methods=["GET"])]

    async def _show(self, request: Request) -> Response:
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        text = await anyio.to_thread.run_sync(encode, _Moment(families(self._counted)))
        return Response(text, headers={"content-type": media_type, "cache-control": "no-store"})


class _Moment(Collector):
    """Numbers that do not change any more, to be written down in a thread."""

    def __init__(self, found: Iterable[Metric]) -> None:
        self._found = list(found)

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        return self._found


def families(counted: Counted) -> Iterator[Metric]:
    """The metrics as they stand."""
    info = GaugeMetricFamily("runtime_info", "The version that runs.", labels=("version",))
    info.add_metric((__version__,), 1)
    yield info
    yield from _of_steps(counted.metrics)
    yield from _of_queues(counted.queues())
    yield from _of_runners(counted.runners())
    yield GaugeMetricFamily("runtime_sockets_open", "Sockets of clients that are open.", counted.sockets())
    lost = "Spans and log lines that came faster than they could be kept."
    yield CounterMetricFamily("runtime_telemetry_dropped", lost, counted.lost())
    yield from _of_export(counted.unsent())


def _of_steps(metrics: Metrics) -> Iterator[Metric]:
    runs = CounterMetricFamily("runtime_step_runs", "Attempts that have ended.", labels=_STEP)
    failures = CounterMetricFamily("runtime_step_failures", "Attempts that have failed.", labels=_STEP)
    running = GaugeMetricFamily("runtime_step_running", "Attempts that run or wait for a runner.", labels=_STEP)
    took = "What attempts took, from when they were taken."
    durations = HistogramMetricFamily("runtime_step_duration_seconds", took, labels=_STEP)
    for step, counts in metrics.steps.items():
        labels = (step, counts.language)
        runs.add_metric(labels, counts.runs)
        failures.add_metric(labels, counts.failed)
        running.add_metric(labels, counts.running)
        added = zip(_BOUNDS, accumulate(counts.buckets), strict=True)
        durations.add_metric(labels, [(bound, float(count)) for bound, count in added], counts.seconds)
    yield from (runs, failures, running, durations)


def _of_queues(views: Sequence[QueueView]) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("runtime_queue_waiting", "Events that could be taken now.", labels=_QUEUE)
    delayed = GaugeMetricFamily("runtime_queue_delayed", "Events for later, retries among them.", labels=_QUEUE)
    in_flight = GaugeMetricFamily("runtime_queue_in_flight", "Events that are taken.", labels=_QUEUE)
    dead = GaugeMetricFamily("runtime_queue_dead_letters", "Events that no attempt got done.", labels=_QUEUE)
    age = GaugeMetricFamily("runtime_queue_oldest_seconds", "Age of the oldest event, 0 without one.", labels=_QUEUE)
    for view in views:
        queue, status = view.status.queue, view.status
        labels = (queue.topic, queue.step, queue.kind.value)
        for family, value in ((waiting, status.waiting), (delayed, status.delayed), (in_flight, status.in_flight)):
            family.add_metric(labels, value)
        dead.add_metric(labels, status.dead)
        age.add_metric(labels, view.age or 0.0)
    yield from (waiting, delayed, in_flight, dead, age)


def _of_runners(statuses: Sequence[RunnerStatus]) -> Iterator[Metric]:
    processes = GaugeMetricFamily(
        "runtime_runner_processes", "Processes of runners by state.", labels=(*_RUNNER, "state")
    )
    in_flight = GaugeMetricFamily("runtime_runner_in_flight", "Runs that have not ended.", labels=_RUNNER)
    memory = GaugeMetricFamily("runtime_runner_memory_bytes", "Memory of the processes.", labels=_RUNNER)
    restarts = GaugeMetricFamily("runtime_runner_restarts", "Restarts of the code that is loaded.", labels=_RUNNER)
    for language in sorted({status.language for status in statuses}):
        own = [status for status in statuses if status.language == language]
        for state in sorted({status.state for status in own}):
            processes.add_metric((language, state), sum(status.state == state for status in own))
        in_flight.add_metric((language,), sum(status.in_flight for status in own))
        memory.add_metric((language,), sum(status.memory_bytes or 0 for status in own))
        restarts.add_metric((language,), sum(status.restarts for status in own))
    yield from (processes, in_flight, memory, restarts)


def _of_export(unsent: Mapping[str, int]) -> Iterator[Metric]:
    told = "Spans and log lines that did not get to the collector."
    dropped = CounterMetricFamily("runtime_otlp_dropped", told, labels=("signal",))
    for signal, count in unsent.items():
        dropped.add_metric((signal,), count)
    if unsent:
        yield dropped
