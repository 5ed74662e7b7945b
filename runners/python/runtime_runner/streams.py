"""`ctx.streams`: the items of each stream; `ctx.stream`: texts that are read while they are written."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from runtime_runner import values
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.arguments import encode_operations, kind_of, name, refuse_member, well_formed
from runtime_runner.hostcalls import HostCalls, Run

CHANNEL = '{"groupId": "the group"}, with an "id" beside it for one item'
EVENT = '{"type": "a name", "data": ...}'
"""What `send` takes, for errors."""


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
        _check_shape(channel, ("groupId", "id"), "The channel of send", CHANNEL)
        _check_shape(event, ("type", "data"), "The event of send", EVENT)
        if not isinstance(event.get("type"), str):
            given = kind_of(event.get("type"))
            raise TypeError(f"The type in the event of send must be a string, not {given}; the event is {EVENT}.")
        id = channel.get("id")
        payload = values.encode(dict(event), "event")
        return self._call(pb.HOST_OP_STREAM_SEND, channel.get("groupId"), "" if id is None else id, payload)

    def update(self, group: Any, id: Any, operations: Any) -> Any:
        """Applies the operations in one step and returns the new item."""
        return self._call(pb.HOST_OP_STREAM_UPDATE, group, id, encode_operations(operations))

    getGroup = get_group

    def __getattr__(self, name: str) -> Any:
        refuse_member(self, f"streams.{self._name}", name)

    def _call(self, op: pb.HostOp, group: Any, id: Any = "", payload: bytes = b"") -> Any:
        target = well_formed(self._name, "name of the stream")
        request = pb.HostCall(invocation_id=self._run.id, op=op, target=target)
        request.group, request.key = name(group, "group"), name(id, "id")
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


class TextStream:
    """`ctx.stream`: texts by id; what one run writes to a text arrives in the order of the calls."""

    __slots__ = ("_calls", "_run")

    def __init__(self, calls: HostCalls, run: Run) -> None:
        self._calls = calls
        self._run = run

    def write(self, id: Any, text: str) -> Any:
        """Adds to the end of a text, which begins with its first piece."""
        if not isinstance(text, str):
            advice = "" if inspect.isawaitable(text) else "; make it one, as with json.dumps"
            raise TypeError(f"The text of stream.write must be a string, not {kind_of(text)}{advice}.")
        request = self._request(pb.HOST_OP_TEXT_WRITE, id)
        return self._calls.call(self._run, request, values.encode(text, "text"), _nothing)

    def close(self, id: Any) -> Any:
        """Ends a text; without effect when it has ended."""
        return self._calls.call(self._run, self._request(pb.HOST_OP_TEXT_CLOSE, id), b"", _nothing)

    def __getattr__(self, name: str) -> Any:
        fix = f"did you mean ctx.streams.{name}?"
        raise AttributeError(f"stream has no {name!r}, only write and close for texts; {fix}")

    def _request(self, op: pb.HostOp, id: Any) -> pb.HostCall:
        if id == "":
            raise TypeError("The id of a text must be a string with at least one character.")
        return pb.HostCall(invocation_id=self._run.id, op=op, key=name(id, "id"))


def _check_shape(given: Any, keys: tuple[str, ...], what: str, shape: str) -> None:
    """Raises TypeError for what is no dict, or has other keys."""
    if not isinstance(given, Mapping):
        raise TypeError(f"{what} must be a dict, {shape}, not {kind_of(given)}.")
    unknown = [str(key) for key in given if key not in keys]
    if unknown:
        raise TypeError(f"{what} has {', '.join(unknown)}, which means nothing there; it is {shape}.")


def _nothing(payload: bytes) -> None:
    """What a call gives that has nothing to give."""
