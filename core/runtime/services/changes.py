"""Changes of state and of streams -> the events of the steps that watch them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from runtime.catalog import Catalog, Watch, watch_queue
from runtime.contracts import Clock
from runtime.definitions.changes import place_of
from runtime.ids import new_trace_id
from runtime.model import ChangeKind
from runtime.records import Event, Follow, Placement, Publication, QueueKey, Written
from runtime.values import NIL, encode

_OF_STATE, _OF_STREAM = b"\x85", b"\x86"
"""Heads of MessagePack maps of five and of six entries."""
_STREAM, _GROUP, _KEY, _ID, _VALUE, _PREVIOUS = map(encode, ("streamName", "groupId", "key", "id", "value", "previous"))
_OPERATION = {kind: encode("operation") + encode(kind.value) for kind in ChangeKind}
_EVERY = ""


class ChangeService:
    """Tells of a write what is to follow it; where no step watches, that costs a look into a dict.

    What it gives makes one event a change, with the change as its data, in the queues of all who watch. The data are
    put together of what is encoded already, and are not bound by `bus.maxEventBytes`.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.catalog = Catalog()

    @property
    def catalog(self) -> Catalog:
        """Whose steps watch."""
        return self._catalog

    @catalog.setter
    def catalog(self, catalog: Catalog) -> None:
        self._catalog = catalog
        state, streams = catalog.state_watches, catalog.stream_watches
        self._groups = _by_name((watch, watch.trigger.group, (watch.trigger.key,)) for watch in state)
        self._streams = _by_name(
            (watch, watch.trigger.stream, (watch.trigger.group, watch.trigger.id)) for watch in streams
        )

    def of_state(self, group: str, key: str, trace: str) -> Follow | None:
        """What follows a write of this value, None where nobody watches; an empty trace id begins a trace."""
        places = self._groups.get(group)
        if places is None:
            return None
        watchers = [watcher for place in dict.fromkeys([(_EVERY,), (key,)]) for watcher in places.get(place, ())]
        if not watchers:
            return None
        head = _OF_STATE + _GROUP + encode(group) + _KEY + encode(key)
        return self._follow(watchers, group, (group, key), head, trace)

    def of_group(self, group: str, trace: str) -> Callable[[str], Follow | None] | None:
        """What makes of a key what follows its removal when the whole group is removed."""
        return (lambda key: self.of_state(group, key, trace)) if group in self._groups else None

    def of_stream(self, stream: str, group: str, id: str, trace: str) -> Follow | None:
        """The same as `of_state` for a write of an item."""
        places = self._streams.get(stream)
        if places is None:
            return None
        asked = dict.fromkeys([(_EVERY, _EVERY), (group, _EVERY), (_EVERY, id), (group, id)])
        watchers = [watcher for place in asked for watcher in places.get(place, ())]
        if not watchers:
            return None
        head = _OF_STREAM + _STREAM + encode(stream) + _GROUP + encode(group) + _ID + encode(id)
        return self._follow(watchers, stream, (stream, group, id), head, trace)

    def _follow(
        self, watchers: Sequence[_Watcher], topic: str, names: tuple[str, ...], head: bytes, trace: str
    ) -> Follow:
        def follow(written: Written) -> Publication | None:
            kind = kind_of(written)
            heard = [watcher for watcher in watchers if kind in watcher.on]
            if kind is None or not heard:
                return None
            now = self._clock.now()
            data = b"".join((head, _OPERATION[kind], _VALUE, written.after or NIL, _PREVIOUS, written.before or NIL))
            event = Event(new_trace_id(), topic, data, trace or new_trace_id(), now)
            return Publication(event, tuple(watcher.placement(now, names) for watcher in heard))

        return follow


def kind_of(written: Written) -> ChangeKind | None:
    """What a write has done; None for one that has removed what was not there."""
    if written.after is None:
        return None if written.before is None else ChangeKind.DELETE
    return ChangeKind.CREATE if written.before is None else ChangeKind.UPDATE


class _Watcher(NamedTuple):
    """A queue that takes changes of some kinds, and how."""

    queue: QueueKey
    on: frozenset[ChangeKind]
    delay: float
    fifo: bool

    def placement(self, now: float, names: tuple[str, ...]) -> Placement:
        """How a change enters the queue: in a fifo queue those of one value, which has these names, are a group."""
        due = now + self.delay if self.delay else 0.0
        return Placement(self.queue, due, place_of(*names) if self.fifo else "")


def _by_name(
    watches: Iterable[tuple[Watch, str, tuple[str, ...]]],
) -> Mapping[str, Mapping[tuple[str, ...], Sequence[_Watcher]]]:
    """The watchers by name of what they watch, and by place in it; an empty part of a place stands for every one."""
    found: dict[str, dict[tuple[str, ...], list[_Watcher]]] = {}
    for watch, name, place in watches:
        policy = watch.step.queue
        watcher = _Watcher(watch_queue(watch), watch.trigger.on, policy.delay, policy.fifo)
        found.setdefault(name, {}).setdefault(place, []).append(watcher)
    return found
