"""`--inspect` as people type it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.cli.inspecting import inspected
from runtime.errors import RunnerFault
from runtime.runners.manifest import InstalledRunner, RunnerManifest


def _runner(language: str, port: int, command: tuple[str, ...] = ("program", "{port}")) -> InstalledRunner:
    manifest = RunnerManifest(
        language=language, command=("program",), step_files=("*",), inspect_command=command, inspect_port=port
    )
    return InstalledRunner(manifest, Path())


INSTALLED = [_runner("node", 9229), _runner("python", 5678), _runner("ruby", 0, ()), _runner("lua", 0)]


@pytest.mark.parametrize(
    ("words", "ports"),
    [
        ([], {}),
        (["node"], {"node": 9229}),
        (["python=5679"], {"python": 5679}),
        (["node", "python"], {"node": 9229, "python": 5678}),
        (["lua=65535"], {"lua": 65535}),
    ],
)
def test_each_language_has_the_port_that_it_is_given_or_that_people_expect(
    words: list[str], ports: dict[str, int]
) -> None:
    assert inspected(words, INSTALLED) == ports


@pytest.mark.parametrize(
    ("words", "message", "fix"),
    [
        (["cobol"], "--inspect cobol: there is no runner for 'cobol'", "those with a debugger are node, python, lua"),
        ([""], "--inspect : there is no runner for ''", "those with a debugger are node, python, lua"),
        (
            ["ruby"],
            "--inspect ruby: the ruby runner has no debugger (inspect_command)",
            "those with a debugger are node, python, lua",
        ),
        (["lua"], "--inspect lua: its runner.toml names no inspect_port", "name one: `--inspect lua=9230`"),
        (["node", "node=9230"], "--inspect node=9230: node is given twice", "leave one of them out"),
        (
            ["node", "python=9229"],
            "--inspect python=9229: port 9229 is that of the node debugger already",
            "give each its own: `--inspect python=9230`",
        ),
    ],
)
def test_what_cannot_be_inspected_is_named_with_what_can(words: list[str], message: str, fix: str) -> None:
    with pytest.raises(RunnerFault) as caught:
        inspected(words, INSTALLED)
    assert (str(caught.value), caught.value.fix) == (message, fix)


@pytest.mark.parametrize("port", ["", "0", "65536", "-1", "http", "1.5", "٣", "9229 "])
def test_a_bad_port_is_refused(port: str) -> None:
    with pytest.raises(RunnerFault) as caught:
        inspected([f"node={port}"], INSTALLED)
    assert str(caught.value) == f"--inspect node={port}: '{port}' is no port"
    assert caught.value.fix == "give a number up to 65535: `--inspect node=9229`"


def test_a_port_of_many_digits_is_refused_like_any_other() -> None:
    with pytest.raises(RunnerFault, match="is no port"):
        inspected(["node=" + "9" * 5000], INSTALLED)


def test_where_nothing_has_a_debugger_the_option_has_to_go() -> None:
    with pytest.raises(RunnerFault) as caught:
        inspected(["ruby"], INSTALLED[2:3])
    assert caught.value.fix == "leave it out: no language here has a debugger"
