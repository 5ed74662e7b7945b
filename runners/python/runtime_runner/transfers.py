"""Payloads that arrive in chunks."""

from __future__ import annotations

from runtime_runner._gen import runner_pb2 as pb


class ProtocolError(Exception):
    """The core sent what the protocol does not allow; the message says what."""


class Incoming:
    """The pieces of a transfer so far."""

    __slots__ = ("is_complete", "pieces", "size")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0
        self.is_complete = False


class Transfers:
    """Puts incoming transfers together, each at most `max_payload_bytes` long."""

    def __init__(self, max_payload_bytes: int) -> None:
        self._max_payload_bytes = max_payload_bytes
        self._open: dict[int, Incoming] = {}

    def add(self, chunk: pb.Chunk) -> None:
        """Takes a piece. Raises ProtocolError for one too many."""
        if chunk.HasField("aborted"):
            self._open.pop(chunk.transfer, None)
            return
        incoming = self._open.setdefault(chunk.transfer, Incoming())
        if incoming.is_complete:
            raise ProtocolError(f"Transfer {chunk.transfer} goes on after its last chunk.")
        incoming.pieces.append(chunk.data)
        incoming.size += len(chunk.data)
        incoming.is_complete = chunk.last
        if incoming.size > self._max_payload_bytes:
            raise ProtocolError(f"Transfer {chunk.transfer} is longer than {self._max_payload_bytes} bytes.")

    def payload_of(self, message: pb.Invoke | pb.HostReply | pb.Call) -> bytes:
        """The payload of a message, wherever it stands. Raises ProtocolError for a transfer that is not complete."""
        if not message.payload_transfer:
            return message.payload
        incoming = self._open.pop(message.payload_transfer, None)
        if incoming is None or not incoming.is_complete:
            raise ProtocolError(f"An envelope names transfer {message.payload_transfer}, which is not complete.")
        return b"".join(incoming.pieces)
