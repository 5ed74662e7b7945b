"""State and stream triggers: each stored change leads to its event, once stored and never without the other."""

from __future__ import annotations

import itertools
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.control import NOTHING, becomes, command, counts, emit, queue
from tests.integration.project import PATIENCE, RunningProject, eventually, running, write_project

LANGUAGES = {"ts": "node", "py": "python"}
KEYS = 4
UPDATES = 12
KILLS = 6
WRITERS = 4
BURST = 10


def _literal(language: str, config: dict[str, Any]) -> str:
    return json.dumps(config) if language == "ts" else repr(config)


def _watch(language: str) -> str:
    """All changes of some groups, and of a group of items."""
    triggers = [
        {"type": "state", "groupId": f"orders-{language}"},
        {"type": "state", "groupId": f"target-{language}"},
        {"type": "stream", "streamName": "board", "groupId": f"group-{language}"},
        {"type": "state", "groupId": f"cleared-{language}"},
    ]
    return _literal(language, {"name": f"Watch-{language}", "triggers": triggers})


def _some(language: str) -> str:
    triggers = [
        {"type": "state", "groupId": f"orders-{language}", "key": "one", "on": ["create", "delete"]},
        {"type": "stream", "streamName": "board", "id": f"one-{language}", "on": ["update"]},
    ]
    return _literal(language, {"name": f"Some-{language}", "triggers": triggers})


def _state(name: str, language: str, group: str, **infrastructure: Any) -> str:
    config = {"type": "state", "name": f"{name}-{language}", "groupId": f"{group}-{language}"}
    return _literal(language, {**config, "infrastructure": infrastructure})


def _atomic(language: str) -> str:
    queue = {"maxRetries": 1, "backoff": {"delay": 0}}
    infrastructure = {"handler": {"atomic": True}, "queue": queue}
    config = {"type": "event", "name": f"Write-{language}", "subscribes": [f"write.{language}"]}
    return _literal(language, {**config, "infrastructure": infrastructure})


ONCE = {"maxRetries": 1, "backoff": {"delay": 0}}
FIFO = {"type": "fifo", "maxRetries": 3, "backoff": {"delay": 0}}
_TS_NOTE = "import { note, carryOut } from './doing'\nexport const config = "
_PY_NOTE = "from doing import note, carry_out\nconfig = "

