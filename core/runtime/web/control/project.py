"""The control routes of the project itself: what it consists of, its sources, and where the Workbench draws it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import anyio.to_thread
from starlette.requests import Request

from runtime.catalog import Catalog
from runtime.model import (
    ApiTrigger,
    CronTrigger,
    Emit,
    EventTrigger,
    Problem,
    StateTrigger,
    Step,
    StreamDefinition,
    StreamTrigger,
    Trigger,
)
from runtime.remedies import remedy
from runtime.web.control.answers import PREFIX, Answers, Refusal
from runtime.web.control.documents import moment
from runtime.web.control.operations import MOMENT, TEXT, ControlRoute, Said, component, many, named, shape, words

PROJECT_PATH = f"{PREFIX}/project"
MAX_SOURCE_BYTES = 1024 * 1024
"""A longer source is not shown."""
_NODE_FILES = (".tsx", ".jsx")
_STEP_ENDINGS = (".step", "_step")
_LANGUAGES = {".ts": "typescript", ".tsx": "typescript", ".js": "javascript", ".jsx": "javascript", ".py": "python"}

_SHOW = Said(
    "What the project consists of.",
    shape(
        {
            "name": TEXT,
            "version": TEXT,
            "mode": TEXT,
            "address": TEXT,
            "flows": many(TEXT),
            "steps": many(component("Step")),
            "streams": many(component("Stream")),
            "problems": many(component("Problem")),
        }
    ),
)
_SOURCE = Said(
    "A source of the project's steps, streams and config, or one that they import, as it is now; `modified` is when "
    "the file was last written.",
    shape(
        {
            "file": TEXT,
            "language": words(*sorted({*_LANGUAGES.values(), "text"})),
            "text": TEXT,
            "modified": MOMENT,
        }
    ),
    (named("file", "The file, relative to the project."),),
)


class Project(NamedTuple):
    """What the routes tell of; the functions give what counts now."""

    root: Path
    name: str
    version: str
    mode: str
    catalog: Callable[[], Catalog]
    held: Callable[[], Sequence[Problem]]
    """Problems of changes that do not serve, the code before goes on."""
    sources: Callable[[], Iterable[str]]
    """Files that the steps import, relative to the root."""


class ProjectRoutes:
    """One method a route; each returns the document to answer with."""

    def __init__(self, project: Project, answers: Answers) -> None:
        self._project = project
        self._answers = answers

    def routes(self) -> list[ControlRoute]:
        """The routes."""
        to = self._answers.to
        return [to("GET", PROJECT_PATH, self._show, _SHOW), to("GET", f"{PREFIX}/source", self._source, _SOURCE)]

    async def _show(self, request: Request) -> Any:
        project = self._project
        catalog = project.catalog()
        flows = dict.fromkeys(flow for step in catalog.steps for flow in step.flows)
        nodes = await anyio.to_thread.run_sync(nodes_of, project.root, [step.file for step in catalog.steps])
        return {
            "name": project.name,
            "version": project.version,
            "mode": project.mode,
            "address": str(request.base_url).rstrip("/"),
            "flows": sorted(flows),
            "steps": [_step(step, nodes.get(step.file)) for step in catalog.steps],
            "streams": [_stream(stream) for stream in catalog.streams.values()],
            "problems": [
                *(_problem(problem, is_held=False) for problem in catalog.problems),
                *(_problem(problem, is_held=True) for problem in project.held()),
            ],
        }

    async def _source(self, request: Request) -> Any:
        file = request.query_params.get("file", "")
        if file not in self._shown():
            raise Refusal(404, f"'{file}' is no source of this project's steps")
        read = await anyio.to_thread.run_sync(_read, self._project.root, file)
        if read is None:
            raise Refusal(404, f"'{file}' cannot be read now, is too long to be shown, or lies outside the project")
        text, modified = read
        language = _LANGUAGES.get(Path(file).suffix, "text")
        return {"file": file, "language": language, "text": text, "modified": moment(modified)}

    def _shown(self) -> set[str]:
        """All that may be shown: what the project is known to consist of, and nothing that is only asked for."""
        catalog = self._project.catalog()
        files = {step.file for step in catalog.steps} | {stream.file for stream in catalog.streams.values()}
        files |= {problem.place or problem.file for problem in (*catalog.problems, *self._project.held())}
        config = {catalog.config.file} if catalog.config is not None else set()
        return files | config | set(self._project.sources())


def _read(root: Path, file: str) -> tuple[str, float] | None:
    """The text of a file and the Unix time it was last written; None for one that a link leads to outside the project
    as well."""
    try:
        path = (root / file).resolve(strict=True)
        if not path.is_relative_to(root.resolve()) or not path.is_file() or path.stat().st_size > MAX_SOURCE_BYTES:
            return None
        text = path.read_text(encoding="utf-8", errors="replace")
        # Looked at after it is read: a change in between is told rather than missed.
        return text, path.stat().st_mtime
    except (OSError, RuntimeError):  # the latter for links that lead to themselves
        return None


def nodes_of(root: Path, files: Sequence[str]) -> Mapping[str, str]:
    """The files that draw steps, by the steps' files: beside them, of the same name with another extension.

    Whether it ends in `.step` or `_step` is the same, unless another step has that very name.
    """
    stems = {file: os.path.splitext(file)[0] for file in files}
    taken = frozenset(stems.values())
    found = {}
    for file, stem in stems.items():
        names = (stem, *(other for other in _other_spellings(stem) if other not in taken))
        nodes = (f"{name}{ending}" for name in names for ending in _NODE_FILES)
        node = next((node for node in nodes if (root / node).is_file()), None)
        if node is not None:
            found[file] = node
    return found


def _other_spellings(stem: str) -> Iterator[str]:
    """A step's stem with the endings that other languages give to it."""
    own = next((ending for ending in _STEP_ENDINGS if stem.endswith(ending)), None)
    if own is not None:
        yield from (f"{stem.removesuffix(own)}{ending}" for ending in _STEP_ENDINGS if ending != own)


