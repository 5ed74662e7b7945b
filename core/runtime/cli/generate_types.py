"""`runtime generate-types`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from runtime.cli.client import AsJson, faults_shown, print_json, print_line
from runtime.cli.options import EXIT_FAULT
from runtime.model import Severity

Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 when a file is not current.")]


def generate_types(check: Check = False, json: AsJson = False) -> None:
    """Write the types of the project in this folder: types.d.ts for its TypeScript, runtime_types.py for its Python.

    Example: runtime generate-types --check
    """
    # With these the runners, which no command that only asks a running project has a use for.
    from runtime.cli.console import print_problems
    from runtime.cli.loading import load_project
    from runtime.cli.typefiles import stale_files, type_files, write_missing, write_texts

    root = Path.cwd()
    with faults_shown():
        if not check:
            write_missing(root)
        project = load_project(root)
        texts = type_files(project.catalog, root, project.settings)
        stale = stale_files(root, texts)
        if not check:
            write_texts(root, stale)
    broken = tuple(each for each in project.catalog.problems if each.severity is Severity.ERROR)
    if json:
        print_json({"files": list(texts), "stale" if check else "written": list(stale)})
    else:
        _print(list(texts), stale, check)
        print_problems(broken)
    if broken or (check and stale):
        raise typer.Exit(EXIT_FAULT)


def _print(files: list[str], stale: dict[str, str], check: bool) -> None:
    for name in files:
        print_line(f"{name} {('is not current' if check else 'written') if name in stale else 'is current'}")
    if not files:
        print_line("There is no step and no stream to write types of.")
