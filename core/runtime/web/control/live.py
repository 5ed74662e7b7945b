"""What happens now, as server-sent events: one connection for all that a page shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import anyio
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from runtime.model import Problem, RunnerStatus
from runtime.services.history import History
from runtime.services.live import Changes, Feed, Live
from runtime.services.metrics import Metrics, StepCounts
from runtime.services.queues import QueueService
from runtime.web.control.answers import PREFIX
from runtime.web.control.documents import queue_document
from runtime.web.control.operations import Asked, ControlRoute, Said
from runtime.web.control.runners import runner_document
from runtime.web.control.trace_documents import log_document, summary_document
from runtime.web.problem import problem

LIVE_PATH = f"{PREFIX}/live"
TOPICS = ("steps", "edges", "traces", "logs", "queues", "state", "items", "runners", "project")
MAX_WATCHERS = 32
_PAUSE = 0.1
"""Seconds between two events of a topic at least."""
_LOOK_SECONDS = 0.5
"""How often queues and runners are looked at, which tell nobody that they have changed."""
_ALIVE_SECONDS = 15.0
_MEDIA_TYPE = "text/event-stream"

_LIVE = Said(
    "What happens now, as server-sent events: `hello`, then one by the name of each topic in which something is new.",
    {"type": "string"},
    (Asked("topics", f"Which are wanted, with commas between: {', '.join(TOPICS)}; absent for all."),),
    media_type=_MEDIA_TYPE,
)


class Watched(NamedTuple):
    """Where the events come from."""

    live: Live
    metrics: Metrics
    history: History
    queues: QueueService
    runners: Callable[[], Sequence[RunnerStatus]]
    held: Callable[[], Sequence[Problem]]


class LiveRoutes:
    """The route; each watcher holds a connection of its own."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._watchers = 0

    def routes(self) -> list[ControlRoute]:
        """The route."""
        return [ControlRoute("GET", LIVE_PATH, self._serve, _LIVE)]

    async def _serve(self, request: Request) -> Response:
        asked = request.query_params.get("topics", ",".join(TOPICS)).split(",")
        unknown = [topic for topic in asked if topic not in TOPICS]
        if unknown:
            return problem(400, f"there is no topic '{unknown[0]}'; there are: {', '.join(TOPICS)}")
        if self._watchers >= MAX_WATCHERS:
            return problem(503, f"{MAX_WATCHERS} are watching already; close one of the pages")
        if request.method == "HEAD":
            return Response(media_type=_MEDIA_TYPE)
        self._watchers += 1
        return _Watching(self._events(asked), self._left)

    def _left(self) -> None:
        self._watchers -= 1

    async def _events(self, topics: Sequence[str]) -> AsyncIterator[bytes]:
        with self._watched.live.watching(topics) as feed:
            watcher = _Watcher(self._watched, feed)
            yield _event("hello", {"topics": list(topics)})
            for name, document in watcher.beginning():
                yield _event(name, document)
            quiet = 0.0
            while not self._watched.live.is_stopped:
                await _wait(feed)
                await asyncio.sleep(_PAUSE)
                told = False
                async for name, document in watcher.news():
                    told = True
                    yield _event(name, document)
                quiet = 0.0 if told else quiet + _LOOK_SECONDS
                if quiet >= _ALIVE_SECONDS:
                    quiet = 0.0
                    yield b":\n\n"


class _Watching(StreamingResponse):
    """An answer that goes on for as long as its client reads, or until nobody is to watch any more."""

    def __init__(self, events: AsyncIterator[bytes], left: Callable[[], None]) -> None:
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        super().__init__(events, media_type=_MEDIA_TYPE, headers=headers)
        self._left = left

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers; then the watcher has left."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._left()


async def _wait(feed: Feed) -> None:
    """Until something has changed, or it is time to look at what tells nobody."""
    with anyio.move_on_after(_LOOK_SECONDS):
        await feed.changed.wait()


def _event(name: str, document: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(document, separators=(',', ':'))}\n\n".encode()


class _Watcher:
    """Makes events of what has changed; of queues and runners it remembers what was told."""

    def __init__(self, watched: Watched, feed: Feed) -> None:
        self._watched = watched
        self._feed = feed
        self._queues: dict[str, Any] = {}
        self._runners: list[Any] = []
        self._held = list(watched.held())
        self._makers: Mapping[str, Callable[[Changes], Awaitable[Any]]] = {
            "project": self._project,
            "steps": self._steps,
            "edges": self._edges,
            "traces": self._traces,
            "logs": self._logs,
            "state": self._state,
            "items": self._items,
            "queues": self._changed_queues,
            "runners": self._changed_runners,
        }

    def beginning(self) -> list[tuple[str, Any]]:
        """What has added up so far, which changes add to."""
        metrics = self._watched.metrics
        found = (
            ("steps", [_step(name, counts) for name, counts in metrics.steps.items()]),
            ("edges", [_edge(edge, count) for edge, count in metrics.edges.items()]),
        )
        return [(name, document) for name, document in found if name in self._feed.topics and document]

    async def news(self) -> AsyncIterator[tuple[str, Any]]:
        """The events of all topics in which something is new."""
        changes = self._feed.take()
        for topic, make in self._makers.items():
            if topic in self._feed.topics and (document := await make(changes)):
                yield topic, document

    async def _project(self, changes: Changes) -> Any:
        before, self._held = self._held, list(self._watched.held())
        return {"isChanged": True} if changes.project or self._held != before else None

    async def _steps(self, changes: Changes) -> Any:
        known = self._watched.metrics.steps
        return [_step(name, known[name]) for name in sorted(changes.steps) if name in known]

    async def _edges(self, changes: Changes) -> Any:
        known = self._watched.metrics.edges
        return [_edge(edge, known[edge]) for edge in sorted(changes.edges) if edge in known]

    async def _traces(self, changes: Changes) -> Any:
        if not changes.traces:
            return None
        return [summary_document(trace) for trace in await self._watched.history.summaries(list(changes.traces))]

    async def _logs(self, changes: Changes) -> Any:
        if not changes.lines:
            return None
        return {"logs": [log_document(line) for line in changes.lines], "lost": changes.lost_lines}

    async def _state(self, changes: Changes) -> Any:
        return [{"group": group, "key": key} for group, key in changes.values]

    async def _items(self, changes: Changes) -> Any:
        return [{"stream": stream, "group": group, "id": id} for stream, group, id in changes.items]

    async def _changed_queues(self, changes: Changes) -> Any:
        changed = []
        for view in self._watched.queues.overview():
            document = queue_document(view)
            place, shown = repr(view.status.queue), {**document, "age": None}
            if self._queues.get(place) != shown:
                self._queues[place] = shown
                changed.append(document)
        return changed

    async def _changed_runners(self, changes: Changes) -> Any:
        found = [runner_document(status) for status in self._watched.runners()]
        if found == self._runners:
            return None
        self._runners = found
        return found


def _step(name: str, counts: StepCounts) -> dict[str, Any]:
    return {"step": name, "running": counts.running, "runs": counts.runs, "failed": counts.failed}


def _edge(edge: tuple[str, str], count: int) -> dict[str, Any]:
    step, topic = edge
    return {"step": step, "topic": topic, "count": count}
