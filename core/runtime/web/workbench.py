"""The Workbench: the files that its build has left, under a policy that lets them load nothing else."""

from __future__ import annotations

import html
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from runtime.web.callers import host_of
from runtime.web.control.answers import PREFIX
from runtime.web.peers import is_own_user
from runtime.web.problem import problem

WORKBENCH_PATH = f"{PREFIX}/workbench/"
_PACKAGED = Path(__file__).resolve().parent.parent / "_workbench"
_CHECKOUT = Path(__file__).resolve().parents[3] / "workbench" / "dist"
_INDEX = "index.html"
_HASHED = "assets/"
"""What the build puts here has its content's hash in its name."""
_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
_FIXED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_MISSING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Workbench</title>
<h1>The Workbench has not been built</h1>
<p>This runtime runs from its sources. Build the page, then reload:</p>
<pre>scripts/setup</pre>
<p>or, in the folder <code>workbench</code>: <code>npm ci --ignore-scripts &amp;&amp; npm run build</code></p></html>
"""


class Built(NamedTuple):
    """The files of a build by their names below its folder, as of one state of its page."""

    stamp: int
    files: Mapping[str, Path]


class Workbench:
    """Serves the built page and what belongs to it, and nothing that was not there when it was built."""

    def __init__(self, folder: Path, token: str | None) -> None:
        """Takes the folder of the build. `token` goes to the user that the runtime runs as, and to nobody else; with
        None everybody is asked for it."""
        self._folder = folder
        self._token = token
        self._built = Built(0, {})

    def routes(self) -> list[Route]:
        """The routes, which show nothing of the project and need no token."""
        return [
            Route(WORKBENCH_PATH.rstrip("/"), _lead_on, methods=["GET"]),
            Route(f"{WORKBENCH_PATH}{{name:path}}", self._serve, methods=["GET"]),
        ]

    async def _serve(self, request: Request) -> Response:
        name = request.path_params["name"] or _INDEX
        files = await anyio.to_thread.run_sync(self._files)
        if name == _INDEX:
            return await self._page(request, files.get(_INDEX))
        if name not in files:
            return problem(404, f"the Workbench has no file '{name}'")
        return await anyio.to_thread.run_sync(_answer, request, name, files)

    def _files(self) -> Mapping[str, Path]:
        """What there is: a name that is asked for is looked up here, and never becomes a path."""
        try:
            stamp = (self._folder / _INDEX).stat().st_mtime_ns
        except OSError:
            return {}
        if stamp != self._built.stamp:
            found = (path for path in self._folder.rglob("*") if path.is_file() and not path.is_symlink())
            self._built = Built(stamp, {path.relative_to(self._folder).as_posix(): path for path in found})
        return self._built.files

    async def _page(self, request: Request, index: Path | None) -> Response:
        """The page, with the token for our own user; it is made for each request and kept by no cache."""
        nonce = secrets.token_urlsafe(16)
        headers = {
            **_FIXED,
            "content-security-policy": _policy(nonce, host_of(request.scope)),
            "cache-control": "no-store",
        }
        if index is None:
            return Response(_MISSING, 503, headers, "text/html")
        is_own = self._token is not None and await anyio.to_thread.run_sync(is_own_user, request.scope)
        text = await anyio.to_thread.run_sync(index.read_text, "utf-8")
        page = text.replace("</head>", f"{_told(nonce, self._token if is_own else None)}</head>", 1)
        return Response(page, 200, headers, "text/html")


def workbench(token: str | None) -> Workbench:
    """The Workbench that came with this runtime, or that its checkout has built."""
    return Workbench(_PACKAGED if _PACKAGED.is_dir() else _CHECKOUT, token)


def _told(nonce: str, token: str | None) -> str:
    """What the page is told in its head."""
    metas = f'<meta property="csp-nonce" nonce="{nonce}">'
    return metas if token is None else f'{metas}<meta name="runtime-token" content="{html.escape(token)}">'


def _policy(nonce: str, host: str) -> str:
    """Only what comes from here. Editors make their styles in the page, which the nonce allows them and nobody else;
    custom nodes are fetched with the token, and become scripts as blobs. The host has passed the guard."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self' blob:",
            f"style-src 'self' 'nonce-{nonce}'",
            f"connect-src 'self' ws://{host} wss://{host}",
            "img-src 'self' data:",
            "font-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _answer(request: Request, name: str, files: Mapping[str, Path]) -> Response:
    """A file in the best encoding that is there and that the client takes; 304 for one that it has."""
    accepted = request.headers.get("accept-encoding", "")
    encoding, suffix = next(
        ((each, end) for each, end in _ENCODINGS if f"{name}{end}" in files and _takes(accepted, each)), ("", "")
    )
    path = files[f"{name}{suffix}"]
    state = path.stat()
    is_hashed = name.startswith(_HASHED)
    headers = {
        **_FIXED,
        "etag": f'"{state.st_mtime_ns:x}-{state.st_size:x}{suffix}"',
        "cache-control": "public, max-age=31536000, immutable" if is_hashed else "no-cache",
        "vary": "accept-encoding",
        **({"content-encoding": encoding} if encoding else {}),
    }
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(b"", 304, headers)
    return Response(path.read_bytes(), 200, headers, _TYPES.get(Path(name).suffix, "application/octet-stream"))


def _takes(accepted: str, encoding: str) -> bool:
    """Whether `Accept-Encoding` names the encoding, and not only to refuse it."""
    for each in accepted.lower().split(","):
        name, _, weight = each.partition(";")
        if name.strip() == encoding:
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


async def _lead_on(request: Request) -> Response:
    return RedirectResponse(WORKBENCH_PATH)
