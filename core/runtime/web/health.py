"""Whether the process answers, and whether it can serve: for load balancers, and for whatever starts processes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from runtime.contracts import StateStore
from runtime.errors import StorageFault
from runtime.model import RunnerStatus

HEALTH_PATH = "/healthz"
READY_PATH = "/readyz"
_FRESH = {"cache-control": "no-store"}


class Health:
    """Answers both; says nothing that a stranger may not know."""

    def __init__(
        self,
        languages: Callable[[], Collection[str]],
        runners: Callable[[], Sequence[RunnerStatus]],
        state: StateStore,
        is_stopping: Callable[[], bool],
    ) -> None:
        """`languages` gives those that the project's steps are written in."""
        self._languages = languages
        self._runners = runners
        self._state = state
        self._is_stopping = is_stopping

    def routes(self) -> list[Route]:
        """The routes, for anybody."""
        return [Route(HEALTH_PATH, self._health, methods=["GET"]), Route(READY_PATH, self._ready, methods=["GET"])]

    async def reasons(self) -> list[str]:
        """Why it cannot serve now, as sentences; none when it can."""
        found = ["the runtime is stopping"] if self._is_stopping() else []
        serving = {status.language for status in self._runners() if status.state == "serving"}
        missing = sorted(set(self._languages()) - serving)
        found += [f"no {language} runner serves" for language in missing]
        try:
            await self._state.get("", "")
        except StorageFault:
            found.append("the storage does not answer")
        return found

    async def _health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok"}, headers=_FRESH)

    async def _ready(self, request: Request) -> Response:
        reasons = await self.reasons()
        if reasons:
            return JSONResponse({"status": "unready", "reasons": reasons}, 503, headers=_FRESH)
        return JSONResponse({"status": "ready"}, headers=_FRESH)
