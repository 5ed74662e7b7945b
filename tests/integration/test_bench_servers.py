"""Servers are measured as they are, not as the shell of whoever measures them would have them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench.harness import servers
from bench.harness.servers import worker

TELLS = "import json, os; print(json.dumps(dict(os.environ)))"


def test_only_what_a_program_needs_to_be_found_comes_from_our_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "SCRATCH", tmp_path)
    monkeypatch.setenv("RUNTIME_NODE", "/opt/node")
    changing = "LOG_LEVEL LOG_FORMAT PORT DEBUG NODE_ENV NODE_OPTIONS OTEL_SERVICE_NAME RUNTIME_CACHE_DIR PYTHONDEVMODE"
    for name in (*changing.split(), "UV_THREADPOOL_SIZE", "WATCHFILES_FORCE_POLLING", "CONCURRENCY"):
        monkeypatch.setenv(name, "1")
    with worker("tells", [sys.executable, "-c", TELLS], tmp_path, {"NODE_ENV": "production"}) as started:
        started.wait(30)
    told = json.loads((tmp_path / "tells.log").read_text())
    assert {"PATH", "RUNTIME_NODE", "NODE_ENV"} <= told.keys()
    assert told["NODE_ENV"] == "production"
    assert "1" not in told.values()
