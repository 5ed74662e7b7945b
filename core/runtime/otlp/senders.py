"""The exporters of the OpenTelemetry SDK; loading this module needs the extra `otlp`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from runtime.model import LogRecord, Span
from runtime.otlp.translation import resource_of, sdk_record, sdk_span
from runtime.otlp.variables import GRPC, Destination


def span_sender(to: Destination, resource: Mapping[str, str], mode: str) -> Callable[[Sequence[Span]], bool]:
    """Sends spans in the calling thread; false when they could not be sent."""
    exporter, sender = _span_exporter(to), resource_of(resource, mode)

    def send(spans: Sequence[Span]) -> bool:
        return exporter.export([sdk_span(span, sender) for span in spans]) is SpanExportResult.SUCCESS

    return send


def line_sender(to: Destination, resource: Mapping[str, str], mode: str) -> Callable[[Sequence[LogRecord]], bool]:
    """The same for log lines."""
    exporter, sender = _line_exporter(to), resource_of(resource, mode)

    def send(lines: Sequence[LogRecord]) -> bool:
        return exporter.export([sdk_record(line, sender) for line in lines]) is LogRecordExportResult.SUCCESS

    return send


def _span_exporter(to: Destination) -> SpanExporter:
    if to.protocol == GRPC:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as Exporter

        return Exporter(to.endpoint, _is_plain(to), headers=dict(to.headers), timeout=to.timeout)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(to.endpoint, headers=dict(to.headers), timeout=to.timeout)


def _line_exporter(to: Destination) -> LogRecordExporter:
    if to.protocol == GRPC:
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as Exporter

        return Exporter(to.endpoint, _is_plain(to), headers=dict(to.headers), timeout=to.timeout)
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter

    return OTLPLogExporter(to.endpoint, headers=dict(to.headers), timeout=to.timeout)


def _is_plain(to: Destination) -> bool:
    """Whether it goes without TLS."""
    return to.endpoint.startswith("http://")
