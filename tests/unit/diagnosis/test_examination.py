"""diagnosis/examination: checks side by side, none of which can hold up or end the others."""

from __future__ import annotations

import threading
import time

from runtime.diagnosis.examination import look
from runtime.diagnosis.findings import Finding, Verdict, well
from runtime.errors import RuntimeFault


def hangs() -> Finding:
    threading.Event().wait()
    raise AssertionError("nobody wakes it")


def crashes() -> Finding:
    raise ZeroDivisionError("of its own")


def refuses() -> Finding:
    raise RuntimeFault("it is so", "make it otherwise")


def test_a_check_that_hangs_or_fails_is_a_fault_and_the_others_go_on() -> None:
    checks = [("hanging", hangs), ("crashing", crashes), ("refusing", refuses), ("well", lambda: well("it is"))]
    began = time.monotonic()
    found = look(checks, 0.2)
    assert time.monotonic() - began < 2
    assert [each.check for each in found] == ["hanging", "crashing", "refusing", "well"]
    slow, crashed, refused, good = (each.finding for each in found)
    assert slow.verdict is crashed.verdict is refused.verdict is Verdict.FAULT
    assert slow.found == "this could not be told within 0.2 s"
    assert crashed.found == "the check failed: ZeroDivisionError: of its own"
    assert (refused.found, refused.fix) == ("it is so", "make it otherwise")
    assert good == well("it is")


def test_checks_run_side_by_side() -> None:
    together = threading.Barrier(2)

    def meets() -> Finding:
        together.wait(10)
        return well("both")

    assert [each.finding for each in look([("one", meets), ("other", meets)])] == [well("both")] * 2
