"""What happens now, for those who watch: each feed collects what has changed since it was last asked."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from runtime.model import LogRecord, Operation, Span
from runtime.services.tracing import Listener

_MOST_TRACES = 200
_MOST_LINES = 500
_MOST_PLACES = 500
K = TypeVar("K")


@dataclass(slots=True)
class Changes:
    """What has changed since the last time; more than can be shown is counted (`lost_lines`), or left out."""

    steps: set[str] = field(default_factory=set)
    edges: dict[tuple[str, str], None] = field(default_factory=dict)
    traces: dict[str, None] = field(default_factory=dict)
    lines: list[LogRecord] = field(default_factory=list)
    lost_lines: int = 0
    values: dict[tuple[str, str], None] = field(default_factory=dict)
    """Groups and keys of state; a key is empty where the whole group has changed."""
    items: dict[tuple[str, str, str], None] = field(default_factory=dict)
    """Streams, groups and ids."""
    project: bool = False

    def add_lines(self, lines: Sequence[LogRecord]) -> None:
        """The newest count where there are too many."""
        self.lines += lines
        over = len(self.lines) - _MOST_LINES
        if over > 0:
            self.lost_lines += over
            del self.lines[:over]


class Feed:
    """What one watcher wants to know, by topic."""

    def __init__(self, topics: Collection[str]) -> None:
        self.topics = frozenset(topics)
        self.changes = Changes()
        self.changed = asyncio.Event()

    def take(self) -> Changes:
        """What has changed since the last time."""
        taken, self.changes = self.changes, Changes()
        self.changed.clear()
        return taken


class Live:
    """Listens to spans while there are feeds, and tells them."""

    def __init__(self, listeners: list[Listener]) -> None:
        """`listeners` are those of the tracer, which it joins and leaves."""
        self._listeners = listeners
        self._feeds: dict[Feed, None] = {}
        self.is_stopped = False
        """Whether watchers are to go."""

    def stop(self) -> None:
        """Sends the watchers away, who would else be waited for at the end."""
        self.is_stopped = True
        for feed in self._feeds:
            feed.changed.set()

    @contextmanager
    def watching(self, topics: Collection[str]) -> Iterator[Feed]:
        """A feed for the time of the context."""
        feed = Feed(topics)
        if not self._feeds:
            self._listeners.append(self)
        self._feeds[feed] = None
        try:
            yield feed
        finally:
            del self._feeds[feed]
            if not self._feeds:
                self._listeners.remove(self)

    def began(self, span: Span) -> None:
        """A step runs."""
        self._note(span)

    def did(self, span: Span, operation: Operation) -> None:
        """Something may have changed."""
        if operation.error:
            return
        for feed in self._feeds:
            _add_operation(feed.changes, span, operation)
            feed.changed.set()

    def ended(self, span: Span) -> None:
        """A step has run."""
        self._note(span)

    def dropped(self, span: Span) -> None:
        """A step runs no longer."""
        self._note(span)

    def written(self, spans: Sequence[Span], logs: Sequence[LogRecord]) -> None:
        """Traces have changed once more, and lines can be shown."""
        for feed in self._feeds:
            for span in spans[-_MOST_TRACES:]:
                _add(feed.changes.traces, span.trace_id, _MOST_TRACES)
            feed.changes.add_lines(logs)
            feed.changed.set()

    def changed(self, group: str, key: str) -> None:
        """A value of state has changed that no handler has written."""
        for feed in self._feeds:
            _add(feed.changes.values, (group, key), _MOST_PLACES)
            feed.changed.set()

    def moved(self, stream: str, group: str, id: str) -> None:
        """An item of a stream has changed that no handler has written."""
        for feed in self._feeds:
            _add(feed.changes.items, (stream, group, id), _MOST_PLACES)
            feed.changed.set()

    def renewed(self) -> None:
        """The project is another one."""
        for feed in self._feeds:
            feed.changes.project = True
            feed.changed.set()

    def _note(self, span: Span) -> None:
        for feed in self._feeds:
            feed.changes.steps.add(span.step)
            _add(feed.changes.traces, span.trace_id, _MOST_TRACES)
            feed.changed.set()


_WRITES = frozenset(("set", "update", "delete", "clear"))


def _add_operation(changes: Changes, span: Span, operation: Operation) -> None:
    service, _, verb = operation.name.partition(".")
    if operation.event_id:
        _add(changes.edges, (span.step, operation.target), _MOST_PLACES)
    elif verb not in _WRITES:
        return
    elif service == "state":
        _add(changes.values, (operation.group, operation.key), _MOST_PLACES)
    elif service == "stream":
        _add(changes.items, (operation.target, operation.group, operation.key), _MOST_PLACES)


def _add(found: dict[K, None], key: K, most: int) -> None:
    """Adds one as the newest; of too many the oldest goes."""
    found.pop(key, None)
    found[key] = None
    if len(found) > most:
        del found[next(iter(found))]