# Each run writes a line into changes.jsonl: what it got, and what fired.
FILES = {
    "package.json": "{}",
    "steps/board.stream.ts": "export const config = { name: 'board', schema: { type: 'object' } }",
    "steps/doing.ts": """
        import { appendFileSync } from 'node:fs'
        export const note = (step, change, { attempt, trigger }) =>
          appendFileSync('changes.jsonl', JSON.stringify({ step, change, attempt, trigger }) + '\\n')
        export const carryOut = async (actions, { state, streams }) => {
          for (const [what, group, key, value, options] of actions) {
            if (what === 'set') await state.set(group, key, value, options)
            else if (what === 'update') await state.update(group, key, value)
            else if (what === 'delete') await state.delete(group, key)
            else if (what === 'clear') await state.clear(group)
            else if (what === 'put') await streams.board.set(group, key, value)
            else if (what === 'drop') await streams.board.delete(group, key)
            else throw new Error(`no action ${what}`)
          }
        }
    """,
    "steps/doing.py": """
import json
def note(step, change, ctx):
    trigger = {"type": ctx.trigger.type, "source": ctx.trigger.source, "index": ctx.trigger.index}
    line = json.dumps({"step": step, "change": change, "attempt": ctx.attempt, "trigger": trigger})
    with open("changes.jsonl", "a") as file:
        file.write(line + "\\n")
async def carry_out(actions, ctx):
    for what, group, key, value, options in ([*action, *[None] * 4][:5] for action in actions):
        if what == "set":
            await ctx.state.set(group, key, value, options)
        elif what == "update":
            await ctx.state.update(group, key, value)
        elif what == "delete":
            await ctx.state.delete(group, key)
        elif what == "clear":
            await ctx.state.clear(group)
        elif what == "put":
            await ctx.streams.board.set(group, key, value)
        elif what == "drop":
            await ctx.streams.board.delete(group, key)
        else:
            raise ValueError(f"no action {what}")
""",
    "steps/do.step.ts": f"""{_TS_NOTE}{{ type: 'api', name: 'Do-ts', method: 'POST', path: '/do/ts' }}
        export const handler = async (req, ctx) => {{
          await carryOut(req.body, ctx)
          return {{ status: 200, body: {{}} }}
        }}
    """,
    "steps/do_step.py": f"""{_PY_NOTE}{{"type": "api", "name": "Do-py", "method": "POST", "path": "/do/py"}}
async def handler(req, ctx):
    await carry_out(req.body, ctx)
    return {{"status": 200, "body": {{}}}}
""",
    "steps/keys.step.ts": """
        export const config = { type: 'api', name: 'Keys', method: 'GET', path: '/keys/:group' }
        export const handler = async (req, { state, streams }) => {
          const { group } = req.pathParams
          const items = (await streams.board.getGroup(group)).map((item) => item.id)
          return { status: 200, body: { keys: await state.keys(group), items } }
        }
    """,
    **{
        f"steps/{name.lower()}.step.ts": f"{_TS_NOTE}{config}\n"
        f"export const handler = async (change, ctx) => note('{name}-ts', change, ctx)"
        for name, config in (("Watch", _watch("ts")), ("Some", _some("ts")))
    },
    **{
        f"steps/{name.lower()}_step.py": f"{_PY_NOTE}{config}\n"
        f"async def handler(change, ctx):\n    note('{name}-py', change, ctx)\n"
        for name, config in (("Watch", _watch("py")), ("Some", _some("py")))
    },
    "steps/fails.step.ts": f"""{_TS_NOTE}{_state("Fails", "ts", "failing", queue=ONCE)}
        export const handler = async (change, ctx) => {{
          note('Fails-ts', change, ctx)
          if (change.value.until > ctx.attempt) throw new TypeError('not yet')
        }}
    """,
    "steps/fails_step.py": f"""{_PY_NOTE}{_state("Fails", "py", "failing", queue=ONCE)}
async def handler(change, ctx):
    note("Fails-py", change, ctx)
    if change.value.until > ctx.attempt:
        raise TypeError("not yet")
""",
    "steps/order.step.ts": f"""{_TS_NOTE}{_state("Order", "ts", "ordered", queue=FIFO)}
        export const handler = async (change, ctx) => {{
          if (change.value.n % 5 === 0 && ctx.attempt < 3) throw new Error('again')
          note('Order-ts', change, ctx)
        }}
    """,
    "steps/order_step.py": f"""{_PY_NOTE}{_state("Order", "py", "ordered", queue=FIFO)}
async def handler(change, ctx):
    if change.value.n % 5 == 0 and ctx.attempt < 3:
        raise RuntimeError("again")
    note("Order-py", change, ctx)
""",
    "steps/write.step.ts": f"""{_TS_NOTE}{_atomic("ts")}
        export const handler = async ({{ actions, then }}, ctx) => {{
          await carryOut(actions, ctx)
          if (then === 'throw') throw new Error('after all writes')
        }}
    """,
    "steps/write_step.py": f"""{_PY_NOTE}{_atomic("py")}
async def handler(input, ctx):
    await carry_out(input.actions, ctx)
    if input.then == "throw":
        raise RuntimeError("after all writes")
""",
    "steps/pass.step.ts": f"""{_TS_NOTE}{_state("Pass", "ts", "source", handler={"atomic": True}, queue=ONCE)}
        export const handler = async ({{ key, value }}, ctx) => {{
          await ctx.state.update('target-ts', key, [{{ op: 'increment', path: 'count' }}])
          if (value.until > ctx.attempt) throw new Error('after all writes')
        }}
    """,
    "steps/pass_step.py": f"""{_PY_NOTE}{_state("Pass", "py", "source", handler={"atomic": True}, queue=ONCE)}
async def handler(change, ctx):
    await ctx.state.update("target-py", change.key, [{{"op": "increment", "path": "count"}}])
    if change.value.until > ctx.attempt:
        raise RuntimeError("after all writes")
""",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("changes"), FILES)


@pytest.fixture(scope="module")
def project(root: Path) -> Iterator[RunningProject]:
    with running(root) as project:
        yield project


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest, project: RunningProject) -> str:
    return str(request.param)


def _do(project: RunningProject, language: str, *actions: tuple[Any, ...]) -> None:
    answer = project.client.post(f"/do/{language}", json=actions)
    assert answer.status_code == 200, project.output


def _runs(root: Path, step: str, group: str) -> list[dict[str, Any]]:
    """What the runs of a step have written down of a group, in order."""
    path = root / "changes.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    runs = [json.loads(line) for line in lines]
    return [run for run in runs if run["step"] == step and run["change"]["groupId"] == group]


