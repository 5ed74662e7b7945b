"""Host calls -> services: one entry for each operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from runtime._gen import runner_pb2 as pb
from runtime.errors import HostCallRefused
from runtime.model import Held, Invocation, Operation, Span
from runtime.services.bus import BusService
from runtime.services.held import HeldWrites, Services
from runtime.services.state import StateService
from runtime.services.streams import StreamService
from runtime.services.textstreams import TextService
from runtime.values import decode, encode

Note = Callable[[Span, Operation], None]
Call = Callable[[Services, Invocation, pb.HostCall, bytes], Awaitable[bytes]]


class HostCalls:
    """What handlers may ask of the core."""

    def __init__(
        self, bus: BusService, state: StateService, streams: StreamService, texts: TextService, note: Note
    ) -> None:
        """`note` takes what the span of a run is to remember of its calls."""
        self._services = Services(bus, state, streams, texts)
        self.note = note

    def answer(self, invocation: Invocation, call: pb.HostCall, payload: bytes) -> Awaitable[bytes]:
        """Carries out a call, to be awaited for the encoded reply; the writes of an atomic step are held.

        Raises `HostCallRefused` or `ValueError` for a bad call, `StorageFault` when it cannot be stored: some at
        once, since a coroutine of its own around that of the operation would cost more than all that is done here.
        """
        operation = _OPERATIONS.get(call.op)
        if operation is None:
            raise HostCallRefused(f"this core does not know host operation {call.op}; it is older than the runner")
        services = self._services if invocation.held is None else self._over(invocation.held)
        return operation(services, invocation, call, payload)

    def _over(self, held: Held) -> Services:
        if not isinstance(held, HeldWrites):
            raise TypeError(f"host calls are held by HeldWrites, not by {type(held).__name__}")
        return held.bind(self._services)


async def _emit(services: Services, invocation: Invocation, call: pb.HostCall, payload: bytes) -> bytes:
    id = await services.bus.emit(call.target, payload, _options(call), invocation.context, invocation.step)
    return encode(id)


async def _state_set(services: Services, invocation: Invocation, call: pb.HostCall, payload: bytes) -> bytes:
    await services.state.set(call.group, call.key, payload, invocation.context, _options(call))
    return b""


async def _state_clear(services: Services, invocation: Invocation, call: pb.HostCall, payload: bytes) -> bytes:
    await services.state.clear(call.group, invocation.context)
    return b""


async def _stream_send(services: Services, invocation: Invocation, call: pb.HostCall, payload: bytes) -> bytes:
    await services.streams.send(call.target, call.group, call.key, payload)
    return b""


async def _text_write(services: Services, invocation: Invocation, call: pb.HostCall, payload: bytes) -> bytes:
    await services.texts.write(call.key, decode(payload))
    return b""


async def _text_close(services: Services, invocation: Invocation, call: pb.HostCall, payload: bytes) -> bytes:
    await services.texts.close(call.key)
    return b""


_OPERATIONS: Mapping[int, Call] = {
    pb.HOST_OP_EMIT: _emit,
    pb.HOST_OP_STATE_GET: lambda on, _, call, __: on.state.get(call.group, call.key),
    pb.HOST_OP_STATE_GET_ENTRY: lambda on, _, call, __: on.state.entry(call.group, call.key),
    pb.HOST_OP_STATE_SET: _state_set,
    pb.HOST_OP_STATE_DELETE: lambda on, of, call, __: on.state.delete(call.group, call.key, of.context),
    pb.HOST_OP_STATE_GET_GROUP: lambda on, _, call, __: on.state.values(call.group),
    pb.HOST_OP_STATE_CLEAR: _state_clear,
    pb.HOST_OP_STATE_UPDATE: lambda on, of, call, ops: on.state.update(call.group, call.key, ops, of.context),
    pb.HOST_OP_STATE_KEYS: lambda on, _, call, __: on.state.keys(call.group),
    pb.HOST_OP_STREAM_GET: lambda on, _, call, __: on.streams.get(call.target, call.group, call.key),
    pb.HOST_OP_STREAM_SET: lambda on, of, call, data: on.streams.set(*_item(call), data, of.context),
    pb.HOST_OP_STREAM_DELETE: lambda on, of, call, __: on.streams.delete(*_item(call), of.context),
    pb.HOST_OP_STREAM_GET_GROUP: lambda on, _, call, __: on.streams.items(call.target, call.group),
    pb.HOST_OP_STREAM_SEND: _stream_send,
    pb.HOST_OP_STREAM_UPDATE: lambda on, of, call, ops: on.streams.update(*_item(call), ops, of.context),
    pb.HOST_OP_TEXT_WRITE: _text_write,
    pb.HOST_OP_TEXT_CLOSE: _text_close,
}


def _item(call: pb.HostCall) -> tuple[str, str, str]:
    """The stream, group and id that a call names."""
    return call.target, call.group, call.key


def _options(call: pb.HostCall) -> Mapping[str, Any]:
    options = decode(call.options)
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise HostCallRefused(f"options are a map, not a {type(options).__name__}")
    return options
