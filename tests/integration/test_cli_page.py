"""The page on the command line says all that there is to say: every command and option, exit code and signal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from runtime.__main__ import _app
from runtime.cli import options
from runtime.cli.signals import farewell
from tests.integration.project import REPOSITORY

PAGE = (REPOSITORY / "docs" / "cli.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", PAGE, re.MULTILINE))
COMMON = SECTIONS["Commands that ask a running project"]


def commands() -> Iterator[tuple[list[str], list[str]]]:
    """Each command with its names, and its options."""

    def walk(command: Any, names: list[str]) -> Iterator[tuple[list[str], list[str]]]:
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, [*names, name])
        found = [option for parameter in command.params for option in parameter.opts if option.startswith("-")]
        yield names, [option for option in found if option != "--help"]

    yield from walk(typer.main.get_command(_app), [])


COMMANDS = [pytest.param(*each, id=" ".join(each[0]) or "runtime") for each in commands()]


@pytest.mark.parametrize(("names", "given"), COMMANDS)
def test_a_command_is_described_with_all_its_options(names: list[str], given: list[str]) -> None:
    if not names:
        assert [option for option in given if f"`{option}`" not in PAGE and f" {option}`" not in PAGE] == []
        return
    section = SECTIONS[f"runtime {names[0]}"]
    assert all(re.search(rf"`{name}`|runtime {names[0]} {name}\b", section) for name in names[1:])
    is_asking = "--token" in given
    text = section + (COMMON if is_asking else "")
    if names == ["start"]:
        text += SECTIONS["runtime dev"]
    assert [option for option in given if not re.search(rf"(?<![\w-]){option}(?![\w-])", text)] == []


def test_there_is_no_command_on_the_page_that_there_is_not() -> None:
    described = {name.removeprefix("runtime ") for name in SECTIONS if name.startswith("runtime ")}
    assert described == {each.values[0][0] for each in COMMANDS if each.values[0]}  # type: ignore[index]


def test_every_exit_code_is_described() -> None:
    codes = {value for name, value in vars(options).items() if name.startswith("EXIT_")}
    assert codes == {0, 1, 2, 130}
    described = re.findall(r"^\| (\d+) \|", SECTIONS["Exit codes"], re.MULTILINE)
    assert set(map(int, described)) == codes


def test_every_signal_is_described() -> None:
    assert all(signal in SECTIONS["Signals"] for signal in ("SIGINT", "SIGTERM", "SIGHUP"))
    assert farewell(3) in SECTIONS["Signals"]


def test_every_check_is_described() -> None:
    rows = set(re.findall(r"^\| ([\w ]+?) \|", SECTIONS["runtime doctor"], re.MULTILINE)) - {"check", "option"}
    source = (REPOSITORY / "core/runtime/diagnosis/examination.py").read_text(encoding="utf-8")
    assert rows == set(re.findall(r'^        \("([^"]+)",', source, re.MULTILINE))
