"""A project runs once: who starts it again learns where it runs, before anything else is said or done."""

from __future__ import annotations

import os
from pathlib import Path

from runtime.diagnosis.running import serving
from runtime.errors import RuntimeFault


def refuse_second(root: Path) -> None:
    """Raises `RuntimeFault` where another process serves the project. What a killed one has left is passed over."""
    try:
        known = serving(root)
    except RuntimeFault:  # it is damaged, and written anew by who serves
        return
    if known is not None and known.pid != os.getpid():
        fix = f"use that one, or end it first: `kill {known.pid}`"
        raise RuntimeFault(f"this project already runs at {known.url} (process {known.pid})", fix)
