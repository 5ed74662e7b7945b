"""The published clients of streams, each in a process of its own that does what a test says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime.config import Settings
from runtime.runners.programs import find_programs
from tests.integration.project import PATIENCE, RunningProject

FOLDER = Path(__file__).resolve().parents[1] / "stream_clients"
CLIENTS = ("node", "browser", "react")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")

Check = Callable[[Any], bool]

FILES = {
    "package.json": "{}",
    "steps/notes.stream.ts": """
        export const config = { name: 'notes', schema: { type: 'object' }, baseConfig: { storageType: 'default' } }
    """,
    "steps/call.step.ts": """
        export const config = { type: 'api', name: 'CallTs', method: 'POST', path: '/ts' }
        export const handler = async ({ body: { call, given } }, { streams }) =>
          ({ status: 200, body: { result: (await streams.notes[call](...given)) ?? null } })
    """,
    "steps/call_step.py": """
config = {"type": "api", "name": "CallPy", "method": "POST", "path": "/py"}
async def handler(req, ctx):
    return {"status": 200, "body": {"result": await getattr(ctx.streams.notes, req.body.call)(*req.body.given)}}
""",
}
"""A project with a stream, and a step in each language that calls its methods."""


class Clients:
    """A process with clients in it; what it tells is kept."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._told: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._numbers = 0
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wait(lambda line: "ready" in line)

    def ask(self, do: str, **given: Any) -> Any:
        """Has a command carried out and returns its result. Raises `AssertionError` with what it threw."""
        self._numbers += 1
        number = self._numbers
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, "number": number, **given}) + "\n")
        self._process.stdin.flush()
        done = self.wait(lambda line: line.get("done") == number)
        assert "failed" not in done, done["failed"]
        return done["result"]

    def wait(self, check: Check) -> dict[str, Any]:
        """The first line told that passes, also one from before."""
        found: dict[str, Any] | None = self._wait_until(
            lambda: next((line for line in self._told if check(line)), None)
        )
        assert found is not None, f"no such line among {self._told[-20:]}"
        return found

    def wait_view(self, name: str, view: object) -> None:
        """Returns when the newest view of a subscription is this one."""
        found = self._wait_until(lambda: self._view(name) == view or None)
        assert found, f"'{name}' is {self._view(name)}, not {view}"

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events that a subscription has told so far."""
        return [line["event"] for line in self.lines() if line.get("name") == name and "event" in line]

    def views(self, name: str) -> list[Any]:
        """The views that a subscription has told so far."""
        return [line["view"] for line in self.lines() if line.get("name") == name and "view" in line]

    def lines(self) -> list[dict[str, Any]]:
        """All that was told so far."""
        with self._changed:
            return list(self._told)

    def _view(self, name: str) -> Any:
        told = [line["view"] for line in self._told if line.get("name") == name and "view" in line]
        return told[-1] if told else "not told of yet"

    def _wait_until(self, found: Callable[[], Any]) -> Any:
        def ended() -> bool:
            return not self._reader.is_alive() and self._process.poll() is not None

        with self._changed:
            self._changed.wait_for(lambda: found() is not None or ended(), PATIENCE)
            return found()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self._told.append(json.loads(line))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


def address(project: RunningProject) -> str:
    """Where the sockets of a project are."""
    return project.url.replace("http://", "ws://")


@contextmanager
def connected(client: str, url: str, *protocols: str) -> Iterator[Clients]:
    """One client of the given kind, which offers subprotocols; skips the test where what it needs is not installed."""
    script = ["node.mjs"] if client == "node" else ["chromium.mjs", find_chromium(), client]
    with started(*script, url, *protocols) as clients:
        yield clients


@contextmanager
def started(script: str, *given: str) -> Iterator[Clients]:
    """Runs a script of `FOLDER` that serves commands; it ends when there are no more."""
    if not (FOLDER / "node_modules").is_dir():
        pytest.skip("the packages of the stream clients are not installed; scripts/setup does it")
    process = subprocess.Popen(
        [find_programs(Settings())["node"], str(FOLDER / script), *given],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Clients(process)
    finally:
        process.stdin.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def find_chromium() -> str:
    """The path of a browser; skips the test where there is none, except in CI, which installs one."""
    found = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "Chromium is not installed; on Debian: apt-get install chromium"
        )
    return found
