"""Load from wrk, one thread, on connections that stay open."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bench.harness import BenchFault
from bench.harness.lifeline import tied_to
from bench.harness.sockets import connected

_HOOKS = Path(__file__).with_name("wrk.lua")
_SLACK_SECONDS = 15
_ANSWER_SECONDS = 30
"""An answer that takes longer counts as a socket error."""
_MORE_OR_LESS = 0.05
"""How much longer or shorter answers may be on average: numbers in them grow, and the last ones are cut off."""
_WAITED = 0.5
"""Of all connections' time, what at least was spent on requests that were answered; the rest is the generator's own."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One run: requests a second, latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


def find_wrk() -> str:
    """The path of wrk. Raises `BenchFault` when it is not installed."""
    path = shutil.which("wrk")
    if path is None:
        raise BenchFault("wrk is not installed; on Debian: apt-get install wrk")
    return path


def load(
    url: str, connections: int, seconds: int, body: str | None = None, headers: Mapping[str, str] | None = None
) -> Figures:
    """Sends GETs, or POSTs of the JSON body, as fast as they are answered.

    Raises `BenchFault` when any answer is no success or any connection fails: a fast error is no result. So it is when
    answers are not as long as one that is asked for before, or when connections stood still.
    """
    size = _size(url, body, headers or {})
    command = [find_wrk(), "-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={_ANSWER_SECONDS}s"]
    command += [f"-H{name}: {value}" for name, value in (headers or {}).items()]
    command += ["-s", str(_HOOKS), url, "--"]
    command += ["POST", body] if body else ["GET"]
    run = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=seconds + _SLACK_SECONDS,
        check=False,
        preexec_fn=tied_to(os.getpid()),
    )
    if run.returncode != 0:
        raise BenchFault(f"wrk failed on {url}: {run.stderr.strip() or run.stdout.strip()}")
    counted = json.loads(run.stdout.splitlines()[-1])
    if counted["bad_status"] or counted["socket_errors"] or not counted["requests"]:
        raise BenchFault(
            f"{url} failed under load: {counted['requests']} answers, {counted['bad_status']} of them no success, "
            f"{counted['socket_errors']} socket errors"
        )
    length = counted["bytes"] / counted["requests"]
    if abs(length / size - 1) > _MORE_OR_LESS:
        raise BenchFault(f"{url} answered with {length:.0f} bytes on average under load, with {size} before")
    waited = counted["mean"] * counted["requests"] / (connections * counted["microseconds"])
    if waited < _WAITED:
        raise BenchFault(f"{url} answered some connections no more: all together waited {waited:.0%} of the time")
    rate = counted["requests"] / counted["microseconds"] * 1e6
    return Figures(rate, counted["p50"] / 1000, counted["p99"] / 1000)


def _size(url: str, body: str | None, headers: Mapping[str, str]) -> int:
    """The bytes of a whole answer, with its head. Raises `BenchFault` unless it is a success."""
    parts = urlsplit(url)
    content = (body or "").encode()
    sent = {"Host": parts.netloc, **headers, **({"Content-Type": "application/json"} if body else {})}
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**sent, "Content-Length": len(content)}.items())
    received = b""
    try:
        with connected(url) as connection:
            connection.sendall(f"{'POST' if body else 'GET'} {parts.path} HTTP/1.1\r\n{lines}\r\n".encode() + content)
            while (size := _whole(received)) is None:
                if not (piece := connection.recv(65536)):
                    raise BenchFault(f"{url} ended a connection within an answer: {received[:300]!r}")
                received += piece
    except OSError as error:
        raise BenchFault(f"{url} does not answer: {error}") from error
    if not received.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 201 ", b"HTTP/1.1 202 ")):
        raise BenchFault(f"{url} answered {received[:300]!r}")
    return size


def _whole(received: bytes) -> int | None:
    """The length of an answer that says how long it is; None while it is not all there."""
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return None
    said = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    length = int(said[1]) if said else 0
    return len(head) + len(end) + length if len(body) >= length else None


def middle(runs: list[Figures]) -> Figures:
    """The median of each figure."""
    return Figures(median(run.rate for run in runs), median(run.p50 for run in runs), median(run.p99 for run in runs))


def spread(values: list[float]) -> str:
    """The smallest and the largest, as shares of the median: `-3% +2%`; "" of a single one."""
    if len(values) == 1:
        return ""
    centre = median(values)
    return f"{(min(values) / centre - 1):+.0%} {(max(values) / centre - 1):+.0%}"
