"""What a handler sees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final

from runtime_runner import values
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.hostcalls import HostCalls, Run
from runtime_runner.logs import Logger, Logs
from runtime_runner.values import Record

DEFAULT_GROUP = "default"
EMIT_OPTIONS = ("messageGroupId", "delay", "idempotencyKey", "priority")
SET_OPTIONS = ("ttl", "ifVersion")
TRIGGER_TYPES = {
    pb.TRIGGER_KIND_API: "api",
    pb.TRIGGER_KIND_EVENT: "event",
    pb.TRIGGER_KIND_CRON: "cron",
    pb.TRIGGER_KIND_STATE: "state",
    pb.TRIGGER_KIND_STREAM: "stream",
}
ABSENT: Final = object()


class State:
    """`ctx.state`: values by group and key. With one name less, the group is "default"."""

    __slots__ = ("_calls", "_run")

    def __init__(self, calls: HostCalls, run: Run) -> None:
        self._calls = calls
        self._run = run

    def get(self, group: Any, key: Any = ABSENT) -> Any:
        """The value as it was stored, None when there is none."""
        return self._call(pb.HOST_OP_STATE_GET, *_group_and_key(group, key))

    def set(self, group: Any, key: Any, value: Any = ABSENT, options: Mapping[str, Any] | None = None) -> Any:
        """Stores and returns the value. Options: ttl (seconds), ifVersion (integer)."""
        if value is ABSENT:
            group, key, value = DEFAULT_GROUP, group, key
        request = self._request(pb.HOST_OP_STATE_SET, _name(group, "group"), _name(key, "key"))
        request.options = _options(options, SET_OPTIONS, "state.set")
        return self._calls.call(self._run, request, values.encode(value, "value"), lambda _: value)

    def delete(self, group: Any, key: Any = ABSENT) -> Any:
        """Removes and returns the value, None when there was none."""
        return self._call(pb.HOST_OP_STATE_DELETE, *_group_and_key(group, key))

    def get_group(self, group: Any) -> Any:
        """The group's values in insertion order."""
        return self._call(pb.HOST_OP_STATE_GET_GROUP, _name(group, "group"))

    def clear(self, group: Any) -> Any:
        """Removes the whole group."""
        return self._call(pb.HOST_OP_STATE_CLEAR, _name(group, "group"))

    def update(self, group: Any, key: Any, operations: Any = ABSENT) -> Any:
        """Applies the operations in one step and returns the new value."""
        if operations is ABSENT:
            group, key, operations = DEFAULT_GROUP, group, key
        request = self._request(pb.HOST_OP_STATE_UPDATE, _name(group, "group"), _name(key, "key"))
        return self._calls.call(self._run, request, _operations(operations))

    def keys(self, group: Any) -> Any:
        """The group's keys in insertion order."""
        return self._call(pb.HOST_OP_STATE_KEYS, _name(group, "group"))

    getGroup = get_group

    def _call(self, op: pb.HostOp, group: str, key: str = "") -> Any:
        return self._calls.call(self._run, self._request(op, group, key))

    def _request(self, op: pb.HostOp, group: str, key: str = "") -> pb.HostCall:
        return pb.HostCall(invocation_id=self._run.id, op=op, group=group, key=key)


class Stream:
    """`ctx.streams.<name>`: the items of one stream by group and id."""

    __slots__ = ("_calls", "_name", "_run")

    def __init__(self, calls: HostCalls, run: Run, name: str) -> None:
        self._calls = calls
        self._run = run
        self._name = name

    def get(self, group: Any, id: Any) -> Any:
        """The item, None when there is none."""
        return self._call(pb.HOST_OP_STREAM_GET, group, id)

    def set(self, group: Any, id: Any, data: Any) -> Any:
        """Stores the item and returns it with its metadata."""
        return self._call(pb.HOST_OP_STREAM_SET, group, id, values.encode(data, "data"))

    def delete(self, group: Any, id: Any) -> Any:
        """Removes and returns the item, None when there was none."""
        return self._call(pb.HOST_OP_STREAM_DELETE, group, id)

    def get_group(self, group: Any) -> Any:
        """The group's items in insertion order."""
        return self._call(pb.HOST_OP_STREAM_GET_GROUP, group)

    def send(self, channel: Mapping[str, Any], event: Mapping[str, Any]) -> Any:
        """Sends `{type, data}` to who listens on the channel `{groupId, id?}`; nothing is stored."""
        _check_keys(channel, ("groupId", "id"), "channel of send")
        _check_keys(event, ("type", "data"), "event of send")
        if not isinstance(event.get("type"), str):
            raise TypeError(f"The event of send needs a type that is a string, not {event.get('type')!r}.")
        id = channel.get("id")
        payload = values.encode(dict(event), "event")
        return self._call(pb.HOST_OP_STREAM_SEND, channel.get("groupId"), "" if id is None else id, payload)

    def update(self, group: Any, id: Any, operations: Any) -> Any:
        """Applies the operations in one step and returns the new item."""
        return self._call(pb.HOST_OP_STREAM_UPDATE, group, id, _operations(operations))

    getGroup = get_group

    def _call(self, op: pb.HostOp, group: Any, id: Any = "", payload: bytes = b"") -> Any:
        request = pb.HostCall(invocation_id=self._run.id, op=op, target=self._name)
        request.group, request.key = _name(group, "group"), _name(id, "id")
        return self._calls.call(self._run, request, payload)


