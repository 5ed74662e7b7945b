"""What is remembered of runs, and for how long."""

from __future__ import annotations

from pydantic import Field

from runtime.config.section import LARGEST, LONGEST, MOST, Section

PRODUCTION_SAMPLE = 0.1
"""The share of traces that is kept in `start` unless the settings say otherwise."""
SECRET_HEADERS = (
    "api-key",
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
    "x-access-token",
    "x-amz-security-token",
    "x-api-key",
    "x-api-token",
    "x-auth-token",
    "x-csrf-token",
    "x-functions-key",
    "x-gitlab-token",
    "x-goog-api-key",
    "x-refresh-token",
    "x-vault-token",
    "x-xsrf-token",
)
"""Headers that are known to let somebody in."""
SECRET_QUERY = (
    "access_token",
    "accesstoken",
    "api-key",
    "api_key",
    "apikey",
    "auth_token",
    "client_assertion",
    "client_secret",
    "id_token",
    "jwt",
    "passwd",
    "password",
    "refresh_token",
    "secret",
    "sig",
    "signature",
    "token",
    "x-amz-security-token",
    "x-amz-signature",
    "x-goog-signature",
)
"""Names in queries that are known to let somebody in."""


class RetentionSettings(Section):
    """What is kept at most; the oldest goes first."""

    traces: int = Field(100_000, ge=0, le=MOST)
    """Traces."""
    logs: int = Field(1_000_000, ge=0, le=MOST)
    """Log lines."""
    age: float = Field(7 * 24 * 3600.0, gt=0, le=LONGEST)
    """Seconds."""
    bytes: int = Field(1024**3, ge=1024**2, le=LARGEST)
    """Bytes on disk."""


class TelemetrySettings(Section):
    """Traces, logs that are kept, and metrics. None of it leaves the machine unless the OTEL_* variables say so."""

    enabled: bool = True
    """False remembers nothing and counts nothing."""
    sample: float | None = Field(None, ge=0, le=1)
    """The share of traces that is kept, beside all attempts that failed. Absent for 1 in `dev`, 0.1 in `start`."""
    max_traces_per_second: int = Field(100, ge=0, le=MOST)
    """Of the traces that begin in a second at most so many are kept, beside all attempts that failed.

    The default is that of Datadog's tracers (`DD_TRACE_RATE_LIMIT`)."""
    max_payload_bytes: int = Field(64 * 1024, ge=0, le=LARGEST)
    """The largest input or written value that is kept; of a larger one only how large it was."""
    max_operations: int = Field(256, ge=0, le=MOST)
    """Operations of one attempt that are kept; further ones are counted."""
    max_buffered_bytes: int = Field(32 * 1024**2, ge=1024, le=LARGEST)
    """Bytes of attempts and lines that wait to be written; what is over is dropped, and counted."""
    redact: tuple[str, ...] = SECRET_HEADERS
    """Request headers whose values are not kept, in any case."""
    redact_query: tuple[str, ...] = SECRET_QUERY
    """Names in queries whose values are not kept, in any case."""
    retention: RetentionSettings = RetentionSettings()
    metrics: bool | None = None
    """Whether /metrics answers without the control token. Absent for yes in `dev`, no in `start`."""