def _changes(root: Path, step: str, group: str, topic: str, count: int) -> list[tuple[Any, ...]]:
    """Key or id, operation, previous value and value of each change, once there are so many and none is left."""
    assert eventually(lambda: len(_runs(root, step, group)) >= count, PATIENCE), _runs(root, step, group)
    assert eventually(lambda: counts(root, step, topic) == NOTHING, PATIENCE), queue(root, step, topic)
    found = [run["change"] for run in _runs(root, step, group)]
    seen = [(_key(change), change["operation"], change["previous"], change["value"]) for change in found]
    return sorted(seen, key=str)


def _key(change: dict[str, Any]) -> str:
    return str(change["key"] if "key" in change else change["id"])


def test_a_change_of_state_runs_the_steps_that_watch(project: RunningProject, root: Path, language: str) -> None:
    group = f"orders-{language}"
    increment = [{"op": "increment", "path": "n"}]
    _do(project, language, ("set", group, "a", {"n": 1}), ("set", group, "a", None), ("set", group, "b", "text"))
    _do(project, language, ("set", group, "a", {"n": 5}), ("update", group, "a", increment), ("delete", group, "a"))
    _do(project, language, ("delete", group, "a"), ("delete", group, "never"), ("set", "unwatched", "a", 1))
    assert _changes(root, f"Watch-{language}", group, group, 6) == sorted(
        [
            ("a", "create", None, {"n": 1}),
            ("a", "update", {"n": 1}, None),
            ("a", "update", None, {"n": 5}),
            ("a", "update", {"n": 5}, {"n": 6}),
            ("a", "delete", {"n": 6}, None),
            ("b", "create", None, "text"),
        ],
        key=str,
    )
    run = _runs(root, f"Watch-{language}", group)[0]
    assert run["change"].keys() == {"groupId", "key", "operation", "value", "previous"}
    assert run["trigger"] == {"type": "state", "source": group, "index": 0}


def test_a_change_of_an_item_runs_the_steps_that_watch(project: RunningProject, root: Path, language: str) -> None:
    group, topic = f"group-{language}", f"board/group-{language}"
    _do(project, language, ("put", group, "a", {"n": 1}), ("put", group, "a", {"n": 2}), ("drop", group, "a"))
    _do(project, language, ("drop", group, "a"), ("put", "elsewhere", "a", {"n": 1}))
    changes = _changes(root, f"Watch-{language}", group, topic, 3)
    seen = [(id, what, before and before["n"], after and after["n"]) for id, what, before, after in changes]
    assert seen == [("a", "create", None, 1), ("a", "delete", 2, None), ("a", "update", 1, 2)]
    [(_, _, _, item)] = [change for change in changes if change[1] == "create"]
    assert item["__motia"] == {"type": "state-stream", "streamName": "board", "groupId": group, "id": "a"}
    assert item["id"] == "a"
    run = _runs(root, f"Watch-{language}", group)[0]
    assert run["change"].keys() == {"streamName", "groupId", "id", "operation", "value", "previous"}
    assert run["change"]["streamName"] == "board"
    assert run["trigger"] == {"type": "stream", "source": "board", "index": 2}


def test_only_the_keys_and_kinds_that_are_asked_for(project: RunningProject, root: Path, language: str) -> None:
    group, step = f"orders-{language}", f"Some-{language}"
    _do(project, language, ("set", group, "one", 1), ("set", group, "one", 2), ("set", group, "other", 3))
    _do(project, language, ("delete", group, "one"), ("delete", group, "other"))
    changes = _changes(root, step, group, f"{group}/one (create, delete)", 2)
    assert changes == [("one", "create", None, 1), ("one", "delete", 2, None)]
    some, id = f"some-{language}", f"one-{language}"
    _do(project, language, ("put", some, id, {"n": 1}), ("put", some, "two", {}), ("put", some, "two", {"n": 2}))
    _do(project, language, ("put", some, id, {"n": 2}), ("drop", some, id))
    [(found, operation, before, after)] = _changes(root, step, some, f"board/*/{id} (update)", 1)
    assert (found, operation, before["n"], after["n"]) == (id, "update", 1, 2)


def test_a_cleared_group_is_a_delete_of_each_key(project: RunningProject, root: Path, language: str) -> None:
    group = f"cleared-{language}"
    _do(project, language, ("set", group, "x", 1), ("set", group, "y", 2), ("clear", group), ("clear", group))
    changes = _changes(root, f"Watch-{language}", group, group, 4)
    assert changes[::2] == [("x", "create", None, 1), ("y", "create", None, 2)]
    assert changes[1::2] == [("x", "delete", 1, None), ("y", "delete", 2, None)]


