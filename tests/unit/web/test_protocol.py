"""web/protocol: answers that leave in one row."""

from __future__ import annotations

from runtime.web.protocol import Connections
from tests.fakes import settle


class FakeTransport:
    """Keeps what is written; as uvloop's does, it refuses when its client has gone."""

    def __init__(self, gone: bool = False) -> None:
        self.gone = gone
        self.written = b""

    def is_closing(self) -> bool:
        """True when the client has gone."""
        return self.gone

    def write(self, data: bytes) -> None:
        """Keeps the data."""
        if self.gone:
            raise RuntimeError("the handler is closed")
        self.written += data


async def test_a_client_that_has_left_costs_no_other_its_answer() -> None:
    connections = Connections()
    before, gone, after = FakeTransport(), FakeTransport(gone=True), FakeTransport()
    for transport in (before, gone, after):
        connections.write_soon(transport, b"answer")
    assert before.written == b""
    await settle()
    assert before.written == after.written == b"answer"
