"""Host calls -> services: one entry for each operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from runtime._gen import runner_pb2 as pb
from runtime.errors import HostCallRefused
from runtime.model import Invocation
from runtime.services.bus import BusService
from runtime.services.state import StateService
from runtime.services.streams import StreamService
from runtime.values import decode, encode

Operation = Callable[[Invocation, pb.HostCall, bytes], Awaitable[bytes]]


class HostCalls:
    """What handlers may ask of the core."""

    def __init__(self, bus: BusService, state: StateService, streams: StreamService) -> None:
        self._bus = bus
        self._state = state
        self._streams = streams
        self._operations: Mapping[int, Operation] = {
            pb.HOST_OP_EMIT: self._emit,
            pb.HOST_OP_STATE_GET: lambda _, call, __: state.get(call.group, call.key),
            pb.HOST_OP_STATE_SET: self._state_set,
            pb.HOST_OP_STATE_DELETE: lambda _, call, __: state.delete(call.group, call.key),
            pb.HOST_OP_STATE_GET_GROUP: lambda _, call, __: state.values(call.group),
            pb.HOST_OP_STATE_CLEAR: self._state_clear,
            pb.HOST_OP_STATE_UPDATE: lambda _, call, payload: state.update(call.group, call.key, payload),
            pb.HOST_OP_STATE_KEYS: lambda _, call, __: state.keys(call.group),
            pb.HOST_OP_STREAM_GET: lambda _, call, __: streams.get(call.target, call.group, call.key),
            pb.HOST_OP_STREAM_SET: lambda _, call, data: streams.set(call.target, call.group, call.key, data),
            pb.HOST_OP_STREAM_DELETE: lambda _, call, __: streams.delete(call.target, call.group, call.key),
            pb.HOST_OP_STREAM_GET_GROUP: lambda _, call, __: streams.items(call.target, call.group),
            pb.HOST_OP_STREAM_SEND: self._stream_send,
            pb.HOST_OP_STREAM_UPDATE: lambda _, call, ops: streams.update(call.target, call.group, call.key, ops),
        }

    async def answer(self, invocation: Invocation, call: pb.HostCall, payload: bytes) -> bytes:
        """Carries out a call and returns the encoded reply. Raises `HostCallRefused` or `ValueError` for a bad call."""
        operation = self._operations.get(call.op)
        if operation is None:
            raise HostCallRefused(f"this core does not know host operation {call.op}; it is older than the runner")
        return await operation(invocation, call, payload)

    async def _emit(self, invocation: Invocation, call: pb.HostCall, payload: bytes) -> bytes:
        id = await self._bus.emit(call.target, payload, _options(call), invocation.trace_id)
        return encode(id)

    async def _state_set(self, invocation: Invocation, call: pb.HostCall, payload: bytes) -> bytes:
        _no_options(call, "state.set")
        await self._state.set(call.group, call.key, payload)
        return b""

    async def _state_clear(self, invocation: Invocation, call: pb.HostCall, payload: bytes) -> bytes:
        await self._state.clear(call.group)
        return b""

    async def _stream_send(self, invocation: Invocation, call: pb.HostCall, payload: bytes) -> bytes:
        await self._streams.send(call.target, call.group, call.key, payload)
        return b""


def _options(call: pb.HostCall) -> Mapping[str, Any]:
    options = decode(call.options)
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise HostCallRefused(f"options are a map, not a {type(options).__name__}")
    return options


def _no_options(call: pb.HostCall, operation: str) -> None:
    for name in _options(call):
        raise HostCallRefused(f"'{name}' is no option of {operation} in this version")
