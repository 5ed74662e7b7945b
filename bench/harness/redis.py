"""A Redis of our own for the time of a benchmark, as durable as peers are usually run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from bench.harness import SCRATCH, BenchFault
from bench.harness.machine import program_version
from bench.harness.servers import free_port, server


def find_redis() -> str:
    """The path of redis-server. Raises `BenchFault` when it is not installed."""
    path = shutil.which("redis-server")
    if path is None:
        raise BenchFault("redis-server is not installed; on Debian: apt-get install redis-server")
    return path


def redis_version() -> str:
    """Name and version of the redis-server that is installed."""
    said = program_version(find_redis())
    version = next((word.removeprefix("v=") for word in said.split() if word.startswith("v=")), said)
    return f"redis {version}"


@contextmanager
def redis() -> Iterator[int]:
    """Runs an empty Redis whose append-only file is synced every second; gives its loopback port."""
    program, port = find_redis(), free_port()
    folder = SCRATCH / "redis"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--daemonize", "no"]
    command += ["--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction"]
    with server("redis", command, folder, port):
        yield port
