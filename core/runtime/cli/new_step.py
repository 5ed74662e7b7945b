"""What `runtime generate step` does between its options and its last line: asking, checking, writing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TypeVar

import typer

from runtime.cli.asking import ask, choose
from runtime.cli.loading import Project
from runtime.definitions.steps import read_step
from runtime.definitions.triggers import route_shape
from runtime.errors import RuntimeFault
from runtime.runners.discovery import find_files
from runtime.runners.manifest import find_runners
from runtime.scaffold.steps import KINDS, LANGUAGES, Detail, NewStep, step_name, words

T = TypeVar("T")


def take_step(type: str | None, language: str | None, name: str | None, details: Mapping[str, str]) -> NewStep:
    """The step that the options say, and the person where they are silent.

    Raises `typer.BadParameter` for an option that is wrong.
    """
    kinds = [(each.type, each.description) for each in KINDS.values()]
    kind = _given("--type", type, _one_of(KINDS), lambda: KINDS[choose("Type", kinds)])
    languages = [(each, "") for each in LANGUAGES]
    written = _given("--language", language, _one_of(LANGUAGES), lambda: LANGUAGES[choose("Language", languages)])
    called = _given("--name", name, step_name, lambda: ask("Name", f"My {kind.type}", step_name))
    suggested = {each.option: each.suggestion.format(name=words(called, "-")) for each in kind.details}
    step = NewStep(kind, written, called, suggested)
    for detail in kind.details:
        step = _with_detail(step, detail, details.get(detail.option))
    return step


def _with_detail(step: NewStep, detail: Detail, given: str | None) -> NewStep:
    """The step with what is given for the detail, or answered."""

    def read(value: str) -> NewStep:
        told = replace(step, details={**step.details, detail.option: value})
        _, problems = read_step(told.file_name(), told.language.runner, told.config(), has_handler=True)
        if problems:
            raise RuntimeFault(problems[0].message, problems[0].fix)
        return told

    suggestion = step.details[detail.option]
    return _given(f"--{detail.option}", given, read, lambda: ask(detail.question, suggestion, read))


def _given(flag: str, value: str | None, read: Callable[[str], T], asked: Callable[[], T]) -> T:
    """What the option says, else what the person answers. Raises `typer.BadParameter` for an option that is wrong."""
    if value is None:
        return asked()
    try:
        return read(value)
    except RuntimeFault as fault:
        raise typer.BadParameter(f"{fault}; {fault.fix}" if fault.fix else str(fault), param_hint=flag) from fault


def _one_of(options: Mapping[str, T]) -> Callable[[str], T]:
    def read(name: str) -> T:
        if name not in options:
            raise RuntimeFault(f"'{name}' is none of {', '.join(options)}")
        return options[name]

    return read


def write_step(project: Project, step: NewStep, folder: PurePosixPath) -> list[str]:
    """Writes the step, and the stream that it watches where there is none; gives their paths in the project.

    Raises `RuntimeFault` where another step has the name or the route, a file is there already or would not be found.
    """
    _check_free(project, step)
    texts = {str(folder / step.file_name()): step.text()}
    if step.kind.type == "stream" and step.details["stream"] not in project.catalog.streams:
        texts[str(folder / step.stream_file_name())] = step.stream_text()
    written: list[str] = []
    try:
        for file, text in texts.items():
            _write_new(project.root / file, text)
            written.append(file)
        _check_found(project, written)
    except RuntimeFault:
        for file in written:
            (project.root / file).unlink()
        raise
    return written


def _check_free(project: Project, step: NewStep) -> None:
    """Raises `RuntimeFault` where another step has the name or the route."""
    for other in project.catalog.steps:
        if other.name == step.name:
            raise RuntimeFault(f"the name '{step.name}' is taken by {other.file}", "give it another --name")
    if step.kind.type != "api":
        return
    method, path = step.details["method"].upper(), step.details["path"]
    for route in project.catalog.routes:
        if (route.trigger.method, route_shape(route.trigger.path)) == (method, route_shape(path)):
            raise RuntimeFault(
                f"the route {method} {path} is taken by {route.step.file}", "give it another --path or --method"
            )


def _write_new(path: Path, text: str) -> None:
    """Writes a file that was not there. Raises `RuntimeFault`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise RuntimeFault(f"{path} is there already", "give it another --name or --dir") from error
    except OSError as error:
        raise RuntimeFault(f"{path} cannot be written: {error.strerror}", "name another place with --dir") from error


def _check_found(project: Project, files: list[str]) -> None:
    """Raises `RuntimeFault` for a file that the project does not look at, such as `test_user_step.py`."""
    found = find_files(project.root, find_runners(project.root, project.settings)).values()
    taken = {file for each in found for file in (*each.steps, *each.streams)}
    for file in files:
        if file not in taken:
            fix = "give it another --name or --dir, or turn its language on in runtime.yaml"
            raise RuntimeFault(f"no step would be found at {file}", fix)
