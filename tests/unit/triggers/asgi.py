"""Speaks with the edge as a server of one connection does: by ASGI, or by calls where these do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote

from runtime.catalog import Catalog, build_catalog
from runtime.config import HttpSettings
from runtime.dispatcher import Dispatcher
from runtime.model import Failure, FailureKind, Invocation, LoadedFile, Manifest, Outcome, RequestRecord, whole
from runtime.services.schemas import SchemaService
from runtime.storage.memory.traces import MemoryTraceStore
from runtime.triggers.http import Builtin, HttpEdge
from runtime.values import decode, encode
from tests.fakes import FakeClock, FakePool, FakeRunner, Reports, traced, unchecked

OK = Outcome(encode({"status": 200, "form": "json", "body": b'{"ok":true}'}))
Messages = list[MutableMapping[str, Any]]


def catalog(*routes: tuple[str, str]) -> Catalog:
    steps = (
        LoadedFile(f"steps/{i}.step.ts", {"type": "api", "name": f"Step{i}", "method": m, "path": p}, has_handler=True)
        for i, (m, p) in enumerate(routes)
    )
    return build_catalog([Manifest("node", tuple(steps))])


class Called:
    """Takes the answer to a request that was begun at once."""

    def __init__(self) -> None:
        self.has_left = False
        self.over = asyncio.Event()
        self.application: Callable[[Any, Any, Any], Awaitable[None]] | None = None
        self.sent: Messages = []

    def send(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Keeps the answer, as ASGI would have said it."""
        self.sent.append({"type": "http.response.start", "status": status, "headers": headers})
        self.sent.append({"type": "http.response.body", "body": body})
        self.over.set()

    def go_on(self, application: Callable[[Any, Any, Any], Awaitable[None]]) -> None:
        """Keeps the application."""
        self.application = application
        self.over.set()


class Client:
    """A server of one connection: it speaks with the edge and keeps what comes back."""

    calls = False
    """Whether requests that have come whole are begun at once, where the edge takes them so."""

    def __init__(
        self,
        *script: Outcome,
        pool: FakePool | None = None,
        development: bool = False,
        schemas: SchemaService | None = None,
        builtin: Mapping[str, Builtin] | None = None,
        landing: str = "",
        told: Callable[[RequestRecord], None] | None = None,
        **settings: Any,
    ) -> None:
        self.fake = FakeRunner(*script)
        self.reports = Reports()
        self.traces = MemoryTraceStore()
        chosen = HttpSettings(**{"max_body_bytes": 1000, "queue_timeout": 0.25, **settings})
        self.edge = HttpEdge(
            Dispatcher({"node": pool or FakePool(self.fake)}),
            self.reports,
            chosen,
            development=development,
            schemas=schemas or unchecked(),
            tracer=traced(self.traces, FakeClock()),
            builtin=builtin or {},
            landing=landing,
            told=told,
        )
        self.edge.use(catalog(("GET", "/a"), ("POST", "/a"), ("GET", "/u/:id"), ("PUT", "/f/:rest*")))
        self.unread: Messages = []
        self.sent: Messages = []

    async def request(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, *parts: bytes, **scope: Any
    ) -> Client:
        path, _, query = target.partition("?")
        messages: Messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        if messages:
            messages[-1]["more_body"] = False
        return await self.exchange(method, path, query, headers or {}, messages, **scope)

    async def exchange(
        self, method: str, path: str, query: str, headers: Mapping[str, str], messages: Messages, **scope: Any
    ) -> Client:
        self.unread, self.sent = messages, []

        async def receive() -> MutableMapping[str, Any]:
            return self.unread.pop(0) if self.unread else {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            self.sent.append(message)

        full: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            **scope,
        }
        if not (self.calls and await self._called(full, receive, send)):
            await self.edge(full, receive, send)
        return self

    async def _called(self, scope: dict[str, Any], receive: Any, send: Any) -> bool:
        """Whether the request was begun at once, and now has its answer; servers offer only those that are plain."""
        is_whole = all(each["type"] == "http.request" for each in self.unread)
        if not is_whole or scope["method"] == "HEAD" or scope["http_version"] != "1.1" or b"%" in scope["raw_path"]:
            return False
        body = b"".join(each["body"] for each in self.unread)
        reply = Called()
        path, query = scope["path"], scope["query_string"]
        if self.edge.at_once(scope["method"], path, query, scope["headers"], body, reply) is None:
            return False
        self.unread.clear()
        await reply.over.wait()
        if reply.application is not None:
            await reply.application(scope, receive, send)
        self.sent.extend(reply.sent)
        return True

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode("latin-1") for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["content-type"] == "application/problem+json"
        document: dict[str, Any] = json.loads(self.body)
        assert document["status"] == self.status
        return document

    @property
    def invocation(self) -> Invocation:
        [invocation] = self.fake.invocations
        return invocation

    @property
    def payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = decode(whole(self.invocation.payload))
        return payload


def failing(kind: FailureKind, **more: Any) -> Outcome:
    return Outcome(failure=Failure(kind, "the secret cause", "TypeError", "at secret.ts:1", **more))
