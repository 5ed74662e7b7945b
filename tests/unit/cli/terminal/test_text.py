"""cli/terminal/text and jsonlines: what both presenters make of the facts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runtime.catalog import Catalog
from runtime.facts import Held, Renewed
from runtime.model import ApiTrigger, EventTrigger, Problem, ProjectConfig, Severity, StreamDefinition
from tests.unit.cli.terminal.screen import Machine, Text, started, step

STREAM = StreamDefinition("board", "node", "steps/board.stream.ts")
BROKEN = Problem("steps/a.step.ts", "SyntaxError: Unexpected }", line=2, column=9)
ODD = Problem("steps/b.step.ts", "'flow' is no key", "did you mean 'flows'?", severity=Severity.WARNING)


@pytest.mark.parametrize(
    "file", ["steps/a.step.ts", "steps/[id].step.ts", "steps/[red]a.step.ts", "steps/:key:.step.ts", "deep/" * 90 + "a"]
)
def test_a_line_for_each_step(file: str) -> None:
    page, machine = Text(), Machine()
    for each in (page, machine):
        each.presenter.started(started(Catalog(steps=(step(file), step("b", "event")))))
    assert page.lines[:2] == [f"[CREATED] Step (API) {file}", "[CREATED] Step (Event) b"]
    created = [line for line in machine.lines if line["event"] == "created"]
    assert [(line["message"], line["file"]) for line in created] == [
        (f"[CREATED] Step (API) {file}", file),
        ("[CREATED] Step (Event) b", "b"),
    ]


def test_streams_config_and_address() -> None:
    page = Text(hints=True)
    catalog = Catalog(streams={"board": STREAM}, config=ProjectConfig("motia.config.ts", "node"))
    page.presenter.started(started(catalog))
    assert page.lines == [
        "[CREATED] Stream steps/board.stream.ts",
        "[CREATED] Config motia.config.ts",
        "",
        "0 steps and 1 stream loaded",
        "Ready at http://127.0.0.1:3000 in 812 ms",
        "Docs     http://127.0.0.1:3000/docs",
    ]


def test_an_address_of_ipv6_is_one_that_can_be_clicked() -> None:
    page = Text()
    page.presenter.started(started(Catalog(), host="::1"))
    assert page.lines[-1].startswith("Ready at http://[::1]:3000 in ")


def test_an_operator_learns_where_it_answers_and_what_does_not() -> None:
    machine = Machine()
    machine.presenter.started(started(Catalog(steps=(step("b"),), problems=(BROKEN, ODD)), files=2))
    first, second, last = machine.lines[1:]
    assert (first["event"], first["level"], first["file"], first["line"], first["column"]) == (
        "problem",
        "error",
        "steps/a.step.ts",
        2,
        9,
    )
    assert first["problem"] == "SyntaxError: Unexpected }"
    assert first["fix"].startswith("Correct the syntax there")
    assert (second["level"], second["fix"], "line" in second) == ("warn", "did you mean 'flows'?", False)
    assert (
        last.items()
        >= {
            "event": "started",
            "level": "info",
            "message": "Ready at http://127.0.0.1:3000 in 812 ms: 1 step loaded, 1 file left out: see above",
            "url": "http://127.0.0.1:3000",
            "steps": 1,
            "streams": 0,
            "leftOut": 1,
            "durationMs": 812.4,
        }.items()
    )


def test_an_empty_project_is_told_what_was_looked_for(tmp_path: Path) -> None:
    page, machine = Text(tmp_path), Machine(tmp_path)
    page.presenter.started(started(Catalog(), files=0))
    assert f"No steps in {tmp_path}: it has no folder steps or src; is it the project's root?\n" in page.text
    assert "steps/hello_step.py" in page.text
    assert "\n`runtime create .` makes a project here.\n" in page.text
    (tmp_path / "src").mkdir()
    machine.presenter.started(started(Catalog(), files=0))
    assert f"No steps in {tmp_path}: nothing in src is called like a step.\n" in machine.line["message"]
    assert machine.line["level"] == "warn"


def test_problems_stand_between_steps_and_counts() -> None:
    page = Text()
    page.presenter.started(started(Catalog(steps=(step("b"),), problems=(BROKEN,)), files=2))
    assert [line.split()[0] for line in page.lines if line] == [
        "[CREATED]",
        "error",
        "SyntaxError:",
        "fix:",
        "1",
        "Ready",
    ]
    assert "1 step loaded, 1 file left out: see above" in page.lines


def renewed(**more: object) -> Renewed:
    return Renewed(Catalog(steps=(step("a"), step("b", "cron")), streams={"s": STREAM}), ("node",), 0.0843, **more)  # type: ignore[arg-type]


def test_what_a_renewal_has_changed() -> None:
    page = Text()
    page.presenter.started(started(Catalog(steps=(step("old", "event"),))))
    page.pieces.clear()
    page.presenter.renewed(renewed(created=("a",), updated=("b", STREAM.file), removed=("old",), mended=("m",)))
    assert page.lines == [
        "[CREATED] Step (API) a",
        "[UPDATED] Step (Cron) b",
        "[UPDATED] Stream steps/board.stream.ts",
        "[REMOVED] Step (Event) old",
        "m is mended",
        "TIME node renewed in 84 ms",
    ]


def test_a_step_is_shown_with_its_routes() -> None:
    page = Text()
    triggers = (ApiTrigger("POST", "/orders"), EventTrigger("order"), ApiTrigger("GET", "/orders/:id"))
    page.presenter.started(started(Catalog(steps=(replace(step("a"), triggers=triggers),))))
    assert page.lines[0] == "[CREATED] Step (API, Event) a  POST /orders, GET /orders/:id"


def test_a_renewal_names_the_helpers_that_were_saved() -> None:
    page, machine = Text(), Machine()
    few, many = ("lib/tax.ts",), tuple(f"lib/{n}.ts" for n in range(5))
    fact = renewed(updated=("a", "b"), causes={"a": few, "b": many})
    page.presenter.renewed(fact)
    machine.presenter.renewed(fact)
    assert page.lines[:2] == [
        "[UPDATED] Step (API) a (lib/tax.ts)",
        "[UPDATED] Step (Cron) b (lib/0.ts, lib/1.ts, lib/2.ts and 2 more)",
    ]
    assert [(line["message"], line["causes"]) for line in machine.lines[:2]] == [
        ("[UPDATED] Step (API) a", list(few)),
        ("[UPDATED] Step (Cron) b", list(many)),
    ]


def test_a_renewal_for_machines() -> None:
    machine = Machine()
    machine.presenter.started(started(Catalog(steps=(step("old", "event"),))))
    machine.pieces.clear()
    machine.presenter.renewed(renewed(created=("a",), removed=("old",), mended=("m",), problems=(ODD,)))
    assert [(line["event"], line["message"]) for line in machine.lines] == [
        ("created", "[CREATED] Step (API) a"),
        ("removed", "[REMOVED] Step (Event) old"),
        ("mended", "m is mended"),
        ("problem", "steps/b.step.ts: 'flow' is no key"),
        ("renewed", "node renewed in 84 ms"),
    ]
    assert (machine.lines[-1]["languages"], machine.lines[-1]["durationMs"]) == (["node"], 84.3)


@pytest.mark.parametrize("count", [20, 21])
def test_a_helper_of_many_steps_does_not_flood(count: int) -> None:
    page = Text()
    updates = tuple(f"{n:02}" for n in range(count))
    page.presenter.renewed(renewed(updated=updates, mended=tuple("m" * 30), causes={"00": ("lib/a.ts",)}))
    updated = [line for line in page.lines if line.startswith("[UPDATED]")]
    assert updated == (
        ["[UPDATED] 21 files, 00 the first (lib/a.ts)"]
        if count > 20
        else ["[UPDATED] File 00 (lib/a.ts)", *(f"[UPDATED] File {n:02}" for n in range(1, 20))]
    )
    assert "10 more are mended" in page.lines


def test_what_cannot_serve_is_told_with_its_source_and_that_the_code_before_goes_on(tmp_path: Path) -> None:
    (tmp_path / "steps").mkdir()
    (tmp_path / BROKEN.file).write_text("one\n\ttwo   }\nthree\nfour\n")
    page = Text(tmp_path)
    page.presenter.held(Held(("node", "python"), (BROKEN,)))
    assert page.lines == [
        "",
        "error steps/a.step.ts:2:9",
        "  SyntaxError: Unexpected }",
        "    1 | one",
        "  > 2 |     two   }",
        "      |            ^",
        "    3 | three",
        "  fix: Correct the syntax there; a bracket, quote or comma may be missing, there or before.",
        "TIME node and python: the code before goes on serving",
    ]


def test_what_is_known_to_be_broken_is_told_in_one_line() -> None:
    page, machine = Text(), Machine()
    for each in (page, machine):
        each.presenter.held(Held(("node",), (replace(BROKEN, line=8, column=3),), is_known=True))
    said = "still broken: steps/a.step.ts:8:3 (node: the code before goes on serving)"
    assert page.lines == [f"TIME {said}"]
    assert machine.line.items() >= {"event": "held", "message": said, "files": ["steps/a.step.ts"]}.items()


@pytest.mark.parametrize(
    ("problems", "said"),
    [
        ([Problem(f"s{n}", "no", line=2, place="db.ts") for n in range(3)], "db.ts:2"),
        ([Problem(f"s{n}", "no") for n in range(5)], "s0, s1, s2 and 2 more"),
        ([Problem("", "the node runner does not start\nbecause")], "the node runner does not start"),
    ],
)
def test_several_that_are_known_to_be_broken(problems: list[Problem], said: str) -> None:
    page = Text()
    page.presenter.held(Held((), tuple(problems), is_known=True))
    assert page.lines == [f"TIME still broken: {said} (the code before goes on serving)"]


def test_settings_that_cannot_be_used_are_shown_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "runtime.yaml").write_text("http:\n  port: [1\n")
    page = Text(tmp_path)
    page.presenter.held(Held((), (Problem("runtime.yaml", "this is not valid YAML: odd", "", 2, 9),)))
    assert page.lines[1:6] == [
        "error runtime.yaml:2:9",
        "  this is not valid YAML: odd",
        "    1 | http:",
        "  > 2 |   port: [1",
        "      |         ^",
    ]


def test_settings_that_cannot_be_used_have_no_file_of_their_own() -> None:
    page = Text()
    page.presenter.held(Held((), (Problem("", "runtime.yaml: http.port is no number", "write 3000"),)))
    assert page.lines[1:] == [
        "error runtime.yaml: http.port is no number",
        "  fix: write 3000",
        "TIME The code before goes on serving",
    ]


def test_what_cannot_serve_for_machines() -> None:
    machine = Machine()
    machine.presenter.held(Held(("node",), (BROKEN, BROKEN)))
    assert [line["event"] for line in machine.lines] == ["problem", "problem", "held"]
    assert (
        machine.lines[-1].items()
        >= {
            "level": "warn",
            "message": "node: the code before goes on serving",
            "languages": ["node"],
            "files": ["steps/a.step.ts"],
        }.items()
    )


def test_progress_is_a_line_where_nothing_can_move() -> None:
    page, machine = Text(), Machine()
    for each in (page, machine):
        each.presenter.progressed("Installing zod ...")
    assert page.lines == ["Installing zod ..."]
    assert (machine.line["event"], machine.line["message"]) == ("progress", "Installing zod ...")


def test_progress_moves_on_a_terminal_until_something_else_is_told() -> None:
    page = Text(moves=True)
    page.presenter.progressed("Installing zod ...")
    assert (page.pieces, page.moving) == ([], ["Installing zod ..."])
    page.presenter.progressed("Installed")
    assert (page.lines, page.moving) == (["Installing zod ...", "Installed"], ["Installing zod ...", ""])


def test_a_long_progress_line_does_not_wrap() -> None:
    page = Text(moves=True)
    page.presenter.progressed("日本" * 80 + "...")
    assert len(page.moving[0]) <= 38
