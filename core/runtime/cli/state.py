"""`runtime state list|get|set|delete|clear`."""

from __future__ import annotations

import json as json_text
import sys
from typing import Annotated, Any

import typer
from rich.table import Table

from runtime.cli.client import (
    AsJson,
    Client,
    Port,
    Token,
    cell,
    faults_shown,
    print_json,
    print_line,
    print_table,
    read_json,
    running,
)
from runtime.cli.ink import printable

state = typer.Typer(
    name="state",
    help="See and change the state of the running project: values by group and key.",
    epilog="Exit codes: 0 done, 1 there is no such value, it was refused, or nothing runs here, 2 wrong use.",
    no_args_is_help=True,
)


def _utf_8(given: str | None) -> str | None:
    """The argument itself. Raises `typer.BadParameter` for bytes that are no UTF-8, which no name or value has."""
    try:
        (given or "").encode()
    except UnicodeEncodeError as error:
        raise typer.BadParameter("is no UTF-8") from error
    return given


_KEY_HELP = "Key in the group; write -- before one that begins with a -."
Group = Annotated[str, typer.Argument(metavar="GROUP", help="Name of the group.", show_default=False, callback=_utf_8)]
Key = Annotated[str, typer.Argument(metavar="KEY", help=_KEY_HELP, show_default=False, callback=_utf_8)]
OneGroup = Annotated[str | None, typer.Argument(metavar="GROUP", help="List the keys of this group.", callback=_utf_8)]
Values = Annotated[bool, typer.Option("--values", help="Show the values and their versions.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="Groups or keys to list at most.")]
After = Annotated[
    str | None,
    typer.Option("--after", metavar="NAME", help="List those behind this group or key.", callback=_utf_8),
]
Value = Annotated[
    str,
    typer.Argument(metavar="VALUE", help="The value as JSON; - reads it from standard input.", callback=_utf_8),
]
Ttl = Annotated[float | None, typer.Option("--ttl", help="Seconds after which the value ends by itself.")]
IfVersion = Annotated[
    int | None, typer.Option("--if-version", min=0, help="Only in place of this version; 0 for where there is none.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]

_LONGEST = 100
"""Characters of a value that a table shows."""


@state.command("list")
def list_state(
    group: OneGroup = None,
    values: Values = False,
    limit: Limit = 100,
    after: After = None,
    json: AsJson = False,
    port: Port = None,
    token: Token = None,
) -> None:
    """List the groups with their number of keys, or the keys of one group in the order they were first set.

    Example: runtime state list visits --values
    """
    if values and group is None:
        raise typer.BadParameter("shows the values of one group, which is missing", param_hint="--values")
    query = {"limit": str(limit)} if after is None else {"limit": str(limit), "after": after}
    with faults_shown():
        client = running(port, token)
        answer = client.get("state", query) if group is None else client.get("state/keys", _of(group, values, query))
    if json:
        print_json(answer)
    elif group is None:
        _print_groups(answer)
    else:
        _print_keys(answer, values)


@state.command()
def get(group: Group, key: Key, json: AsJson = False, port: Port = None, token: Token = None) -> None:
    """Show a value and its version; exit code 1 when there is none.

    Example: runtime state get visits home
    """
    with faults_shown():
        answer = running(port, token).get("state/value", {"group": group, "key": key})
    if json:
        print_json(answer)
    else:
        print_line(_shown(answer["value"]))
        print_line(f"version {answer['version']}", "dim")


# Or -5 would be an option that is not known.
@state.command("set", context_settings={"ignore_unknown_options": True})
def set_value(
    group: Group,
    key: Key,
    value: Value,
    ttl: Ttl = None,
    if_version: IfVersion = None,
    json: AsJson = False,
    port: Port = None,
    token: Token = None,
) -> None:
    """Store a value, with an end to its life or only in place of a certain version.

    Without --ttl the value stays; bytes are written {"$bytes": "<base64>"}.

    Example: runtime state set visits home '{"count": 0}' --ttl 3600
    """
    given = read_json(_standard_input() if value == "-" else value, "VALUE")
    options = {"ttl": ttl, "ifVersion": if_version}
    body: dict[str, Any] = {"value": given, **{key: option for key, option in options.items() if option is not None}}
    with faults_shown():
        answer = running(port, token).post("state/set", {"group": group, "key": key}, body)
    if json:
        print_json(answer)
    else:
        print_line(f"set {_called(group, key)}")


@state.command()
def delete(group: Group, key: Key, json: AsJson = False, port: Port = None, token: Token = None) -> None:
    """Remove a value and print what it was.

    Example: runtime state delete visits home
    """
    with faults_shown():
        answer = running(port, token).post("state/delete", {"group": group, "key": key})
    if json:
        print_json(answer)
    elif answer["deleted"]:
        print_line(_shown(answer["value"]))
    else:
        print_line(f"there was no {_called(group, key)}")


@state.command()
def clear(group: Group, yes: Yes = False, json: AsJson = False, port: Port = None, token: Token = None) -> None:
    """Remove all values of a group.

    Example: runtime state clear visits --yes
    """
    with faults_shown():
        client = running(port, token)
        if not yes and _is_terminal():
            _confirm(client, group)
        answer = client.post("state/clear", {"group": group})
    if json:
        print_json(answer)
    else:
        print_line(f"removed {_keys(answer['cleared'])} of '{group}'")


def _of(group: str, values: bool, query: dict[str, str]) -> dict[str, str]:
    return {**query, "group": group, "values": "true" if values else "false"}


def _print_groups(answer: Any) -> None:
    if not answer["groups"]:
        print_line("No groups.")
        return
    table = Table("group", "keys")
    for each in answer["groups"]:
        table.add_row(cell(each["group"]), cell(each["keys"]))
    print_table(table)
    _print_next(answer)


def _print_keys(answer: Any, values: bool) -> None:
    if not answer["keys"]:
        print_line(f"No keys in '{answer['group']}'.")
        return
    table = Table("key", *(("value", "version") if values else ()))
    for each in answer["keys"]:
        table.add_row(cell(each["key"]), *(_value_cells(each) if values else ()))
    print_table(table)
    _print_next(answer)


def _value_cells(listed: Any) -> tuple[Any, Any]:
    text = json_text.dumps(listed["value"], ensure_ascii=False)
    return cell(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"), cell(listed["version"], "dim")


def _print_next(answer: Any) -> None:
    if answer["next"] is not None:
        print_line(f"There are more: --after '{answer['next']}'")


def _shown(value: Any) -> str:
    return json_text.dumps(value, indent=2, ensure_ascii=False)


def _called(group: str, key: str) -> str:
    return f"'{group}' / '{key}'"


def _keys(count: int) -> str:
    return "1 key" if count == 1 else f"{count} keys"


def _standard_input() -> str:
    try:
        return typer.get_binary_stream("stdin").read().decode()
    except UnicodeDecodeError as error:
        raise typer.BadParameter("is no UTF-8 on standard input", param_hint="VALUE") from error


def _is_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


def _confirm(client: Client, group: str) -> None:
    """Asks on the terminal; a no ends the command with exit code 1."""
    found = client.get("state/keys", {"group": group, "limit": "0"})
    typer.confirm(f"Remove {_keys(found['total'])} of '{printable(group)}' for good?", abort=True, err=True)