def _step(step: Step, node: str | None) -> dict[str, Any]:
    return {
        "name": step.name,
        "type": step.type,
        "language": step.language,
        "file": step.file,
        "description": step.description,
        "flows": list(step.flows),
        "triggers": [_trigger(trigger) for trigger in step.triggers],
        "emits": [_emit(emit) for emit in step.emits],
        "virtualEmits": [_emit(emit) for emit in step.virtual_emits],
        "virtualSubscribes": [_emit(emit) for emit in step.virtual_subscribes],
        "node": node,
        "timeout": step.timeout,
        "atomic": step.atomic,
    }


def _emit(emit: Emit) -> dict[str, Any]:
    return {"topic": emit.topic, "label": emit.label, "conditional": emit.conditional, "schema": emit.schema}


def _trigger(trigger: Trigger) -> dict[str, Any]:
    said: dict[str, Any]
    match trigger:
        case ApiTrigger():
            said = {
                "method": trigger.method,
                "path": trigger.path,
                "bodySchema": trigger.body_schema,
                "querySchema": trigger.query_schema,
                "pathSchema": trigger.path_schema,
                "queryParams": [
                    {"name": each.name, "description": each.description, "required": each.required}
                    for each in trigger.query_params
                ],
            }
        case EventTrigger():
            said = {"topic": trigger.topic, "inputSchema": trigger.input_schema}
        case CronTrigger():
            said = {"expression": trigger.expression, "timezone": trigger.timezone}
        case StateTrigger():
            said = {"group": trigger.group, "key": trigger.key, "on": sorted(kind.value for kind in trigger.on)}
        case StreamTrigger():
            said = {
                "stream": trigger.stream,
                "group": trigger.group,
                "id": trigger.id,
                "on": sorted(kind.value for kind in trigger.on),
            }
    return {"kind": trigger.kind.value, **said}


def _stream(stream: StreamDefinition) -> dict[str, Any]:
    return {
        "name": stream.name,
        "language": stream.language,
        "file": stream.file,
        "schema": stream.schema,
        "isGuarded": bool(stream.hooks),
    }


def _problem(problem: Problem, *, is_held: bool) -> dict[str, Any]:
    return {
        "file": problem.file,
        "message": problem.message,
        "fix": remedy(problem),
        "line": problem.line,
        "column": problem.column,
        "severity": problem.severity.name.lower(),
        "place": problem.place,
        "isHeld": is_held,
    }
