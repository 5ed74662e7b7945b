"""Events are counted one by one: a load whose events were lost, or handled again, gives no figure."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.harness import BenchFault
from bench.harness.flows import Flows

NOTED = {"began": 1.0, "ended": 2.0, "lag50": 1.0, "lag99": 1.0, "chains": 0, "chain": None}


@contextmanager
def telling(**counts: int) -> Iterator[Flows]:
    """A server whose handlers have noted so much."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = json.dumps({**NOTED, **counts}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield Flows(f"http://127.0.0.1:{server.server_address[1]}")
        finally:
            server.shutdown()
            serving.join()


def test_events_that_were_each_handled_once_settle() -> None:
    with telling(accepted=3, done=3, repeated=0) as flows:
        assert flows.settle().done == 3


@pytest.mark.parametrize("counts", [{"done": 3, "repeated": 1}, {"done": 4, "repeated": 0}])
def test_events_that_were_handled_again_are_a_fault(counts: dict[str, int]) -> None:
    with telling(accepted=3, **counts) as flows, pytest.raises(BenchFault, match="of 3 accepted"):
        flows.settle()


def test_a_lost_event_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.harness.flows.QUIET_SECONDS", 0.1)
    with telling(accepted=3, done=2, repeated=0) as flows, pytest.raises(BenchFault, match="2 of 3 accepted"):
        flows.settle()
