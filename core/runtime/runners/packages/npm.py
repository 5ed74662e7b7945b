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
from runtime.files import read_file
from runtime.runners.packages.commands import Ending, Say, run
from runtime.runners.packages.stamp import is_installed, is_ours, note_begun, note_installed, unfinished
from runtime.runners.programs import find_programs, node_wheels

MANIFEST = "package.json"
_LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
_OTHERS = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lock": "bun", "bun.lockb": "bun"}
_KINDS = ("dependencies", "devDependencies", "optionalDependencies")
_DECIDING = (*_KINDS, "peerDependencies", "overrides", "workspaces")
"""The parts of package.json by which npm goes."""
_INSTALLING = frozenset({"preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"})
"""Scripts that npm runs while it installs; npm started from one of them would start it again."""
_NPM = ("lib/node_modules/npm/bin/npm-cli.js", "node_modules/npm/bin/npm-cli.js")
_QUIET = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")


def npm_packages(root: Path) -> frozenset[str]:
    """Names of the packages that package.json asks for; none without that file. Raises `RunnerFault`."""
    return _names(root, _KINDS)


def missing_packages(root: Path, environ: Mapping[str, str]) -> list[str]:
    """Those of them that must be there once npm has run, and are not; by name. Raises `RunnerFault`."""
    return sorted(name for name in _needed(root, environ) if not _is_there(root, name))


def other_installer(root: Path) -> str:
    """What the project is installed with where that is not npm, by its lock file: yarn, pnpm or bun; empty for npm."""
    lock = _other_lock(root)
    return _OTHERS[lock] if lock else ""


def _needed(root: Path, environ: Mapping[str, str]) -> frozenset[str]:
    """Those of them that must be there once npm has run."""
    is_without = environ.get("NODE_ENV") == "production" or "dev" in environ.get("npm_config_omit", "").split()
    wanted = _names(root, ("dependencies",) if is_without else ("dependencies", "devDependencies"))
    return wanted - _names(root, ("optionalDependencies",))


def _is_there(root: Path, name: str) -> bool:
    """Whether Node would find the package: in the project, or further up where a workspace keeps it."""
    return any((folder / "node_modules" / name).exists() for folder in (root, *root.parents))


def _names(root: Path, kinds: Sequence[str]) -> frozenset[str]:
    found = [_manifest(root).get(kind) for kind in kinds]
    return frozenset(str(name) for names in found if isinstance(names, dict) for name in names)


def _manifest(root: Path) -> Mapping[str, Any]:
    """What package.json says; empty without one. Raises `RunnerFault`."""
    try:
        manifest: Any = json.loads(read_file(root / MANIFEST))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise RunnerFault(f"{MANIFEST} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise RunnerFault(f"{MANIFEST} is not valid JSON: {error}") from error
    if not isinstance(manifest, dict):
        raise RunnerFault(f"{MANIFEST} is no object", 'write an object, such as {"dependencies": {}}')
    return manifest


def is_npm_outdated(root: Path, environ: Mapping[str, str]) -> bool:
    """Whether npm is to be run, and it is the runtime that may: nobody else has filled node_modules.

    Raises `RunnerFault` for a package.json that is bad.
    """
    if not npm_packages(root) or _other_lock(root) or environ.get("npm_lifecycle_event") in _INSTALLING:
        return False
    folder = root / "node_modules"
    if is_ours(folder):
        return not _is_current(root, folder, environ)
    return _is_empty(folder) and bool(missing_packages(root, environ))


def install_npm(
    root: Path,
    settings: Settings,
    environ: Mapping[str, str],
    say: Say,
    ending: Ending | None = None,
    *,
    keeps: bool = False,
) -> None:
    """Runs `npm ci`, or `npm install` where there is no lock file, unless node_modules is up to date.

    `keeps` is for a project that runs: `npm install` in any case, which leaves in node_modules what can stay, and takes
    up what the lock file does not have yet. Raises `RunnerFault` with npm's words.
    """
    if "motia" in npm_packages(root):
        say(
            f"npm: motia comes along with the runtime. Take it out of {MANIFEST} (`npm pkg delete dependencies.motia`):"
        )
        say("npm: the command of that name in node_modules would come before the runtime's in your npm scripts")
    if environ.get("npm_lifecycle_event") in _INSTALLING:
        say("npm: left to the npm that runs this")
        return
    other = _other_lock(root)
    if other is not None:
        say(f"npm: left out, for there is a {other}; run `{_OTHERS[other]} install`")
        return
    folder = root / "node_modules"
    if _is_current(root, folder, environ):
        say("npm: node_modules is up to date")
        return
    word = "ci" if _has_lock(root) and not keeps else "install"
    say(f"npm: running npm {word}...")
    command, variables = npm_command(root, settings, environ)
    if is_ours(folder) or _is_empty(folder):
        note_begun(folder, f"npm {word}")
    run([*command, word, *_QUIET], root, variables, f"npm {word}", ending)
    note_installed(folder, _key(root))  # npm may have written the lock file


def _is_current(root: Path, folder: Path, environ: Mapping[str, str]) -> bool:
    if unfinished(folder) or missing_packages(root, environ):
        return False
    return is_installed(folder, _key(root)) or _is_npms_own(folder, root)


def _is_empty(folder: Path) -> bool:
    """Whether there is no package in it; tools keep caches there, under hidden names."""
    try:
        return all(name.startswith(".") for name in os.listdir(folder))
    except OSError:
        return True


def _has_lock(root: Path) -> bool:
    return any((root / lock).is_file() for lock in _LOCKS)


def _other_lock(root: Path) -> str | None:
    """The lock file of another installer, None where there is one of npm's or none at all."""
    return None if _has_lock(root) else next((lock for lock in _OTHERS if (root / lock).is_file()), None)


def _is_npms_own(folder: Path, root: Path) -> bool:
    """True when npm has filled the folder after the last change of what it goes by."""
    try:
        filled = (folder / ".package-lock.json").stat().st_mtime
    except OSError:
        return False
    return all(file.stat().st_mtime <= filled for file in _files(root))


def _key(root: Path) -> str:
    manifest = _manifest(root)
    digest = hashlib.sha256(json.dumps([manifest.get(part) for part in _DECIDING]).encode())
    for lock in _LOCKS:
        if (root / lock).is_file():
            digest.update(lock.encode() + b"\0" + (root / lock).read_bytes())
    return digest.hexdigest()


def _files(root: Path) -> list[Path]:
    return [root / name for name in (MANIFEST, *_LOCKS) if (root / name).is_file()]


def npm_command(root: Path, settings: Settings, environ: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """npm of the wheel beside the core, run by the project's Node, else that of PATH; and its environment.

    Raises `RunnerFault` where there is none.
    """
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
