"""What a handler sees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from runtime_runner import values
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.arguments import check_keys, encode_options, well_formed
from runtime_runner.hostcalls import HostCalls, Run
from runtime_runner.logs import Logger, Logs
from runtime_runner.state import State
from runtime_runner.streams import Streams, TextStream
from runtime_runner.values import Record

EMIT_OPTIONS = ("messageGroupId", "delay", "idempotencyKey", "priority")
TRIGGER_TYPES = {
    pb.TRIGGER_KIND_API: "api",
    pb.TRIGGER_KIND_EVENT: "event",
    pb.TRIGGER_KIND_CRON: "cron",
    pb.TRIGGER_KIND_STATE: "state",
    pb.TRIGGER_KIND_STREAM: "stream",
}


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
    def stream(self) -> TextStream:
        """Texts that clients read while they are written."""
        return TextStream(self._calls, self._run)

    @property
    def trigger(self) -> Record:
        """What fired: type, index in `triggers`, and source: topic, schedule, group or stream, None for requests."""
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
            check_keys(topic, ("topic", "data", *EMIT_OPTIONS), "emit")
            options = {name: topic[name] for name in EMIT_OPTIONS if name in topic}
            topic, data = topic.get("topic"), topic.get("data")
        if not isinstance(topic, str) or not topic:
            raise TypeError(f"emit needs a topic that is a string with at least one character, not {topic!r}.")
        target = well_formed(topic, "topic")
        request = pb.HostCall(invocation_id=self._run.id, op=pb.HOST_OP_EMIT, target=target)
        request.options = encode_options(options, EMIT_OPTIONS, "emit")
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
