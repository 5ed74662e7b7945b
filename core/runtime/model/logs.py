"""What is said of runs: log lines, and requests that were answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class LogLevel(Enum):
    """How loud a log line is; the value orders them."""

    DEBUG = 10
    INFO = 20
    WARN = 30
    ERROR = 40


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A log line; `time` is a Unix time in seconds, `data` an encoded value or empty."""

    time: float
    level: LogLevel
    source: str
    message: str
    data: bytes = b""
    trace_id: str = ""
    span_id: str = ""
    id: int = 0
    """Its place among all lines that are kept, 0 for one that is not yet."""


class RequestRecord(NamedTuple):
    """A request that was answered; `time` is the Unix time of the answer, `seconds` what it took.

    `path` is as it was sent, without the query. `step` is empty where no step answered, nor refused it. `ending` says
    what kept the client from the whole answer, empty where nothing did; without any answer `status` is 499, as proxies
    have it.
    """

    time: float
    method: str
    path: str
    status: int
    seconds: float
    step: str
    trace_id: str
    ending: str = ""
