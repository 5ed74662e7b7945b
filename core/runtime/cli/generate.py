"""`runtime generate step|openapi|asyncapi`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from runtime.cli.client import faults_shown, print_line
from runtime.cli.generate_step import generate_step
from runtime.cli.options import EXIT_FAULT
from runtime.errors import RuntimeFault
from runtime.model import Severity

if TYPE_CHECKING:  # no command that only asks a running project has a use for it
    from runtime.catalog import Catalog

_TO_STDOUT = "-"

generate = typer.Typer(
    name="generate", help="Write a new step, or what describes the project in this folder.", no_args_is_help=True
)
generate.command("step")(generate_step)
Title = Annotated[
    str | None, typer.Option("--title", "-t", help="Title of the document (the name in package.json, or the folder's).")
]
Version = Annotated[str, typer.Option("--version", "-v", help="Version of the document.")]
Output = Annotated[str, typer.Option("--output", "-o", metavar="FILE", help="File to write; - prints the document.")]


class _Describe(Protocol):
    def __call__(self, catalog: Catalog, *, title: str, version: str) -> dict[str, Any]: ...


@generate.command("openapi")
def generate_openapi(title: Title = None, version: Version = "1.0.0", output: Output = "openapi.json") -> None:
    """Write the OpenAPI 3.1 document of the project's routes.

    Example: runtime generate openapi --output api-spec.json --title "My API"
    """
    from runtime.generate.openapi import openapi

    _generate(openapi, title, version, output)


@generate.command("asyncapi")
def generate_asyncapi(title: Title = None, version: Version = "1.0.0", output: Output = "asyncapi.json") -> None:
    """Write the AsyncAPI 3.0 document of the project's topics and streams.

    Example: runtime generate asyncapi --output -
    """
    from runtime.generate.asyncapi import asyncapi

    _generate(asyncapi, title, version, output)


def _generate(describe: _Describe, title: str | None, version: str, output: str) -> None:
    """Loads the project and writes its document; exits with 1 when a file of the project is missing in it."""
    # With these the runners, which no command that only asks a running project has a use for.
    from runtime.cli.console import print_problems
    from runtime.cli.loading import load_project
    from runtime.web.description import project_title

    root = Path.cwd()
    with faults_shown():
        project = load_project(root)
        document = describe(project.catalog, title=title or project_title(root), version=version)
        text = json.dumps(document, indent=2, ensure_ascii=False)
        if output == _TO_STDOUT:
            typer.echo(text)
        else:
            _write(root / output, text)
            print_line(f"{output} written")
    print_problems(project.catalog.problems, to_errors=output == _TO_STDOUT)
    if any(problem.severity is Severity.ERROR for problem in project.catalog.problems):
        raise typer.Exit(EXIT_FAULT)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(f"{text}\n", encoding="utf-8", newline="\n")
    except OSError as error:
        reason = error.strerror or str(error)
        raise RuntimeFault(f"{path} cannot be written: {reason}", "name another with --output") from error
