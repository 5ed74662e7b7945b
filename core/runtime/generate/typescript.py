"""Catalog -> the text of `types.d.ts`: the module 'motia' and what this project adds to it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from runtime.catalog import Catalog
from runtime.generate.handlers import Change, Emission, Handler, ProjectTypes, Request, Response, project_types
from runtime.generate.shapes import (
    Both,
    Constant,
    ListOf,
    Named,
    Plain,
    Record,
    Shape,
    TupleOf,
    Union,
    one_line,
    union,
)

LANGUAGE = "node"
_HEAD = """\
// Written by `runtime generate-types` and by `runtime dev` from the configs of the steps: changes made here are lost.
// A script without imports, so that 'motia' is found without a package of that name.
"""
_WIDTH = 100
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_PLAIN: Mapping[Plain, str] = {Plain.INTEGER: "number"}
_NO_BODY = ("204", "304")


def typescript_types(catalog: Catalog, module: str) -> str:
    """The text of `types.d.ts`; `module` is the script that declares the module 'motia' for any project."""
    types = project_types(catalog, LANGUAGE)
    parts = [_interface("Handlers", "The handlers of the project by step name.", map(_handler, types.handlers))]
    streams = (f"{quoted(name)}: MotiaStream<{_optional(shape, '    ')}>;" for name, shape in types.streams.items())
    parts.append(_interface("FlowContextStateStreams", "The project's streams by name.", streams))
    if types.definitions:
        parts.append(_definitions(types))
    body = "\n\n".join(parts)
    return f"{_HEAD}\n{module.rstrip()}\n\ndeclare module 'motia' {{\n{body}\n}}\n"


def quoted(text: str) -> str:
    """A string literal."""
    inner = json.dumps(text, ensure_ascii=not text.isprintable())[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inner}'"


def type_text(shape: Shape, indent: str = "") -> str:
    """The type of a shape; `indent` is that of the line it begins in."""
    match shape:
        case Plain():
            return _PLAIN.get(shape, shape.value)
        case Constant(value):
            return quoted(json.loads(value)) if value.startswith('"') else value
        case Named(name):
            return f"Schemas.{name}"
        case ListOf(item):
            return f"{_grouped(item, indent)}[]"
        case TupleOf():
            return _tuple(shape, indent)
        case Record():
            return _record(shape, indent)
        case Union(members):
            return " | ".join(dict.fromkeys(_grouped(each, indent, within=Union) for each in members))
        case Both(members):
            return " & ".join(dict.fromkeys(_grouped(each, indent, within=Both) for each in members))


def _grouped(shape: Shape, indent: str, within: type[Union | Both] | None = None) -> str:
    """The type as a part of another: in parentheses where it would fall apart."""
    text = type_text(shape, indent)
    return f"({text})" if isinstance(shape, Union | Both) and not isinstance(shape, within or ()) else text


def _tuple(shape: TupleOf, indent: str) -> str:
    has_optional = len(shape.items) > shape.required

    def name(text: str) -> str:
        # What may be left out may refer to the type itself under a name alone (TS2456), and then all have one.
        return f"{text}: " if has_optional else ""

    parts = [f"{name(f'item{at}')}{type_text(each, indent)}" for at, each in enumerate(shape.items[: shape.required])]
    parts += [
        f"{name(f'item{at}?')}{type_text(each, indent)}"
        for at, each in enumerate(shape.items[shape.required :], shape.required)
    ]
    if shape.rest is not None:
        parts.append(f"...{name('rest')}{_grouped(shape.rest, indent)}[]")
    return f"[{', '.join(parts)}]"


def _record(shape: Record, indent: str) -> str:
    inner = indent + "  "
    lines = [
        f"{_key(each.name)}{'' if each.required else '?'}: {type_text(each.shape, inner)}" for each in shape.fields
    ]
    if shape.others is not None:
        lines.append(f"[key: string]: {_others(shape, shape.others, inner)}")
    comments = [each.comment for each in shape.fields] + [""] * (shape.others is not None)
    short = f"{{ {'; '.join(lines)} }}" if lines else "{}"
    if len(indent) + len(short) <= _WIDTH and not any(comments) and "\n" not in short:
        return short
    rows = [f"{_comment(text, inner)}{inner}{line};\n" for line, text in zip(lines, comments, strict=True)]
    return f"{{\n{''.join(rows)}{indent}}}"


def _others(shape: Record, others: Shape, indent: str) -> str:
    """The type behind any key, which in TypeScript has to take those of the known keys as well."""
    text = type_text(union([others, *(each.shape for each in shape.fields)]), indent)
    lacks = any(not each.required for each in shape.fields) and text != "unknown"
    return f"{text} | undefined" if lacks else text


def _key(name: str) -> str:
    return name if _IDENTIFIER.fullmatch(name) else quoted(name)


def _comment(text: str, indent: str) -> str:
    return f"{indent}/** {text.replace('*/', '* /')} */\n" if text else ""


def _interface(name: str, comment: str, lines: Iterable[str]) -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"  /** {comment} */\n  interface {name} {{\n{body}  }}"


def _definitions(types: ProjectTypes) -> str:
    lines = (f"    type {name} = {type_text(shape, '    ')};\n" for name, shape in types.definitions.items())
    return f"  /** What the schemas of the project define by name. */\n  namespace Schemas {{\n{''.join(lines)}  }}"


def _handler(handler: Handler) -> str:
    step = handler.step
    comment = one_line(f"{step.file}: {step.description}" if step.description else step.file)
    return f"{_comment(comment, '    ').lstrip()}    {quoted(step.name)}: {_handler_type(handler)};"


def _handler_type(handler: Handler) -> str:
    emits = _union_text(_emission(each) for each in handler.emits) or "never"
    answers = _union_text(_response(each) for each in handler.responses) or "ApiResponse"
    requests, inputs = handler.requests, _inputs(handler)
    if len(requests) == 1 and not inputs and not handler.is_scheduled:
        parts = [_optional(requests[0].body), answers, emits, *_parameters(requests[0])]
        return f"ApiRouteHandler<{', '.join(parts)}>"
    if not requests and inputs and not handler.is_scheduled:
        changes = handler.changes
        if len(changes) == 1 and not handler.inputs:
            kind = "StreamHandler" if changes[0].stream else "StateHandler"
            return f"{kind}<{_value(changes[0])}, {emits}>"
        return f"EventHandler<{inputs}, {emits}>"
    if not requests and not inputs:
        return f"CronHandler<{emits}>"
    given = [f"TypedRequest<{', '.join([_optional(each.body), *_parameters(each)])}>" for each in requests]
    taken = _union_text([*given, *([inputs] if inputs else [])])
    scheduled = ", true" if handler.is_scheduled else ""
    return f"TriggersHandler<{taken}, {answers if requests else 'void'}, {emits}{scheduled}>"


def _optional(shape: Shape | None, indent: str = "    ") -> str:
    return "any" if shape is None else type_text(shape, indent)


def _union_text(texts: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(texts))


def _inputs(handler: Handler) -> str:
    """What events and changes give; empty for a handler that takes neither."""
    if None in handler.inputs:
        return "any"
    return _union_text([*map(_optional, handler.inputs), *map(_change, handler.changes)])


def _change(change: Change) -> str:
    return f"{'StreamChange' if change.stream else 'StateChange'}<{_value(change)}>"


def _value(change: Change) -> str:
    return "any" if change.item is None else f"StreamItem<{_optional(change.item)}>"


def _parameters(request: Request) -> list[str]:
    """Types of path and query; those that say nothing are left to the defaults."""
    path = type_text(request.path, "    ") if request.path.fields else "Record<string, string>"
    if request.query is not None:
        return [path, type_text(request.query, "    ")]
    return [path] if request.path.fields else []


def _response(response: Response) -> str:
    status = response.status if response.status.isdecimal() else "number"
    kind = "ApiResponse" if response.status in _NO_BODY else "TypedResponse"
    return f"{kind}<{status}, {type_text(response.body, '    ')}>"


def _emission(emission: Emission) -> str:
    data = "data?: unknown" if emission.data is None else f"data: {type_text(emission.data, '    ')}"
    return f"{{ topic: {quoted(emission.topic)}; {data} }}"
