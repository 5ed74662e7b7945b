"""cli/queue: queues from the terminal, for people and for programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.cli import queue
from runtime.cli.queue_tables import _age
from runtime.model import Failure, FailureKind, TriggerKind
from runtime.records import QueueKey
from runtime.values import decode, encode
from tests.unit.cli.served import run, serving
from tests.unit.services.test_queues import BILL, NIGHTLY, ORPHAN, SHIP

CAUSE = Failure(FailureKind.HANDLER, "inner", "KeyError")
FAILURE = Failure(FailureKind.HANDLER, "no [price]", "TypeError", "at bill.step.ts:3\nat lib.ts:4", CAUSE)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project that the command is run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(out: str) -> list[list[str]]:
    """The cells of a table."""
    return [[cell.strip() for cell in row.strip("│").split("│")] for row in out.splitlines() if "│" in row]


async def test_queues_are_a_table(folder: Path) -> None:
    async with serving(folder) as served:
        served.bus.add(BILL)
        served.bus.kill(ORPHAN, FAILURE)
        await served.bus.pause(SHIP, True)
        printed = await run("queue", "list")
    assert (printed.code, printed.err) == (0, "")
    assert "\x1b" not in printed.out
    assert rows(printed.out) == [
        ["(schedule)", "Nightly", "0", "0", "0", "0", "-", "running"],
        ["order.created", "Bill", "1", "0", "0", "0", "1.5 min", "running"],
        ["order.created", "Gone", "0", "0", "0", "1", "-", "orphan"],
        ["order.created", "Ship", "0", "0", "0", "0", "-", "paused"],
        ["order.late", "Ship", "0", "0", "0", "0", "-", "running"],
    ]


async def test_a_project_without_queues_says_so(folder: Path) -> None:
    async with serving(folder) as served:
        served.queues.catalog = type(served.queues.catalog)()
        assert (await run("queue", "list")).out.startswith("No queues")
        assert (await run("queue", "list", "--json")).json == {"queues": []}


async def test_names_do_not_steer_the_terminal(folder: Path) -> None:
    async with serving(folder) as served:
        served.bus.add(QueueKey("a\x1b[2Jb\nc", "[red]x"))
        for arguments in (["list"], ["show", "[red]x"]):
            out = (await run("queue", *arguments)).out
            assert "\x1b" not in out
            assert "[red]x" in out
        assert "a\\x1b[2Jb" in (await run("queue", "show", "nothing")).err


async def test_a_queue_is_shown_with_all_that_failed(folder: Path) -> None:
    async with serving(folder) as served:
        event = served.bus.add(BILL, encode({"n": 1}), group="g")
        letter = served.bus.kill(BILL, FAILURE, FAILURE, data=encode("x" * 5000))
        printed = await run("queue", "show", "Bill")
    assert printed.code == 0
    assert rows(printed.out)[0][0] == str(event.id)
    assert rows(printed.out)[0][3:] == ["g", '{"n": 1}']
    assert f"dead letter {letter.id}, buried 2023-11-1" in printed.out
    assert printed.out.count("TypeError (handler): no [price]\n    at bill.step.ts:3\n    at lib.ts:4\n") == 2
    assert printed.out.count("KeyError (handler): inner") == 2
    assert "(--json shows all)" in printed.out


async def test_an_orphan_says_what_to_do(folder: Path) -> None:
    async with serving(folder) as served:
        served.bus.add(ORPHAN)
        assert "redrive --all --to STEP, or purge" in (await run("queue", "show", "Gone")).out


async def test_programs_get_json_alone(folder: Path) -> None:
    async with serving(folder) as served:
        served.bus.add(BILL, encode({"n": 1}))
        letter = served.bus.kill(BILL, FAILURE, data=encode("x"))
        assert len((await run("queue", "list", "--json")).json["queues"]) == 4
        shown = (await run("queue", "show", "Bill", "--json", "--limit", "1")).json
        assert (shown["events"][0]["data"], shown["deadLetters"][0]["id"]) == ({"n": 1}, letter.id)
        assert (await run("queue", "pause", "Bill", "--json")).json["paused"] is True
        assert (await run("queue", "resume", "Bill", "--json")).json["paused"] is False
        assert (await run("queue", "redrive", "Bill", "--all", "--json")).json["redriven"] == 1
        assert (await run("queue", "purge", "Bill", "--waiting", "--json")).json["purged"] == 2


async def test_a_queue_is_paused_and_resumed(folder: Path) -> None:
    async with serving(folder) as served:
        assert (await run("queue", "pause", "Bill")).out == "'order.created' → 'Bill' is paused\n"
        assert served.bus.paused == {BILL}
        assert (await run("queue", "resume", "--step", "Bill")).out == "'order.created' → 'Bill' is running\n"
        assert (await run("queue", "pause", "--step", "Nightly", "--kind", "cron")).code == 0
        assert served.bus.paused == {NIGHTLY}


async def test_dead_letters_are_redriven(folder: Path) -> None:
    async with serving(folder) as served:
        ids = [str(served.bus.kill(BILL, FAILURE, data=encode(n)).id) for n in range(4)]
        printed = await run("queue", "redrive", "Bill", "--id", ids[2], "--id", ids[0])
        assert printed.out == "redrove 2 dead letters of 'order.created' → 'Bill'\n"
        assert (await run("queue", "redrive", "Bill", "--id", ids[1], "--data", '{"n": 9}')).code == 0
        assert (await run("queue", "redrive", "Bill", "--failure", "TypeError")).code == 0
    assert [decode(data) for data in served.bus.of(BILL)] == [0, 2, {"n": 9}, 3]


async def test_queues_of_changes_say_of_what(folder: Path) -> None:
    async with serving(folder) as served:
        for kind in (TriggerKind.STATE, TriggerKind.STREAM):
            served.bus.add(QueueKey("orders", "Watch", kind))
        listed = [row[:2] for row in rows((await run("queue", "list")).out)]
        assert [row for row in listed if row[1] == "Watch"] == [["state: orders", "Watch"], ["stream: orders", "Watch"]]
        paused = await run("queue", "pause", "orders", "--kind", "stream")
        assert paused.out == "stream 'orders' → 'Watch' is paused\n"
        assert served.bus.paused == {QueueKey("orders", "Watch", TriggerKind.STREAM)}


async def test_an_orphan_is_redriven_to_another_step(folder: Path) -> None:
    async with serving(folder) as served:
        served.bus.add(ORPHAN)
        served.bus.kill(ORPHAN, FAILURE)
        printed = await run("queue", "redrive", "Gone", "--all")
        assert printed.code == 1
        assert "name the step that shall have its events" in printed.err
        printed = await run("queue", "redrive", "Gone", "--all", "--to", "Ship", "--to-topic", "order.created")
        assert printed.out == "redrove 1 dead letters of 'order.created' → 'Gone', and moved 1 waiting events\n"
        assert len(served.bus.of(SHIP)) == 2


async def test_an_unclear_queue_lists_candidates(folder: Path) -> None:
    async with serving(folder):
        ambiguous, unknown = await run("queue", "show", "Ship"), await run("queue", "show", "Bil", "--json")
    assert (ambiguous.code, ambiguous.out, unknown.code, unknown.out) == (1, "", 1, "")
    assert "  topic 'order.created', step 'Ship'\n  topic 'order.late', step 'Ship'\n" in ambiguous.err
    assert unknown.err == "error: there is no queue 'Bil'; there are:\n  topic 'order.created', step 'Bill'\n"


@pytest.mark.parametrize(("typed", "left", "code"), [("y\n", 0, 0), ("n\n", 3, 1), ("\n", 3, 1), ("", 3, 1)])
async def test_a_purge_on_a_terminal_asks_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch, typed: str, left: int, code: int
) -> None:
    monkeypatch.setattr(queue, "_is_terminal", lambda: True)
    async with serving(folder) as served:
        for _ in range(3):
            served.bus.kill(BILL, FAILURE)
        printed = await run("queue", "purge", "Bill", "--dead", typed=typed)
    assert (printed.code, len(served.bus.letters)) == (code, left)
    assert "Forget 3 dead letters of 'order.created' → 'Bill' for good? [y/N]" in printed.err


async def test_yes_answers_the_question(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_is_terminal", lambda: True)
    async with serving(folder) as served:
        served.bus.add(BILL)
        printed = await run("queue", "purge", "Bill", "--waiting", "--yes")
    assert (printed.code, printed.out, served.bus.events) == (0, "forgot 1 events of 'order.created' → 'Bill'\n", [])


@pytest.mark.parametrize(
    "arguments",
    [
        ["show"],
        ["show", "--kind", "cron"],
        ["show", "Bill", "--kind", "api"],
        ["show", "Bill", "--limit", "-1"],
        ["pause"],
        ["purge", "Bill"],
        ["purge", "Bill", "--dead", "--waiting"],
        ["redrive", "Bill"],
        ["redrive", "Bill", "--all", "--id", "1"],
        ["redrive", "Bill", "--id", "x"],
        ["redrive", "Bill", "--id", "1", "--data", "{"],
        ["redrive", "Bill", "--all", "--to-topic", "t"],
        ["empty"],
    ],
)
async def test_a_wrong_use_is_said_before_anything_is_asked(arguments: list[str]) -> None:
    printed = await run("queue", *arguments)
    assert (printed.code, printed.out) == (2, "")
    assert printed.err


@pytest.mark.parametrize("command", ["list", "show", "pause", "resume", "redrive", "purge"])
async def test_help_has_an_example(command: str) -> None:
    assert f"Example: runtime queue {command}" in (await run("queue", command, "--help")).out


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "-"), (0.0, "0.0 s"), (59.94, "59.9 s"), (90.0, "1.5 min"), (5400.0, "1.5 h"), (129_600.0, "1.5 d")],
)
def test_an_age_has_its_largest_unit(seconds: float | None, shown: str) -> None:
    assert _age(seconds) == shown
