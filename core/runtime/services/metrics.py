"""Counts of what runs: by step and by edge, since the start."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from runtime.model import LogRecord, Operation, Span

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of durations, in seconds; what takes longer is counted behind them."""
_MOST_STEPS = 10_000
_MOST_EDGES = 10_000
"""Topics can be made up while it runs; of more edges the further ones are not counted."""


class StepCounts:
    """What a step has done: attempts under way, ended, failed, and what they took in seconds."""

    __slots__ = ("buckets", "failed", "language", "running", "runs", "seconds")

    def __init__(self, language: str) -> None:
        self.language = language
        self.running = 0
        self.runs = 0
        self.failed = 0
        self.seconds = 0.0
        self.buckets = [0] * (len(BUCKETS) + 1)
        """How many took at most so long: by bucket, not added up."""


class Metrics:
    """Listens to spans and adds up."""

    def __init__(self) -> None:
        self._steps: dict[str, StepCounts] = {}
        self._edges: dict[tuple[str, str], int] = {}

    @property
    def steps(self) -> Mapping[str, StepCounts]:
        """By the name of the step."""
        return self._steps

    @property
    def edges(self) -> Mapping[tuple[str, str], int]:
        """How many events were emitted, by step and topic."""
        return self._edges

    def began(self, span: Span) -> None:
        """One more runs."""
        counts = self._steps.get(span.step)
        if counts is None and len(self._steps) < _MOST_STEPS:
            counts = self._steps[span.step] = StepCounts(span.language)
        if counts is not None:
            counts.running += 1

    def did(self, span: Span, operation: Operation) -> None:
        """Counts what is emitted."""
        if not operation.event_id:
            return
        edge = (span.step, operation.target)
        if edge in self._edges or len(self._edges) < _MOST_EDGES:
            self._edges[edge] = self._edges.get(edge, 0) + 1

    def ended(self, span: Span) -> None:
        """One less runs."""
        counts = self._steps.get(span.step)
        if counts is not None:
            seconds = span.ended - span.began
            counts.running -= 1
            counts.runs += 1
            counts.seconds += seconds
            counts.buckets[bisect_left(BUCKETS, seconds)] += 1
            if span.has_failed:
                counts.failed += 1

    def dropped(self, span: Span) -> None:
        """It counts as never begun."""
        if (counts := self._steps.get(span.step)) is not None:
            counts.running -= 1

    def written(self, spans: Sequence[Span], logs: Sequence[LogRecord]) -> None:
        """Nothing is counted twice."""
