"""What the core and the hooks get of the project's config file."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from tests.unit.runner_python.conftest import MakeProject

TELL = """
import pathlib
from runtime_runner.project_config import ConfigError, ProjectConfig
from runtime_runner.values import decode
config = ProjectConfig(modules, project)
def told():
    try:
        return decode(config.load("motia_config.py"))
    except ConfigError as error:
        return str(error)
"""
AUTHENTICATE = 1


def _ask(make_project: MakeProject, source: str, code: str = "tell(told())") -> Any:
    project = make_project({"motia_config.py": textwrap.dedent(source)})
    return project.ask(TELL + textwrap.dedent(code))


def test_data_are_told_and_functions_left_out(make_project: MakeProject) -> None:
    source = """
        def run(): pass
        class Own: pass
        deep = {}
        deep["self"] = deep
        config = {
            "a": [1, run, {"b": run, "c": (2,)}], "run": run, "odd": {1, 2}, "own": Own(), "deep": deep, "none": None,
            "stream_auth": {"authenticate": run, "contextSchema": {"type": "object"}},
        }
        """
    assert _ask(make_project, source) == {
        "config": {
            "a": [1, {"c": [2]}],
            "run": None,
            "odd": {"adapter": "set"},
            "own": {"adapter": "Own"},
            "deep": {"self": None},
            "none": None,
            "streamAuth": {"contextSchema": {"type": "object"}},
        },
        "hooks": [AUTHENTICATE],
        "functions": ["a", "run", "streamAuth"],
    }


def test_what_the_config_is_made_of_may_stand_beside_it(make_project: MakeProject) -> None:
    source = """
        def authenticate(request): pass
        stream_auth = {"authenticate": authenticate}
        config = {"stream_auth": stream_auth}
        """
    assert _ask(make_project, source)["hooks"] == [AUTHENTICATE]


def test_functions_are_found_wherever_they_stand(make_project: MakeProject) -> None:
    source = """
        import json
        class Own:
            def __init__(self, **parts): self.__dict__.update(parts)
        deep = [Own(a={"b": [len]})]
        deep.append(deep)
        config = {"deep": deep, "plain": Own(a=1), "class": Own, "module": json, "shared": [[Own()] * 2] * 2}
        """
    assert _ask(make_project, source)["functions"] == ["deep"]


def test_a_config_is_loaded_anew_and_used_as_it_was_loaded_last(make_project: MakeProject) -> None:
    source = "config = {'streamAuth': {'authenticate': lambda request: 'first'}}"
    code = """
        seen = []
        told()
        path = pathlib.Path(project.path("motia_config.py"))
        path.write_text(path.read_text().replace("first", "the second"))
        seen.append(config.authenticate("motia_config.py").call(None))
        told()
        seen.append(config.authenticate("motia_config.py").call(None))
        tell(seen)
        """
    assert _ask(make_project, source, code) == ["first", "the second"]


@pytest.mark.parametrize(
    "config", ["{}", "{'streamAuth': None}", "{'streamAuth': {'authenticate': 1}}", "{'stream_auth': {}}"]
)
def test_without_its_function_nobody_authenticates(make_project: MakeProject, config: str) -> None:
    code = "tell([told()['hooks'], config.authenticate('motia_config.py') is None])"
    assert _ask(make_project, f"config = {config}", code) == [[], True]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1\nconfig = {\n", "motia_config.py:2:10: SyntaxError: '{' was never closed"),
        ("\nraise ValueError('bad day')\n", "motia_config.py:2: ValueError: bad day"),
        ("import sys\nsys.exit(1)\n", "motia_config.py:2: SystemExit: 1"),
        ("import no_such\n", "motia_config.py:1: ModuleNotFoundError: There is no module 'no_such', which "),
        ("settings = {}\n", "motia_config.py: the file has no config. Write at the top level: config = "),
        ("config = 1\n", "motia_config.py: the config must be a dict, but it is a int. "),
        (
            "stream_auth = {}\nconfig = {}\n",
            "motia_config.py: stream_auth stands beside the config, where nothing reads",
        ),
        ("streamAuth = 1\nconfig = {'stream_auth': {}}\n", "motia_config.py: streamAuth stands beside the config, "),
        ("from re import match as authenticate\nconfig = {}\n", "motia_config.py: authenticate stands beside the "),
        ("config = {'streamAuth': {}, 'stream_auth': {}}\n", "motia_config.py: the config has streamAuth twice"),
    ],
)
def test_a_config_that_does_not_load_says_where_and_why(make_project: MakeProject, source: str, message: str) -> None:
    assert _ask(make_project, source).startswith(message)
