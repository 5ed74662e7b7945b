"""What the benchmark of the Workbench judges, and what is there only to compare with."""

from __future__ import annotations

import pytest

from bench.workbench import rows_of

FRAMES = {"name": "traces, wheel", "took": [16.6, 16.7, 16.8], "longTasks": 0}


@pytest.mark.parametrize(("kind", "met"), [("frames", True), ("comparison", None)])
def test_frames_have_goals_but_for_those_to_compare_with(kind: str, met: bool | None) -> None:
    typical, worst = rows_of("scrolling", {**FRAMES, "kind": kind})
    assert (typical.case, typical.ours) == ("scrolling: traces, wheel", "p50 16.7, p95 16.8 ms")
    assert (worst.case, worst.ours) == ("scrolling: traces, wheel, worst frame", "16.8 ms")
    assert typical.is_met is worst.is_met is met
