"""The control route of the runners' processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request

from runtime.model import RunnerStatus
from runtime.web.control.answers import PREFIX, Answers
from runtime.web.control.operations import ControlRoute, Said, component, many, shape

RUNNERS_PATH = f"{PREFIX}/runners"


class RunnerRoutes:
    """One method a route; each returns the document to answer with."""

    def __init__(self, runners: Callable[[], Sequence[RunnerStatus]], answers: Answers) -> None:
        self._runners = runners
        self._answers = answers

    def routes(self) -> list[ControlRoute]:
        """The routes."""
        said = Said("The runners' processes.", shape({"runners": many(component("Runner"))}))
        return [self._answers.to("GET", RUNNERS_PATH, self._status, said)]

    async def _status(self, request: Request) -> Any:
        return {"runners": [runner_document(status) for status in self._runners()]}


def runner_document(status: RunnerStatus) -> dict[str, Any]:
    """A process of a runner; what is not known of one that is not there is null. `cpu` is a share of one core."""
    return {
        "language": status.language,
        "process": status.process,
        "pid": status.pid,
        "state": status.state,
        "generation": status.generation,
        "inFlight": status.in_flight,
        "memoryBytes": status.memory_bytes,
        "cpu": None if status.cpu is None else round(status.cpu, 3),
        "restarts": status.restarts,
        "since": datetime.fromtimestamp(status.since, UTC).isoformat(timespec="milliseconds"),
    }
