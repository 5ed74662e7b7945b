"""`--inspect`: which languages run with a debugger, and where people find it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from runtime.errors import RunnerFault

if TYPE_CHECKING:
    from runtime.runners.manifest import InstalledRunner, RunnerManifest

_LAST_PORT = 65535


def inspected(words: Sequence[str], installed: Sequence[InstalledRunner]) -> dict[str, int]:
    """The debugger's port of each language that `--inspect` was given for: `node`, `python=5679`.

    Raises `RunnerFault` for a language that is not there, is named twice or has no debugger, and for a bad port.
    """
    manifests = {runner.manifest.language: runner.manifest for runner in installed}
    ports: dict[str, int] = {}
    for word in words:
        language, is_given, given = word.partition("=")
        if language in ports:
            raise RunnerFault(f"--inspect {word}: {language} is given twice", "leave one of them out")
        manifest = _able(word, language, manifests)
        port = _port(word, given, manifest) if is_given else manifest.inspect_port
        if not port:
            example = f"--inspect {language}=9230"
            raise RunnerFault(f"--inspect {word}: its runner.toml names no inspect_port", f"name one: `{example}`")
        for other, taken in ports.items():
            if port == taken:
                fix = f"give each its own: `--inspect {language}={_next(port)}`"
                raise RunnerFault(f"--inspect {word}: port {port} is that of the {other} debugger already", fix)
        ports[language] = port
    return ports


def _able(word: str, language: str, manifests: dict[str, RunnerManifest]) -> RunnerManifest:
    able = [name for name, manifest in manifests.items() if manifest.inspect_command]
    fix = f"those with a debugger are {', '.join(able)}" if able else "leave it out: no language here has a debugger"
    if language not in manifests:
        raise RunnerFault(f"--inspect {word}: there is no runner for '{language}'", fix)
    if language not in able:
        raise RunnerFault(f"--inspect {word}: the {language} runner has no debugger (inspect_command)", fix)
    return manifests[language]


def _port(word: str, given: str, manifest: RunnerManifest) -> int:
    port = int(given) if re.fullmatch("[0-9]{1,5}", given) else 0
    if not 1 <= port <= _LAST_PORT:
        example = f"--inspect {manifest.language}={manifest.inspect_port or 9230}"
        raise RunnerFault(f"--inspect {word}: '{given}' is no port", f"give a number up to {_LAST_PORT}: `{example}`")
    return port


def _next(port: int) -> int:
    return port % _LAST_PORT + 1
