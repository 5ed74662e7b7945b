"""model.runs: payloads in pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runtime.model import length, whole


@given(st.lists(st.binary()))
def test_a_payload_in_pieces_has_the_length_and_the_bytes_of_all(pieces: list[bytes]) -> None:
    assert whole(tuple(pieces)) == whole(b"".join(pieces)) == b"".join(pieces)
    assert length(tuple(pieces)) == length(b"".join(pieces))
