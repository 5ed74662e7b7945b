"""What the project says of its routes: `/openapi.json` for machines, and in development a page for people."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from runtime.catalog import Catalog
from runtime.files import read_file
from runtime.generate.openapi import openapi

OPENAPI_PATH = "/openapi.json"
DOCS_PATH = "/__runtime/docs"
DEFAULT_VERSION = "1.0.0"
"""The version of an API that nobody has given one."""

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers and body."""


class Description:
    """The OpenAPI document of a catalog, made when it is first asked for."""

    def __init__(self, title: str, version: str = DEFAULT_VERSION) -> None:
        """Takes the title and version of the project's API."""
        self._title = title
        self._version = version
        self._catalog = Catalog()
        self._made: tuple[Catalog, bytes, bytes] | None = None

    def use(self, catalog: Catalog) -> None:
        """Describes this catalog from the next request on."""
        self._catalog = catalog

    async def answer(self, headers: Mapping[str, Any]) -> Answer:
        """The answer to a GET or HEAD with these headers, by lower-case name; 304 for a client that has it already."""
        catalog = self._catalog
        if self._made is None or self._made[0] is not catalog:
            self._made = await anyio.to_thread.run_sync(self._make, catalog)
        _, body, tag = self._made
        common = [(b"etag", tag), (b"cache-control", b"no-cache")]
        if _knows(headers.get("if-none-match"), tag.decode()):
            return 304, common, b""
        length = str(len(body)).encode()
        return 200, [(b"content-type", b"application/json"), (b"content-length", length), *common], body

    def _make(self, catalog: Catalog) -> tuple[Catalog, bytes, bytes]:
        document = openapi(catalog, title=self._title, version=self._version)
        body = json.dumps(document).encode()
        return catalog, body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'.encode()


def _knows(given: object, tag: str) -> bool:
    """Whether `If-None-Match` (RFC 9110, section 13.1.2) names the tag; a header that came twice is a list."""
    values = given if isinstance(given, list) else [given or ""]
    names = [name.strip().removeprefix("W/") for value in values for name in str(value).split(",")]
    return tag in names or "*" in names


def project_title(root: Path) -> str:
    """What the project in a folder is called: the name in its package.json, else the folder's."""
    try:
        package = json.loads(read_file(root / "package.json"))
    except (OSError, ValueError):  # the file is npm's to complain of
        package = None
    name = package.get("name") if isinstance(package, dict) else None
    return name if isinstance(name, str) and name.strip() else root.resolve().name or "API"


def docs_route() -> Route:
    """The route of the page, for the control routes of a project in development."""
    return Route(DOCS_PATH, _docs, methods=["GET"])


async def _docs(request: Request) -> Response:
    page, policy = _page()
    headers = {
        "content-security-policy": policy,
        "cache-control": "no-cache",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    return Response(page, headers=headers, media_type="text/html")


@cache
def _page() -> tuple[str, str]:
    """The page in one piece, and the policy under which nothing but its own style and script runs."""
    folder = files("runtime.web") / "pages"
    read = {name: (folder / name).read_text(encoding="utf-8") for name in ("docs.html", "docs.css")}
    script = "".join((folder / name).read_text(encoding="utf-8") for name in ("request.js", "docs.js"))
    style = read["docs.css"]
    page = read["docs.html"].replace("<!--style-->", style).replace("<!--script-->", script)
    policy = [
        "default-src 'none'",
        f"script-src '{_hash(script)}'",
        f"style-src '{_hash(style)}'",
        "connect-src 'self'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ]
    return page, "; ".join(policy)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
