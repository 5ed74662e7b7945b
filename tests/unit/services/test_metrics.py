"""services/metrics: what is counted of runs."""

from __future__ import annotations

from runtime.model import Failure, FailureKind
from runtime.services.metrics import BUCKETS, Metrics
from tests.unit.services.spans import done, span_of

FAILURE = Failure(FailureKind.HANDLER, "no")


def run(metrics: Metrics, step: str, seconds: float, failure: Failure | None = None) -> None:
    span = span_of(step)
    metrics.began(span)
    span.ended, span.failure = span.began + seconds, failure
    metrics.ended(span)


def test_runs_failures_and_durations_are_counted_by_step() -> None:
    metrics = Metrics()
    run(metrics, "A", 0.5)
    run(metrics, "A", 0.0625, FAILURE)
    run(metrics, "B", 100.0)
    a, b = metrics.steps["A"], metrics.steps["B"]
    assert (a.runs, a.failed, a.running, a.seconds, a.language) == (2, 1, 0, 0.5625, "node")
    assert a.buckets[BUCKETS.index(0.5)] == a.buckets[BUCKETS.index(0.1)] == 1
    assert sum(a.buckets) == 2
    assert b.buckets[-1] == 1


def test_what_runs_is_counted_until_it_ends_or_is_dropped() -> None:
    metrics = Metrics()
    spans = [span_of("A") for _ in range(3)]
    for span in spans:
        metrics.began(span)
    assert metrics.steps["A"].running == 3
    metrics.dropped(spans[0])
    metrics.ended(spans[1])
    assert (metrics.steps["A"].running, metrics.steps["A"].runs) == (1, 1)


def test_emits_are_counted_by_step_and_topic_and_refused_ones_are_not() -> None:
    metrics = Metrics()
    for topic, event in (("t", "1"), ("t", "2"), ("u", "3"), ("v", "")):
        metrics.did(span_of("A"), done(target=topic, event_id=event))
    metrics.did(span_of("B"), done("state.set", "", "g", "k"))
    assert metrics.edges == {("A", "t"): 2, ("A", "u"): 1}


def test_made_up_topics_and_names_have_a_bound() -> None:
    metrics = Metrics()
    for number in range(10_010):
        span = span_of(f"Step{number}")
        metrics.began(span)
        metrics.did(span, done(target=f"topic{number}", event_id="e"))
        metrics.ended(span)
    assert len(metrics.steps) == len(metrics.edges) == 10_000
    run(metrics, "Step1", 0.1)
    assert metrics.steps["Step1"].runs == 2
