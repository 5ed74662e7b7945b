"""The project's config file: what is in it, for the core and for the hooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from runtime_runner import values
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.config import is_function
from runtime_runner.load_failure import DefinitionError, load_failure
from runtime_runner.loader import Function
from runtime_runner.modules import Modules
from runtime_runner.project import Project

EXAMPLE = 'Write at the top level: config = {"streamAuth": {"authenticate": authenticate}}'
AUTH = "streamAuth"
SPELT = {"stream_auth": AUTH}
"""Keys as Python spells them."""


class ConfigError(Exception):
    """The config does not load; the message begins with the place."""


class ProjectConfig:
    """The config of the last load."""

    def __init__(self, modules: Modules, project: Project) -> None:
        self._modules = modules
        self._project = project
        self._file = ""
        self._config: Mapping[str, Any] = {}

    def load(self, file: str) -> bytes:
        """Loads the file anew and gives what the core gets. Raises ConfigError."""
        self._file = ""
        config = self._read(file, anew=True)
        hooks = [] if _authenticate_of(config) is None else [pb.HOOK_AUTHENTICATE]
        shown = {key: None if is_function(item) else _plain(item, ()) for key, item in config.items()}
        functions = [key for key, item in config.items() if _holds_function(item, set())]
        return values.encode({"config": shown, "hooks": hooks, "functions": functions}, "config", lambda _: None)

    def authenticate(self, file: str) -> Function | None:
        """`streamAuth.authenticate` of the file, which is loaded unless it is already. Raises ConfigError."""
        call = _authenticate_of(self._read(file))
        return None if call is None else Function.of(call)

    def _read(self, file: str, *, anew: bool = False) -> Mapping[str, Any]:
        if self._file == file:
            return self._config
        try:
            if anew:
                self._modules.forget(file)
                self._modules.look_again()
            self._config = _config_in(self._modules.load(file))
        except BaseException as error:  # sys.exit() in the file must not end the runner
            raise ConfigError(_in_words(load_failure(file, error, self._project))) from error
        self._file = file
        return self._config


def _config_in(module: ModuleType) -> dict[str, Any]:
    config = getattr(module, "config", None)
    if config is None:
        raise DefinitionError("the file has no config", EXAMPLE)
    if not isinstance(config, Mapping):
        raise DefinitionError(f"the config must be a dict, but it is a {type(config).__name__}", EXAMPLE)
    found = {SPELT.get(key, str(key)): item for key, item in config.items()}
    if len(found) < len(config):
        raise DefinitionError(f"the config has {AUTH} twice, in two spellings", "Keep one of them.")
    _check_beside(module, found)
    return found


def _check_beside(module: ModuleType, config: Mapping[str, Any]) -> None:
    """A guard at the top level that the config leaves out would never be asked."""
    for name in (AUTH, *SPELT):
        if hasattr(module, name) and (AUTH not in config or getattr(module, name) != config[AUTH]):
            fix = f'Write it in the config, as config = {{"{AUTH}": {name}}}, or remove it.'
            raise DefinitionError(f"{name} stands beside the config, where nothing reads it", fix)
    if hasattr(module, "authenticate") and AUTH not in config:
        raise DefinitionError("authenticate stands beside the config, where nothing reads it", EXAMPLE)


def _authenticate_of(config: Mapping[str, Any]) -> Callable[..., Any] | None:
    auth = config.get(AUTH)
    call = auth.get("authenticate") if isinstance(auth, Mapping) else None
    return call if callable(call) else None


def _holds_function(value: Any, seen: set[int], depth: int = 0) -> bool:
    """True where a function stands anywhere inside of a value, those of classes and modules aside."""
    if is_function(value):
        return True
    if id(value) in seen or depth > values.MAX_DEPTH or isinstance(value, type | ModuleType):
        return False
    seen.add(id(value))
    is_list = isinstance(value, list | tuple)
    parts = value if is_list else (value if isinstance(value, Mapping) else getattr(value, "__dict__", {})).values()
    return any(_holds_function(part, seen, depth + 1) for part in parts)


def _plain(value: Any, within: tuple[int, ...]) -> Any:
    """Data as they are, without functions; what is no data is left to the encoder."""
    if id(value) in within or len(within) > values.MAX_DEPTH:
        return None
    within = (*within, id(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item, within) for key, item in value.items() if not callable(item)}
    if isinstance(value, list | tuple):
        return [_plain(item, within) for item in value if not callable(item)]
    if value is None or isinstance(value, str | bytes | bool | int | float):
        return value
    return {"adapter": type(value).__name__}


def _in_words(found: pb.LoadFailure) -> str:
    place = ":".join(map(str, filter(None, (found.location_file or found.file, found.line, found.column))))
    told = found.failure
    kind = f"{told.type}: " if told.type else ""
    fix = f". {found.fix}" if found.fix else ""
    return f"{place}: {kind}{told.message}{fix}"
