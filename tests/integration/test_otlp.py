"""Traces and log lines on their way to a collector: all that is kept, under standard names, and only when asked for."""

from __future__ import annotations

import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.integration.project import PATIENCE, RunningProject, children, eventually, running, write_project

pytest.importorskip("opentelemetry.proto", reason="the extra otlp is not installed: scripts/setup does it")

from tests.integration.collector import Collector, collecting, collecting_by_grpc, values

SERVER, CONSUMER, INTERNAL = 2, 5, 1
ERROR = 2
MARGIN = 2.5
"""Seconds that a busy machine may add to an end; less than the export would take of its own."""
FILES = {
    "steps/take_step.py": """
config = {"type": "api", "name": "Take", "method": "POST", "path": "/orders/:id", "emits": ["order.taken"]}


async def handler(req, ctx):
    ctx.logger.info("taken", {"orderId": 7, "lines": [1, 2]})
    await ctx.state.set("orders", req.pathParams.id, {"secret": "tulip"})
    await ctx.emit({"topic": "order.taken", "data": {"secret": "tulip"}})
    return {"status": 201, "body": {}}
""",
    "steps/pay_step.py": """
config = {
    "type": "event", "name": "Pay", "subscribes": ["order.taken"],
    "infrastructure": {"queue": {"maxRetries": 1, "backoff": {"type": "fixed", "delay": 0}}},
}


class CardRefused(Exception): ...


async def handler(input, ctx):
    raise CardRefused("the card is empty")
""",
    "steps/nightly_step.py": """
config = {"type": "cron", "name": "Nightly", "cron": "@yearly"}


async def handler(ctx): ...
""",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_project(tmp_path, FILES)


def variables(collector: Collector) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"{collector.url}/",
        "OTEL_EXPORTER_OTLP_HEADERS": "X-Team=blue%20sky",
        "OTEL_SERVICE_NAME": "shop",
        "OTEL_RESOURCE_ATTRIBUTES": "service.namespace=demo,service.name=other",
    }


def events(span: Any) -> dict[str, dict[str, Any]]:
    return {event.name: values(event.attributes) for event in span.events}


def test_a_trace_arrives_as_it_was(root: Path) -> None:
    with collecting() as collector, running(root, environment=variables(collector)) as project:
        trace_id = project.client.post("/orders/a", json={"secret": "tulip"}).headers["x-trace-id"]
        assert collector.waits_for(lambda: len(collector.spans_of("Pay")) == 2)
        (take,) = collector.spans_of("Take")
        first, second = sorted(collector.spans_of("Pay"), key=lambda span: values(span.attributes)["runtime.attempt"])
        assert {span.trace_id.hex() for span in (take, first, second)} == {trace_id}
        assert (take.parent_span_id, first.parent_span_id, second.parent_span_id) == (b"", take.span_id, take.span_id)
        assert (take.kind, take.name, take.status.code) == (SERVER, "POST /orders/:id", 0)
        assert (first.kind, first.name, first.status.code) == (CONSUMER, "process order.taken", ERROR)
        assert 0 < take.start_time_unix_nano <= take.end_time_unix_nano
        of_take, of_second = values(take.attributes), values(second.attributes)
        assert (
            of_take.items()
            >= {
                "http.request.method": "POST",
                "http.route": "/orders/:id",
                "http.response.status_code": 201,
                "code.file.path": "steps/take_step.py",
            }.items()
        )
        emitted = events(take)["emit"]["messaging.message.id"]
        assert (
            of_second.items()
            >= {
                "messaging.system": "runtime",
                "messaging.operation.type": "process",
                "messaging.destination.name": "order.taken",
                "messaging.message.id": emitted,
                "runtime.attempt": 2,
                "runtime.then": "dead",
                "error.type": "CardRefused",
            }.items()
        )
        assert events(take)["state.set"].items() >= {"runtime.group": "orders", "runtime.key": "a"}.items()
        thrown = events(second)["exception"]
        assert (thrown["exception.type"], thrown["exception.message"]) == ("CardRefused", "the card is empty")
        assert "pay_step.py" in thrown["exception.stacktrace"]
        assert second.status.message == "the card is empty"
        assert b"tulip" not in b"".join(span.SerializeToString() for span in collector.spans)


def test_lines_and_resources_arrive(root: Path) -> None:
    with collecting() as collector, running(root, environment=variables(collector)) as project:
        trace_id = project.client.post("/orders/a", json={}).headers["x-trace-id"]
        assert collector.waits_for(lambda: any(line.body.string_value == "taken" for line in list(collector.lines)))
        (line,) = [line for line in collector.lines if line.body.string_value == "taken"]
        assert line.trace_id.hex() == trace_id
        assert (line.severity_text, line.severity_number) == ("INFO", 9)
        assert values(line.attributes) == {"orderId": 7, "lines": "[1, 2]", "runtime.source": "Take"}
        assert collector.waits_for(lambda: line.span_id in {span.span_id for span in list(collector.spans)})
        assert (
            collector.resources[0].items()
            >= {
                "service.name": "shop",
                "service.namespace": "demo",
                "deployment.environment.name": "development",
            }.items()
        )
        assert {headers["x-team"] for headers in collector.headers} == {"blue sky"}


def test_the_rest_is_sent_at_the_end(root: Path) -> None:
    with collecting() as collector:
        with running(root, environment=variables(collector)) as project:
            project.client.post("/orders/a", json={})
            assert project.stop() == 0
        assert collector.spans_of("Take")


