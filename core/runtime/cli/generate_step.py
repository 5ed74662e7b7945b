"""`runtime generate step`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from runtime.cli.asking import can_ask, interruptible
from runtime.cli.client import faults_shown, print_line
from runtime.scaffold.steps import KINDS, LANGUAGES, NewStep

_STEPS = "steps"
_WITHOUT_BODY = ("GET", "HEAD", "OPTIONS")
_TYPES, _LANGUAGES = ", ".join(KINDS), ", ".join(LANGUAGES)

Dir = Annotated[
    str, typer.Option("--dir", "-d", metavar="PATH", help=f"Folder of the file, relative to {_STEPS}/; made if needed.")
]
Type = Annotated[str | None, typer.Option("--type", "-t", help=f"What makes it run: {_TYPES}.")]
LanguageName = Annotated[str | None, typer.Option("--language", "-l", help=f"What it is written in: {_LANGUAGES}.")]
Name = Annotated[str | None, typer.Option("--name", "-n", help="Its name, such as CreateUser.")]
Method = Annotated[str | None, typer.Option("--method", help="HTTP method of an api step.")]
RoutePath = Annotated[str | None, typer.Option("--path", help="Path of an api step, such as /users/:id.")]
Topic = Annotated[str | None, typer.Option("--topic", help="Topic of an event step.")]
Cron = Annotated[str | None, typer.Option("--cron", help="Schedule of a cron step, such as '0 9 * * MON'.")]
Group = Annotated[str | None, typer.Option("--group", help="Group of state that a state step watches.")]
Stream = Annotated[str | None, typer.Option("--stream", help="Stream that a stream step watches.")]


def generate_step(
    context: typer.Context,
    dir: Dir = "",
    type: Type = None,
    language: LanguageName = None,
    name: Name = None,
    method: Method = None,
    path: RoutePath = None,
    topic: Topic = None,
    cron: Cron = None,
    group: Group = None,
    stream: Stream = None,
) -> None:
    """Write a new step that runs as it stands; asks for what is not given.

    Example: runtime generate step --type api --language python --name CreateUser --method POST --path /users
    """
    given = {"method": method, "path": path, "topic": topic, "cron": cron, "group": group, "stream": stream}
    details = {option: value for option, value in given.items() if value is not None}
    folder = _folder(dir)
    _check_given({"type": type, "language": language, "name": name}, details)
    # With these the runners, which no other command has a use for.
    from runtime.cli.loading import load_project
    from runtime.cli.new_step import take_step, write_step
    from runtime.cli.typefiles import write_missing
    from runtime.diagnosis.running import serving

    root = Path.cwd()
    with faults_shown(), interruptible():
        step = take_step(type, language, name, details)
        write_missing(root)
        project, running = load_project(root), serving(root)
        for file in write_step(project, step, folder):
            print_line(f"{file} written")
        if running is None:  # one that runs takes the step up, and writes the types
            _write_types(root)
    address = running.url if running else f"localhost:{project.settings.http.port}"
    print_line(_trial(step, address.removeprefix("http://"), str(context.find_root().info_name)))


def _write_types(root: Path) -> None:
    """Writes the types with the new step's among them, unless they would lose those of steps that do not load."""
    from runtime.cli.loading import load_project
    from runtime.cli.typefiles import write_missing, write_types
    from runtime.model import Severity

    write_missing(root)
    project = load_project(root)
    broken = {each.file for each in project.catalog.problems if each.severity is Severity.ERROR}
    if broken:
        print_line(f"the types are not written, for {len(broken)} of the project's files could not be loaded", "yellow")
        return
    for path in write_types(root, project.catalog, project.settings):
        print_line(f"{path.name} written")


def _folder(given: str) -> PurePosixPath:
    """Where the file goes, relative to the project. Raises `typer.BadParameter` for a place outside of its steps."""
    folder = PurePosixPath(given.replace("\\", "/"))
    if folder.is_absolute() or ".." in folder.parts:
        raise typer.BadParameter(f"'{given}' is not inside {_STEPS}/", param_hint="--dir")
    return folder if folder.parts[:1] == (_STEPS,) else _STEPS / folder


def _check_given(general: Mapping[str, str | None], details: Mapping[str, str]) -> None:
    """Raises `typer.BadParameter` for options that are missing, where nobody can be asked, or of another type."""
    for option, known in (("type", KINDS), ("language", LANGUAGES)):
        value = general[option]
        if value is not None and value not in known:
            raise typer.BadParameter(f"'{value}' is none of {', '.join(known)}", param_hint=f"--{option}")
    kind = KINDS.get(general["type"] or "")
    needed = [detail.option for detail in kind.details] if kind else []
    surplus = [option for option in details if kind and option not in needed]
    if surplus:
        raise typer.BadParameter(f"a step of type {general['type']} has none", param_hint=f"--{surplus[0]}")
    given = {**general, **dict.fromkeys(needed), **details}
    missing = [f"--{option}" for option, value in given.items() if value is None]
    if missing and not can_ask():
        raise typer.BadParameter(f"give {', '.join(missing)}: there is no terminal to ask at")


def _trial(step: NewStep, address: str, command: str) -> str:
    """What makes it run in the running project, which answers at the address."""
    details = {option: shlex.quote(value) for option, value in step.details.items()}
    match step.kind.type:
        case "api":
            method = step.details["method"].upper()
            body = "" if method in _WITHOUT_BODY else " -H 'content-type: application/json' -d '{}'"
            return f"Try it: curl -s -X {method} {shlex.quote(address + step.details['path'])}{body}"
        case "event":
            return f"Try it: {command} emit --topic {details['topic']} --message '{{}}'"
        case "cron":
            return f"Try it: {command} cron trigger {step.name}"
        case "state":
            return f"Try it: {command} state set {details['group']} a-key '\"a value\"'"
        case "stream":
            return f"It runs when another step changes an item of the stream {details['stream']}."
    return f"Nothing runs it: it {step.kind.description}."
