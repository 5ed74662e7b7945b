"""Servers as processes of their own: started, waited for, stopped."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from bench.harness import SCRATCH, BenchFault
from bench.harness.lifeline import tied_to

START_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.05
LOG_TAIL_LINES = 20
_PLACES = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "RUNTIME_NODE", "CHROMIUM", "GEM_HOME", "GEM_PATH", "RUBYLIB")
_PASSED = frozenset((*_PLACES, "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ"))
"""Variables by which programs, and what they consist of, are found; who runs them, and where."""


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def alone() -> Iterator[None]:
    """Keeps other benchmarks of this checkout away, which would share the machine. Raises `BenchFault` beside one."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with (SCRATCH / "bench.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            other = f"another benchmark (process {lock.read()}) is not over yet"
            raise BenchFault(f"{other}; start this one after it") from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@dataclass(frozen=True, slots=True)
class Running:
    """A server that accepts connections."""

    url: str
    pid: int

    def resident_bytes(self) -> int:
        """Memory of its process that is in use, without that of its children."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def server(
    name: str, command: Sequence[str], folder: Path, port: int, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The same as `process`; gives only the base URL."""
    with process(name, command, folder, port, environment) as running:
        yield running.url


@contextmanager
def process(
    name: str, command: Sequence[str], folder: Path, port: int, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Runs a server for the time of the context; enters it as soon as the server accepts connections.

    What it prints goes to a log file. Raises `BenchFault` when it ends or stays deaf for a minute.
    """
    with worker(name, command, folder, environment) as started:
        _await_port(name, started, port, _log(name))
        yield Running(f"http://127.0.0.1:{port}", started.pid)


def passed_environment() -> dict[str, str]:
    """What a program gets of our own environment: nothing by which it, or its language, would run otherwise.

    So many variables could do that (`LOG_LEVEL`, `DEBUG`, `PYTHONMALLOC`) that only those are passed that it needs.
    """
    return {name: value for name, value in os.environ.items() if name in _PASSED}


@contextmanager
def worker(
    name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs a program that listens nowhere for the time of the context; what it prints goes to a log file."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    with _log(name).open("wb") as output:
        started = subprocess.Popen(
            command,
            cwd=folder,
            env={**passed_environment(), **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=tied_to(os.getpid()),
        )
        try:
            yield started
        finally:
            _stop(started)


def fetch(url: str, body: str | None = None) -> bytes:
    """The body of the answer to a GET, or to a POST of JSON. Raises `BenchFault` unless it is a success."""
    request = Request(url, body.encode() if body else None, {"content-type": "application/json"} if body else {})
    try:
        with urlopen(request, timeout=START_SECONDS) as response:
            content: bytes = response.read()
            return content
    except (URLError, OSError) as error:
        raise BenchFault(f"{url} does not answer as it should: {error}") from error


def _log(name: str) -> Path:
    return SCRATCH / f"{name}.log"


def _await_port(name: str, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _accepts(port):
        if process.poll() is not None:
            raise BenchFault(f"{name} ended with code {process.returncode} before it listened:\n{_tail(log)}")
        if time.monotonic() > deadline:
            raise BenchFault(f"{name} did not listen within {START_SECONDS:g} s:\n{_tail(log)}")
        time.sleep(POLL_SECONDS)


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