def test_grpc_is_spoken_as_well(root: Path) -> None:
    with collecting_by_grpc() as collector:
        there = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
        with running(root, environment={**there, "OTEL_LOGS_EXPORTER": "none"}) as project:
            trace_id = project.client.post("/orders/a", json={}).headers["x-trace-id"]
            assert collector.waits_for(lambda: bool(collector.spans_of("Take")))
            assert collector.spans_of("Take")[0].trace_id.hex() == trace_id


def test_a_collector_that_is_away_is_told_of_once_and_holds_up_nothing(root: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen: nobody else gets the port
        port = nobody.getsockname()[1]
        there = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"http://127.0.0.1:{port}/v1/traces"}
        with running(root, environment={**there, "OTEL_EXPORTER_OTLP_TIMEOUT": "200"}) as project:
            for _ in range(20):
                assert project.client.post("/orders/a", json={}).status_code == 201
            project.wait_for("traces cannot be sent to")
            project.client.post("/orders/a", json={})
            assert project.stop() == 0
            assert len(re.findall("traces cannot be sent to", project.output)) == 1
            assert [line for line in project.output.splitlines() if not line.startswith("{")] == []


def test_no_value_of_a_variable_is_told(root: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        asked = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://user:tulip@127.0.0.1:{nobody.getsockname()[1]}/?api-key=tulip",
            "OTEL_EXPORTER_OTLP_LOGS_HEADERS": "x-api-key=tulip%0A",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "tulip,x-api-key=tulip",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "tulip",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "200",
        }
        with running(root, environment=asked) as project:
            project.client.post("/orders/a", json={})
            project.wait_for(r"traces cannot be sent to http://127\.0\.0\.1:\d+/v1/traces: Connection refused")
            project.wait_for("OTEL_EXPORTER_OTLP_LOGS_HEADERS gives the header x-api-key a value that none may have")
            assert project.stop() == 0
            assert "tulip" not in project.output
    kept = [file.read_bytes() for file in (root / ".runtime").glob("traces.db*")]
    assert kept
    assert not any(b"api-key=" in each or b"user:" in each for each in kept)


def test_a_collector_that_never_finishes_its_answer_stops_neither_the_export_nor_the_end(root: Path) -> None:
    (root / "runtime.yaml").write_text("shutdownGrace: 0.5\n")
    with dripping() as port:
        there = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_EXPORTER_OTLP_TIMEOUT": "300"}
        with running(root, environment=there) as project:
            project.client.post("/orders/a", json={})
            project.wait_for("traces cannot be sent to .*: it did not answer in time")
            assert eventually(lambda: dropped(project)["traces"] >= 3, PATIENCE)
            assert project.stop() == 0
            project.wait_for(r"\d+ traces were not sent to")


def test_an_end_waits_no_longer_for_a_collector_than_it_may(root: Path) -> None:
    (root / "runtime.yaml").write_text("shutdownGrace: 0.5\n")
    with dripping() as port:
        there = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_EXPORTER_OTLP_TIMEOUT": "60000"}
        with running(root, environment=there) as project:
            project.client.post("/orders/a", json={})
            began = time.monotonic()
            assert project.stop() == 0
            assert time.monotonic() - began < 0.5 + MARGIN


def dropped(project: RunningProject) -> dict[str, float]:
    """What did not get to the collector, by signal."""
    text = project.client.get("/metrics").text
    return {
        signal: float(count) for signal, count in re.findall(r'runtime_otlp_dropped_total{signal="(.*)"} (\S+)', text)
    }


@contextmanager
def dripping() -> Iterator[int]:
    """The port of a collector whose answers come by the byte and have no end."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "1000000")
            self.end_headers()
            with suppress(OSError):
                while not ended.wait(0.05):
                    self.wfile.write(b"x")

        def log_message(self, *_: object) -> None:
            """Prints nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            ended.set()
            server.shutdown()
            thread.join()


def test_without_the_extra_it_is_said_how_to_get_it(root: Path, tmp_path: Path) -> None:
    package = {"opentelemetry/__init__.py": "raise ModuleNotFoundError(name=__name__)"}
    absent = write_project(tmp_path / "absent", package)
    path = os.pathsep.join([str(absent), os.environ.get("PYTHONPATH", "")])
    asked = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "PYTHONPATH": path}
    with running(root, environment=asked) as project:
        project.wait_for(re.escape("pip install 'runtime[otlp]'"))
        assert project.client.post("/orders/a", json={}).status_code == 201


@pytest.mark.parametrize("asked", [{}, {"OTEL_SERVICE_NAME": "shop"}, {"OTEL_SDK_DISABLED": "true"}])
def test_nothing_leaves_the_machine_unasked(root: Path, asked: dict[str, str]) -> None:
    with collecting() as collector:
        if "OTEL_SDK_DISABLED" in asked:
            asked = {**variables(collector), **asked}
        with running(root, environment=asked) as project:
            trace_id = project.client.post("/orders/a", json={}).headers["x-trace-id"]
            project.client.close()
            project.wait_for(f"dead.*{trace_id}|{trace_id}.*dead")
            assert eventually(lambda: peers(project.process.pid) == set(), PATIENCE), peers(project.process.pid)
            project.stop()
        assert (collector.spans, collector.lines) == ([], [])


def peers(pid: int) -> set[str]:
    """The addresses that a process and its children have TCP connections with, as the system writes them."""
    found = set()
    for process in (pid, *children(pid)):
        folder = Path(f"/proc/{process}/fd")
        links = {os.readlink(each) for each in folder.iterdir() if each.is_symlink()}
        for table in ("tcp", "tcp6"):
            rows = [line.split() for line in Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]]
            found |= {row[2] for row in rows if f"socket:[{row[9]}]" in links and row[3] != "0A"}
    return found
