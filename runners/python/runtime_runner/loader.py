"""Files of the project as steps, streams and failures, each in one list of the manifest."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.config import STEP_SCHEMAS, STREAM_SCHEMAS, Split, is_function, split
from runtime_runner.load_failure import DefinitionError, load_failure
from runtime_runner.modules import Modules
from runtime_runner.project import Project

MAX_ENTRY_BYTES = 1 << 20
"""Config and schemas of one file."""
MAX_MANIFEST_BYTES = 5 << 20
"""All entries together: the manifest travels in one frame, and none is over 8 MiB (PROTOCOL.md, section 7)."""
MAX_FAILURES_BYTES = 1 << 20
"""Failures that are told with their stacks and causes; what follows is told in a few words."""
MAX_SHORT_MESSAGE = 200

HOOKS = {
    "canAccess": pb.HOOK_CAN_ACCESS,
    "onJoin": pb.HOOK_ON_JOIN,
    "onLeave": pb.HOOK_ON_LEAVE,
}
SPELT = {"can_access": "canAccess", "on_join": "onJoin", "on_leave": "onLeave"}
"""Hooks as Python spells them."""
STEP_EXAMPLE = 'config = {"type": "api", "name": "Hello", "method": "GET", "path": "/hello"}'
STREAM_EXAMPLE = 'config = {"name": "chat", "schema": {"type": "object"}}'


@dataclass(frozen=True, slots=True)
class Function:
    """A handler or middleware, with what a caller has to know about its signature."""

    call: Callable[..., Any]
    is_async: bool
    least: int
    most: int

    @staticmethod
    def of(call: Callable[..., Any]) -> Function:
        """Looks at the signature once, so that no call has to."""
        # An object may be called through an async method of its class.
        is_async = inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(type(call).__call__)
        try:
            parameters = inspect.signature(call).parameters.values()
        except ValueError:
            return Function(call, is_async, 0, 3)
        places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        takes_all = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        least = sum(p.default is p.empty for p in places)
        return Function(call, is_async, least, 3 if takes_all else len(places))


@dataclass(frozen=True, slots=True)
class Step:
    """A step that can run."""

    file: str
    handler: Function
    middleware: tuple[Function, ...]
    flows: list[str]


StreamHooks = dict[int, Function]
"""The functions of a stream, by hook."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a `Load` has come to: the manifest for the core, steps and hooks by file, what their authors should know."""

    manifest: pb.Manifest
    steps: dict[str, Step]
    streams: dict[str, StreamHooks]
    warnings: list[str]
    sizes: Counter[str] = field(default_factory=Counter)
    """Bytes of the manifest's "entries" and "failures"."""


async def load(message: pb.Load, modules: Modules, project: Project) -> Loaded:
    """Loads every file of the message; a file that fails harms no other."""
    loaded = Loaded(pb.Manifest(), {}, {}, [])
    modules.look_again()
    for file in message.step_files:
        _try(file, loaded, modules, project, _load_step)
        # Imports run on the event loop's thread, as their handlers will; between two, others get a turn.
        await asyncio.sleep(0)
    for file in message.stream_files:
        _try(file, loaded, modules, project, _load_stream)
        await asyncio.sleep(0)
    return loaded


def _try(
    file: str,
    loaded: Loaded,
    modules: Modules,
    project: Project,
    load_file: Callable[[str, Loaded, Modules], None],
) -> None:
    try:
        load_file(file, loaded, modules)
    except BaseException as error:  # sys.exit() in a step file must not end the runner
        _fail(load_failure(file, error, project), loaded)


def _fail(failure: pb.LoadFailure, loaded: Loaded) -> None:
    loaded.sizes["failures"] += failure.ByteSize()
    if loaded.sizes["failures"] > MAX_FAILURES_BYTES:
        told = failure.failure
        told = pb.Failure(kind=told.kind, type=told.type, message=told.message[:MAX_SHORT_MESSAGE])
        failure = pb.LoadFailure(file=failure.file, failure=told, line=failure.line, column=failure.column)
    loaded.manifest.load_failures.append(failure)


