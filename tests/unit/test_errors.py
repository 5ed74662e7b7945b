"""errors: the one table is whole."""

from __future__ import annotations

import pytest

from runtime.errors import CONSEQUENCES, ConfigFault, RunnerFault, RuntimeFault
from runtime.model import FailureKind


@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_kind_has_a_consequence(kind: FailureKind) -> None:
    assert 400 <= CONSEQUENCES[kind].http_status <= 599


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FailureKind.HANDLER, 500),
        (FailureKind.INVALID_INPUT, 400),
        (FailureKind.RUNNER_LOST, 502),
        (FailureKind.OVERLOADED, 503),
        (FailureKind.DEADLINE, 504),
    ],
)
def test_the_statuses_that_are_promised(kind: FailureKind, status: int) -> None:
    assert CONSEQUENCES[kind].http_status == status


@pytest.mark.parametrize("kind", [FailureKind.NON_RETRIABLE, FailureKind.INVALID_INPUT])
def test_what_a_retry_cannot_mend_is_not_retried(kind: FailureKind) -> None:
    assert not CONSEQUENCES[kind].retry


@pytest.mark.parametrize("kind", [FailureKind.HANDLER, FailureKind.RUNNER_LOST, FailureKind.DEADLINE])
def test_what_a_retry_may_mend_is_retried(kind: FailureKind) -> None:
    assert CONSEQUENCES[kind].retry


@pytest.mark.parametrize("fault", [RuntimeFault, ConfigFault, RunnerFault])
def test_faults_say_what_to_do(fault: type[RuntimeFault]) -> None:
    error = fault("it is broken", "mend it")
    assert (str(error), error.fix) == ("it is broken", "mend it")
    assert fault("it is broken").fix == ""
