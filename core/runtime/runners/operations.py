"""Host calls as operations of a span: what people see of them."""

from __future__ import annotations

from collections.abc import Mapping

from runtime._gen import runner_pb2 as pb
from runtime.model import Operation
from runtime.values import decode


def _name(op: str) -> str:
    """Such as `state.getGroup` for HOST_OP_STATE_GET_GROUP, as handlers call it."""
    service, *words = op.removeprefix("HOST_OP_").lower().split("_")
    return service + "".join(word.capitalize() if number else f".{word}" for number, word in enumerate(words))


_NAMES: Mapping[int, str] = {number: _name(op) for op, number in pb.HostOp.items()}


def operation_of(call: pb.HostCall, payload: bytes, reply: bytes, began: float, ended: float, error: str) -> Operation:
    """What a call was about; `error` is empty for one that was carried out."""
    is_emitted = call.op == pb.HOST_OP_EMIT and not error
    return Operation(
        name=_NAMES.get(call.op, "unknown"),
        target=call.target,
        group=call.group,
        key=call.key,
        began=began,
        seconds=ended - began,
        data=payload,
        size=len(payload),
        event_id=decode(reply) if is_emitted else "",
        error=error,
    )
