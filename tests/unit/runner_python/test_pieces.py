"""Pieces of streamed bodies as bytes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_runner.pieces import UnsendablePiece, encode
from runtime_runner.values import Record


@pytest.mark.parametrize(
    ("piece", "data"),
    [("grüße", "grüße".encode()), (b"\x00\xff", b"\x00\xff"), (bytearray(b"a"), b"a"), (memoryview(b"a"), b"a")],
)
@pytest.mark.parametrize("are_events", [False, True])
def test_text_and_bytes_are_sent_as_they_are(piece: Any, data: bytes, are_events: bool) -> None:
    assert encode(piece, 1, are_events=are_events) == data


@pytest.mark.parametrize(
    ("piece", "are_events", "words"),
    [
        (5, False, "body piece 3 is a int; a piece is text or bytes"),
        (None, True, "body piece 3 is a NoneType; a piece is text, bytes or an event such as"),
        ([], True, "body piece 3 is a list"),
        ({"data": 1}, False, "body piece 3 is a dict; .*content type text/event-stream"),
        ("\ud800", False, "body piece 3 holds a lone surrogate"),
        ({"data": "\ud800"}, True, "body piece 3 holds a lone surrogate"),
        ({"datta": 1}, True, "body piece 3 has the key 'datta'; an event has data, event, id and retry"),
        ({"data": {"a": [b""]}}, True, r"body piece 3\.data\.a\[0\] is bytes"),
        ({"event": 1.5}, True, r"body piece 3\.event is a float; it is text"),
        ({"id": True}, True, r"body piece 3\.id is a bool; it is text"),
        ({"event": "a\nb"}, True, r"body piece 3\.event has a line break"),
        ({"id": "a\rb"}, True, r"body piece 3\.id has a line break"),
        ({"retry": "5"}, True, r"body piece 3\.retry is '5'; it is a whole number of milliseconds"),
        ({"retry": True}, True, r"body piece 3\.retry is True"),
    ],
)
def test_what_cannot_be_sent_is_named(piece: Any, are_events: bool, words: str) -> None:
    with pytest.raises(UnsendablePiece, match=words):
        encode(piece, 3, are_events=are_events)


def test_an_event() -> None:
    event = Record(retry=5, data="a\nb\r\nc\rd", id=7, event="tick")
    assert encode(event, 1, are_events=True) == b"event: tick\nid: 7\nretry: 5\ndata: a\ndata: b\ndata: c\ndata: d\n\n"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_the_data_of_an_event_comes_back(data: str) -> None:
    encoded = encode({"data": data}, 1, are_events=True).decode()
    assert encoded.endswith("\n\n")
    lines = encoded.removesuffix("\n\n").split("\n")
    assert all(line.startswith("data: ") for line in lines)
    assert "\n".join(line.removeprefix("data: ") for line in lines) == data.replace("\r\n", "\n").replace("\r", "\n")
