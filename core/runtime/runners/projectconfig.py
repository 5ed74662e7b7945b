"""The project's config that is code, such as `motia.config.ts`. The runtime does not start without what it says."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime._gen import runner_pb2 as pb
from runtime.errors import ConfigFault, HookFailed
from runtime.model import FailureKind, Hook, ProjectConfig
from runtime.runners.calls import Question
from runtime.runners.convert import read_hooks
from runtime.values import decode

Ask = Callable[[Question, float], Awaitable[bytes]]
"""Gives the encoded reply to a question. Raises `HookFailed`."""
LANGUAGES: Mapping[str, str] = {
    **dict.fromkeys((f"motia.config.{ending}" for ending in ("ts", "mts", "cts", "js", "mjs", "cjs")), "node"),
    "motia_config.py": "python",
}
"""By the name of a config file: whose runner loads it."""
_MEANT = re.compile(
    r"motia[._-]?config(?P<parts>(\.\w[\w-]*)*)\.([cm]?[jt]sx?|py|rb|json[c5]?|ya?ml|toml)", re.IGNORECASE
)
"""Names of files that somebody takes for the config; copies that tools make have other endings."""
_ASIDE = frozenset({"d", "test", "spec", "example", "sample", "template"})
"""Parts of the names of files that stand beside a config."""
_AUTH = "streamAuth"
_AUTH_FIX: Mapping[str, str] = {
    "node": "write streamAuth: { authenticate: ({ headers, url }) => ... }, or leave it out for streams without it",
    "python": 'write "streamAuth": {"authenticate": authenticate}, a function of the request, or leave it out',
}
_MEND = "mend it, or remove the file; the runtime does not start with half of what the project says"
_NO_EFFECT: Mapping[str, str] = {
    "adapters": "state, streams, events and schedules are kept as runtime.yaml says (storage)",
    "plugins": "this version has none",
    "redis": "nothing here needs one",
    "app": "the routes of the project are its api steps",
}
"""Keys that mean something elsewhere, and what holds here."""


def config_files(root: Path) -> list[str]:
    """The names of the config files in the project's folder."""
    return [name for name in LANGUAGES if (root / name).is_file()]


def refuse_unread(root: Path) -> None:
    """Raises `ConfigFault` for what is meant as the config but would be passed over, and with it who may connect."""
    has_config = bool(config_files(root))
    for path in sorted(root.iterdir()):
        if path.is_symlink() and not path.exists() and _is_meant(path.name, has_config):
            message = f"{path.name} is a link to {os.readlink(path)!r}, which is not there"
            raise ConfigFault(message, "correct the link, or remove it")
        if path.name in LANGUAGES:
            if not path.is_file():
                raise ConfigFault(f"{path.name} is no file", "write the project's config there, or remove it")
        elif not path.is_dir() and _is_meant(path.name, has_config):
            message = f"{path.name} is not read: the project's config has another name"
            raise ConfigFault(
                message, f"{_right_name(path)}; what is something else needs a name that is not like a config's"
            )


def _is_meant(name: str, has_config: bool) -> bool:
    """Whether a file of this name is taken for the config; a longer name beside a config may be a part of it."""
    meant = _MEANT.fullmatch(name)
    if meant is None:
        return False
    parts = meant["parts"].lower().split(".")[1:]
    return _ASIDE.isdisjoint(parts) and not (parts and has_config)


def _right_name(path: Path) -> str:
    ending = path.suffix.lower()
    name = "motia_config.py" if ending == ".py" else f"motia.config{ending.removesuffix('x')}"
    return f"rename it to {name}" if name in LANGUAGES else "write it as motia.config.ts or motia_config.py"


def the_config(files: Sequence[str], languages: Sequence[str]) -> str | None:
    """The one of these files that counts, None without any; `languages` have a runner.

    Raises `ConfigFault` for more than one, and for one that no runner can load.
    """
    if len(files) > 1:
        raise ConfigFault(
            f"a project has one config, and here are {' and '.join(files)}", "put all of it into one of them"
        )
    for file in files:
        if LANGUAGES[file] not in languages:
            name = LANGUAGES[file]
            message = f"{file} cannot be loaded: runtime.yaml turns the {name} runner off (runners.{name}.enabled)"
            raise ConfigFault(message, "turn it on, or remove the file")
    return files[0] if files else None


async def load_config(file: str, ask: Ask, seconds: float, warn: Callable[[str], None]) -> ProjectConfig:
    """Has a config file loaded; `warn` hears of what has no effect.

    `ask` asks the runner that is to load it, which has so long (seconds). Raises `ConfigFault`.
    """
    language = LANGUAGES[file]
    try:
        reply = decode(await ask(Question(pb.HOOK_CONFIG, "the config", file), seconds))
        given, numbers, functions = reply["config"], reply["hooks"], reply["functions"]
        if not isinstance(given, Mapping) or not isinstance(numbers, list) or not isinstance(functions, list):
            kinds = (type(part).__name__ for part in (given, numbers, functions))
            raise TypeError(f"parts of the kinds {', '.join(kinds)}")
    except HookFailed as error:
        # The runner's words for a file that does not load begin with the place.
        message = str(error) if error.failure.kind is FailureKind.LOAD else f"{file} cannot be loaded: {error}"
        raise ConfigFault(message, _MEND) from error
    except (ValueError, TypeError, KeyError) as error:
        message = f"{file} cannot be loaded: the {language} runner answers with something else than a config: {error!r}"
        raise ConfigFault(message, _MEND) from error
    found = read_hooks(numbers)
    _check_auth(file, given, found)
    for key in given:
        if key in functions:
            _refuse_unknown(key, file)
        _warn_of(key, file, warn)
    return ProjectConfig(file, language, found)


def _check_auth(file: str, given: Mapping[Any, Any], hooks: frozenset[Hook]) -> None:
    """A client that should be asked who it is must not come in because of a slip."""
    fix = _AUTH_FIX[LANGUAGES[file]]
    if _AUTH in given:
        if Hook.AUTHENTICATE not in hooks:
            raise ConfigFault(f"{file}: {_AUTH} has no function 'authenticate'", fix)
        return
    for key in given:
        if key not in _NO_EFFECT and difflib.get_close_matches(str(key), (_AUTH, "authenticate"), n=1):
            raise ConfigFault(f"{file}: '{key}' is not '{_AUTH}', so that nobody would be asked who they are", fix)


def _refuse_unknown(key: object, file: str) -> None:
    """A function that nobody would call may be who decides whom to let in."""
    known = {name.lower(): name for name in (_AUTH, *_NO_EFFECT)}
    if key not in known.values():
        [near] = difflib.get_close_matches(str(key).lower(), known, n=1, cutoff=0.0)
        fix = f"did you mean '{known[near]}'? {_AUTH_FIX[LANGUAGES[file]]}"
        raise ConfigFault(f"{file}: '{key}' holds a function and is not known here, so that nobody would call it", fix)


def _warn_of(key: object, file: str, warn: Callable[[str], None]) -> None:
    if key in _NO_EFFECT:
        warn(f"{file}: '{key}' has no effect: {_NO_EFFECT[str(key)]}")
    elif key != _AUTH:
        known = ", ".join((_AUTH, *_NO_EFFECT))
        warn(f"{file}: '{key}' has no effect: it is not known here; known are {known}")