def _take_room(entry: pb.StepEntry | pb.StreamEntry, loaded: Loaded) -> None:
    size = entry.ByteSize()
    if loaded.sizes["entries"] + size > MAX_MANIFEST_BYTES:
        message = (
            f"The configs and schemas of the files before {entry.file} leave no room for its {size} bytes; "
            f"together they may have {MAX_MANIFEST_BYTES}."
        )
        raise DefinitionError(message, "Keep data out of the configs, and make long descriptions in schemas shorter.")
    loaded.sizes["entries"] += size


def _load_step(file: str, loaded: Loaded, modules: Modules) -> None:
    module = modules.load(file)
    config = _config_of(module, file, STEP_EXAMPLE)
    middleware = tuple(map(Function.of, _middleware_of(config, file)))
    taken = _split({key: item for key, item in config.items() if key != "middleware"}, STEP_SCHEMAS, file, loaded)
    handler = getattr(module, "handler", None)
    if handler is not None and not callable(handler):
        raise DefinitionError(f"handler in {file} is a {type(handler).__name__}.", "Make handler a function.")
    entry = pb.StepEntry(file=file, config=taken.plain, schemas=taken.schemas, has_handler=handler is not None)
    entry.middleware = len(middleware)
    entry.imports.extend(modules.imports_of(file))
    _take_room(entry, loaded)
    loaded.manifest.steps.append(entry)
    if handler is not None:
        flows = [flow for flow in config.get("flows") or () if isinstance(flow, str)]
        loaded.steps[file] = Step(file, Function.of(handler), middleware, flows)


def _load_stream(file: str, loaded: Loaded, modules: Modules) -> None:
    config = _config_of(modules.load(file), file, STREAM_EXAMPLE)
    taken = _split(config, STREAM_SCHEMAS, file, loaded)
    hooks = _hooks_of(config, file)
    numbers = cast(list[pb.Hook], list(hooks))
    entry = pb.StreamEntry(file=file, config=taken.plain, schemas=taken.schemas, hooks=numbers)
    _take_room(entry, loaded)
    loaded.manifest.streams.append(entry)
    loaded.streams[file] = hooks


def _hooks_of(config: Mapping[Any, Any], file: str) -> StreamHooks:
    """A stream's functions; one that cannot be what it should is refused, for what it guards would stand open."""
    hooks: StreamHooks = {}
    for key, value in config.items():
        hook = HOOKS.get(SPELT.get(key, key))
        if hook is None and is_function(value) and key != "schema":
            fix = f"A stream's functions are {', '.join((*HOOKS, *SPELT))}."
            raise DefinitionError(f"config.{key} in {file} is a function that nothing calls.", fix)
        if hook is None:
            continue
        if not callable(value):
            message = f"config.{key} in {file} must be a function, but it is {value!r:.40}."
            raise DefinitionError(message, f"Correct it, or leave {key} out.")
        if hook in hooks:
            raise DefinitionError(f"config in {file} has {key} twice, in two spellings.", "Keep one of them.")
        hooks[hook] = Function.of(value)
    return hooks


def _config_of(module: object, file: str, example: str) -> Mapping[Any, Any]:
    config = getattr(module, "config", None)
    if config is None:
        raise DefinitionError(f"{file} has no config.", f"Write at the top level: {example}")
    if not isinstance(config, Mapping):
        message = f"config in {file} is a {type(config).__name__}, not a dict."
        raise DefinitionError(message, f"Write at the top level: {example}")
    return config


def _middleware_of(config: Mapping[Any, Any], file: str) -> list[Callable[..., Any]]:
    given = config.get("middleware") or []
    if not isinstance(given, list | tuple) or not all(map(callable, given)):
        raise DefinitionError(
            f"config.middleware in {file} is not a list of functions.", "Write it as [first, second], without calls."
        )
    return list(given)


def _split(config: Mapping[Any, Any], places: re.Pattern[str], file: str, loaded: Loaded) -> Split:
    taken = split(config, places)
    for place, reason in taken.unwritten.items():
        loaded.warnings.append(f"{file}: {place} cannot be written as JSON Schema: {reason}; it is not validated")
    size = len(taken.plain) + sum(map(len, taken.schemas.values()))
    if size > MAX_ENTRY_BYTES:
        message = f"config in {file} has {size} bytes; at most {MAX_ENTRY_BYTES} are allowed."
        raise DefinitionError(message, "Keep data out of the config.")
    return taken
