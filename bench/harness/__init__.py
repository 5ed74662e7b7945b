"""What every benchmark needs: servers, a load generator, peers to compare with, medians."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRATCH = ROOT / ".runtime" / "bench"
"""Logs of the servers and the environments of the peers; may be deleted at any time."""


class BenchFault(Exception):
    """The benchmark cannot give a figure; the message says why and what to do."""
