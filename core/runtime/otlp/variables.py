"""The OTEL_* variables: what is to be sent where, and as whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote

GRPC, HTTP = "grpc", "http/protobuf"
_PROTOCOLS = (HTTP, GRPC)
_PREFIX = "OTEL_EXPORTER_OTLP"
_TIMEOUT = 10_000.0
"""Milliseconds that a batch may take to be sent, unless the variables say otherwise."""
_UNHEEDED = {
    "OTEL_TRACES_SAMPLER": "the share of traces that is kept is telemetry.sample",
    "OTEL_METRICS_EXPORTER": "metrics are read at /metrics",
}
"""Variables that have no effect, and what holds here."""


class Destination(NamedTuple):
    """Where one signal goes: `endpoint` is its whole URL, `timeout` in seconds."""

    protocol: str
    endpoint: str
    headers: Mapping[str, str]
    timeout: float


class Wanted(NamedTuple):
    """What is to be sent, None where a signal is not; `resource` says who sends it."""

    traces: Destination | None
    logs: Destination | None
    resource: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.traces is not None or self.logs is not None


def wanted(variables: Mapping[str, str], service: str) -> Wanted:
    """What the variables ask for, nothing without an endpoint; `service` is the name where they give none."""
    warnings: list[str] = []
    if variables.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return Wanted(None, None, {})
    traces = _destination(variables, "TRACES", warnings)
    logs = _destination(variables, "LOGS", warnings)
    named = dict(_pairs(variables.get("OTEL_RESOURCE_ATTRIBUTES", ""), "OTEL_RESOURCE_ATTRIBUTES", warnings))
    name = _value(variables, "OTEL_SERVICE_NAME") or named.get("service.name") or service
    if traces or logs:
        warnings += [f"{key} has no effect: {what}" for key, what in _UNHEEDED.items() if _value(variables, key)]
    return Wanted(traces, logs, {**named, "service.name": name}, tuple(warnings))


def _destination(variables: Mapping[str, str], signal: str, warnings: list[str]) -> Destination | None:
    """None for a signal that is not to be sent, or cannot be as it is asked for."""
    exporters = {each.strip() for each in _value(variables, f"OTEL_{signal}_EXPORTER", "otlp").split(",")}
    own, common = _value(variables, f"{_PREFIX}_{signal}_ENDPOINT"), _value(variables, f"{_PREFIX}_ENDPOINT")
    if "otlp" not in exporters or not (own or common):
        return None
    protocol = _of_signal(variables, signal, "PROTOCOL") or HTTP
    if protocol not in _PROTOCOLS:
        warnings.append(
            f"no {signal.lower()} are sent: {_PREFIX}_PROTOCOL is '{protocol}', not {' or '.join(_PROTOCOLS)}"
        )
        return None
    endpoint = own or (common if protocol == GRPC else f"{common.rstrip('/')}/v1/{signal.lower()}")
    if not endpoint.startswith(("http://", "https://")):
        warnings.append(
            f"no {signal.lower()} are sent: the endpoint of {_PREFIX}_ENDPOINT must begin with http:// or https://"
        )
        return None
    headers = dict(_pairs(_of_signal(variables, signal, "HEADERS"), f"{_PREFIX}_HEADERS", warnings))
    lowered = {name.lower(): value for name, value in headers.items()}
    return Destination(protocol, endpoint, lowered, _timeout(variables, signal, warnings))


def _timeout(variables: Mapping[str, str], signal: str, warnings: list[str]) -> float:
    text = _of_signal(variables, signal, "TIMEOUT")
    try:
        milliseconds = float(text or _TIMEOUT)
    except ValueError:
        milliseconds = 0.0
    if not 0 < milliseconds < float("inf"):
        warnings.append(f"{_PREFIX}_TIMEOUT has no effect: it is no number of milliseconds")
        milliseconds = _TIMEOUT
    return milliseconds / 1000


def _of_signal(variables: Mapping[str, str], signal: str, what: str) -> str:
    """The signal's own variable, else the one for all."""
    return _value(variables, f"{_PREFIX}_{signal}_{what}") or _value(variables, f"{_PREFIX}_{what}")


def _value(variables: Mapping[str, str], name: str, default: str = "") -> str:
    """An empty variable counts as none."""
    return variables.get(name, "").strip() or default


def _pairs(text: str, name: str, warnings: list[str]) -> Iterator[tuple[str, str]]:
    """`key=value,key=value`, percent-encoded; values are never told, for they may be secret."""
    for number, part in enumerate(text.split(","), 1):
        key, sign, value = part.partition("=")
        if key.strip() and sign:
            yield unquote(key.strip()), unquote(value.strip())
        elif part.strip():
            warnings.append(f"part {number} of {name} is not key=value and has no effect")
