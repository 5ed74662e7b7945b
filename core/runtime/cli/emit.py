"""`runtime emit`."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

import typer

from runtime.cli.client import AsJson, Port, Token, faults_shown, print_json, print_line, read_json, running
from runtime.cli.console import print_warning

_NUMBERS = ("delay", "priority")

Topic = Annotated[str, typer.Option("--topic", help="Topic of the event.")]
Message = Annotated[str, typer.Option("--message", help="What the event carries, as JSON.")]
Options = Annotated[
    list[str] | None,
    typer.Option("--option", help="KEY=VALUE: delay, priority, messageGroupId or idempotencyKey; repeatable."),
]


def emit(
    topic: Topic, message: Message, option: Options = None, json: AsJson = False, port: Port = None, token: Token = None
) -> None:
    """Emit an event in the running project.

    Example: runtime emit --topic order.created --message '{"orderId": 7}' --option delay=30
    """
    body = {"topic": topic, "data": read_json(message, "--message"), "options": dict(map(_read, option or ()))}
    with faults_shown():
        answer = running(port, token).post("emit", body=body)
    if json:
        print_json(answer)
        return
    print_line(f"emitted {answer['id']} to '{topic}'")
    if not answer["subscribers"]:
        near = answer["nearest"]
        hint = f"did you mean '{near}'?" if near else "`runtime queue list` shows the topics that have subscribers"
        print_warning(f"no step subscribes to '{topic}'; {hint}")


def _read(option: str) -> tuple[str, Any]:
    """Key and value: a number where the option has one."""
    key, equals, value = option.partition("=")
    if not equals:
        raise typer.BadParameter(f"'{option}' is not KEY=VALUE", param_hint="--option")
    return key, _number(value) if key in _NUMBERS else value


def _number(text: str) -> int | float | str:
    """The number; other text as it is: a date, or what the runtime refuses."""
    for read in (int, float):
        with contextlib.suppress(ValueError):
            return read(text)
    return text
