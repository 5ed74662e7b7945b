"""A server that answers what it is told to, for the load generators of the benchmarks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer


@contextmanager
def answering(answer: Callable[[bytes], bytes | None]) -> Iterator[str]:
    """Gives its address; `answer` makes bytes of the first line of each request, None to leave it without an answer."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            while asked := self.rfile.readline():
                while self.rfile.readline().strip():
                    continue
                if (data := answer(asked)) is not None:
                    self.wfile.write(data)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            serving.join()
