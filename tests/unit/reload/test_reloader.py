"""reload/reloader: what serves is what is on disk, and what cannot serve is told and holds up nothing else."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping

import anyio
import pytest

from runtime.errors import ConfigFault, RunnerFault
from runtime.facts import Held
from runtime.model import Hook, LogLevel, Problem, ProjectConfig
from tests.unit.reload.fake_fleet import Source, World, catalog_of, language_of, reloading, setup, texts
from tests.unit.reload.turning import turns

GOOD, NEWER, BROKEN = Source("1"), Source("2"), Source("2", error="no")
NODE, PYTHON = ("node",), ("python",)
NO_HOOKS: frozenset[Hook] = frozenset()


async def test_a_saved_file_serves_and_the_other_language_is_left_alone() -> None:
    async with reloading(a_ts=GOOD, b_py=GOOD) as world:
        await world.save(a_ts=NEWER)
        assert world.serves == {"a.ts": "2", "b.py": "1"}
        assert world.fleet.renewals == ["node"]
        [fact] = world.audience.renewals
        assert (fact.languages, fact.updated, fact.created, fact.removed) == (NODE, ("a.ts",), (), ())


async def test_what_draws_steps_is_told_of_and_renews_nothing() -> None:
    async with reloading(a_ts=GOOD) as world:
        drawn: list[bool] = []
        world.reloader.on_drawn = lambda: drawn.append(True)
        world.say("a.tsx")
        await turns()
        assert (drawn, world.fleet.renewals) == ([True], [])
        assert world.reloader.is_watched("a.tsx")


async def test_a_change_during_a_renewal_is_taken_up_with_the_newest_code() -> None:
    async with reloading(a_ts=GOOD) as world:
        world.fleet.hang("node")
        for text in "234":
            await world.save(a_ts=Source(text))
        assert world.fleet.renewals == ["node"]
        world.fleet.release("node")
        await turns()
        assert (world.serves, world.fleet.renewals) == ({"a.ts": "4"}, ["node"] * 2)


async def test_a_hanging_load_is_cut_off_by_the_next_change_and_delays_no_other_language() -> None:
    async with reloading(a_ts=GOOD, b_py=GOOD) as world:
        world.fleet.hang("node")
        await world.save(a_ts=NEWER)
        await world.save(b_py=NEWER)
        assert world.serves == {"a.ts": "1", "b.py": "2"}
        world.fleet.gates["node"] = world.fleet.gates["python"]
        await world.save(a_ts=Source("3"))
        assert world.serves["a.ts"] == "1"
        await world.time.advance(1.01)
        assert world.serves["a.ts"] == "3"
        assert world.audience.holds == []


async def test_a_broken_candidate_does_not_take_over_and_mending_is_told_once() -> None:
    async with reloading(a_ts=GOOD, c_ts=GOOD) as world:
        await world.save(a_ts=BROKEN)
        assert world.serves == {"a.ts": "1", "c.ts": "1"}
        assert world.audience.holds == [Held(NODE, (Problem("a.ts", "no"),))]
        await world.save(a_ts=Source("3"))
        assert world.serves["a.ts"] == "3"
        assert [(fact.mended, fact.updated) for fact in world.audience.renewals] == [(("a.ts",), ())]
        await world.save(a_ts=Source("4"))
        assert (world.audience.renewals[-1].mended, world.audience.renewals[-1].updated) == ((), ("a.ts",))


async def test_what_was_changed_while_a_file_was_broken_is_told_with_the_mending() -> None:
    async with reloading(a_ts=GOOD, c_ts=GOOD) as world:
        await world.save(a_ts=BROKEN, c_ts=NEWER)
        await world.save(a_ts=Source("3"))
        [fact] = world.audience.renewals
        assert (fact.mended, fact.updated) == (("a.ts",), ("c.ts",))


async def test_all_files_that_were_broken_on_the_way_are_mended() -> None:
    async with reloading(a_ts=GOOD, c_ts=GOOD) as world:
        await world.save(a_ts=BROKEN, c_ts=BROKEN)
        await world.save(a_ts=Source("3"))
        await world.save(c_ts=Source("3"))
        assert [fact.mended for fact in world.audience.renewals] == [("a.ts", "c.ts")]


async def test_the_same_problems_again_are_known() -> None:
    async with reloading(a_ts=GOOD) as world:
        await world.save(a_ts=BROKEN)
        await world.save(a_ts=BROKEN)
        await world.save(a_ts=Source("3", error="other"))
        assert [held.is_known for held in world.audience.holds] == [False, True, False]


async def test_a_new_broken_file_is_told_of_and_holds_nothing() -> None:
    async with reloading(a_ts=GOOD) as world:
        await world.save(a_ts=NEWER, new_ts=BROKEN)
        assert (world.serves, world.audience.holds) == ({"a.ts": "2"}, [])
        assert world.audience.renewals[0].problems == (Problem("new.ts", "no"),)
        await world.save(new_ts=GOOD)
        assert (world.audience.renewals[1].mended, world.audience.renewals[1].created) == (("new.ts",), ())
        assert world.serves == {"a.ts": "2", "new.ts": "1"}


async def test_a_removed_file_is_no_loss() -> None:
    async with reloading(a_ts=GOOD, c_ts=GOOD) as world:
        await world.remove("a.ts")
        assert (world.serves, world.audience.holds) == ({"c.ts": "1"}, [])
        assert world.audience.renewals[0].removed == ("a.ts",)


async def test_a_held_language_is_retried_quietly_when_another_takes_over() -> None:
    taken = Source("name: same")
    async with reloading(a_ts=GOOD, b_py=taken) as world:
        await world.save(a_ts=taken)
        assert world.serves["a.ts"] == "1", "b.py would be lost"
        assert len(world.audience.holds) == 1
        await world.save(c_py=GOOD)
        assert len(world.audience.holds) == 1, "nothing has changed about it"
        await world.save(b_py=Source("name: other"))
        assert world.serves == {"a.ts": "name: same", "b.py": "name: other", "c.py": "1"}
        assert world.fleet.renewals == ["node", "python", "node", "python", "node"]
        assert world.audience.renewals[-1].languages == NODE
        assert not world.audience.renewals[-1].created


async def test_a_retry_that_fails_otherwise_is_told() -> None:
    async with reloading(a_ts=GOOD, b_py=GOOD) as world:
        await world.save(a_ts=BROKEN)
        world.write(a_ts=Source("2", error="other"))
        await world.save(b_py=NEWER)
        assert [held.problems[0].message for held in world.audience.holds] == ["no", "other"]


async def test_a_given_up_language_holds_only_itself() -> None:
    problem = Problem("(node runner)", "will not start")
    async with reloading(a_ts=GOOD, b_py=GOOD) as world:
        world.fleet.given_up["node"] = problem
        await world.save(a_ts=NEWER)
        await world.save(b_py=NEWER)
        assert world.serves == {"a.ts": "1", "b.py": "2"}
        assert world.audience.holds == [Held(NODE, (problem,))]
        world.fleet.given_up.clear()
        await world.save(a_ts=Source("3"))
        assert world.serves["a.ts"] == "3"


async def test_a_language_of_which_nothing_serves_may_be_given_up() -> None:
    problem = Problem("(python runner)", "will not start")
    async with reloading(a_ts=GOOD) as world:
        world.fleet.given_up["python"] = problem
        await world.save(b_py=BROKEN)
        assert world.audience.holds == []
        assert problem in world.audience.renewals[0].problems


@pytest.mark.parametrize(
    "error",
    [
        RunnerFault("no node", "install it"),
        KeyError("what"),
        ExceptionGroup("g", [OSError()]),
        asyncio.CancelledError(),
    ],
)
async def test_an_error_inside_a_renewal_is_held_and_ends_nothing(error: BaseException) -> None:
    async with reloading(a_ts=GOOD, b_py=GOOD) as world:
        world.fleet.faults["node"] = error
        await world.save(a_ts=NEWER)
        [held] = world.audience.holds
        assert held.languages == NODE
        assert bool(world.reports.messages(LogLevel.ERROR)) == (not isinstance(error, RunnerFault))
        await world.save(b_py=NEWER)
        world.fleet.faults.clear()
        await world.save(a_ts=Source("3"))
        assert world.serves == {"a.ts": "3", "b.py": "2"}


# ---------------------------------------------------------------- processes that were started again


async def test_a_restarted_process_with_other_code_is_followed_without_a_renewal() -> None:
    async with reloading(a_ts=GOOD) as world:
        world.write(a_ts=NEWER, new_ts=GOOD)
        world.fleet.crash("node")
        await turns()
        assert (world.serves, world.fleet.renewals) == ({"a.ts": "2", "new.ts": "1"}, [])
        assert world.audience.renewals[0].created == ("new.ts",)


async def test_a_restarted_process_is_followed_while_a_renewal_hangs() -> None:
    async with reloading(a_ts=GOOD) as world:
        world.fleet.hang("node")
        await world.save(a_ts=NEWER)
        world.fleet.crash("node")
        await turns()
        assert world.serves == {"a.ts": "2"}


async def test_a_restarted_process_is_followed_when_a_file_is_broken_at_the_same_time() -> None:
    async with reloading(a_ts=GOOD, c_ts=GOOD) as world:
        world.write(a_ts=BROKEN)
        world.say("a.ts")
        world.fleet.crash("node")
        await turns()
        assert world.serves == {"c.ts": "1"}
        assert world.audience.renewals[-1].removed == (), "it is broken, not gone"
        await world.save(a_ts=Source("3"))
        assert (world.serves, world.audience.renewals[-1].mended) == ({"a.ts": "3", "c.ts": "1"}, ("a.ts",))


async def test_an_error_while_a_restarted_process_is_followed_ends_nothing() -> None:
    async with reloading(a_ts=GOOD) as world:
        world.fleet.faults["catalog"] = OSError("disk")
        world.fleet.crash("node")
        await turns()
        assert len(world.audience.holds) == 1
        world.fleet.faults.clear()
        await world.save(a_ts=NEWER)
        assert world.serves == {"a.ts": "2"}


async def test_a_restarted_and_an_outdated_process_are_both_seen_to() -> None:
    async with reloading(a_ts=GOOD) as world:
        world.write(a_ts=NEWER)
        world.fleet.on_outdated("node")
        world.fleet.on_changed("node")
        await turns()
        assert (world.serves, world.fleet.renewals) == ({"a.ts": "2"}, ["node"])


async def test_what_is_held_for_something_else_stays_held_when_a_process_was_restarted() -> None:
    async with reloading(a_ts=GOOD, b_py=GOOD) as world:
        world.fleet.faults["node"] = ConfigFault("motia.config.ts is wrong", "mend it")
        await world.save(a_ts=NEWER)
        world.fleet.serving_files["node"] = world.fleet.on_disk("node")
        world.fleet.on_changed("node")
        await turns()
        world.fleet.faults.clear()
        await world.save(b_py=NEWER)
        assert world.fleet.renewals == ["node", "node", "python", "node"], "retried when what serves has changed"


# ---------------------------------------------------------------- settings, variables, packages


async def test_new_variables_reach_every_language_that_serves() -> None:
    async with reloading(a_ts=GOOD, b_py=GOOD) as world:
        world.setup = setup({"WORD": "new"})
        await world.hear(".env")
        assert {name: each["WORD"] for name, each in world.fleet.environ_of.items()} == {"node": "new", "python": "new"}
        assert world.restarts == []


async def test_new_variables_survive_a_renewal_that_is_cut_off() -> None:
    async with reloading(a_ts=GOOD, b_py=GOOD) as world:
        world.fleet.hang("node")
        world.setup = setup({"WORD": "new"})
        await world.hear(".env")
        await world.save(a_ts=NEWER)
        world.fleet.environ = {}
        world.fleet.gates["node"] = world.fleet.gates["python"]
        await world.time.advance(1.01)
        assert (world.serves["a.ts"], world.fleet.environ_of["node"]) == ("2", {"WORD": "new"})


async def test_variables_of_a_language_that_does_not_reload_wait_for_the_next_start() -> None:
    async with reloading(a_ts=GOOD, c_old=GOOD) as world:
        world.setup = setup({"WORD": "new"})
        await world.hear(".env")
        await world.save(c_old=NEWER)
        assert "old" not in world.fleet.renewals
        assert len(world.audience.messages) == 2
        assert all("the old runner takes up changes when" in message for message in world.audience.messages)


async def test_variables_that_have_changed_while_everything_loaded_are_taken_up() -> None:
    async with reloading(setup({"WORD": "new"}), a_ts=GOOD) as world:
        assert world.fleet.environ_of["node"] == {"WORD": "new"}


async def test_a_language_without_files_is_told_of_only_while_its_config_is_held() -> None:
    async with reloading(a_ts=GOOD) as world:
        world.setup = setup({"WORD": "new"})
        await world.hear(".env")
        assert [fact.languages for fact in world.audience.renewals] == [NODE]
        world.fleet.faults["python"] = ConfigFault("motia_config.py is wrong", "mend it")
        await world.hear("motia_config.py")
        assert [held.languages for held in world.audience.holds] == [PYTHON]
        world.fleet.faults.clear()
        await world.hear("motia_config.py")
        assert [fact.languages for fact in world.audience.renewals] == [NODE, PYTHON]


async def test_the_config_is_that_of_the_language_that_loads_it() -> None:
    async with reloading(a_ts=GOOD, b_py=GOOD) as world:
        of_node, newer = (ProjectConfig("motia.config.ts", "node", hooks) for hooks in (NO_HOOKS, frozenset(Hook)))
        world.fleet.config = of_node
        await world.save(a_ts=NEWER)
        world.fleet.config = newer
        await world.save(b_py=NEWER)
        assert world.used[-1].config is of_node
        world.fleet.crash("python")
        await turns()
        assert world.used[-1].config is of_node
        await world.save(a_ts=Source("3"))
        assert world.used[-1].config is newer


async def test_two_languages_that_are_saved_at_once_do_not_lose_each_other() -> None:
    async with reloading(a_ts=GOOD, b_py=GOOD) as world:
        await world.save(a_ts=NEWER, b_py=NEWER)
        assert (world.serves, world.audience.holds) == ({"a.ts": "2", "b.py": "2"}, [])


async def test_other_settings_ask_for_a_start_of_everything() -> None:
    async with reloading(a_ts=GOOD) as world:
        world.setup = setup({"WORD": "new"}, http={"port": 4000})
        await world.hear("runtime.yaml")
        assert (world.restarts, world.audience.renewals) == ([world.setup], []), "nothing is new on disk"


async def test_other_settings_wait_while_a_start_would_lose_what_serves() -> None:
    async with reloading(a_ts=GOOD) as world:
        await world.save(a_ts=BROKEN)
        world.setup = setup(http={"port": 4000})
        await world.hear("runtime.yaml")
        assert (world.restarts, len(world.audience.messages)) == ([], 1)
        await world.save(a_ts=NEWER)
        assert (world.restarts, world.serves) == ([world.setup], {"a.ts": "2"})


async def test_other_settings_that_are_saved_with_a_broken_file_wait_and_are_told_of_once() -> None:
    async with reloading(a_ts=GOOD, b_py=GOOD) as world:
        world.setup = setup(http={"port": 4000})
        world.write(b_py=BROKEN)
        await world.hear("b.py", "runtime.yaml")
        assert (world.restarts, world.serves["b.py"]) == ([], "1")
        assert [held.languages for held in world.audience.holds] == [PYTHON]
        world.setup = setup(http={"port": 4001})
        for path in ("runtime.yaml", "a.ts", "runtime.yaml"):
            await world.hear(path)
        assert len(world.audience.messages) == 1
        await world.save(b_py=NEWER)
        assert (world.restarts, world.serves["b.py"]) == ([world.setup], "2")


async def test_a_file_that_breaks_just_after_other_settings_were_saved_keeps_them_waiting() -> None:
    async with reloading(a_ts=GOOD, b_py=GOOD) as world:
        world.fleet.hang("python")
        world.setup = setup(http={"port": 4000})
        await world.hear("runtime.yaml")
        await world.save(b_py=BROKEN)
        assert (world.restarts, world.audience.messages) == ([], []), "nobody knows yet"
        world.fleet.release("python")
        await turns()
        assert (world.restarts, len(world.audience.messages)) == ([], 1)
        await world.save(b_py=NEWER)
        assert world.restarts == [world.setup]


async def test_a_file_that_is_empty_for_a_moment_holds_the_settings_until_it_is_written() -> None:
    async with reloading(a_ts=GOOD) as world:
        world.setup = setup(http={"port": 4000})
        world.write(a_ts=BROKEN)
        await world.hear("runtime.yaml")
        assert (world.restarts, world.serves) == ([], {"a.ts": "1"}), "though nothing was said of the file"
        await world.save(a_ts=GOOD)
        assert world.restarts == [world.setup]


async def test_other_settings_wait_for_a_hanging_load_no_longer_than_its_mending_takes() -> None:
    async with reloading(a_ts=GOOD, b_py=GOOD) as world:
        world.fleet.hang("node")
        await world.save(a_ts=NEWER)
        world.setup = setup(http={"port": 4000})
        await world.hear("runtime.yaml")
        assert world.restarts == []
        world.fleet.gates["node"] = world.fleet.gates["python"]
        await world.time.advance(1.01)
        assert (world.restarts, world.serves["a.ts"]) == ([world.setup], "2")


async def test_settings_and_variables_that_come_together_are_judged_together() -> None:
    async with reloading(a_ts=GOOD) as world:
        world.setup = setup({"WORD": "new"}, http={"port": 4000})
        await world.hear("runtime.yaml", ".env")
        assert (world.restarts, world.fleet.environ_of["node"]) == ([world.setup], {"WORD": "new"})


async def test_settings_that_are_taken_back_while_they_wait_restart_nothing() -> None:
    async with reloading(a_ts=GOOD) as world:
        await world.save(a_ts=BROKEN)
        for port in (4000, None, 4000):
            world.setup = setup(http={"port": port}) if port else setup()
            await world.hear("runtime.yaml")
        assert len(world.audience.messages) == 2, "they have waited twice"
        world.setup = setup()
        await world.hear("runtime.yaml")
        await world.save(a_ts=NEWER)
        assert (world.restarts, world.serves) == ([], {"a.ts": "2"})


async def test_settings_that_become_bad_while_they_wait_are_not_taken_up() -> None:
    async with reloading(a_ts=GOOD) as world:
        await world.save(a_ts=BROKEN)
        world.setup = setup(http={"port": 4000})
        await world.hear("runtime.yaml")
        world.setup = ConfigFault("http.port is no number", "write one")
        await world.hear("runtime.yaml")
        await world.save(a_ts=NEWER)
        assert (world.restarts, world.serves) == ([], {"a.ts": "2"})
        world.setup = setup(http={"port": 4001})
        await world.hear("runtime.yaml")
        assert world.restarts == [world.setup]


async def test_other_settings_wait_for_a_config_without_which_nothing_starts() -> None:
    async with reloading(a_ts=GOOD) as world:
        world.fleet.faults["node"] = ConfigFault("motia.config.ts is wrong", "mend it")
        world.setup = setup(http={"port": 4000})
        await world.hear("runtime.yaml", "motia.config.ts")
        assert world.restarts == []
        world.fleet.faults.clear()
        await world.hear("motia.config.ts")
        assert world.restarts == [world.setup]


async def test_what_a_process_has_found_before_anybody_listened_is_taken_up() -> None:
    async with reloading(outdated=("node",), a_ts=GOOD) as world:
        assert world.fleet.renewals == ["node"]


async def test_other_settings_do_not_wait_for_what_they_may_mend() -> None:
    async with reloading(a_ts=GOOD) as world:
        world.fleet.given_up["node"] = Problem("(node runner)", "it has loaded for too long")
        await world.save(a_ts=NEWER)
        world.setup = setup(http={"port": 4000})
        await world.hear("runtime.yaml")
        assert world.restarts == [world.setup]


@pytest.mark.parametrize(
    "error", [ConfigFault("http.port is no number", "write one"), OSError("disk"), RecursionError()]
)
async def test_bad_settings_are_held_and_told_of_when_they_are_mended(error: Exception) -> None:
    async with reloading(a_ts=GOOD) as world:
        world.setup = error
        await world.hear("runtime.yaml")
        await world.hear("runtime.yaml")
        assert [(held.languages, held.is_known) for held in world.audience.holds] == [((), False), ((), True)]
        await world.save(a_ts=NEWER)
        assert world.serves == {"a.ts": "2"}
        world.setup = setup()
        await world.hear("runtime.yaml")
        await world.hear("runtime.yaml")
        assert (world.audience.messages, world.restarts) == (["runtime.yaml and the .env files can be used again"], [])


async def test_packages_are_installed_beside_the_renewals_of_other_languages() -> None:
    async with reloading(a_ts=GOOD, b_py=GOOD) as world:
        world.installing = anyio.Event()
        await world.hear("package.json")
        await world.save(b_py=NEWER)
        assert (world.installs, world.fleet.renewals) == (1, ["python"])
        world.installing.set()
        await turns()
        assert world.fleet.renewals == ["python", "node"], "node has no new packages"


async def test_new_packages_are_a_change_of_their_own() -> None:
    async with reloading(a_ts=GOOD, b_py=GOOD) as world:
        world.installed = frozenset({"node"})
        await world.hear("package.json", "requirements.txt")
        assert world.fleet.renewals == ["python"]
        world.installed = frozenset()
        await world.hear("package.json")
        assert world.fleet.renewals == ["python", "node"]


@pytest.mark.parametrize("error", [RunnerFault("npm is not there", "install it"), OSError("disk")])
async def test_packages_that_cannot_be_installed_are_told_of_and_end_nothing(error: Exception) -> None:
    async with reloading(a_ts=GOOD) as world:
        world.installed = error
        await world.hear("package.json")
        assert world.fleet.renewals == ["node"]
        assert len(world.audience.messages) == 1
        await world.save(a_ts=NEWER)
        assert world.serves == {"a.ts": "2"}


# ---------------------------------------------------------------- what is imported while it loads


@pytest.mark.parametrize("others", [(), ("data.json",)])
async def test_what_a_loading_generation_imports_first_is_judged_again(others: tuple[str, ...]) -> None:
    async with reloading(a_ts=GOOD, b_py=Source("1", imports=others)) as world:
        assert not others or world.reloader.is_watched("data.json")
        world.fleet.hang("node")
        await world.save(a_ts=Source("2", imports=("data.json",)))
        assert world.reloader.is_watched("data.json")
        await world.hear("data.json")
        assert world.fleet.renewals.count("node") == 1
        world.fleet.release("node")
        await turns()
        assert world.fleet.renewals.count("node") == 2
        assert world.audience.renewals[-1].updated == ("a.ts",)


async def test_what_nobody_imports_is_judged_once() -> None:
    async with reloading(a_ts=GOOD) as world:
        world.fleet.hang("node")
        await world.save(a_ts=NEWER)
        await world.hear("data.json")
        world.fleet.release("node")
        await turns()
        assert not world.reloader.is_watched("data.json")
        await world.save(a_ts=Source("3", imports=("data.json",)))
        assert world.fleet.renewals == ["node"] * 2, "it has loaded data.json after that had changed"
        assert world.reloader.is_watched("data.json")


# ---------------------------------------------------------------- in the end


def served_or_held(world: World) -> Mapping[str, str]:
    """What ought to serve: what is on disk, but of a language with a broken file that serves what did."""
    disk, serves = world.fleet.disk, world.serves
    held = {language_of(file) for file, source in disk.items() if source.error and file in serves}
    good = {file: source.text for file, source in disk.items() if not source.error and language_of(file) not in held}
    return good | {file: text for file, text in serves.items() if language_of(file) in held}


async def disturb(world: World, chance: random.Random, *, with_faults: bool) -> None:
    """One thing that may happen."""
    fleet, language = world.fleet, chance.choice(["node", "python"])
    file = f"{chance.choice('abc')}.{'ts' if language == 'node' else 'py'}"
    text = str(chance.randrange(10**6))
    match chance.randrange(12):
        case 0:
            fleet.hang(language)
        case 1:
            fleet.release(language)
        case 2:
            fleet.takes[language] = chance.choice([0.0, 0.3, 1.5, 4.0])
        case 3 if with_faults:
            fleet.faults[language] = RuntimeError("what")
        case 4:
            fleet.crash(language)
        case 5 if file in fleet.disk:
            del fleet.disk[file]
            world.say(file)
        case 6 | 7:
            fleet.disk[file] = Source(text, error=chance.choice(["no", "other"]))
            world.say(file)
        case 8:
            world.setup = setup({"WORD": text})
            world.say(".env")
        case _:
            fleet.disk[file] = Source(text)
            world.say(file)
    if chance.random() < 0.5:
        await world.time.advance(chance.choice([0.0, 0.2, 1.1, 10.0]))


@pytest.mark.parametrize("seed", range(150))
async def test_in_the_end_what_serves_is_what_is_on_disk(seed: int) -> None:
    chance = random.Random(seed)
    async with reloading(a_ts=GOOD, b_ts=GOOD, a_py=GOOD) as world:
        fleet = world.fleet
        for _ in range(chance.randrange(1, 40)):
            await disturb(world, chance, with_faults=seed % 3 == 0)
        for language in ("node", "python"):
            fleet.release(language)
        if fleet.faults:
            fleet.faults.clear()
            world.say("x.ts", "x.py")
        for _ in range(8):
            await world.time.advance(100)
        assert world.serves == served_or_held(world)
        for file in [file for file, source in fleet.disk.items() if source.error]:
            fleet.disk[file] = GOOD
            world.say(file)
        for _ in range(8):
            await world.time.advance(100)
        assert world.serves == texts(catalog_of(fleet.disk))
        assert not isinstance(world.setup, Exception)
        assert fleet.environ == world.setup.environment.variables
