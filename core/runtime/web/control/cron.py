"""The control routes of schedules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from starlette.requests import Request

from runtime.web.control.answers import PREFIX, Answers, Refusal
from runtime.web.control.documents import Schedule, schedule_document
from runtime.web.control.operations import TEXT, ControlRoute, Said, component, many, named, shape

CRON_PATH = f"{PREFIX}/cron"


class Scheduler(Protocol):
    """Keeps the schedules."""

    def schedules(self) -> Sequence[Schedule]:
        """All schedules of the project."""

    async def trigger(self, step: str, /) -> str:
        """Runs a step that has a schedule now; returns the id of the event that stands for the tick."""


class CronRoutes:
    """One method a route; each returns the document to answer with."""

    def __init__(self, scheduler: Scheduler, answers: Answers) -> None:
        self._scheduler = scheduler
        self._answers = answers

    def routes(self) -> list[ControlRoute]:
        """The routes."""
        to = self._answers.to
        listed = Said("All schedules.", shape({"schedules": many(component("Schedule"))}))
        run = Said("Runs a step that has a schedule now.", shape({"id": TEXT}), (named("step", "The step's name."),))
        return [
            to("GET", CRON_PATH, self._schedules, listed),
            to("POST", f"{CRON_PATH}/trigger", self._trigger, run),
        ]

    async def _schedules(self, request: Request) -> Any:
        return {"schedules": [schedule_document(schedule) for schedule in self._scheduler.schedules()]}

    async def _trigger(self, request: Request) -> Any:
        step = request.query_params.get("step", "")
        known = sorted({schedule.step for schedule in self._scheduler.schedules()})
        if step not in known:
            raise Refusal(404, f"no step '{step}' has a schedule; there are: {', '.join(known) or 'none'}")
        return {"id": await self._scheduler.trigger(step)}
