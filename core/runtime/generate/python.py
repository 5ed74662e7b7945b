"""Catalog -> the text of `runtime_types.py`: what the project's Python steps take, answer and emit, for editors."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping
from pathlib import Path

from runtime.catalog import Catalog
from runtime.generate.handlers import Change, Emission, Handler, Request, Response, project_types
from runtime.generate.pytypes import PythonTypes, alias
from runtime.generate.schemas import type_name
from runtime.generate.shapes import Shape, one_line, union

LANGUAGE = "python"
_HEAD = '''\
"""Written by `runtime generate-types` and by `runtime dev` from the configs of the steps: changes made here are lost.

Types by step: Request and Response, Input, Change; Context for `async def` handlers, BlockingContext for `def` ones.
"""

# fmt: off
# ruff: noqa
'''
_PREAMBLE = Path(__file__).with_name("handler_types.py").read_text(encoding="utf-8").partition('"""\n')[2]
_NO_BODY = ("204", "304")
_PARTS = (
    "Input",
    "Change",
    "Request",
    "Body",
    "PathParams",
    "QueryParams",
    "Response",
    "Emit",
    "Context",
    "BlockingContext",
)
_STREAM_CLASSES = (("Streams", "async def", "Stream"), ("BlockingStreams", "plain def", "BlockingStream"))


def python_types(catalog: Catalog) -> str:
    """The text of `runtime_types.py`, which imports nothing that is not Python's own."""
    project = project_types(catalog, LANGUAGE)
    types = PythonTypes(_PREAMBLE, ("Streams", "BlockingStreams"))
    names = [types.reserve(type_name(handler.step.name), _PARTS) for handler in project.handlers]
    items = {name: types.reserve(f"{type_name(name)}Item") for name in project.streams}
    types.define(project.definitions)
    for stream, item in items.items():
        types.declare(item, project.streams[stream])
    streams = [_streams(*words, items) for words in _STREAM_CLASSES]
    pairs = zip(names, project.handlers, strict=True)
    handlers = [_Handler(types, name, handler, items).text() for name, handler in pairs]
    parts = [_HEAD + _PREAMBLE, *types.declared(), *streams, *handlers]
    return "\n\n".join(part.rstrip("\n") + "\n" for part in parts)


def _streams(name: str, handlers: str, kind: str, items: Mapping[str, str]) -> str:
    lines = [f"class {name}(Protocol):", f'    """The project\'s streams, for {handlers} handlers."""']
    for stream, item in items.items():
        if stream.isascii() and stream.isidentifier() and stream not in keyword.kwlist and not stream.startswith("__"):
            lines += ["", "    @property", f"    def {stream}(self) -> {kind}[{item}]: ..."]
    for stream, item in items.items():
        lines += ["", *(["    @overload"] if len(items) > 1 else [])]
        lines += [f"    def __getitem__(self, name: Literal[{stream!r}], /) -> {kind}[{item}]: ..."]
    return "\n".join(lines)


class _Handler:
    """The types of one step; `name` is what all their names begin with, `items` are the types of items by stream."""

    def __init__(self, types: PythonTypes, name: str, handler: Handler, items: Mapping[str, str]) -> None:
        self._types = types
        self._name = name
        self._handler = handler
        self._items = items
        self._classes: list[str] = []
        self._aliases: list[str] = []

    def text(self) -> str:
        handler = self._handler
        if handler.inputs:
            taken = None if None in handler.inputs else union(each for each in handler.inputs if each is not None)
            self._types.declare(f"{self._name}Input", taken)
        if handler.changes:
            self._alias("Change", _union(self._change(each) for each in handler.changes))
        if handler.requests:
            self._alias("Request", _union(self._request(each) for each in handler.requests))
            self._alias("Response", _union(self._response(each) for each in handler.responses) or "Response")
        emit = self._emit() if handler.emits else "NoEmit"
        self._alias("Context", f"Context[{emit}[Awaitable[str]], Streams]")
        self._alias("BlockingContext", f"Context[{emit}[str], BlockingStreams]")
        blocks = [*self._classes, "\n".join(self._aliases)]
        return f"# {one_line(handler.step.file)}\n\n" + "\n\n\n".join(blocks)

    def _alias(self, part: str, text: str) -> None:
        self._aliases.append(alias(f"{self._name}{part}", text))

    def _change(self, change: Change) -> str:
        return f"StreamChange[{self._items.get(change.stream, 'Any')}]" if change.stream else "StateChange"

    def _request(self, request: Request) -> str:
        path = self._part("PathParams", request.path) if request.path.fields else "dict[str, str]"
        query = self._part("QueryParams", request.query) if request.query is not None else "dict[str, Any]"
        return f"Request[{self._part('Body', request.body)}, {path}, {query}]"

    def _part(self, part: str, shape: Shape | None) -> str:
        """A part of the request under a name of its own; those of several routes are told apart by numbers."""
        if shape is None:
            return "Any"
        is_only = len(self._handler.requests) == 1
        name = f"{self._name}{part}" if is_only else self._types.reserve(f"{self._name}{part}")
        return self._types.declare(name, shape)

    def _response(self, response: Response) -> str:
        status = response.status.capitalize()
        name = self._types.reserve(f"{self._name}Response{status}")
        body = self._types.text(response.body, f"{self._name}Body{status}")
        lines = [
            f"class {name}(TypedDict):",
            f"    status: {f'Literal[{status}]' if status.isdecimal() else 'int'}",
            f"    body: {f'NotRequired[{body}]' if status in _NO_BODY else body}",
            "    headers: NotRequired[Mapping[str, Any]]",
        ]
        self._classes.append("\n".join(lines))
        return name

    def _emit(self) -> str:
        """Declares what the step may call `emit` with: both forms for each topic."""
        calls = [call for emission in self._handler.emits for call in self._calls(emission)]
        lines = [f"    @overload\n    def __call__(self, {each}) -> _Answer_co: ..." for each in calls]
        self._classes.append("\n".join([f"class {self._name}Emit(Protocol[_Answer_co]):", *lines]))
        return f"{self._name}Emit"

    def _calls(self, emission: Emission) -> tuple[str, str]:
        """The parameters of both forms."""
        place = f"{self._name}{type_name(emission.topic)}"
        topic, data = f"Literal[{emission.topic!r}]", self._types.text(emission.data, f"{place}Data")
        event = self._types.reserve(f"{place}Event")
        value, default = (f"NotRequired[{data}]", " = None") if emission.data is None else (data, "")
        self._classes.append(f"class {event}(EmitOptions):\n    topic: {topic}\n    data: {value}")
        return f"topic: {event}", f"topic: {topic}, data: {data}{default}, options: EmitOptions | None = None"


def _union(texts: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(texts))
