"""Load from wrk, one thread, on connections that stay open."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.harness import BenchFault

_HOOKS = Path(__file__).with_name("wrk.lua")
_SLACK_SECONDS = 15
_ANSWER_SECONDS = 30
"""An answer that takes longer counts as a socket error."""


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

    Raises `BenchFault` when any answer is no success or any connection fails: a fast error is no result.
    """
    command = [find_wrk(), "-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={_ANSWER_SECONDS}s"]
    command += [f"-H{name}: {value}" for name, value in (headers or {}).items()]
    command += ["-s", str(_HOOKS), url, "--"]
    command += ["POST", body] if body else ["GET"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=seconds + _SLACK_SECONDS, check=False)
    if run.returncode != 0:
        raise BenchFault(f"wrk failed on {url}: {run.stderr.strip() or run.stdout.strip()}")
    counted = json.loads(run.stdout.splitlines()[-1])
    if counted["bad_status"] or counted["socket_errors"] or not counted["requests"]:
        raise BenchFault(
            f"{url} failed under load: {counted['requests']} answers, {counted['bad_status']} of them no success, "
            f"{counted['socket_errors']} socket errors"
        )
    rate = counted["requests"] / counted["microseconds"] * 1e6
    return Figures(rate, counted["p50"] / 1000, counted["p99"] / 1000)


def middle(runs: list[Figures]) -> Figures:
    """The median of each figure."""
    return Figures(median(run.rate for run in runs), median(run.p50 for run in runs), median(run.p99 for run in runs))


def spread(values: list[float]) -> str:
    """The smallest and the largest, as shares of the median: `-3% +2%`."""
    centre = median(values)
    return f"{(min(values) / centre - 1):+.0%} {(max(values) / centre - 1):+.0%}"
