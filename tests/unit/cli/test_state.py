"""cli/state: state from the terminal, for people and for programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.cli import state
from runtime.values import decode, encode
from tests.unit.cli.served import Served, run, serving
from tests.unit.cli.test_queue import rows


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project that the command is run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def kept(served: Served, group: str, key: str) -> object:
    """The value, None when there is none."""
    return decode(await served.state.get(group, key))


async def test_groups_are_a_table(folder: Path) -> None:
    async with serving(folder) as served:
        for key in ("home", "shop"):
            await served.state.set("visits", key, encode(1), "", {})
        printed = await run("state", "list")
        assert (printed.code, printed.err, rows(printed.out)) == (0, "", [["visits", "2"]])
        assert "\x1b" not in printed.out
        listed = await run("state", "list", "--json")
    assert listed.json == {"groups": [{"group": "visits", "keys": 2}], "next": None}


async def test_nothing_is_said_in_words(folder: Path) -> None:
    async with serving(folder):
        assert (await run("state", "list")).out == "No groups.\n"
        assert (await run("state", "list", "visits")).out == "No keys in 'visits'.\n"
        assert (await run("state", "list", "visits", "--json")).json["keys"] == []


async def test_keys_are_a_table_with_values_when_asked_for(folder: Path) -> None:
    async with serving(folder) as served:
        await served.state.set("visits", "home", encode({"name": "Zoë", "raw": b"\x00"}), "", {})
        await served.state.set("visits", "shop", encode("x" * 500), "", {})
        assert rows((await run("state", "list", "visits")).out) == [["home"], ["shop"]]
        first, second = rows((await run("state", "list", "visits", "--values")).out)
        listed = (await run("state", "list", "visits", "--values", "--json")).json
    assert first[:2] == ["home", '{"name": "Zoë", "raw": {"$bytes": "AA=="}}']
    assert second[1].endswith("xxx…")
    assert first[2] == str(listed["keys"][0]["version"])
    assert listed["keys"][1]["value"] == "x" * 500


async def test_a_list_goes_on_behind_its_last_line(folder: Path) -> None:
    async with serving(folder) as served:
        for key in ("a", "b", "c"):
            await served.state.set("g", key, encode(1), "", {})
            await served.state.set(key, "k", encode(1), "", {})
        printed = await run("state", "list", "g", "--limit", "2")
        assert printed.out.endswith("There are more: --after 'b'\n")
        assert rows((await run("state", "list", "g", "--after", "b")).out) == [["c"]]
        assert (await run("state", "list", "--limit", "3", "--json")).json["next"] == "c"
        assert rows((await run("state", "list", "--after", "c")).out) == [["g", "3"]]


async def test_a_value_is_printed_as_json_with_its_version(folder: Path) -> None:
    async with serving(folder) as served:
        await served.state.set("visits", "home", encode({"count": 2}), "", {})
        shown = (await run("state", "get", "visits", "home", "--json")).json
        printed = await run("state", "get", "visits", "home")
    assert (shown["group"], shown["key"], shown["value"]) == ("visits", "home", {"count": 2})
    assert (printed.code, printed.out) == (0, f'{{\n  "count": 2\n}}\nversion {shown["version"]}\n')


async def test_a_value_that_is_not_there_is_exit_code_1(folder: Path) -> None:
    async with serving(folder):
        for more in ((), ("--json",)):
            printed = await run("state", "get", "visits", "home", *more)
            assert (printed.code, printed.out) == (1, "")
            assert printed.err == "error: group 'visits' has no key 'home'\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"n": [1, null]}', {"n": [1, None]}),
        ("-5", -5),
        ("-1.5e3", -1500.0),
        ("null", None),
        ('{"$bytes":"AA=="}', b"\0"),
    ],
)
async def test_a_value_is_set_from_json(folder: Path, text: str, value: object) -> None:
    async with serving(folder) as served:
        printed = await run("state", "set", "g", "k", text)
        assert (printed.code, printed.out) == (0, "set 'g' / 'k'\n")
        assert await kept(served, "g", "k") == value
        assert decode(await served.state.keys("g")) == ["k"]
        assert (await run("state", "set", "g", "k", text, "--json")).json.keys() == {"group", "key", "value"}


async def test_a_value_may_come_from_standard_input(folder: Path) -> None:
    async with serving(folder) as served:
        assert (await run("state", "set", "g", "k", "-", typed='{"long": "text"}\n')).code == 0
        assert await kept(served, "g", "k") == {"long": "text"}
        assert (await run("state", "set", "g", "k", "-", typed="")).code == 2


async def test_a_value_may_end_by_itself(folder: Path) -> None:
    async with serving(folder) as served:
        assert (await run("state", "set", "g", "k", "1", "--ttl", "0.5")).code == 0
        await served.clock.advance(1)
        assert (await run("state", "get", "g", "k")).code == 1


async def test_a_value_is_set_only_in_place_of_its_version(folder: Path) -> None:
    async with serving(folder) as served:
        assert (await run("state", "set", "g", "k", "1", "--if-version", "0")).code == 0
        refused = await run("state", "set", "g", "k", "2", "--if-version", "0", "--json")
        assert (refused.code, refused.out) == (1, "")
        assert "version" in refused.err
        version = str((await run("state", "get", "g", "k", "--json")).json["version"])
        assert (await run("state", "set", "g", "k", "3", "--if-version", version)).code == 0
        assert await kept(served, "g", "k") == 3


async def test_what_is_deleted_is_printed(folder: Path) -> None:
    async with serving(folder) as served:
        await served.state.set("g", "k", encode({"a": 1}), "", {})
        assert (await run("state", "delete", "g", "k")).out == '{\n  "a": 1\n}\n'
        again = await run("state", "delete", "g", "k")
        assert (again.code, again.out) == (0, "there was no 'g' / 'k'\n")
        assert (await run("state", "delete", "g", "k", "--json")).json["deleted"] is False


@pytest.mark.parametrize(("typed", "left", "code"), [("y\n", 0, 0), ("n\n", 3, 1), ("\n", 3, 1), ("", 3, 1)])
async def test_a_clear_on_a_terminal_asks_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch, typed: str, left: int, code: int
) -> None:
    monkeypatch.setattr(state, "_is_terminal", lambda: True)
    async with serving(folder) as served:
        for key in "abc":
            await served.state.set("g", key, encode(1), "", {})
        printed = await run("state", "clear", "g", typed=typed)
        assert (printed.code, len(decode(await served.state.keys("g")))) == (code, left)
    assert "Remove 3 keys of 'g' for good? [y/N]" in printed.err


async def test_yes_answers_the_question(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_is_terminal", lambda: True)
    async with serving(folder) as served:
        await served.state.set("g", "k", encode(1), "", {})
        printed = await run("state", "clear", "g", "--yes")
        assert (printed.code, printed.out) == (0, "removed 1 key of 'g'\n")
        assert (await run("state", "clear", "g", "-y", "--json")).json == {"group": "g", "cleared": 0}


async def test_names_and_values_do_not_steer_the_terminal(folder: Path) -> None:
    async with serving(folder) as served:
        await served.state.set("a\x1b[2J", "[red]k\nx", encode("\x9b31m"), "", {})
        for arguments in (["list"], ["list", "a\x1b[2J", "--values"], ["get", "a\x1b[2J", "[red]k\nx"]):
            printed = await run("state", *arguments)
            assert printed.code == 0
            assert not {"\x1b", "\x9b"} & set(printed.out)


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "--values"],
        ["list", "--limit", "0"],
        ["list", "--limit", "1001"],
        ["get", "g"],
        ["set", "g", "k"],
        ["set", "g", "k", "{"],
        ["set", "g", "k", "1", "2"],
        ["set", "g", "k", "1", "--tll", "5"],
        ["set", "g", "k", "1", "--if-version", "-1"],
        ["delete", "g"],
        ["clear"],
        ["get", "g", "\udcff"],
        ["get", "\udcff", "k"],
        ["list", "\udcff"],
        ["list", "g", "--after", "\udcff"],
        ["set", "g", "k", '"\udcff"'],
    ],
)
async def test_a_wrong_use_is_said_before_anything_is_asked(arguments: list[str]) -> None:
    printed = await run("state", *arguments)
    assert (printed.code, printed.out) == (2, "")
    assert printed.err


@pytest.mark.parametrize("command", ["list", "get", "set", "delete", "clear"])
async def test_help_has_an_example(command: str) -> None:
    assert f"Example: runtime state {command}" in (await run("state", command, "--help")).out


async def test_help_tells_the_exit_codes() -> None:
    assert "Exit codes: 0 done, 1 " in " ".join((await run("state", "--help")).out.split())


async def test_the_token_is_needed_for_names_too(folder: Path) -> None:
    async with serving(folder, token=None):
        for arguments in (["list"], ["get", "g", "k"], ["set", "g", "k", "1"]):
            printed = await run("state", *arguments)
            assert printed.code == 1
            assert "the runtime refuses the token" in printed.err


async def test_standard_input_that_is_no_utf_8_is_said(folder: Path) -> None:
    printed = await run("state", "set", "g", "k", "-", typed=b'"\xff"')
    assert (printed.code, printed.out) == (2, "")
    assert "no UTF-8" in printed.err


async def test_a_key_may_begin_with_a_hyphen(folder: Path) -> None:
    async with serving(folder) as served:
        assert (await run("state", "set", "g", "--", "-key", "1")).code == 0
        assert await kept(served, "g", "-key") == 1
        for command in ("get", "delete"):
            assert (await run("state", command, "g", "--", "-key")).code == 0
            assert "write -- before one" in " ".join((await run("state", command, "--help")).out.split())
