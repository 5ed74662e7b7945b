"""Who may use the control routes: callers that know the token, under names that are ours, from no foreign page.

The Host check stops pages that point a name of their own at this machine, the Origin check stops all others.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable
from typing import Any

from starlette.responses import Response

from runtime.config import ControlSettings
from runtime.errors import ConfigFault
from runtime.web.callers import Hosts, foreign_origins, host_of
from runtime.web.problem import problem
from runtime.web.server import Application

MIN_TOKEN_CHARACTERS = 16
_TOKEN = re.compile(rf"[!-~]{{{MIN_TOKEN_CHARACTERS},}}")


def control_token(settings: ControlSettings, *, development: bool) -> str | None:
    """The token of this run: a random one in development, else the configured; None when the routes are off.

    Raises `ConfigFault` when a token is configured that cannot serve, or is missing.
    """
    token = settings.token.get_secret_value() if settings.token is not None else None
    if token is not None and not _TOKEN.fullmatch(token):
        raise ConfigFault(
            f"control.token is no text of at least {MIN_TOKEN_CHARACTERS} visible ASCII characters",
            "make one with: openssl rand -hex 32",
        )
    if settings.enabled is False:
        return None
    if development:
        return secrets.token_urlsafe(32)
    if settings.enabled and token is None:
        raise ConfigFault(
            "control.enabled needs control.token as well, or anyone could change the queues",
            "set control.token, such as ${RUNTIME_TOKEN}, or leave control.enabled out",
        )
    return token


class Guard:
    """Lets requests through to an application that have a right to it; answers all others itself."""

    def __init__(
        self,
        application: Application,
        token: str,
        allowed_hosts: Iterable[str] = (),
        open_paths: Iterable[str] = (),
        sockets: Application | None = None,
    ) -> None:
        """Takes the token, names beside the local ones, and paths that may be read without a token; one that ends with
        a slash stands for all below it. Upgrades go to `sockets`, which ask for no token; None where none come."""
        self._application = application
        self._token = token.encode("ascii")
        self._hosts = Hosts(allowed_hosts)
        self._sockets = sockets
        self._open_paths = frozenset(open_paths)
        self._open_below = tuple(path for path in self._open_paths if path.endswith("/"))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers one HTTP request, or one that asks for a socket."""
        refusal = self._refusal(scope)
        served = self._sockets if scope["type"] == "websocket" and self._sockets is not None else self._application
        await (served if refusal is None else refusal)(scope, receive, send)

    def _refusal(self, scope: Any) -> Response | None:
        host = host_of(scope)
        if not self._hosts.include(host):
            fix = "call it by localhost, or add the name to control.allowedHosts in runtime.yaml"
            return problem(403, f"the control routes do not answer to the host '{host}'; {fix}")
        if foreign_origins(scope):
            return problem(403, "the control routes do not answer to pages of another origin")
        if scope["type"] == "websocket":
            return None
        if scope["method"] in ("GET", "HEAD") and self._is_open(scope["path"]):
            return None
        return None if self._has_token(scope) else _unauthorized()

    def _is_open(self, path: str) -> bool:
        return path in self._open_paths or path.startswith(self._open_below)

    def _has_token(self, scope: Any) -> bool:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        scheme, _, token = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
        return scheme.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._token)


def _unauthorized() -> Response:
    detail = (
        "this control route needs the header 'Authorization: Bearer <token>': in dev with the token from "
        ".runtime/control.json, in start with control.token"
    )
    return problem(401, detail, {"www-authenticate": "Bearer"})
