"""`runtime create`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from runtime.cli.asking import ask, can_ask, choose, interruptible
from runtime.cli.client import faults_shown, print_line
from runtime.cli.console import print_fault
from runtime.cli.options import EXIT_FAULT, EXIT_INTERRUPTED
from runtime.errors import RuntimeFault
from runtime.scaffold.project import check_folder, project_folder, write_project
from runtime.scaffold.templates import TEMPLATES, Template, find_template

_SUGGESTED_NAME = "my-app"
_TRY = """curl -s -X POST localhost:3000/greetings -H 'content-type: application/json' -d '{"name": "Ada"}'"""
_NAMES = ", ".join(template.name for template in TEMPLATES)

Name = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="Name of the project and its folder; . for the current folder.")
]
TemplateName = Annotated[str | None, typer.Option("--template", "-t", help=f"What to begin with: {_NAMES}.")]
NoInstall = Annotated[bool, typer.Option("--no-install", help="Leave the packages out; `runtime install` brings them.")]
ShowList = Annotated[bool, typer.Option("--list", help="Show the templates, and make nothing.")]


def create(
    context: typer.Context,
    name: Name = None,
    template: TemplateName = None,
    no_install: NoInstall = False,
    show_list: ShowList = False,
) -> None:
    """Make a project from a template and install its packages; asks for what is not given.

    Example: runtime create demo --template starter-multilang
    """
    if show_list:
        for each in TEMPLATES:
            print_line(f"{each.name.ljust(max(len(other.name) for other in TEMPLATES))}  {each.description}")
        return
    folder, chosen = _given_or_asked(name, template)
    with faults_shown(), interruptible():
        write_project(chosen, folder)
        _write_stub(folder)
    steps = [] if folder == Path.cwd() else [f"cd {folder.name}"]
    print_line(f"{chosen.name} written into {folder.name if steps else 'this folder'}")
    command = str(context.find_root().info_name)
    if no_install:
        steps.append(f"{command} install")
    else:
        with _kept([*steps, f"{command} install", f"{command} dev"]):
            _install(folder)
    print_line(f"\n{folder.name} is ready. Now:\n")
    _print_steps([*steps, f"{command} dev", _TRY])


def _given_or_asked(name: str | None, template: str | None) -> tuple[Path, Template]:
    """The folder and the template. Exits with 2 for what is not valid, or missing where nobody can be asked."""
    missing = " and ".join(
        what for what, given in (("a NAME", name), ("--template TEMPLATE", template)) if given is None
    )
    if missing and not can_ask():
        raise typer.BadParameter(f"give {missing}: there is no terminal to ask at (templates: {_NAMES})")
    try:
        chosen = None if template is None else find_template(template)
        folder = None if name is None else project_folder(name, Path.cwd())
    except RuntimeFault as fault:
        raise typer.BadParameter(f"{fault}; {fault.fix}") from fault
    with faults_shown(), interruptible():
        if folder is None:
            folder = ask("Name of the project, or . for this folder", _SUGGESTED_NAME, _free_folder)
        check_folder(folder)
        if chosen is None:
            options = [(each.name, each.description) for each in TEMPLATES]
            chosen = find_template(choose("Template", options))
    return folder, chosen


def _free_folder(name: str) -> Path:
    folder = project_folder(name, Path.cwd())
    check_folder(folder)
    return folder


@contextmanager
def _kept(mend: list[str]) -> Iterator[None]:
    """Says of a project whose packages cannot be installed that it stays, and how to go on."""
    try:
        yield
    except (RuntimeFault, KeyboardInterrupt) as fault:
        if isinstance(fault, RuntimeFault):
            print_fault(fault)
        print_line("\nThe project is there, its packages are not. When that is mended:\n")
        _print_steps(mend)
        raise typer.Exit(EXIT_FAULT if isinstance(fault, RuntimeFault) else EXIT_INTERRUPTED) from fault


def _write_stub(folder: Path) -> None:
    """Gives Python steps the `runtime_types.py` that they import, also where nothing is installed."""
    from runtime.cli.typefiles import write_missing  # with it the runners, which --help and --list have no use for

    write_missing(folder)


def _install(folder: Path) -> None:
    """Installs the packages and writes the types that editors ask for. Raises `RuntimeFault`."""
    from runtime.cli.console import print_problems
    from runtime.cli.loading import load_project
    from runtime.cli.typefiles import write_types
    from runtime.configfile import load_settings
    from runtime.environment import project_environment
    from runtime.runners.packages.project import install_project

    environ = project_environment(folder, os.environ, development=True).variables
    install_project(folder, load_settings(folder, environ), environ, print_line)
    project = load_project(folder)
    for path in write_types(folder, project.catalog, project.settings):
        print_line(f"{path.name} written")
    print_problems(project.catalog.problems)


def _print_steps(steps: list[str]) -> None:
    for step in steps:
        print_line(f"  {step}", "bold")
