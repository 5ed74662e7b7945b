"""Payloads that arrive in chunks, put together again."""

from __future__ import annotations

from runtime._gen import runner_pb2 as pb
from runtime.model import Payload


class ProtocolFault(Exception):
    """The other side broke the protocol; the connection ends with this message."""


class _Incoming:
    """The pieces of a transfer so far."""

    __slots__ = ("pieces", "size")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0


class Transfers:
    """The transfers that a connection has begun and not yet used; bounded in number and size."""

    def __init__(self, max_payload_bytes: int, max_open: int) -> None:
        self._max_payload_bytes = max_payload_bytes
        self._max_open = max_open
        self._open: dict[int, _Incoming] = {}
        self._complete: dict[int, tuple[bytes, ...]] = {}

    def add(self, chunk: pb.Chunk) -> None:
        """Takes the next piece. Raises `ProtocolFault` over a bound."""
        if not chunk.transfer or chunk.transfer in self._complete:
            raise ProtocolFault(
                f"a chunk names transfer {chunk.transfer}, which is {'complete' if chunk.transfer else 'none'}"
            )
        if chunk.HasField("aborted"):
            self._open.pop(chunk.transfer, None)
            return
        if chunk.transfer not in self._open and len(self._open) + len(self._complete) >= self._max_open:
            raise ProtocolFault(f"more than {self._max_open} transfers are open at once")
        incoming = self._open.setdefault(chunk.transfer, _Incoming())
        if chunk.data:
            incoming.pieces.append(chunk.data)
            incoming.size += len(incoming.pieces[-1])
        if incoming.size > self._max_payload_bytes:
            raise ProtocolFault(f"transfer {chunk.transfer} is longer than {self._max_payload_bytes} bytes")
        if chunk.last:
            self._complete[chunk.transfer] = tuple(self._open.pop(chunk.transfer).pieces)

    def clear(self) -> None:
        """Forgets everything."""
        self._open.clear()
        self._complete.clear()

    def take(self, transfer: int) -> Payload:
        """The whole payload, once. Raises `ProtocolFault` for a transfer that is not complete."""
        payload = self._complete.pop(transfer, None)
        if payload is None:
            raise ProtocolFault(f"an envelope names transfer {transfer}, which is not complete")
        return payload
