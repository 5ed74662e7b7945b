"""cli/asking: questions until there is an answer that fits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer

from runtime.cli.asking import ask, choose, interruptible
from runtime.errors import RuntimeFault

OPTIONS = [("api", "answers"), ("cron", "ticks")]


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the person types, in order; Enter alone takes what is suggested."""
    typed: list[str] = []

    def prompt(question: str, default: str) -> str:
        return typed.pop(0) or default

    monkeypatch.setattr(typer, "prompt", prompt)
    yield typed
    assert typed == []


def small(text: str) -> str:
    if not text.islower():
        raise RuntimeFault(f"'{text}' has capitals", "write it small")
    return text


def test_an_answer_that_does_not_fit_is_asked_for_again(answers: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    answers += ["Ada", " ada "]
    assert ask("Name", "x", small) == "ada"
    assert capsys.readouterr().out == "'Ada' has capitals; write it small\n"


def test_enter_takes_what_is_suggested(answers: list[str]) -> None:
    answers += ["", ""]
    assert ask("Name", "ada", small) == "ada"
    assert choose("Type", OPTIONS) == "api"


@pytest.mark.parametrize("typed", ["2", "cron"])
def test_an_option_is_chosen_by_number_or_name(
    answers: list[str], typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answers += ["0", "3", "two", typed]
    assert choose("Type", OPTIONS) == "cron"
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["  1  api   answers", "  2  cron  ticks"]
    assert lines[2:] == [
        f"'{each}' is none of them; write a number from 1 to 2, or a name" for each in ("0", "3", "two")
    ]


@pytest.mark.parametrize("interrupt", [typer.Abort, KeyboardInterrupt])
def test_an_interrupt_is_an_exit_code(interrupt: type[BaseException]) -> None:
    with pytest.raises(typer.Exit) as raised, interruptible():
        raise interrupt
    assert raised.value.exit_code == 130
