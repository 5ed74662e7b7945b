"""runners/projectconfig: what the core makes of the project's config that is code."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from runtime.errors import ConfigFault, HookFailed
from runtime.model import Failure, FailureKind, Hook, ProjectConfig
from runtime.runners.calls import Question
from runtime.runners.projectconfig import LANGUAGES, config_files, load_config, refuse_unread, the_config
from runtime.values import encode

FILE = "motia.config.ts"
AUTHENTICATE = 1


class Scripted:
    """A runner that gives one answer."""

    def __init__(self, answer: bytes | Failure) -> None:
        self.asked: list[tuple[str, float]] = []
        self._answer = answer

    async def __call__(self, question: Question, seconds: float) -> bytes:
        """The answer."""
        self.asked.append((question.target, seconds))
        if isinstance(self._answer, Failure):
            raise HookFailed(self._answer)
        return self._answer


async def load(answer: bytes | Failure, warnings: list[str] | None = None) -> ProjectConfig:
    warn = (warnings if warnings is not None else []).append
    return await load_config(FILE, Scripted(answer), 60.0, warn)


def said(config: Mapping[str, object], *hooks: int, functions: Sequence[str] = ()) -> bytes:
    return encode({"config": config, "hooks": list(hooks), "functions": list(functions)})


@pytest.mark.parametrize("name", [f"motia.config.{ending}" for ending in ("ts", "mts", "cts", "js", "mjs", "cjs")])
def test_the_config_is_found_by_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    refuse_unread(tmp_path)
    assert config_files(tmp_path) == [name]
    assert the_config([name], ["python", "node"]) == name


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("motia.config.py", "rename it to motia_config.py"),
        ("motia-config.py", "rename it to motia_config.py"),
        ("motia_config.ts", "rename it to motia.config.ts"),
        ("motia-config.mts", "rename it to motia.config.mts"),
        ("motiaconfig.cjs", "rename it to motia.config.cjs"),
        ("Motia.Config.TS", "rename it to motia.config.ts"),
        ("motia.config.tsx", "rename it to motia.config.ts"),
        ("motia.config.production.ts", "rename it to motia.config.ts"),
        ("motia_config.rb", "write it as motia.config.ts or motia_config.py"),
        ("motia.config.json", "write it as motia.config.ts or motia_config.py"),
    ],
)
@pytest.mark.parametrize("beside", [(), ("motia.config.js",)])
def test_a_config_that_nobody_reads_stops_the_start(
    tmp_path: Path, name: str, fix: str, beside: tuple[str, ...]
) -> None:
    for file in (name, *beside):
        (tmp_path / file).write_text("")
    if beside and name == "motia.config.production.ts":
        refuse_unread(tmp_path)  # a part of the one that is read
        return
    with pytest.raises(ConfigFault, match=f"{re.escape(name)} is not read") as fault:
        refuse_unread(tmp_path)
    assert fix in fault.value.fix


@pytest.mark.parametrize("name", ["motia.config.ts", "motia_config.py", "motia-config.py"])
def test_a_link_to_a_config_that_is_not_there_stops_the_start(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("elsewhere/config")
    with pytest.raises(ConfigFault, match=r"link to 'elsewhere/config', which is not there"):
        refuse_unread(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/config").write_text("")
    if name in LANGUAGES:
        refuse_unread(tmp_path)
        assert config_files(tmp_path) == [name]


@pytest.mark.parametrize("name", ["motia.config.ts", "motia_config.py"])
def test_a_folder_that_stands_for_a_config_stops_the_start(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(ConfigFault, match=f"{name} is no file"):
        refuse_unread(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "motia.config.d.ts",
        "motia.config.d.mts",
        "motia.config.test.ts",
        "motia.config.spec.js",
        "motia.config.example.ts",
        "motia_config.pyi",
        "motia.config.ts~",
        "motia.config.ts.bak",
        "motia.config.js.map",
        ".motia.config.ts.swp",
        "#motia.config.ts#",
        ".#motia.config.ts",
        "motia.config.md",
        "my-motia.config.ts",
        "test_motia_config.py",
    ],
)
def test_what_only_looks_like_a_config_is_passed_over(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("nobody@host.1:2")  # as editors lock files
    (tmp_path / "motia-config").mkdir()
    (tmp_path / "motia_config.d").mkdir()
    (tmp_path / "motia.config.json").mkdir()
    refuse_unread(tmp_path)
    assert config_files(tmp_path) == []


def test_a_project_needs_no_config(tmp_path: Path) -> None:
    assert the_config(config_files(tmp_path), []) is None


def test_two_configs_are_one_too_many() -> None:
    with pytest.raises(ConfigFault, match=r"motia\.config\.ts and motia_config\.py"):
        the_config([FILE, "motia_config.py"], ["node", "python"])


def test_a_config_whose_language_is_turned_off_is_not_passed_over() -> None:
    with pytest.raises(ConfigFault, match=r"runners\.python\.enabled"):
        the_config(["motia_config.py"], ["node"])


async def test_a_config_says_which_hooks_it_has() -> None:
    scripted = Scripted(said({"streamAuth": {}}, AUTHENTICATE, 99))
    config = await load_config(FILE, scripted, 60.0, print)
    assert config == ProjectConfig(FILE, "node", frozenset({Hook.AUTHENTICATE}))
    assert scripted.asked == [(FILE, 60.0)]


async def test_what_has_no_effect_is_warned_of() -> None:
    warnings: list[str] = []
    config = await load(said({"adapters": {}, "plugins": [], "redis": None, "app": None, "workbench": 1}), warnings)
    assert config.hooks == frozenset()
    assert [warning.split("'")[1] for warning in warnings] == ["adapters", "plugins", "redis", "app", "workbench"]
    assert all("no effect" in warning and warning.startswith(FILE) for warning in warnings)
    assert "runtime.yaml" in warnings[0]


@pytest.mark.parametrize("config", [{"streamAuth": None}, {"streamAuth": {"authentiate": 1}}])
async def test_stream_auth_without_its_function_stops_the_start(config: Mapping[str, object]) -> None:
    with pytest.raises(ConfigFault, match=r"motia\.config\.ts: streamAuth has no function 'authenticate'") as fault:
        await load(said(config))
    assert "authenticate" in fault.value.fix


async def test_a_python_config_is_mended_in_python() -> None:
    with pytest.raises(ConfigFault, match=r"streamAuth has no function 'authenticate'") as fault:
        await load_config("motia_config.py", Scripted(said({"streamAuth": {}})), 60.0, print)
    assert '"streamAuth": {"authenticate": authenticate}' in fault.value.fix


@pytest.mark.parametrize("key", ["streamAuht", "StreamAuth", "stream_auth", "authenticate"])
async def test_a_misspelt_stream_auth_stops_the_start(key: str) -> None:
    with pytest.raises(ConfigFault, match=f"'{key}' is not 'streamAuth'"):
        await load(said({key: None}))


@pytest.mark.parametrize(("key", "near"), [("auth", "streamAuth"), ("plugin", "plugins"), ("middleware", "")])
async def test_an_unknown_key_with_a_function_in_it_stops_the_start(key: str, near: str) -> None:
    with pytest.raises(ConfigFault, match=f"'{key}' holds a function and is not known here") as fault:
        await load(said({"streamAuth": {}, key: {}}, AUTHENTICATE, functions=["streamAuth", key]))
    assert f"did you mean '{near}" in fault.value.fix


async def test_a_function_under_a_known_key_does_not_stop_it() -> None:
    warnings: list[str] = []
    functions = ["streamAuth", "plugins", "app"]
    await load(said({"streamAuth": {}, "plugins": [], "app": None}, AUTHENTICATE, functions=functions), warnings)
    assert len(warnings) == 2


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (Failure(FailureKind.LOAD, "motia.config.ts:3:1: SyntaxError: odd"), "motia.config.ts:3:1: SyntaxError: odd"),
        (
            Failure(FailureKind.RUNNER_LOST, "the node runner ended"),
            "motia.config.ts cannot be loaded: the node runner ended",
        ),
    ],
)
async def test_a_config_that_does_not_load_stops_the_start(failure: Failure, message: str) -> None:
    with pytest.raises(ConfigFault) as fault:
        await load(failure)
    assert str(fault.value) == message
    assert fault.value.fix


@pytest.mark.parametrize("answer", [b"", b"\xc1", encode([]), encode({"config": {}}), said([], 1)])  # type: ignore[arg-type]
async def test_an_answer_that_is_no_config_stops_the_start(answer: bytes) -> None:
    with pytest.raises(ConfigFault, match="something else than a config"):
        await load(answer)
