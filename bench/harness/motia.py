"""The npm package `motia` as a peer: installed from its lock, run as in production on a Redis of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.harness import ROOT, SCRATCH
from bench.harness.machine import npm_version
from bench.harness.peers import install_npm_peer
from bench.harness.redis import find_redis, redis, redis_version
from runtime.config import Settings
from runtime.runners.programs import find_programs

PROJECT = ROOT / "bench" / "projects" / "motia"
"""Steps that both can run."""


def peer() -> Path:
    """Its folder, with the package installed."""
    return install_npm_peer("motia", "install")


def make_projects(name: str) -> tuple[Path, Path]:
    """Two copies of the steps, ours and the peer's, with nothing in them that an earlier run has left."""
    find_redis()
    source = peer()
    ours, theirs = (SCRATCH / f"{name}-{whose}" for whose in ("ours", "theirs"))
    for folder in (ours, theirs):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(".runtime"))
    for file in ("package.json", "motia.config.ts"):
        shutil.copy(source / file, theirs / file)
    (theirs / "node_modules").symlink_to(source / "node_modules")
    return ours, theirs


def command(project: Path, port: int) -> list[str]:
    """What its users run: `start` transpiles what it needs to, so there is no build before it."""
    node = find_programs(Settings())["node"]
    return [node, str(project / "node_modules" / ".bin" / "motia"), "start", "--port", str(port), "--host", "127.0.0.1"]


@contextmanager
def environment() -> Iterator[dict[str, str]]:
    """What it needs to be told, with a Redis that runs for the time of the context."""
    with redis() as port:
        yield {
            "MOTIA_DISABLE_MEMORY_SERVER": "true",
            "MOTIA_REDIS_HOST": "127.0.0.1",
            "MOTIA_REDIS_PORT": str(port),
            "MOTIA_ANALYTICS_DISABLED": "true",
            # As its own container image has it; its Workbench would only take time from it.
            "MOTIA_DOCKER_DISABLE_WORKBENCH": "true",
            "NODE_ENV": "production",
        }


def versions(project: Path) -> list[str]:
    """Of the package and its Redis."""
    return [npm_version(project, "motia"), redis_version()]
