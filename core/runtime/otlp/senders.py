"""The exporters of the OpenTelemetry SDK; loading this module needs the extra `otlp`."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from requests import Session

from runtime.model import LogRecord, Span
from runtime.otlp.bounded import BoundedAdapter
from runtime.otlp.outlet import Unsent
from runtime.otlp.translation import resource_of, sdk_record, sdk_span
from runtime.otlp.variables import GRPC, Destination

_LIBRARIES = ("opentelemetry", "urllib3")
_GRPC_LOGGER = logging.getLogger("opentelemetry.exporter.otlp.proto.grpc.exporter")


def span_sender(to: Destination, resource: Mapping[str, str], mode: str) -> Callable[[Sequence[Span]], None]:
    """Sends spans in the calling thread; raises `Unsent`."""
    _silence()
    adapter = BoundedAdapter()
    exporter, sender = _span_exporter(to, adapter), resource_of(resource, mode)

    def send(spans: Sequence[Span]) -> None:
        with _Heard(adapter) as reason:
            if exporter.export([sdk_span(span, sender) for span in spans]) is not SpanExportResult.SUCCESS:
                raise Unsent(reason())

    return send


def line_sender(to: Destination, resource: Mapping[str, str], mode: str) -> Callable[[Sequence[LogRecord]], None]:
    """The same for log lines."""
    _silence()
    adapter = BoundedAdapter()
    exporter, sender = _line_exporter(to, adapter), resource_of(resource, mode)

    def send(lines: Sequence[LogRecord]) -> None:
        with _Heard(adapter) as reason:
            if exporter.export([sdk_record(line, sender) for line in lines]) is not LogRecordExportResult.SUCCESS:
                raise Unsent(reason())

    return send


def _span_exporter(to: Destination, adapter: BoundedAdapter) -> SpanExporter:
    if to.protocol == GRPC:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as Exporter

        return Exporter(to.endpoint, _is_plain(to), headers=dict(to.headers), timeout=to.timeout)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(to.endpoint, headers=dict(to.headers), timeout=to.timeout, session=_session(adapter))


def _line_exporter(to: Destination, adapter: BoundedAdapter) -> LogRecordExporter:
    if to.protocol == GRPC:
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as Exporter

        return Exporter(to.endpoint, _is_plain(to), headers=dict(to.headers), timeout=to.timeout)
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter

    return OTLPLogExporter(to.endpoint, headers=dict(to.headers), timeout=to.timeout, session=_session(adapter))


def _is_plain(to: Destination) -> bool:
    """Whether it goes without TLS."""
    return to.endpoint.startswith("http://")


def _session(adapter: BoundedAdapter) -> Session:
    session = Session()
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _silence() -> None:
    """Has the libraries print nothing: they quote URLs and the values of variables."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # read when gRPC is first imported
    for name in _LIBRARIES:
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


class _Heard(logging.Handler):
    """Finds out why an export fails, in the thread that it is opened in: from the adapter, by gRPC the status."""

    def __init__(self, adapter: BoundedAdapter) -> None:
        super().__init__(logging.WARNING)
        self._of = threading.get_ident()
        self._adapter = adapter
        self._adapter.outcome = self._status = ""

    def emit(self, record: logging.LogRecord) -> None:
        arguments: Any = record.args
        if record.thread == self._of and isinstance(arguments, tuple):
            self._status = next((each.name for each in arguments if isinstance(each, Enum)), self._status)

    def _reason(self) -> str:
        return self._adapter.outcome or (f"it answers {self._status}" if self._status else "")

    def __enter__(self) -> Callable[[], str]:
        _GRPC_LOGGER.filters.clear()  # which let one failure pass in 20 s, of whatever signal
        _GRPC_LOGGER.addHandler(self)
        return self._reason

    def __exit__(self, *_: object) -> None:
        _GRPC_LOGGER.removeHandler(self)
