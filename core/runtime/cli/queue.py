"""`runtime queue list|show|pause|resume|redrive|purge`."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from runtime.cli.client import AsJson, Client, Port, Token, faults_shown, print_json, print_line, read_json, running
from runtime.cli.queue_tables import called, print_contents, print_queues

queue = typer.Typer(
    name="queue", help="See and change the queues of the running project: one a topic and step.", no_args_is_help=True
)


class Kind(StrEnum):
    """What fills a queue."""

    EVENT = "event"
    CRON = "cron"
    STATE = "state"
    STREAM = "stream"


Name = Annotated[str | None, typer.Argument(metavar="NAME", help="Topic or step, when one of them says enough.")]
Topic = Annotated[str | None, typer.Option("--topic", help="Topic of the queue.")]
Step = Annotated[str | None, typer.Option("--step", help="Step of the queue.")]
OfKind = Annotated[Kind | None, typer.Option("--kind", help="For a step that has queues of several kinds.")]
Limit = Annotated[int, typer.Option("--limit", min=0, max=1000, help="Events, and dead letters, to show.")]
Ids = Annotated[list[int] | None, typer.Option("--id", help="A dead letter of this id; repeatable.")]
Failed = Annotated[str | None, typer.Option("--failure", help="Those whose last failure has this type or kind.")]
Every = Annotated[bool, typer.Option("--all", help="All dead letters; of an orphan its events as well.")]
Edited = Annotated[str | None, typer.Option("--data", help="JSON in place of what the one dead letter carries.")]
To = Annotated[str | None, typer.Option("--to", metavar="STEP", help="Step that shall have them instead.")]
ToTopic = Annotated[str | None, typer.Option("--to-topic", help="Topic of that step, if it has several.")]
Dead = Annotated[bool, typer.Option("--dead", help="Forget the dead letters.")]
Waiting = Annotated[bool, typer.Option("--waiting", help="Forget the events that wait.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

_WORDS = {"dead": "dead letters", "waiting": "events"}


@queue.command("list")
def list_queues(json: AsJson = False, port: Port = None, token: Token = None) -> None:
    """List all queues, also those that no step has any more (orphans).

    Example: runtime queue list
    """
    with faults_shown():
        answer = running(port, token).get("queues")
    if json:
        print_json(answer)
    else:
        print_queues(answer["queues"])


@queue.command()
def show(
    name: Name = None,
    topic: Topic = None,
    step: Step = None,
    kind: OfKind = None,
    limit: Limit = 20,
    json: AsJson = False,
    port: Port = None,
    token: Token = None,
) -> None:
    """Show a queue with its oldest events, and its dead letters with all that failed.

    Example: runtime queue show order.created --limit 5
    """
    query = {**_address(name, topic, step, kind), "limit": str(limit)}
    with faults_shown():
        answer = running(port, token).get("queue", query)
    if json:
        print_json(answer)
    else:
        print_contents(answer)


@queue.command()
def pause(
    name: Name = None,
    topic: Topic = None,
    step: Step = None,
    kind: OfKind = None,
    json: AsJson = False,
    port: Port = None,
    token: Token = None,
) -> None:
    """Stop the deliveries of a queue; what is emitted waits, also over a restart.

    Example: runtime queue pause order.created
    """
    _set_paused("pause", _address(name, topic, step, kind), json, port, token)


@queue.command()
def resume(
    name: Name = None,
    topic: Topic = None,
    step: Step = None,
    kind: OfKind = None,
    json: AsJson = False,
    port: Port = None,
    token: Token = None,
) -> None:
    """Let the deliveries of a paused queue go on.

    Example: runtime queue resume order.created
    """
    _set_paused("resume", _address(name, topic, step, kind), json, port, token)


@queue.command()
def redrive(
    name: Name = None,
    topic: Topic = None,
    step: Step = None,
    kind: OfKind = None,
    id: Ids = None,
    failure: Failed = None,
    all: Every = False,
    data: Edited = None,
    to: To = None,
    to_topic: ToTopic = None,
    json: AsJson = False,
    port: Port = None,
    token: Token = None,
) -> None:
    """Make events of dead letters again: some, those of one cause, or all.

    Example: runtime queue redrive order.created --failure TimeoutError
    """
    query = _address(name, topic, step, kind)
    body: dict[str, Any] = {"ids": id or [], "failure": failure, "all": all}
    if sum(map(bool, body.values())) != 1:
        raise typer.BadParameter("say which dead letters: --id, --failure or --all")
    if to_topic is not None and to is None:
        raise typer.BadParameter("names a topic of the step of --to, which is missing", param_hint="--to-topic")
    if to is not None:
        body["target"] = to if to_topic is None else {"topic": to_topic, "step": to}
    if data is not None:
        body["data"] = read_json(data, "--data")
    with faults_shown():
        answer = running(port, token).post("queue/redrive", query, body)
    if json:
        print_json(answer)
    else:
        moved = f", and moved {answer['moved']} waiting events" if answer["moved"] else ""
        print_line(f"redrove {answer['redriven']} dead letters of {called(answer)}{moved}")


@queue.command()
def purge(
    name: Name = None,
    topic: Topic = None,
    step: Step = None,
    kind: OfKind = None,
    dead: Dead = False,
    waiting: Waiting = False,
    yes: Yes = False,
    json: AsJson = False,
    port: Port = None,
    token: Token = None,
) -> None:
    """Forget the dead letters of a queue, or the events that wait in it.

    Example: runtime queue purge order.created --dead
    """
    query = _address(name, topic, step, kind)
    if dead == waiting:
        raise typer.BadParameter("say what to forget: --dead or --waiting")
    what = "dead" if dead else "waiting"
    with faults_shown():
        client = running(port, token)
        if not yes and _is_terminal():
            _confirm(client, query, what)
        answer = client.post("queue/purge", query, {"what": what})
    if json:
        print_json(answer)
    else:
        print_line(f"forgot {answer['purged']} {_WORDS[what]} of {called(answer)}")


def _is_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


def _confirm(client: Client, query: dict[str, str], what: str) -> None:
    """Asks on the terminal; a no ends the command with exit code 1."""
    found = client.get("queue", {**query, "limit": "0"})
    count = found["dead"] if what == "dead" else found["waiting"] + found["delayed"]
    typer.confirm(f"Forget {count} {_WORDS[what]} of {called(found)} for good?", abort=True, err=True)


def _set_paused(word: str, query: dict[str, str], json: bool, port: int | None, token: str | None) -> None:
    with faults_shown():
        answer = running(port, token).post(f"queue/{word}", query)
    if json:
        print_json(answer)
    else:
        print_line(f"{called(answer)} is {'paused' if answer['paused'] else 'running'}")


def _address(name: str | None, topic: str | None, step: str | None, kind: Kind | None) -> dict[str, str]:
    """The queue that is meant as query parameters. Raises `typer.BadParameter` when nothing was said."""
    parts = {"name": name, "topic": topic, "step": step}
    given = {part: word for part, word in parts.items() if word is not None}
    if not given:
        raise typer.BadParameter("say which queue: a topic or a step, or both with --topic and --step")
    return given if kind is None else {**given, "kind": kind.value}
