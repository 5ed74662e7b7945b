"""A trace as a waterfall of text: each span under what it follows from, its bar where it stood in time."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from runtime.cli.client import local_time, print_text
from runtime.cli.ink import cut, printable
from runtime.cli.trace_tables import COLOURS, status_of, took
from runtime.cli.words import counted

Document = Mapping[str, Any]
_WIDTH = 32
"""Columns of the bars."""
_NAME = 30
"""Columns of names; longer ones push the rest to the right."""
_SHOWN = 200
"""Characters of a value or message in one line."""
_RAN, _WAITED, _NOTHING = ("█", "░", " ")
_PLAIN = str.maketrans({_RAN: "#", _WAITED: "-"})
_TENTHS = 10_000


def print_trace(trace: Document) -> None:
    """Prints the trace: head, spans with their operations and failures, then its lines."""
    for line in (*_head(trace), *_spans(trace), *_logs(trace)):
        print_text(line)


def _head(trace: Document) -> Iterator[Text]:
    status = status_of(trace)
    yield Text.assemble(
        (_line(trace["name"]), "bold"), "  ", (status, COLOURS[trace["status"]]), f"  {took(trace['seconds'])}"
    )
    repeats = f", repeats {trace['repeats']}" if trace["repeats"] else ""
    yield Text(
        f"trace {trace['traceId']}, began {local_time(trace['began'])}, {counted(trace['spans'], 'span')}{repeats}",
        "dim",
    )


def _spans(trace: Document) -> Iterator[Text]:
    spans: Sequence[Document] = trace["spanList"]
    whole = max((span["offset"] + (span["seconds"] or 0) for span in spans), default=0) or 1.0
    for depth, span in _ordered(spans):
        yield Text("")
        yield _row(span, depth, whole)
        indent = " " * (_WIDTH + 2 + 2 * depth + 2)
        for operation in span["operations"]:
            yield Text(f"{indent}{_operation(operation)}", "yellow" if operation["error"] else "dim")
        if span["lostOperations"]:
            yield Text(f"{indent}and {span['lostOperations']} more operations, which were not kept", "dim")
        for line in _failure(span):
            yield Text(f"{indent}{line}", "red")
    if trace["lostSpans"]:
        are = "are" if trace["lostSpans"] > 1 else "is"
        yield Text("")
        yield Text(f"and {counted(trace['lostSpans'], 'more span')}, which {are} not shown", "dim")


def _ordered(spans: Sequence[Document]) -> Iterator[tuple[int, Document]]:
    """Each span with how deep it stands: below what it follows from, in the order of time."""
    known = {span["spanId"] for span in spans}
    below: dict[str | None, list[Document]] = {}
    for span in spans:
        parent = span["parentId"] if span["parentId"] in known else None
        below.setdefault(parent, []).append(span)
    waiting = [(0, span) for span in reversed(below.get(None, []))]
    while waiting:
        depth, span = waiting.pop()
        yield depth, span
        waiting += [(depth + 1, each) for each in reversed(below.get(span["spanId"], []))]


def _row(span: Document, depth: int, whole: float) -> Text:
    attempt = f" #{span['attempt']}" if span["attempt"] > 1 else ""
    name = f"{'  ' * depth}{_line(span['step'])}{attempt}"
    status = status_of(span)
    if span["then"]:
        status += " → retry" if span["then"] == "retry" else " → dead letters"
    colour = COLOURS[span["status"]]
    waits = [
        f"{word} {took(span[key])}" for key, word in (("queued", "queued"), ("waited", "waited")) if _shows(span[key])
    ]
    parts = [
        f"  {took(span['seconds']):>7}",
        *([f"  ({', '.join(waits)})"] if waits else []),
        f"  at +{took(span['offset'])}",
    ]
    return Text.assemble((_bar(span, whole), colour), "  ", (f"{name:<{_NAME}}", "bold"), " ", (status, colour), *parts)


def _shows(seconds: float | None) -> bool:
    """Whether a wait is worth telling: a tenth of a millisecond."""
    return seconds is not None and seconds * _TENTHS >= 1


def _bar(span: Document, whole: float) -> str:
    ends = span["offset"] + span["seconds"] if span["seconds"] is not None else whole
    begin = min(_WIDTH - 1, int(span["offset"] / whole * _WIDTH))
    end = min(_WIDTH, max(begin + 1, round(ends / whole * _WIDTH)))
    ran = min(end - 1, begin + int((span["waited"] or 0) / whole * _WIDTH))
    bar = _NOTHING * begin + _WAITED * (ran - begin) + _RAN * (end - ran)
    return f"{bar:<{_WIDTH}}" if _has_blocks() else f"{bar:<{_WIDTH}}".translate(_PLAIN)


def _has_blocks() -> bool:
    try:
        _RAN.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _operation(operation: Document) -> str:
    where = "/".join(filter(None, (operation["target"], operation["group"], operation["key"])))
    data = f" {cut(json.dumps(operation['data'], ensure_ascii=False), _SHOWN)}" if operation["data"] is not None else ""
    error = f" failed: {operation['error']}" if operation["error"] else ""
    return _line(f"+{took(operation['offset'])} {operation['name']} {where}{data} {took(operation['seconds'])}{error}")


def _failure(span: Document) -> Iterator[str]:
    """The failure and its causes, each with the line of the project that threw it."""
    failure, word = span["failure"], ""
    while failure is not None:
        kind = failure["type"] or failure["kind"]
        place = _place(failure["frames"])
        yield _line(f"{word}{kind}: {cut(failure['message'], _SHOWN)}{f' ({place})' if place else ''}")
        failure, word = failure["cause"], "caused by "


def _place(frames: Sequence[Document]) -> str:
    """Where it was thrown."""
    if not frames:
        return ""
    frame = frames[0]
    column = f":{frame['column']}" if frame["column"] else ""
    return f"{frame['file']}:{frame['line']}{column}"


def _logs(trace: Document) -> Iterator[Text]:
    if trace["logs"]:
        yield Text("")
    for line in trace["logs"]:
        data = f" {cut(json.dumps(line['data'], ensure_ascii=False), _SHOWN)}" if line["data"] is not None else ""
        colour = {"warn": "yellow", "error": "red"}.get(line["level"], "")
        yield Text(
            _line(f"[{line['level'].upper()}] {line['source']} {line['message'].partition(chr(10))[0]}{data}"), colour
        )
    if trace["lostLogs"]:
        yield Text(
            f"and {trace['lostLogs']} more lines, which are not shown: runtime logs --trace {trace['traceId']}", "dim"
        )


def _line(text: str) -> str:
    return printable(text).replace("\n", "\\n")
