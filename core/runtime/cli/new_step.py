"""What `runtime generate step` does between its options and its last line: asking, checking, writing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TypeVar

import typer

from runtime.cli.asking import ask, choose
from runtime.cli.loading import Project
from runtime.cli.taken import check_findable, check_free
from runtime.definitions.steps import read_step
from runtime.errors import RuntimeFault
from runtime.scaffold.steps import KINDS, LANGUAGES, Detail, NewStep, step_name, words

T = TypeVar("T")
_OTHER_PLACE = "name another place with --dir"


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

    Raises `RuntimeFault` where another step has the name or the route, a file is there already or would not be found;
    then nothing has been written.
    """
    check_free(project, step)
    texts = {str(folder / step.file_name()): step.text()}
    if step.kind.type == "stream" and step.details["stream"] not in project.catalog.streams:
        texts[str(folder / step.stream_file_name())] = step.stream_text()
    for file in texts:
        check_findable(project, file)
    made: list[Path] = []
    try:
        for file, text in texts.items():
            _write_new(project.root / file, text, made)
    except BaseException:
        for path in reversed(made):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()
        raise
    return list(texts)


def _write_new(path: Path, text: str, made: list[Path]) -> None:
    """Writes a file that was not there; `made` grows by it and the folders it needs. Raises `RuntimeFault`."""
    _make_folder(path.parent, made)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            made.append(path)
            file.write(text)
    except FileExistsError as error:
        raise RuntimeFault(f"{path} is there already", "give it another --name or --dir") from error
    except OSError as error:
        raise RuntimeFault(f"{path} cannot be written: {error.strerror}", _OTHER_PLACE) from error


def _make_folder(folder: Path, made: list[Path]) -> None:
    try:
        if folder.is_dir():
            return
        _make_folder(folder.parent, made)
        folder.mkdir()
    except FileExistsError as error:
        raise RuntimeFault(f"{folder} is a file, and no step can go into it", _OTHER_PLACE) from error
    except OSError as error:
        raise RuntimeFault(f"{folder} cannot be made: {error.strerror}", _OTHER_PLACE) from error
    made.append(folder)
