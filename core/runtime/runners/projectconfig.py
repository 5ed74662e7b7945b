"""The project's config that is code, such as `motia.config.ts`. The runtime does not start without what it says."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime._gen import runner_pb2 as pb
from runtime.errors import ConfigFault, HookFailed
from runtime.model import FailureKind, Hook, ProjectConfig
from runtime.runners.calls import Question
from runtime.runners.convert import read_hooks
from runtime.runners.hooks import RunnerHooks
from runtime.values import decode

LANGUAGES: Mapping[str, str] = {
    **dict.fromkeys((f"motia.config.{extension}" for extension in ("ts", "js", "mjs", "cjs")), "node"),
    "motia_config.py": "python",
}
"""By the name of a config file: whose runner loads it."""
_AUTH = "streamAuth"
_AUTH_FIX = "write streamAuth: { authenticate: ({ headers, url }) => ... }, or leave it out for streams without it"
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


async def load_config(file: str, hooks: RunnerHooks, seconds: float, warn: Callable[[str], None]) -> ProjectConfig:
    """Has a config file loaded; `warn` hears of what has no effect. Raises `ConfigFault`."""
    language = LANGUAGES[file]
    try:
        reply = decode(await hooks.ask(language, Question(pb.HOOK_CONFIG, "the config", file), seconds))
        given, numbers = reply["config"], reply["hooks"]
        if not isinstance(given, Mapping) or not isinstance(numbers, list):
            raise TypeError(f"a {type(given).__name__} and a {type(numbers).__name__}")
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
        _warn_of(key, file, warn)
    return ProjectConfig(file, language, found)


def _check_auth(file: str, given: Mapping[Any, Any], hooks: frozenset[Hook]) -> None:
    """A client that should be asked who it is must not come in because of a slip."""
    if _AUTH in given:
        if Hook.AUTHENTICATE not in hooks:
            raise ConfigFault(f"{file}: {_AUTH} has no function 'authenticate'", _AUTH_FIX)
        return
    for key in given:
        if key not in _NO_EFFECT and difflib.get_close_matches(str(key), (_AUTH, "authenticate"), n=1):
            raise ConfigFault(
                f"{file}: '{key}' is not '{_AUTH}', so that nobody would be asked who they are", _AUTH_FIX
            )


def _warn_of(key: object, file: str, warn: Callable[[str], None]) -> None:
    if key in _NO_EFFECT:
        warn(f"{file}: '{key}' has no effect: {_NO_EFFECT[str(key)]}")
    elif key != _AUTH:
        known = ", ".join((_AUTH, *_NO_EFFECT))
        warn(f"{file}: '{key}' has no effect: it is not known here; known are {known}")
