"""The OTEL_* variables: what is to be sent where, and as whom. Their values are never told, for they may be secret."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

GRPC, HTTP = "grpc", "http/protobuf"
_PROTOCOLS = (HTTP, GRPC)
_PREFIX = "OTEL_EXPORTER_OTLP"
_TIMEOUT = 10_000.0
"""Milliseconds that a batch may take to be sent, unless the variables say otherwise."""
_LONGEST = 3_600_000.0
"""The longest that it may be given."""
_UNHEEDED = {
    "OTEL_TRACES_SAMPLER": "the share of traces that is kept is telemetry.sample",
    "OTEL_METRICS_EXPORTER": "metrics are read at /metrics",
}
"""Variables that have no effect, and what holds here."""
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"([!-~\x80-\xff]([\t -~\x80-\xff]*[!-~\x80-\xff])?)?")
_GRPC_NAME = re.compile(r"(?!.*-bin$)[0-9a-z_.-]+")
_GRPC_VALUE = re.compile(r"([!-~]([ -~]*[!-~])?)?")


class Destination(NamedTuple):
    """Where one signal goes: `endpoint` is its whole URL, `timeout` in seconds."""

    protocol: str
    endpoint: str
    headers: Mapping[str, str]
    timeout: float

    @property
    def shown(self) -> str:
        """The endpoint as it may be told: without a user, a password and a query."""
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{_authority(parts)}{parts.path}"


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


class _Unusable(Exception):
    """A variable that cannot be followed; the text names it."""


def _destination(variables: Mapping[str, str], signal: str, warnings: list[str]) -> Destination | None:
    """None for a signal that is not to be sent, or cannot be as it is asked for."""
    exporters = {each.strip() for each in _value(variables, f"OTEL_{signal}_EXPORTER", "otlp").split(",")}
    if "otlp" not in exporters or not _of_signal(variables, signal, "ENDPOINT")[1]:
        return None
    try:
        protocol = _protocol(variables, signal)
        endpoint = _endpoint(variables, signal, protocol)
        headers = _headers(variables, signal, protocol, warnings)
    except _Unusable as error:
        warnings.append(f"no {signal.lower()} are sent: {error}")
        return None
    return Destination(protocol, endpoint, headers, _timeout(variables, signal, warnings))


def _protocol(variables: Mapping[str, str], signal: str) -> str:
    name, protocol = _of_signal(variables, signal, "PROTOCOL")
    if protocol and protocol not in _PROTOCOLS:
        raise _Unusable(f"{name} is neither {' nor '.join(_PROTOCOLS)}")
    return protocol or HTTP


def _endpoint(variables: Mapping[str, str], signal: str, protocol: str) -> str:
    """The whole URL; for gRPC the host and port alone, which is all that it has a place for."""
    name, text = _of_signal(variables, signal, "ENDPOINT")
    try:
        parts = urlsplit(text)
        is_known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_known = False
    if not is_known:
        raise _Unusable(f"{name} must begin with http:// or https:// and name a host")
    if protocol == GRPC:
        if "@" in parts.netloc:
            raise _Unusable(f"{name} has a user, which grpc has no place for: use {_PREFIX}_HEADERS")
        return f"{parts.scheme}://{parts.netloc}"
    is_base = name == f"{_PREFIX}_ENDPOINT"
    path = f"{parts.path.rstrip('/')}/v1/{signal.lower()}" if is_base else parts.path
    return parts._replace(path=path, fragment="").geturl()


def _authority(parts: SplitResult) -> str:
    """Host and port, without a user."""
    return parts.netloc.rpartition("@")[2]


def _headers(variables: Mapping[str, str], signal: str, protocol: str, warnings: list[str]) -> Mapping[str, str]:
    """By lower-case name. What cannot be sent whole is not sent without them: they may say whose it is."""
    variable, text = _of_signal(variables, signal, "HEADERS")
    name_rule, value_rule = (_GRPC_NAME, _GRPC_VALUE) if protocol == GRPC else (_HEADER_NAME, _HEADER_VALUE)
    headers = {name.lower(): value for name, value in _pairs(text, variable, warnings)}
    for name, value in headers.items():
        if not name_rule.fullmatch(name):
            raise _Unusable(f"{variable} names a header as none may be named")
        if not value_rule.fullmatch(value):
            raise _Unusable(f"{variable} gives the header {name} a value that none may have")
    return headers


def _timeout(variables: Mapping[str, str], signal: str, warnings: list[str]) -> float:
    name, text = _of_signal(variables, signal, "TIMEOUT")
    try:
        milliseconds = float(text or _TIMEOUT)
    except ValueError:
        milliseconds = 0.0
    if not 0 < milliseconds <= _LONGEST:
        warnings.append(f"{name} has no effect: it is no number of milliseconds up to {_LONGEST:.0f}")
        milliseconds = _TIMEOUT
    return milliseconds / 1000


def _of_signal(variables: Mapping[str, str], signal: str, what: str) -> tuple[str, str]:
    """The signal's own variable, else the one for all: its name and its value, which is empty for none."""
    own, common = f"{_PREFIX}_{signal}_{what}", f"{_PREFIX}_{what}"
    name = own if _value(variables, own) else common
    return name, _value(variables, name)


def _value(variables: Mapping[str, str], name: str, default: str = "") -> str:
    """An empty variable counts as none."""
    return variables.get(name, "").strip() or default


def _pairs(text: str, name: str, warnings: list[str]) -> Iterator[tuple[str, str]]:
    """`key=value,key=value`, percent-encoded."""
    for number, part in enumerate(text.split(","), 1):
        key, sign, value = part.partition("=")
        if key.strip() and sign:
            yield unquote(key.strip()), unquote(value.strip())
        elif part.strip():
            warnings.append(f"part {number} of {name} is not key=value and has no effect")