def test_the_end_of_a_value_is_a_delete(project: RunningProject, root: Path, language: str) -> None:
    group, step, keys = f"target-{language}", f"Watch-{language}", ("short", "kept", "again")
    ends = {"ttl": 0.3}
    _do(project, language, ("set", group, "short", 1, ends), ("set", group, "kept", 2, ends), ("set", group, "kept", 3))
    _do(project, language, ("set", group, "again", 4, ends), ("update", group, "again", [{"op": "increment"}]))

    def found() -> list[tuple[Any, ...]]:
        runs = [run["change"] for run in _runs(root, step, group) if run["change"]["key"] in keys]
        return sorted((change["key"], change["operation"], change["previous"]) for change in runs)

    expected = [
        ("again", "create", None),
        ("again", "delete", 5),
        ("again", "update", 4),
        ("kept", "create", None),
        ("kept", "update", 2),
        ("short", "create", None),
        ("short", "delete", 1),
    ]
    assert eventually(lambda: len(found()) >= len(expected), PATIENCE), found()
    assert eventually(lambda: counts(root, step, group) == NOTHING, PATIENCE)
    assert found() == expected
    there = project.client.get(f"/keys/{group}").json()["keys"]
    assert [key for key in keys if key in there] == ["kept"]


def test_a_run_that_fails_is_tried_again_and_ends_as_a_dead_letter(
    project: RunningProject, root: Path, language: str
) -> None:
    step, group = f"Fails-{language}", f"failing-{language}"
    _do(project, language, ("set", group, "late", {"until": 2}), ("set", group, "never", {"until": 9}))
    assert becomes(root, step, dead=1)
    attempts = Counter((run["change"]["key"], run["attempt"]) for run in _runs(root, step, group))
    assert attempts == {("late", 1): 1, ("late", 2): 1, ("never", 1): 1, ("never", 2): 1}
    found = queue(root, step)
    assert (found["topic"], found["kind"]) == (group, "state")
    [letter] = found["deadLetters"]
    change = {"groupId": group, "key": "never", "operation": "create", "value": {"until": 9}, "previous": None}
    assert letter["data"] == change
    assert [attempt["failure"]["message"] for attempt in letter["attempts"]] == ["not yet"] * 2
    data = json.dumps({**change, "value": {"until": 0}})
    redriven = command(root, "queue", "redrive", group, "--kind", "state", "--id", str(letter["id"]), "--data", data)
    assert redriven.code == 0, redriven.err
    assert becomes(root, step)
    assert _runs(root, step, group)[-1]["change"]["value"] == {"until": 0}


def test_the_changes_of_a_key_come_in_order_from_a_fifo_queue(
    project: RunningProject, root: Path, language: str
) -> None:
    step, group = f"Order-{language}", f"ordered-{language}"
    for n in range(1, UPDATES + 1):
        _do(project, language, *(("set", group, f"key-{key}", {"n": n}) for key in range(KEYS)))
    assert eventually(lambda: len(_runs(root, step, group)) >= KEYS * UPDATES, PATIENCE), project.output
    assert becomes(root, step)
    for key in range(KEYS):
        numbers = [
            run["change"]["value"]["n"] for run in _runs(root, step, group) if run["change"]["key"] == f"key-{key}"
        ]
        assert numbers == list(range(1, UPDATES + 1))
    assert {run["attempt"] for run in _runs(root, step, group)} == {1, 3}


def test_an_atomic_run_makes_its_changes_when_it_returns(project: RunningProject, root: Path, language: str) -> None:
    group, board, step = f"target-{language}", f"group-{language}", f"Watch-{language}"
    actions = [("set", group, "held", 1), ("set", group, "held", 2), ("put", board, "held", {"n": 1})]
    emit(root, f"write.{language}", {"actions": actions, "then": "throw"})
    assert becomes(root, f"Write-{language}", dead=1)
    assert counts(root, step, group) == NOTHING
    assert [run for run in _runs(root, step, group) if run["change"]["key"] == "held"] == []
    assert command(root, "queue", "purge", f"Write-{language}", "--dead", "--yes").code == 0
    emit(root, f"write.{language}", {"actions": actions, "then": "return"})

    def held() -> list[tuple[Any, ...]]:
        runs = [run["change"] for place in (group, board) for run in _runs(root, step, place)]
        found = [change for change in runs if _key(change) == "held"]
        return sorted((change["groupId"], change["operation"]) for change in found)

    expected = sorted([(group, "create"), (group, "update"), (board, "create")])
    assert eventually(lambda: held() == expected, PATIENCE), held()


