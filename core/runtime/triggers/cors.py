"""Cross-origin requests: which pages of other origins may call, and what tells their browsers (Fetch, section 3.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from runtime.config import CorsSettings

Headers = list[tuple[bytes, bytes]]

_LOCAL = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?")
_ALLOW_ORIGIN = b"access-control-allow-origin"
_VARY_ORIGIN = (b"vary", b"Origin")
_VARY_PREFLIGHT = (b"vary", b"Access-Control-Request-Method, Access-Control-Request-Headers")


def cors_policy(settings: CorsSettings | None, *, development: bool) -> CorsPolicy | None:
    """The policy of the settings; without settings this machine's pages in development, else nobody (None)."""
    if settings is None:
        return CorsPolicy(CorsSettings(), local=True) if development else None
    return CorsPolicy(settings, local=False) if settings.origins else None


class CorsPolicy:
    """Adds the headers by which a page of another origin may read a response."""

    def __init__(self, settings: CorsSettings, *, local: bool) -> None:
        """With `local`, every page of this machine is trusted, whatever its port."""
        self._local = local
        self._any = "*" in settings.origins
        self._origins = frozenset(origin.rstrip("/").lower() for origin in settings.origins)
        self._methods = frozenset(method.upper() for method in settings.methods)
        self._request_headers = None if "*" in settings.headers else ", ".join(settings.headers).encode()
        self._max_age = str(settings.max_age).encode()
        self._credentials: Headers = [(b"access-control-allow-credentials", b"true")] if settings.credentials else []
        exposed = ", ".join(settings.exposed_headers).encode()
        self._exposed: Headers = [(b"access-control-expose-headers", exposed)] if exposed else []

    def extend(self, headers: Headers, origin: object) -> None:
        """Adds what the answer to a request of this origin needs; headers of a step's own win.

        `origin` is the header's value, None without one.
        """
        if any(name == _ALLOW_ORIGIN for name, _ in headers):
            return
        allowed = self._allowed(origin)
        if not self._any:
            headers.append(_VARY_ORIGIN)
        if allowed is not None:
            own = {name for name, _ in headers}
            headers.append((_ALLOW_ORIGIN, allowed))
            headers += [header for header in (*self._credentials, *self._exposed) if header[0] not in own]

    def allows(self, origin: str) -> bool:
        """Whether pages of this origin may read answers."""
        return self._allowed(origin) is not None

    def preflight(self, request: Mapping[str, Any], methods: Sequence[str]) -> Headers:
        """What a preflight is told beside that: more where the request that it asks for may come."""
        wanted = request.get("access-control-request-method")
        if wanted is None:
            return []
        served = [method for method in methods if method in self._methods]
        if wanted not in served or self._allowed(request.get("origin")) is None:
            return [_VARY_PREFLIGHT]
        named = request.get("access-control-request-headers", "")
        asked = (", ".join(named) if isinstance(named, list) else str(named)).encode("latin-1")
        headers: Headers = [
            _VARY_PREFLIGHT,
            (b"access-control-allow-methods", ", ".join(served).encode()),
            (b"access-control-max-age", self._max_age),
        ]
        allowed = asked if self._request_headers is None else self._request_headers
        return [*headers, (b"access-control-allow-headers", allowed)] if allowed else headers

    def _allowed(self, origin: object) -> bytes | None:
        """The value that lets this origin read the answer, None for one that may not."""
        if self._any:
            return b"*"
        if not isinstance(origin, str):
            return None
        known = _LOCAL.fullmatch(origin) is not None if self._local else origin.lower() in self._origins
        return origin.encode("latin-1") if known else None
