"""runners/transfers: payloads that arrive in chunks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime._gen import runner_pb2 as pb
from runtime.model import whole
from runtime.runners.transfers import ProtocolFault, Transfers


def chunk(transfer: int, data: bytes = b"x", *, last: bool = False) -> pb.Chunk:
    return pb.Chunk(transfer=transfer, data=data, last=last)


@given(
    st.lists(st.lists(st.binary(max_size=20), min_size=1, max_size=6), max_size=6), st.randoms(use_true_random=False)
)
def test_interleaved_transfers_are_put_together(payloads: list[list[bytes]], random: object) -> None:
    transfers = Transfers(1000, 10)
    queues = [
        [chunk(number, part, last=index == len(parts) - 1) for index, part in enumerate(parts)]
        for number, parts in enumerate(payloads, 1)
    ]
    while any(queues):
        queue = random.choice([queue for queue in queues if queue])  # type: ignore[attr-defined]
        transfers.add(queue.pop(0))
    for number, parts in enumerate(payloads, 1):
        assert whole(transfers.take(number)) == b"".join(parts)


def test_empty_pieces_take_no_memory() -> None:
    transfers = Transfers(10, 2)
    for _ in range(100):
        transfers.add(chunk(1, b""))
    transfers.add(chunk(1, last=True))
    assert transfers.take(1) == (b"x",)


def test_a_payload_is_taken_once() -> None:
    transfers = Transfers(10, 2)
    transfers.add(chunk(1, last=True))
    assert whole(transfers.take(1)) == b"x"
    with pytest.raises(ProtocolFault, match="transfer 1, which is not complete"):
        transfers.take(1)


def test_an_unfinished_payload_is_not_taken() -> None:
    transfers = Transfers(10, 2)
    transfers.add(chunk(1))
    with pytest.raises(ProtocolFault, match="not complete"):
        transfers.take(1)


def test_the_size_is_bounded_over_all_chunks() -> None:
    transfers = Transfers(3, 2)
    transfers.add(chunk(1, b"ab"))
    transfers.add(chunk(1, b"c"))
    with pytest.raises(ProtocolFault, match="transfer 1 is longer than 3 bytes"):
        transfers.add(chunk(1, b"d", last=True))


def test_the_number_is_bounded_complete_or_not() -> None:
    transfers = Transfers(10, 2)
    transfers.add(chunk(1))
    transfers.add(chunk(2, last=True))
    transfers.add(chunk(1))
    with pytest.raises(ProtocolFault, match="more than 2 transfers"):
        transfers.add(chunk(3))
    transfers.take(2)
    transfers.add(chunk(3))


def test_a_transfer_that_is_given_up_makes_room_and_is_never_complete() -> None:
    transfers = Transfers(10, 1)
    transfers.add(chunk(1))
    transfers.add(pb.Chunk(transfer=1, aborted=pb.Failure(message="gone")))
    transfers.add(chunk(2, last=True))
    assert whole(transfers.take(2)) == b"x"
    with pytest.raises(ProtocolFault, match="not complete"):
        transfers.take(1)


def test_a_piece_after_the_last_is_a_fault() -> None:
    transfers = Transfers(10, 3)
    transfers.add(chunk(1, last=True))
    with pytest.raises(ProtocolFault):
        transfers.add(chunk(1, last=True))


def test_there_is_no_transfer_0() -> None:
    with pytest.raises(ProtocolFault):
        Transfers(10, 3).add(chunk(0, last=True))