class Streams:
    """`ctx.streams`: a stream by its name, as attribute or item."""

    __slots__ = ("_calls", "_run")

    def __init__(self, calls: HostCalls, run: Run) -> None:
        self._calls = calls
        self._run = run

    def __getitem__(self, name: str) -> Stream:
        return Stream(self._calls, self._run, name)

    def __getattr__(self, name: str) -> Stream:
        if name.startswith("__"):
            raise AttributeError(name)
        return Stream(self._calls, self._run, name)


class FlowContext:
    """The `ctx` of a handler; its members are items as well, such as `ctx["logger"]`.

    Middleware may set others, which what comes after it reads: `ctx.user` or `ctx["user"]`.
    """

    __slots__ = ("__dict__", "_calls", "_run", "flows", "logger", "trace_id")
    utils = SimpleNamespace(dates=SimpleNamespace(now=lambda: datetime.now(UTC)))

    def __init__(self, run: Run, calls: HostCalls, logs: Logs, flows: list[str]) -> None:
        self._run = run
        self._calls = calls
        self.flows = flows
        self.logger = Logger(logs, run)
        self.trace_id = run.invoke.trace_id

    @property
    def traceId(self) -> str:
        """The same as `trace_id`."""
        return self.trace_id

    @property
    def state(self) -> State:
        """Values that outlive the run."""
        return State(self._calls, self._run)

    @property
    def streams(self) -> Streams:
        """The project's streams."""
        return Streams(self._calls, self._run)

    @property
    def trigger(self) -> Record:
        """What fired: its type, its source (topic or cron expression, None for requests), its index in `triggers`."""
        invoke = self._run.invoke
        kind = TRIGGER_TYPES.get(invoke.trigger, "")
        return Record(type=kind, source=invoke.trigger_source or None, index=invoke.trigger_index)

    @property
    def attempt(self) -> int:
        """Counts deliveries of the same cause, from 1."""
        return self._run.invoke.attempt

    @property
    def cancelled(self) -> bool:
        """True when the result is no longer wanted; plain `def` handlers look here, `async def` ones are cancelled."""
        return self._run.cancel_reason is not None

    @property
    def deadline(self) -> datetime | None:
        """When the core gives up and cancels, in UTC; None for never."""
        run = self._run
        if not run.invoke.deadline_ms:
            return None
        return datetime.fromtimestamp(run.started_at + run.invoke.deadline_ms / 1000, UTC)

    @property
    def idempotency_key(self) -> str | None:
        """Names the cause across attempts, None for requests."""
        return self._run.invoke.idempotency_key or None

    @property
    def idempotencyKey(self) -> str | None:
        """The same as `idempotency_key`."""
        return self.idempotency_key

    def emit(self, topic: Any, data: Any = None, options: Mapping[str, Any] | None = None) -> Any:
        """Publishes an event and returns its id: `emit({topic, data, ...})` or `emit(topic, data, options)`.

        Options: messageGroupId, delay (seconds or a datetime), idempotencyKey, priority.
        """
        if isinstance(topic, Mapping):
            _check_keys(topic, ("topic", "data", *EMIT_OPTIONS), "emit")
            options = {name: topic[name] for name in EMIT_OPTIONS if name in topic}
            topic, data = topic.get("topic"), topic.get("data")
        if not isinstance(topic, str) or not topic:
            raise TypeError(f"emit needs a topic that is a string with at least one character, not {topic!r}.")
        request = pb.HostCall(invocation_id=self._run.id, op=pb.HOST_OP_EMIT, target=topic)
        request.options = _options(options, EMIT_OPTIONS, "emit")
        return self._calls.call(self._run, request, values.encode(data, "data"))

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError:
            raise KeyError(name) from None

    def __setitem__(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def get(self, name: str, default: Any = None) -> Any:
        """The member of this name, `default` when there is none."""
        return getattr(self, name, default)


def _name(value: Any, what: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        # As JavaScript writes it, so that both languages mean the same key.
        return repr(value).removesuffix(".0")
    raise TypeError(f"The {what} must be a string, not {type(value).__name__}.")


def _group_and_key(group: Any, key: Any) -> tuple[str, str]:
    if key is ABSENT:
        group, key = DEFAULT_GROUP, group
    return _name(group, "group"), _name(key, "key")


def _operations(operations: Any) -> bytes:
    if not isinstance(operations, list | tuple):
        raise TypeError(f"update takes a list of operations, not a {type(operations).__name__}.")
    return values.encode(operations, "operations")


def _options(options: Mapping[str, Any] | None, known: tuple[str, ...], where: str) -> bytes:
    if not options:
        return b""
    _check_keys(options, known, where)
    given = {name: value for name, value in options.items() if value is not None}
    return values.encode(given, "options") if given else b""


def _check_keys(given: Any, known: tuple[str, ...], where: str) -> None:
    if not isinstance(given, Mapping):
        raise TypeError(f"The options of {where} must be a dict, not a {type(given).__name__}.")
    unknown = [str(name) for name in given if name not in known]
    if unknown:
        raise TypeError(f"{where} does not know {', '.join(unknown)}; it knows {', '.join(known)}.")
