"""A small OTLP collector on this machine, which keeps what it is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

from tests.integration.project import PATIENCE, eventually

Values = dict[str, Any]


def values(attributes: Any) -> Values:
    """Attributes as a mapping."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


class Collector:
    """What came, in the order in which it came."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.lines: list[Any] = []
        self.resources: list[Values] = []
        self.headers: list[Mapping[str, str]] = []
        self.url = ""
        self._lock = threading.Lock()

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Takes a request; false for one that is not known."""
        with self._lock:
            if path == "/v1/traces":
                for sent in ExportTraceServiceRequest.FromString(body).resource_spans:
                    self.resources.append(values(sent.resource.attributes))
                    self.spans += [span for scope in sent.scope_spans for span in scope.spans]
            elif path == "/v1/logs":
                for lines in ExportLogsServiceRequest.FromString(body).resource_logs:
                    self.lines += [line for scope in lines.scope_logs for line in scope.log_records]
            else:
                return False
            self.headers.append(headers)
        return True

    def waits_for(self, check: Callable[[], bool]) -> bool:
        """Waits until it has what it is to have."""
        return eventually(check, PATIENCE)

    def spans_of(self, step: str) -> list[Any]:
        """The spans of a step."""
        return [span for span in list(self.spans) if values(span.attributes)["runtime.step"] == step]


@contextmanager
def collecting(port: int = 0) -> Iterator[Collector]:
    """A collector for the time of the context."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            is_known = collector.take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(200 if is_known else 404)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Prints nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    collector.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)


@contextmanager
def collecting_by_grpc() -> Iterator[Collector]:
    """The same for traces, by gRPC."""
    collector = Collector()

    class Service(TraceServiceServicer):
        def Export(self, request: Any, context: Any) -> Any:
            collector.take("/v1/traces", dict(context.invocation_metadata()), request.SerializeToString())
            return ExportTraceServiceResponse()

    server = grpc.server(ThreadPoolExecutor(1))
    add_TraceServiceServicer_to_server(Service(), server)  # type: ignore[no-untyped-call]
    collector.url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield collector
    finally:
        server.stop(None).wait(PATIENCE)
