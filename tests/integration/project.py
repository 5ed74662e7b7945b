"""A project that runs as its users run it: a real core, real runners, real sockets."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE = 30.0


class RunningProject:
    """One `runtime` process; what it prints is read as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._lines: list[str] = []
        self._is_over = False
        self._printed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        ready = self.wait_for(r"Ready at (https?://[^\s\"]+)")
        self.url = ready[1]
        self.client = httpx.Client(base_url=self.url, timeout=PATIENCE)

    @property
    def output(self) -> str:
        """All that was printed so far."""
        with self._printed:
            return "\n".join(self._lines)

    def wait_for(self, pattern: str, seconds: float = PATIENCE) -> re.Match[str]:
        """Waits until a line matches, also one printed before. Raises `AssertionError` when none comes in time."""
        found: list[re.Match[str]] = []

        def matches() -> bool:
            found.extend(match for line in self._lines if (match := re.search(pattern, line)))
            return bool(found) or self._is_over

        with self._printed:
            self._printed.wait_for(matches, seconds)
        assert found, f"no line matched {pattern!r}:\n{self.output}"
        return found[0]

    def log_lines(self) -> list[dict[str, Any]]:
        """The log lines so far, of a project that was started with JSON logs."""
        return self.told("log")

    def told(self, event: str) -> list[dict[str, Any]]:
        """The lines of an event so far (see docs/terminal.md), of a project that was started with JSON logs."""
        with self._printed:
            lines = [json.loads(line) for line in self._lines if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def runner_pids(self) -> dict[str, int]:
        """Process ids of the runners by language; of several the one that was started last."""
        found = {language: self.children_of(language) for language in ("node", "python")}
        return {language: pids[-1] for language, pids in found.items() if pids}

    def children_of(self, language: str) -> list[int]:
        """Process ids of a language's runners in the order of their start, those that end or stand ready among them."""
        return [
            pid
            for pid in children(self.process.pid)
            if f"/runners/{language}/".encode() in (command := _command(pid)) and b"launch.py" not in command
        ]

    def stop(self) -> int:
        """Ends the project in order and returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._printed:
                self._lines.append(line.rstrip("\n"))
                self._printed.notify_all()
        with self._printed:
            self._is_over = True
            self._printed.notify_all()


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def children(pid: int) -> list[int]:
    """Process ids of the direct children."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def is_alive(pid: int) -> bool:
    """False for a process that has ended, also one that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def running(
    root: Path, *arguments: str, command: str = "dev", environment: Mapping[str, str] | None = None
) -> Iterator[RunningProject]:
    """Runs the project on a free port and ends it with the context; a hanging one is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "runtime", command, "--port", "0", *arguments],
        cwd=root,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "LOG_FORMAT": "json", **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    project = None
    try:
        project = RunningProject(process)
        yield project
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        if project is not None:
            project.client.close()
            project.stop()
        assert process.stdout is not None
        process.stdout.close()


def write_project(root: Path, files: Mapping[str, str]) -> Path:
    """Makes a project of the given files."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def eventually(check: Callable[[], bool], seconds: float) -> bool:
    """Asks again and again until the check holds; false when it did not in time."""
    done = threading.Event()
    deadline = threading.Timer(seconds, done.set)
    deadline.start()
    try:
        while not (held := check()):
            if done.wait(0.01):
                return check()
        return held
    finally:
        deadline.cancel()
