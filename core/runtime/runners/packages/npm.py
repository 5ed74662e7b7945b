"""The project's npm packages, by npm, where it is npm that the project uses."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime.config import Settings
from runtime.errors import RunnerFault
from runtime.runners.packages.commands import Say, run
from runtime.runners.packages.stamp import is_installed, note_installed
from runtime.runners.programs import find_programs, node_wheels

MANIFEST = "package.json"
_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
_OTHERS = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun", "bun.lockb": "bun"}
_KINDS = ("dependencies", "devDependencies", "optionalDependencies")
_INSTALLING = frozenset({"preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"})
"""Scripts that npm runs while it installs; npm started from one of them would start it again."""
_NPM = ("lib/node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-cli.js")
_QUIET = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")


def npm_packages(root: Path) -> frozenset[str]:
    """Names of the packages that package.json asks for; none without that file. Raises `RunnerFault`."""
    return _names(root, _KINDS)


def _needed(root: Path, environ: Mapping[str, str]) -> frozenset[str]:
    """Those of them that must be there once npm has run."""
    is_without = environ.get("NODE_ENV") == "production" or "dev" in environ.get("npm_config_omit", "").split()
    wanted = _names(root, ("dependencies",) if is_without else ("dependencies", "devDependencies"))
    return wanted - _names(root, ("optionalDependencies",))


def _is_there(root: Path, name: str) -> bool:
    """Whether Node would find the package: in the project, or further up where a workspace keeps it."""
    return any((folder / "node_modules" / name).exists() for folder in (root, *root.parents))


def _names(root: Path, kinds: Sequence[str]) -> frozenset[str]:
    try:
        manifest: Any = json.loads((root / MANIFEST).read_bytes())
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise RunnerFault(f"{MANIFEST} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise RunnerFault(f"{MANIFEST} is not valid JSON: {error}") from error
    found = [manifest.get(kind) for kind in kinds] if isinstance(manifest, dict) else []
    return frozenset(str(name) for names in found if isinstance(names, dict) for name in names)


def install_npm(root: Path, settings: Settings, environ: Mapping[str, str], say: Say) -> None:
    """Runs `npm ci`, or `npm install` where there is no lock file, unless node_modules is up to date.

    Raises `RunnerFault` with npm's words.
    """
    if "motia" in npm_packages(root):
        say(
            f"npm: motia comes along with the runtime. Take it out of {MANIFEST} (`npm pkg delete dependencies.motia`):"
        )
        say("npm: the command of that name in node_modules would come before the runtime's in your npm scripts")
    if environ.get("npm_lifecycle_event") in _INSTALLING:
        say("npm: left to the npm that runs this")
        return
    has_lock = any((root / lock).is_file() for lock in _LOCKS)
    other = next((lock for lock in _OTHERS if (root / lock).is_file()), None)
    if other is not None and not has_lock:
        say(f"npm: left out, for there is a {other}; run `{_OTHERS[other]} install`")
        return
    folder = root / "node_modules"
    is_current = is_installed(folder, _key(root)) or _is_npms_own(folder, root)
    if is_current and all(_is_there(root, name) for name in _needed(root, environ)):
        say("npm: node_modules is up to date")
        return
    words = ["ci"] if has_lock else ["install"]
    say(f"npm: running npm {words[0]}")
    command, variables = _npm(root, settings, environ)
    run([*command, *words, *_QUIET], root, variables, f"npm {words[0]}")
    note_installed(folder, _key(root))  # npm may have written the lock file


def _is_npms_own(folder: Path, root: Path) -> bool:
    """True when npm has filled the folder after the last change of what it goes by."""
    try:
        filled = (folder / ".package-lock.json").stat().st_mtime
    except OSError:
        return False
    return all(file.stat().st_mtime <= filled for file in _files(root))


def _key(root: Path) -> str:
    digest = hashlib.sha256()
    for file in _files(root):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _files(root: Path) -> list[Path]:
    return [root / name for name in (MANIFEST, *_LOCKS) if (root / name).is_file()]


def _npm(root: Path, settings: Settings, environ: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """npm of the wheel beside the core, run by the project's Node, else that of PATH; and its environment."""
    node = find_programs(settings, root, environ)["node"]
    path = os.pathsep.join(filter(None, (os.path.dirname(node), environ.get("PATH", os.defpath))))
    # npm trusts the certificates that the machine trusts, as pip does.
    variables = {"NODE_USE_SYSTEM_CA": "1", **environ, "PATH": path}
    script = next((place / npm for place in node_wheels() for npm in _NPM if (place / npm).is_file()), None)
    if script is not None:
        return [node, str(script)], variables
    npm = shutil.which("npm", path=path)
    if npm is None:
        raise RunnerFault("there is no npm to install the packages with", "install Node with npm: https://nodejs.org")
    return [npm], variables