def test_a_watching_step_may_be_atomic_itself(project: RunningProject, root: Path, language: str) -> None:
    group, step = f"target-{language}", f"Watch-{language}"
    _do(project, language, ("set", f"source-{language}", "passed", {"until": 2}))

    def passed() -> list[Any]:
        runs = _runs(root, step, group)
        return [run["change"]["value"] for run in runs if run["change"]["key"] == "passed"]

    assert eventually(lambda: len(passed()) >= 1, PATIENCE), project.output
    assert becomes(root, f"Pass-{language}")
    assert counts(root, step, group) == NOTHING
    assert passed() == [{"count": 1}], "the first attempt left no trace, the second was committed once"


def test_queues_of_changes_are_listed(project: RunningProject, root: Path) -> None:
    listed = command(root, "queue", "list", "--json").json["queues"]
    kinds = {(each["topic"], each["kind"]) for each in listed if each["step"] == "Some-ts"}
    assert kinds == {("orders-ts/one (create, delete)", "state"), ("board/*/one-ts (update)", "stream")}


# ------------------------------------------------------------ kill -9


CRASH_FILES = {
    **{name: FILES[name] for name in ("package.json", "steps/board.stream.ts", "steps/doing.ts", "steps/keys.step.ts")},
    "steps/burst.step.ts": """
        export const config = { type: 'api', name: 'Burst-ts', method: 'POST', path: '/burst/ts' }
        export const handler = async (req, { state, streams }) => {
          const both = (key) => [state.set('crash', key, 1), streams.board.set('crash', key, { n: 1 })]
          await Promise.all(req.body.flatMap(both))
          return { status: 200, body: {} }
        }
    """,
    "steps/burst_step.py": """
import asyncio
config = {"type": "api", "name": "Burst-py", "method": "POST", "path": "/burst/py"}
async def handler(req, ctx):
    values = [ctx.state.set("crash", key, 1) for key in req.body]
    await asyncio.gather(*values, *(ctx.streams.board.set("crash", key, {"n": 1}) for key in req.body))
    return {"status": 200, "body": {}}
""",
    "steps/all.step.ts": f"""{_TS_NOTE}{{
          name: 'All', triggers: [{{ type: 'state', groupId: 'crash' }}, {{ type: 'stream', streamName: 'board' }}]
        }}
        export const handler = async (change, ctx) => note('All', change, ctx)
    """,
}


class Writing:
    """Clients that write values and items of their own until the core is gone; `stored` is what was answered."""

    def __init__(self, language: str) -> None:
        self.stored: set[str] = set()
        self._language = language
        self._numbers = itertools.count()
        self._answered = threading.Condition()

    def until_killed(self, project: RunningProject, answers: int) -> None:
        """Writes, and kills the core when there were so many answers; returns when every writer has seen it."""
        writers = [threading.Thread(target=self._write, args=(project.url,)) for _ in range(WRITERS)]
        goal = len(self.stored) + answers * BURST
        for writer in writers:
            writer.start()
        with self._answered:
            assert self._answered.wait_for(lambda: len(self.stored) >= goal, PATIENCE), project.output
            project.process.kill()
        for writer in writers:
            writer.join(PATIENCE)
            assert not writer.is_alive()

    def _write(self, url: str) -> None:
        with httpx.Client(base_url=url, timeout=PATIENCE) as client:
            while True:
                keys = [f"k{number}" for number in itertools.islice(self._numbers, BURST)]
                try:
                    answer = client.post(f"/burst/{self._language}", json=keys)
                except httpx.TransportError:
                    return
                with self._answered:
                    if answer.status_code == 200:
                        self.stored.update(keys)
                    self._answered.notify_all()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_change_is_without_its_event_nor_an_event_without_its_change(tmp_path: Path, language: str) -> None:
    write_project(tmp_path, CRASH_FILES)
    chance, writing = random.Random(language), Writing(language)
    for _ in range(KILLS):
        with running(tmp_path) as project:
            writing.until_killed(project, answers=chance.randint(1, 20))
    with running(tmp_path) as project:
        assert eventually(lambda: counts(tmp_path, "All", "crash") == NOTHING, PATIENCE)
        assert eventually(lambda: counts(tmp_path, "All", "board") == NOTHING, PATIENCE)
        there = project.client.get("/keys/crash").json()
    runs = [run["change"] for run in _runs(tmp_path, "All", "crash")]
    assert {change["operation"] for change in runs} == {"create"}
    state, board = (Counter(change[name] for change in runs if name in change) for name in ("key", "id"))
    assert state.keys() == set(there["keys"])
    assert board.keys() == set(there["items"])
    assert writing.stored <= state.keys() & board.keys()
    again = sum(count - 1 for found in (state, board) for count in found.values())
    assert again <= KILLS * 2 * 10 * 2, "two queues, ten workers each, which run one and store the end of another"
