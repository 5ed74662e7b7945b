"""Files of the project as steps, streams and failures, each in one list of the manifest."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runtime_runner import failure, values
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.modules import Modules, Project

SCHEMA_KEYS = frozenset(("bodySchema", "input", "schema"))
MAX_ENTRY_BYTES = 1 << 20
"""Config and schemas of one file; the manifest travels in one envelope."""

HOOKS = {
    "canAccess": pb.HOOK_CAN_ACCESS,
    "onJoin": pb.HOOK_ON_JOIN,
    "onLeave": pb.HOOK_ON_LEAVE,
}
PACKAGES = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "jwt": "pyjwt",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
"""Packages that are called otherwise than their module."""

STEP_FIX = 'Write at the top level: config = {"type": "api", "name": "Hello", "method": "GET", "path": "/hello"}'
STREAM_FIX = 'Write at the top level: config = {"name": "chat", "schema": {"type": "object"}}'


class NotLoadable(Exception):
    """What a file defines is no step or stream; `fix` says what to write."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


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


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a `Load` has come to: the manifest for the core and the steps by file."""

    manifest: pb.Manifest
    steps: dict[str, Step]


async def load(message: pb.Load, modules: Modules, project: Project) -> Loaded:
    """Loads every file of the message; a file that fails harms no other."""
    loaded = Loaded(pb.Manifest(), {})
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
        loaded.manifest.load_failures.append(_load_failure(file, error, project))


def _load_step(file: str, loaded: Loaded, modules: Modules) -> None:
    module = modules.load(file)
    config = _config_of(module, file, STEP_FIX)
    plain, schemas = _split(config, file)
    middleware = tuple(map(Function.of, _middleware_of(config, file)))
    handler = getattr(module, "handler", None)
    if handler is not None and not callable(handler):
        raise NotLoadable(f"handler in {file} is a {type(handler).__name__}.", "Make handler a function.")
    entry = pb.StepEntry(file=file, config=plain, schemas=schemas, has_handler=handler is not None)
    entry.middleware = len(middleware)
    entry.imports.extend(modules.imports_of(file))
    loaded.manifest.steps.append(entry)
    if handler is not None:
        flows = [flow for flow in config.get("flows") or () if isinstance(flow, str)]
        loaded.steps[file] = Step(file, Function.of(handler), middleware, flows)


def _load_stream(file: str, loaded: Loaded, modules: Modules) -> None:
    config = _config_of(modules.load(file), file, STREAM_FIX)
    plain, schemas = _split(config, file)
    hooks = [hook for name, hook in HOOKS.items() if callable(config.get(name))]
    loaded.manifest.streams.append(pb.StreamEntry(file=file, config=plain, schemas=schemas, hooks=hooks))


def _config_of(module: object, file: str, fix: str) -> Mapping[Any, Any]:
    config = getattr(module, "config", None)
    if config is None:
        raise NotLoadable(f"{file} has no config.", fix)
    if not isinstance(config, Mapping):
        raise NotLoadable(f"config in {file} is a {type(config).__name__}, not a dict.", fix)
    return config


def _middleware_of(config: Mapping[Any, Any], file: str) -> list[Callable[..., Any]]:
    given = config.get("middleware") or []
    if not isinstance(given, list | tuple) or not all(map(callable, given)):
        raise NotLoadable(
            f"config.middleware in {file} is not a list of functions.", "Write it as [first, second], without calls."
        )
    return list(given)


def _split(config: Mapping[Any, Any], file: str) -> tuple[bytes, dict[str, bytes]]:
    schemas: dict[str, bytes] = {}
    plain = values.encode(_without(config, "", False, schemas), "config")
    size = len(plain) + sum(map(len, schemas.values()))
    if size > MAX_ENTRY_BYTES:
        raise NotLoadable(
            f"config in {file} has {size} bytes; at most {MAX_ENTRY_BYTES} are allowed.",
            "Keep data out of the config.",
        )
    return plain, schemas


def _without(value: Any, pointer: str, holds_schemas: bool, schemas: dict[str, bytes]) -> Any:
    """The value without functions and schemas; the schemas are put under their pointers."""
    if isinstance(value, Mapping):
        kept = {}
        for key, item in value.items():
            place = f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
            schema = _schema_of(item, holds_schemas or key in SCHEMA_KEYS)
            if schema is not None:
                schemas[place] = schema
            elif not _is_function(item):
                kept[str(key) if isinstance(key, int) else key] = _without(
                    item, place, key == "responseSchema", schemas
                )
        return kept
    if isinstance(value, list | tuple):
        items = enumerate(value)
        return [_without(item, f"{pointer}/{at}", False, schemas) for at, item in items if not _is_function(item)]
    return value


def _schema_of(value: Any, expected: bool) -> bytes | None:
    give = getattr(value, "model_json_schema", None) if isinstance(value, type) else None
    if callable(give):
        value = give()
    elif not expected or not isinstance(value, Mapping | bool):
        return None
    return json.dumps(value, ensure_ascii=False).encode()


def _is_function(value: Any) -> bool:
    return callable(value) and not isinstance(value, type)


def _load_failure(file: str, error: BaseException, project: Project) -> pb.LoadFailure:
    found = pb.LoadFailure(file=file, failure=failure.of(error, project, pb.FAILURE_KIND_LOAD))
    path, found.line, found.column = _location(error, project)
    if path != file:
        found.location_file = path
    if isinstance(error, NotLoadable):
        found.fix = error.fix
    elif isinstance(error, SyntaxError):
        # The place has fields of its own.
        found.failure.message = error.msg
    elif isinstance(error, ModuleNotFoundError) and error.name:
        found.failure.message = f"There is no module {error.name!r}, which {path or file} imports."
        found.fix = _fix_of_missing(error.name, project)
    return found


def _location(error: BaseException, project: Project) -> tuple[str, int, int]:
    if isinstance(error, SyntaxError) and error.filename:
        return project.relative(error.filename) or "", error.lineno or 0, error.offset or 0
    for link in _causes(error):
        stack = failure.frames(link.__traceback__, project)
        if stack:
            return stack[-1].filename, stack[-1].lineno or 0, 0
    return "", 0, 0


def _causes(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__


def _fix_of_missing(name: str, project: Project) -> str:
    top = name.partition(".")[0]
    if os.path.exists(project.path(top)):
        return f"Check the name: the project has no {name.replace('.', '/')}.py and no such folder."
    return f"If it is a package, run `pip install {PACKAGES.get(top, top)}` and name it in requirements.txt."
