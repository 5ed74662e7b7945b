"""Those whose events are measured: a project of ours, BullMQ behind Express, Celery behind FastAPI."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

from bench.harness import SCRATCH
from bench.harness.machine import npm_version, program_version, python_versions
from bench.harness.peers import install_npm_peer, install_python_peer
from bench.harness.redis import redis_version
from bench.harness.servers import Running, free_port, process, server, worker
from runtime.config import Settings
from runtime.runners.programs import find_programs

_PRODUCTION = {"NODE_ENV": "production"}
_CORES = os.cpu_count() or 1


def start_ours(running: ExitStack, name: str, project: Path) -> Running:
    """Starts our server with nothing stored yet."""
    shutil.rmtree(project / ".runtime", ignore_errors=True)
    port = free_port()
    command = [sys.executable, "-m", "runtime", "start", "--port", str(port)]
    return running.enter_context(process(name, command, project, port, _PRODUCTION))


def start_bullmq(running: ExitStack, script: str, redis_port: int, concurrency: int, *more: str) -> str:
    """Starts a script of the peer, which serves and works in one process unless `more` says else; gives its URL."""
    folder, port = install_npm_peer("bullmq"), free_port()
    command = [find_programs(Settings())["node"], script, str(port), str(redis_port), str(concurrency), *more]
    name = "-".join(("bullmq", Path(script).stem, *more))
    return running.enter_context(server(name, command, folder, port, _PRODUCTION))


def start_celery(running: ExitStack, redis_port: int) -> str:
    """Starts the peer's server, and its worker with a process for each core; gives the server's URL."""
    folder, python = install_python_peer("celery")
    notes = SCRATCH / "celery-notes.bin"
    notes.unlink(missing_ok=True)
    environment = {
        "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "NOTES_FILE": str(notes),
        "CONCURRENCY": str(_CORES),
    }
    options = ["--pool=prefork", f"--concurrency={_CORES}", "--loglevel=warning"]
    options += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    command = [python, "-m", "celery", "--app=tasks", "worker", *options]
    running.enter_context(worker("celery-worker", command, folder, environment))
    port = free_port()
    return running.enter_context(server("celery", [python, "server.py", str(port)], folder, port, environment))


def versions_of_ours() -> list[str]:
    """Of what we run on."""
    return [f"python {sys.version.split()[0]}", f"node {program_version(find_programs(Settings())['node'])}"]


def versions_of_bullmq() -> list[str]:
    """Of what the peer consists of, and the Redis below it."""
    folder = install_npm_peer("bullmq")
    return [*(npm_version(folder, package) for package in ("bullmq", "ioredis", "express")), redis_version()]


def versions_of_celery() -> list[str]:
    """Of what the peer consists of."""
    _, python = install_python_peer("celery")
    return python_versions(python, "celery", "kombu", "fastapi", "uvicorn").split(", ")
