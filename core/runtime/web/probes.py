"""What other programs ask a running project regularly: is it there, can it serve, what does it count."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from runtime.web.control.application import tracing
from runtime.web.exposition import METRICS_PATH, Counted, Exposition
from runtime.web.guard import Guard
from runtime.web.health import Health
from runtime.web.problem import refuse
from runtime.web.server import Application


def probes(
    health: Health, counted: Counted, token: str | None, allowed_hosts: Sequence[str], *, is_open: bool
) -> Mapping[str, Application]:
    """The applications by their paths. Anybody may ask for the health.

    The metrics need the token, unless `is_open`: then the right name is enough; with neither they are not there.
    """
    found = {route.path: _application([route]) for route in health.routes()}
    if token is not None or is_open:
        open_paths = (METRICS_PATH,) if is_open else ()
        # Without a token of the project's nobody has one; what is open needs none.
        guard = Guard(
            _application(Exposition(counted).routes()), token or secrets.token_urlsafe(), allowed_hosts, open_paths
        )
        found[METRICS_PATH] = guard
    return {path: tracing(application) for path, application in found.items()}


def _application(routes: Sequence[Route]) -> Application:
    return Starlette(routes=routes, exception_handlers={HTTPException: refuse})
