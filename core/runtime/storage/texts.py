"""What every engine asks before it adds to a text stream."""

from __future__ import annotations

from runtime.errors import HostCallRefused


def beginning(now: float) -> int:
    """What a text that begins now is told by from others of its id, in microseconds since 1970."""
    return int(now * 1_000_000)


def check_room(id: str, length: int, closed: bool, added: int, max_bytes: int) -> int:
    """The offset behind what is to be added. Raises `HostCallRefused` when the text takes no more."""
    if closed:
        raise HostCallRefused(f"the text stream '{id}' is closed; write to another id")
    if length + added > max_bytes:
        raise HostCallRefused(
            f"the text stream '{id}' would have {length + added} bytes, over the limit of {max_bytes} "
            "(streams.maxTextBytes)"
        )
    return length + added
