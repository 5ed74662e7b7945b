"""The control routes and the command line of a running project, as its developer uses them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from tests.integration.project import PATIENCE, eventually


class Printed(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON, which it must be from its first to its last byte."""
        assert self.code == 0, self.err
        return json.loads(self.out)


def command(root: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Printed:
    """Runs `runtime` with these arguments in the project's folder."""
    inherited = {name: value for name, value in os.environ.items() if name != "RUNTIME_TOKEN"}
    done = subprocess.run(
        [sys.executable, "-m", "runtime", *arguments],
        cwd=root,
        env={**inherited, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return Printed(done.returncode, done.stdout, done.stderr)


def queue(root: Path, step: str, topic: str | None = None, limit: int = 20) -> dict[str, Any]:
    """The queue of a step with its events and dead letters; the topic tells those of a step apart."""
    query = {"step": step, "limit": str(limit), **({} if topic is None else {"topic": topic})}
    found: dict[str, Any] = _ask(root, "GET", "queue", query)
    return found


def counts(root: Path, step: str, topic: str | None = None) -> dict[str, int]:
    """How many events of a queue wait, are delayed, in flight and dead."""
    found = queue(root, step, topic, limit=0)
    return {name: found[name] for name in NOTHING}


NOTHING = {"waiting": 0, "delayed": 0, "inFlight": 0, "dead": 0}


def becomes(root: Path, step: str, **expected: int) -> bool:
    """Waits until the counts of a step's queue are these, and zero where nothing is said."""
    wanted = {**NOTHING, **expected}
    return eventually(lambda: counts(root, step) == wanted, PATIENCE)


def emit(root: Path, topic: str, data: Any, **options: Any) -> str:
    """Emits an event and returns its id."""
    return str(_ask(root, "POST", "emit", {}, {"topic": topic, "data": data, "options": options})["id"])


def pause(root: Path, step: str) -> None:
    """Stops the deliveries of a step's queue."""
    _ask(root, "POST", "queue/pause", {"step": step}, {})


def resume(root: Path, step: str) -> None:
    """Lets them go on."""
    _ask(root, "POST", "queue/resume", {"step": step}, {})


def _ask(root: Path, method: str, path: str, query: Mapping[str, str], body: Any = None) -> Any:
    known = json.loads((root / ".runtime" / "control.json").read_bytes())
    headers = {"Authorization": f"Bearer {known['token']}", "Connection": "close"}
    with closing(HTTPConnection(urlsplit(known["url"]).netloc, timeout=PATIENCE)) as connection:
        connection.request(method, f"/__runtime/{path}?{urlencode(query)}", json.dumps(body), headers)
        answer = connection.getresponse()
        document = json.loads(answer.read())
    assert answer.status == 200, document
    return document
