"""What both ends of the wire are tried with: bodies of many lengths, and bytes that come in pieces."""

from __future__ import annotations

from hypothesis import strategies as st

BODIES = st.one_of(st.binary(max_size=40), st.binary(min_size=200, max_size=300))


@st.composite
def cut(draw: st.DrawFn, whole: bytes) -> list[bytes]:
    """The same bytes in pieces of any size, empty ones among them."""
    places = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    return [whole[start:end] for start, end in zip([0, *places], [*places, len(whole)], strict=True)]
