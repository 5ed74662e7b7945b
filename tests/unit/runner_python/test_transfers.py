"""Payloads that arrive in chunks."""

from __future__ import annotations

import pytest

from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.transfers import ProtocolError, Transfers


def _add(transfers: Transfers, transfer: int, *pieces: bytes) -> None:
    for number, piece in enumerate(pieces, 1):
        transfers.add(pb.Chunk(transfer=transfer, data=piece, last=number == len(pieces)))


def test_pieces_of_several_transfers_find_together() -> None:
    transfers = Transfers(100)
    transfers.add(pb.Chunk(transfer=1, data=b"a"))
    _add(transfers, 2, b"x", b"y")
    transfers.add(pb.Chunk(transfer=1, data=b"b", last=True))
    assert transfers.payload_of(pb.Invoke(payload_transfer=1)) == b"ab"
    assert transfers.payload_of(pb.HostReply(payload_transfer=2)) == b"xy"
    assert transfers.payload_of(pb.Invoke(payload=b"short")) == b"short"


def test_a_transfer_is_taken_once_and_when_it_is_complete() -> None:
    transfers = Transfers(100)
    transfers.add(pb.Chunk(transfer=1, data=b"a"))
    _add(transfers, 2, b"a")
    transfers.payload_of(pb.Invoke(payload_transfer=2))
    for transfer in (1, 2, 3):
        with pytest.raises(ProtocolError, match=f"transfer {transfer}, which is not complete"):
            transfers.payload_of(pb.Invoke(payload_transfer=transfer))


def test_bounds() -> None:
    transfers = Transfers(3)
    _add(transfers, 1, b"ab", b"c")
    with pytest.raises(ProtocolError, match="goes on after its last chunk"):
        transfers.add(pb.Chunk(transfer=1, data=b""))
    with pytest.raises(ProtocolError, match="longer than 3 bytes"):
        _add(transfers, 2, b"ab", b"cd")


def test_a_transfer_that_is_given_up_is_forgotten() -> None:
    transfers = Transfers(3)
    transfers.add(pb.Chunk(transfer=1, data=b"ab"))
    transfers.add(pb.Chunk(transfer=1, aborted=pb.Failure(message="changed my mind")))
    _add(transfers, 1, b"abc")
    assert transfers.payload_of(pb.Invoke(payload_transfer=1)) == b"abc"
