"""Queues, events and dead letters as people read them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from runtime.cli.client import cell, local_time, print_line, print_table
from runtime.cli.ink import printable

Document = Mapping[str, Any]
_SHOWN_CHARACTERS = 2000


def called(queue: Document) -> str:
    """The queue in words."""
    if queue["kind"] == "cron":
        return printable(f"the schedule of '{queue['step']}'")
    what = "" if queue["kind"] == "event" else f"{queue['kind']} "
    return printable(f"{what}'{queue['topic']}' → '{queue['step']}'")


def print_queues(queues: Sequence[Document]) -> None:
    """Prints a line for each queue."""
    if not queues:
        print_line("No queues: no step subscribes to a topic, watches state or a stream, or has a schedule.")
        return
    table = Table("topic", "step")
    for head in ("waiting", "delayed", "in flight", "dead", "oldest"):
        table.add_column(head, justify="right")
    table.add_column("state")
    for queue in queues:
        topic = cell("(schedule)", "dim") if queue["kind"] == "cron" else cell(_topic(queue))
        counts = [cell(queue[count]) for count in ("waiting", "delayed", "inFlight")]
        dead = cell(queue["dead"], "red" if queue["dead"] else "")
        state = cell(_state(queue), "yellow" if queue["paused"] or queue["orphan"] else "")
        table.add_row(topic, cell(queue["step"]), *counts, dead, cell(_age(queue["age"])), state)
    print_table(table)


def _topic(queue: Document) -> str:
    """What the queue is about; of changes it is said what they are of."""
    return str(queue["topic"]) if queue["kind"] == "event" else f"{queue['kind']}: {queue['topic']}"


def print_contents(queue: Document) -> None:
    """Prints a queue with its events and dead letters."""
    print_line(called(queue), "bold")
    print_line(
        f"waiting {queue['waiting']}, delayed {queue['delayed']}, in flight {queue['inFlight']}, "
        f"dead {queue['dead']}, oldest {_age(queue['age'])}; {_state(queue)}"
    )
    if queue["policy"]:
        print_line(_policy(queue["policy"]))
    else:
        print_line("No step has this queue any more: redrive --all --to STEP, or purge.", "yellow")
    if queue["events"]:
        table = Table("id", "attempt", "created", "group", "data", title="Events, oldest first", title_justify="left")
        for event in queue["events"]:
            attempt = f"{event['attempt']} (running)" if event["taken"] else event["attempt"]
            words = (event["id"], attempt, local_time(event["created"]), event["messageGroupId"], _data(event))
            table.add_row(*map(cell, words))
        print_table(table)
    for letter in queue["deadLetters"]:
        _print_letter(letter)


def _print_letter(letter: Document) -> None:
    """A dead letter with each attempt and its stack."""
    print_line(f"\ndead letter {letter['id']}, buried {local_time(letter['buried'])}", "red")
    print_line(f"  event {letter['eventId']}, trace {letter['traceId']}, created {local_time(letter['created'])}")
    print_line(f"  data {_data(letter)}")
    for attempt in letter["attempts"]:
        print_line(f"  attempt {attempt['number']}, {local_time(attempt['began'])} to {local_time(attempt['ended'])}")
        failure = attempt["failure"]
        while failure:
            _print_failure(failure)
            failure = failure["cause"]


def _print_failure(failure: Document) -> None:
    kind = f"{failure['type']} ({failure['kind']})" if failure["type"] else failure["kind"]
    for line in (f"{kind}: {failure['message']}", *failure["stack"].splitlines()):
        print_line(f"    {line}")


def _policy(policy: Document) -> str:
    backoff = policy["backoff"]
    return (
        f"{policy['type']}, concurrency {policy['concurrency']}, retries {policy['maxRetries']}, "
        f"backoff {backoff['delay']:g} s (factor {backoff['factor']:g}, at most {backoff['max']:g} s)"
    )


def _state(queue: Document) -> str:
    words = [word for word in ("paused", "orphan") if queue[word]]
    return ", ".join(words) or "running"


def _data(event: Document) -> str:
    text = json.dumps(event["data"], ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}… (--json shows all)"


def _age(seconds: float | None) -> str:
    """A time span in its largest unit."""
    if seconds is None:
        return "-"
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
