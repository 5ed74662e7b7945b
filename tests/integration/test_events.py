"""Nothing is lost, and order is kept: events through real processes that fail, hang and are killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import pytest

from tests.integration.control import NOTHING, becomes, command, counts, emit, pause, queue, resume
from tests.integration.project import PATIENCE, RunningProject, eventually, running, write_project

GROUPS, LENGTH = 1000, 50
LANGUAGES = {"ts": "node", "py": "python"}

ORDERED = {
    "package.json": "{}",
    "steps/emit.step.ts": f"""
        export const config = {{ type: 'api', name: 'Emit', method: 'POST', path: '/emit', emits: ['turn'] }}
        export const handler = async (req, {{ emit }}) => {{
          for (let n = 0; n < {LENGTH}; n++) {{
            const round = []
            for (let group = 0; group < {GROUPS}; group++) {{
              round.push(emit({{ topic: 'turn', data: {{ group, n }}, messageGroupId: String(group) }}))
            }}
            await Promise.all(round)
          }}
          return {{ status: 202, body: {{}} }}
        }}
    """,
    # Of all 50,000 events every 7th fails once or, every other of these, twice.
    "steps/turn.step.ts": f"""
        import {{ done, failures }} from './memory'
        const queue = {{ type: 'fifo', concurrency: 64, maxRetries: 2, backoff: {{ type: 'fixed', delay: 0.02 }} }}
        export const config = {{ type: 'event', name: 'Turn', subscribes: ['turn'], infrastructure: {{ queue }} }}
        export const handler = async ({{ group, n }}, {{ attempt }}) => {{
          const number = group * {LENGTH} + n
          const failed = failures.get(number) ?? 0
          if (attempt !== failed + 1) throw new Error(`attempt ${{attempt}} after ${{failed}} failures`)
          if (number % 7 === 0 && failed < 1 + number % 2) {{
            failures.set(number, failed + 1)
            throw new Error('not yet')
          }}
          done[group].push(n)
        }}
    """,
    "steps/memory.ts": f"""
        export const done = Array.from({{ length: {GROUPS} }}, () => [] as number[])
        export const failures = new Map<number, number>()
    """,
    "steps/order.step.ts": """
        import { done, failures } from './memory'
        export const config = { type: 'api', name: 'Order', method: 'GET', path: '/order' }
        export const handler = async () => {
          return { status: 200, body: { done, failed: [...failures.values()].reduce((sum, times) => sum + times, 0) } }
        }
    """,
}


def test_a_thousand_groups_keep_their_order_and_lose_nothing_while_every_seventh_event_fails(tmp_path: Path) -> None:
    with running(write_project(tmp_path, ORDERED)) as project:
        assert project.client.post("/emit").status_code == 202
        assert becomes(tmp_path, "Turn")
        order = project.client.get("/order").json()
    assert order["done"] == [list(range(LENGTH))] * GROUPS
    assert order["failed"] == sum(1 + number % 2 for number in range(0, GROUPS * LENGTH, 7))


def test_a_failing_group_keeps_no_other_waiting(tmp_path: Path) -> None:
    files = {
        "steps/line_step.py": """
queue = {"type": "fifo", "concurrency": 1, "backoff": {"type": "fixed", "delay": 600}}
config = {"type": "event", "name": "Line", "subscribes": ["line"], "infrastructure": {"queue": queue}}
async def handler(input, ctx):
    if input == "fails":
        raise RuntimeError("not now")
    with open("done.log", "a") as file:
        file.write(f"{input}\\n")
"""
    }
    with running(write_project(tmp_path, files)):
        emit(tmp_path, "line", "fails", messageGroupId="bad")
        emit(tmp_path, "line", "behind", messageGroupId="bad")
        words = [f"{group}-{n}" for n in range(5) for group in range(20)]
        for word in words:
            emit(tmp_path, "line", word, messageGroupId=word.partition("-")[0])
        assert becomes(tmp_path, "Line", waiting=1, delayed=1)
        head, behind = queue(tmp_path, "Line")["events"]
    assert _lines(tmp_path / "done.log") == words
    assert (head["data"], head["attempt"], behind["data"], behind["attempt"]) == ("fails", 2, "behind", 1)


HANGING = {
    "package.json": "{}",
    "runtime.yaml": "bus:\n  maxEventBytes: 2048\n",
    "steps/slow.step.ts": """
        import { NonRetriableError } from 'motia'
        const queue = { maxRetries: 2, backoff: { type: 'fixed', delay: 0.4 } }
        const infrastructure = { queue, handler: { timeout: 0.5 } }
        export const config = { type: 'event', name: 'SlowTs', subscribes: ['slow.ts'], infrastructure }
        export const handler = async (input, { attempt, logger, signal }) => {
          if (attempt === 1) {
            await new Promise((resolve) => signal.addEventListener('abort', resolve))
            logger.info(`cancelled ${signal.aborted}`)
          } else if (input.dies) throw new NonRetriableError(`attempt ${attempt}`)
          else logger.info(`done in attempt ${attempt}`)
        }
    """,
    "steps/slow_step.py": """
import asyncio
from motia import NonRetriableError
queue = {"maxRetries": 2, "backoff": {"type": "fixed", "delay": 0.4}}
infrastructure = {"queue": queue, "handler": {"timeout": 0.5}}
config = {"type": "event", "name": "SlowPy", "subscribes": ["slow.py"], "infrastructure": infrastructure}
async def handler(input, ctx):
    if ctx.attempt == 1:
        try:
            await asyncio.Event().wait()
        finally:
            ctx.logger.info(f"cancelled {str(ctx.cancelled).lower()}")
    elif input.get("dies"):
        raise NonRetriableError(f"attempt {ctx.attempt}")
    else:
        ctx.logger.info(f"done in attempt {ctx.attempt}")
""",
    "steps/dies.step.ts": """
        export const config = { type: 'event', name: 'DiesTs', subscribes: ['dies.ts'] }
        export const handler = async (input, { attempt, logger }) => {
          logger.info(`attempt ${attempt}`)
          if (attempt < 3) await new Promise(() => {})
        }
    """,
    "steps/dies_step.py": """
import asyncio
config = {"type": "event", "name": "DiesPy", "subscribes": ["dies.py"]}
async def handler(input, ctx):
    ctx.logger.info(f"attempt {ctx.attempt}")
    if ctx.attempt < 3:
        await asyncio.Event().wait()
""",
    "steps/hopeless.step.ts": """
        import { NonRetriableError } from 'motia'
        const refuse = () => { throw new NonRetriableError('no such customer') }
        export const config = { type: 'event', name: 'HopelessTs', subscribes: ['hopeless'] }
        export const handler = async () => refuse()
    """,
    "steps/hopeless_step.py": """
from motia import NonRetriableError
def refuse():
    raise NonRetriableError("no such customer")
config = {"type": "event", "name": "HopelessPy", "subscribes": ["hopeless"]}
def handler(input, ctx):
    refuse()
""",
    "steps/plain_step.py": """
config = {"type": "event", "name": "Plain", "subscribes": ["bad", "bad.fifo"]}
async def handler(input, ctx): raise RuntimeError("came through")
""",
    "steps/fifo_step.py": """
config = {"type": "event", "name": "Fifo", "subscribes": ["bad.fifo"], "infrastructure": {"queue": {"type": "fifo"}}}
async def handler(input, ctx): raise RuntimeError("came through")
""",
    "steps/bad.step.ts": """
        const cyclic = { list: [] as unknown[] }
        cyclic.list.push({ again: cyclic })
        const EVENTS = {
          large: { topic: 'bad', data: { text: 'x'.repeat(3000) } },
          cyclic: { topic: 'bad', data: cyclic },
          unserialisable: { topic: 'bad', data: { items: [1, { done: () => true }] } },
          option: { topic: 'bad', data: 1, delai: 5 },
          delay: { topic: 'bad', data: 1, delay: -1 },
          topic: { topic: '', data: 1 },
          group: { topic: 'bad.fifo', data: 1 },
        }
        const emits = ['bad', 'bad.fifo']
        export const config = { type: 'api', name: 'BadTs', method: 'POST', path: '/ts/:name', emits }
        export const handler = async (req, { emit }) => {
          const { name } = req.pathParams
          try {
            await emit(EVENTS[name])
          } catch (error) {
            const { message, stack } = error
            return { status: 200, body: { type: error.name, isError: error instanceof Error, message, stack } }
          }
          return { status: 200, body: { message: 'none' } }
        }
    """,
    "steps/bad_step.py": """
import traceback
cyclic = {"list": []}
cyclic["list"].append({"again": cyclic})
EVENTS = {
    "large": {"topic": "bad", "data": {"text": "x" * 3000}},
    "cyclic": {"topic": "bad", "data": cyclic},
    "unserialisable": {"topic": "bad", "data": {"items": [1, {"done": {1, 2}}]}},
    "option": {"topic": "bad", "data": 1, "delai": 5},
    "delay": {"topic": "bad", "data": 1, "delay": -1},
    "topic": {"topic": "", "data": 1},
    "group": {"topic": "bad.fifo", "data": 1},
}
config = {"type": "api", "name": "BadPy", "method": "POST", "path": "/py/:name", "emits": ["bad", "bad.fifo"]}
async def handler(req, ctx):
    try:
        await ctx.emit(EVENTS[req.pathParams.name])
    except Exception as error:
        stack = "".join(traceback.format_exception(error))
        body = {"type": type(error).__name__, "isError": True, "message": str(error), "stack": stack}
        return {"status": 200, "body": body}
    return {"status": 200, "body": {"message": "none"}}
""",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_project(tmp_path_factory.mktemp("events"), HANGING)


@pytest.fixture(scope="module")
def project(root: Path) -> Iterator[RunningProject]:
    with running(root) as project:
        yield project


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_handler_that_outlives_its_timeout_is_cancelled_and_tried_again(
    project: RunningProject, root: Path, language: str
) -> None:
    step = f"Slow{language.capitalize()}"
    emit(root, f"slow.{language}", {})
    project.wait_for(f"{step}.*cancelled true")
    project.wait_for(f"{step}.*done in attempt 2")
    emit(root, f"slow.{language}", {"dies": True})
    assert becomes(root, step, dead=1)

    [letter] = queue(root, step)["deadLetters"]
    late, last = letter["attempts"]
    assert (late["number"], late["failure"]["kind"]) == (1, "deadline")
    assert late["failure"]["message"] == "the handler did not end within 0.5 s"
    assert (last["number"], last["failure"]["message"]) == (2, "attempt 2")
    rounding = 0.002
    assert _seconds(late["began"], late["ended"]) >= 0.5 - rounding
    assert _seconds(late["ended"], last["began"]) >= 0.4 - rounding


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_event_whose_runner_died_goes_to_the_next_one_within_a_second(
    project: RunningProject, root: Path, language: str
) -> None:
    step = f"Dies{language.capitalize()}"
    emit(root, f"dies.{language}", 1)
    project.wait_for(f"{step}.*attempt 1")
    os.kill(project.runner_pids()[LANGUAGES[language]], signal.SIGKILL)
    killed = time.perf_counter()
    project.wait_for(f"{step}.*attempt 2\\b")
    assert time.perf_counter() - killed < 1

    [event] = queue(root, step)["events"]
    assert [(each["number"], each["failure"]["kind"]) for each in event["attempts"]] == [(1, "runner_lost")]
    os.kill(project.runner_pids()[LANGUAGES[language]], signal.SIGKILL)
    project.wait_for(f"{step}.*attempt 3\\b")
    assert becomes(root, step)


@pytest.mark.parametrize(
    ("step", "file", "line"), [("HopelessTs", "hopeless.step.ts", 3), ("HopelessPy", "_step.py", 4)]
)
def test_a_non_retriable_error_is_dead_at_once_with_its_stack(
    project: RunningProject, root: Path, step: str, file: str, line: int
) -> None:
    before = counts(root, step)["dead"]
    event = emit(root, "hopeless", {"customer": 7})
    assert becomes(root, step, dead=before + 1)
    letter = queue(root, step)["deadLetters"][-1]
    [attempt] = letter["attempts"]
    failure = attempt["failure"]
    assert (letter["eventId"], letter["data"]) == (event, {"customer": 7})
    assert (attempt["number"], failure["kind"]) == (1, "non_retriable")
    assert (failure["type"], failure["message"]) == ("NonRetriableError", "no such customer")
    assert f"{file}:{line}" in failure["stack"] or f'{file}", line {line}' in failure["stack"]
    assert "refuse" in failure["stack"]
    assert "node_modules" not in failure["stack"]
    assert "runtime_runner" not in failure["stack"]


TOO_LARGE = (
    "the event for 'bad' has {size} bytes, over the limit of 2048 (bus.maxEventBytes); "
    "store the data and emit a reference to it"
)
NO_GROUP = (
    "step 'Fifo' takes 'bad.fifo' from a fifo queue, so the emit needs a 'messageGroupId': "
    "events of one group are handled in order"
)
BAD_DELAY = "delay is -1; it is a number of seconds from 0 to 31622400, or a date"
BAD = {
    ("ts", "large"): ("HostCallError", TOO_LARGE.format(size=3009)),
    ("py", "large"): ("HostCallError", TOO_LARGE.format(size=3009)),
    ("ts", "cyclic"): ("UnsendableError", "data.list[0].again contains itself"),
    ("py", "cyclic"): ("Unsendable", "data.list[0].again contains itself."),
    ("ts", "unserialisable"): ("UnsendableError", "data.items[1].done is a function, which cannot be sent"),
    ("py", "unserialisable"): (
        "Unsendable",
        "data.items[1].done is a set, which cannot be sent; send text, numbers, bytes, dates, lists or maps.",
    ),
    ("ts", "option"): (
        "TypeError",
        'emit: there is no option "delai"; the options are messageGroupId, delay, idempotencyKey, priority',
    ),
    ("py", "option"): (
        "TypeError",
        "emit does not know delai; it knows topic, data, messageGroupId, delay, idempotencyKey, priority.",
    ),
    ("ts", "delay"): ("HostCallError", BAD_DELAY),
    ("py", "delay"): ("HostCallError", BAD_DELAY),
    ("ts", "topic"): ("TypeError", 'emit: topic must be a text that is not empty, got ""'),
    ("py", "topic"): ("TypeError", "emit needs a topic that is a string with at least one character, not ''."),
    ("ts", "group"): ("HostCallError", NO_GROUP),
    ("py", "group"): ("HostCallError", NO_GROUP),
}


BAD_QUEUES = (("Plain", "bad"), ("Plain", "bad.fifo"), ("Fifo", "bad.fifo"))


@pytest.mark.parametrize(("language", "name"), BAD)
def test_a_bad_emit_throws_where_it_stands_and_enqueues_nothing(
    project: RunningProject, root: Path, language: str, name: str
) -> None:
    thrown = project.client.post(f"/{language}/{name}").json()
    type, message = BAD[language, name]
    assert thrown["message"] == message
    assert (thrown["type"], thrown["isError"]) == (type, True)
    assert ("bad.step.ts" if language == "ts" else "bad_step.py") in thrown["stack"]
    assert [counts(root, step, topic) for step, topic in BAD_QUEUES] == [NOTHING] * len(BAD_QUEUES)


CRASHING = {
    "package.json": "{}",
    "steps/long.step.ts": """
        export const config = { type: 'event', name: 'LongTs', subscribes: ['long'] }
        export const handler = async (input, { attempt, logger }) => {
          logger.info(`attempt ${attempt} of ${input}`)
          if (attempt > 1) return
          await new Promise((resolve) => setTimeout(resolve, 400))
          logger.info('in the middle')
          await new Promise(() => {})
        }
    """,
    "steps/long_step.py": """
import asyncio
config = {"type": "event", "name": "LongPy", "subscribes": ["long"]}
async def handler(input, ctx):
    ctx.logger.info(f"attempt {ctx.attempt} of {input}")
    if ctx.attempt > 1:
        return
    await asyncio.sleep(0.4)
    ctx.logger.info("in the middle")
    await asyncio.Event().wait()
""",
}


def test_a_killed_core_counts_the_attempt_that_it_interrupted(tmp_path: Path) -> None:
    with running(write_project(tmp_path, CRASHING)) as project:
        emit(tmp_path, "long", "this")
        for step in ("LongTs", "LongPy"):
            project.wait_for(f"{step}.*in the middle")
        project.process.kill()
        project.process.wait()
    with running(tmp_path) as project:
        for step in ("LongTs", "LongPy"):
            project.wait_for(f"{step}.*attempt 2 of this")
            assert becomes(tmp_path, step)
        assert "attempt 1 of" not in project.output


RESUMING = {
    "package.json": "{}",
    "steps/emit.step.ts": """
        export const config = { type: 'api', name: 'Emit', method: 'POST', path: '/emit', emits: ['row'] }
        export const handler = async (req, { emit }) => {
          for (let n = 0; n < 20; n++) {
            for (let group = 0; group < 50; group++) {
              await emit('row', { group, n }, { messageGroupId: `${group}` })
            }
          }
          return { status: 202, body: {} }
        }
    """,
    "steps/row.step.ts": """
        import { appendFileSync } from 'node:fs'
        const queue = { type: 'fifo', concurrency: 8, backoff: { delay: 0.01 } }
        export const config = { type: 'event', name: 'RowTs', subscribes: ['row'], infrastructure: { queue } }
        export const handler = async ({ group, n }, { attempt }) => {
          if (n % 7 === 3 && attempt === 1) throw new Error('not yet')
          await new Promise((resolve) => setTimeout(resolve, 10))
          appendFileSync('ts.log', `${group} ${n}\\n`)
        }
    """,
    "steps/row_step.py": """
import asyncio
queue = {"type": "fifo", "concurrency": 8, "backoff": {"delay": 0.01}}
config = {"type": "event", "name": "RowPy", "subscribes": ["row"], "infrastructure": {"queue": queue}}
async def handler(input, ctx):
    if input.n % 7 == 3 and ctx.attempt == 1:
        raise RuntimeError("not yet")
    await asyncio.sleep(0.01)
    with open("py.log", "a") as file:
        file.write(f"{input.group} {input.n}\\n")
""",
}


def test_groups_keep_their_order_while_runners_and_core_are_killed(tmp_path: Path) -> None:
    logs = {language: tmp_path / f"{language}.log" for language in LANGUAGES}

    def done(count: int) -> bool:
        return any(log.exists() and len(_lines(log)) >= count for log in logs.values())

    with running(write_project(tmp_path, RESUMING)) as project:
        for step in ("RowTs", "RowPy"):
            pause(tmp_path, step)
        assert project.client.post("/emit").status_code == 202
        for step in ("RowTs", "RowPy"):
            resume(tmp_path, step)
        assert eventually(lambda: done(200), PATIENCE)
        for pid in project.runner_pids().values():
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: done(400), PATIENCE)
        project.process.kill()
        project.process.wait()
    before = {language: len(_lines(log)) for language, log in logs.items()}
    assert max(before.values()) < 1000
    with running(tmp_path):
        assert becomes(tmp_path, "RowTs")
        assert becomes(tmp_path, "RowPy")
    for log in logs.values():
        rows = [(group, int(n)) for group, n in map(str.split, _lines(log))]
        for group in {group for group, _ in rows}:
            line = [n for each, n in rows if each == group]
            # What was in flight when something died is done again at once, before what comes after it.
            assert [n for n, _ in groupby(line)] == list(range(20))
        assert len({group for group, _ in rows}) == 50
        assert len(rows) - 1000 <= 2 * 8


KEEPING = {
    "steps/keep_step.py": """
import time
config = {"type": "event", "name": "Keep", "subscribes": ["keep"], "infrastructure": {"queue": {"concurrency": 1}}}
async def handler(input, ctx):
    with open("done.log", "a") as file:
        file.write(f"{input} {time.time()}\\n")
"""
}


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_delays_priorities_idempotency_keys_and_pauses_outlive_the_core(tmp_path: Path, end: str) -> None:
    log = tmp_path / "done.log"
    with running(write_project(tmp_path, KEEPING)) as project:
        emitted = time.time()
        emit(tmp_path, "keep", "soon", delay=1.5)
        emit(tmp_path, "keep", "dated", delay=datetime.fromtimestamp(emitted + 1.5, UTC).isoformat())
        emit(tmp_path, "keep", "far", delay=3600)
        emit(tmp_path, "keep", "tomorrow", delay=(datetime.now(UTC) + timedelta(days=1)).isoformat())
        pause(tmp_path, "Keep")
        first = emit(tmp_path, "keep", "low", priority=-1, idempotencyKey="once")
        emit(tmp_path, "keep", "middle")
        emit(tmp_path, "keep", "high", priority=5)
        if end == "kill":
            project.process.kill()
            project.process.wait()
    assert not log.exists()
    with running(tmp_path):
        assert emit(tmp_path, "keep", "again", idempotencyKey="once") == first
        assert emit(tmp_path, "keep", "other", priority=-2, idempotencyKey="twice") != first
        assert queue(tmp_path, "Keep")["paused"]
        assert not log.exists()
        resume(tmp_path, "Keep")
        assert becomes(tmp_path, "Keep", delayed=2)
        left = [event["data"] for event in queue(tmp_path, "Keep")["events"]]
    ran = dict(line.split() for line in _lines(log))
    assert [word for word in ran if word not in ("soon", "dated")] == ["high", "middle", "low", "other"]
    assert float(ran["soon"]) >= emitted + 1.5
    assert float(ran["dated"]) >= emitted + 1.5
    assert left == ["far", "tomorrow"]


DATES = {
    "package.json": "{}",
    "steps/later.step.ts": """
        export const config = { type: 'api', name: 'LaterTs', method: 'POST', path: '/ts', emits: ['later'] }
        export const handler = async (req, { emit }) => {
          const delay = new Date(Date.now() + 300)
          await emit({ topic: 'later', data: delay.getTime() / 1000, delay })
          return { status: 202, body: {} }
        }
    """,
    "steps/later_step.py": """
from datetime import UTC, datetime, timedelta
config = {"type": "api", "name": "LaterPy", "method": "POST", "path": "/py/:zone", "emits": ["later"]}
async def handler(req, ctx):
    now = datetime.now() if req.pathParams.zone == "local" else datetime.now(UTC)
    delay = now + timedelta(seconds=0.3)
    await ctx.emit({"topic": "later", "data": delay.timestamp(), "delay": delay})
    return {"status": 202, "body": {}}
""",
    "steps/note_step.py": """
import time
config = {"type": "event", "name": "Note", "subscribes": ["later"]}
async def handler(input, ctx):
    ctx.logger.info("noted", {"early": input - time.time()})
""",
}


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
def test_a_date_as_delay_means_the_same_moment_in_both_languages(tmp_path: Path, zone: str) -> None:
    with running(write_project(tmp_path, DATES), environment={"TZ": zone}) as project:

        def early() -> list[float]:
            return [line["data"]["early"] for line in project.log_lines() if line["message"] == "noted"]

        for path in ("/ts", "/py/utc", "/py/local"):
            assert project.client.post(path).status_code == 202
        assert eventually(lambda: len(early()) == 3, 10), queue(tmp_path, "Note")["events"]
        assert max(early()) < 0.002


RENAMED = """
infrastructure = {{"queue": {{"maxRetries": 0}}}}
config = {{"type": "event", "name": "{name}", "subscribes": ["job"], "infrastructure": infrastructure}}
async def handler(input, ctx):
    if ctx.attempt == 1 and config["name"] == "Before" and input == "dies":
        raise RuntimeError("dead")
    ctx.logger.info(f"got {{input}}")
"""


def test_a_renamed_step_leaves_an_orphan_that_is_handed_over(tmp_path: Path) -> None:
    with running(write_project(tmp_path, {"steps/job_step.py": RENAMED.format(name="Before")})):
        emit(tmp_path, "job", "dies")
        assert becomes(tmp_path, "Before", dead=1)
        pause(tmp_path, "Before")
        for word in ("one", "two"):
            emit(tmp_path, "job", word)
        assert becomes(tmp_path, "Before", waiting=2, dead=1)

    with running(write_project(tmp_path, {"steps/job_step.py": RENAMED.format(name="After")})) as project:
        project.wait_for("3 events of 'job' are kept for step 'Before', which is not there")
        queues = {each["step"]: each for each in command(tmp_path, "queue", "list", "--json").json["queues"]}
        assert (queues["Before"]["orphan"], queues["Before"]["waiting"], queues["Before"]["dead"]) == (True, 2, 1)
        assert not queues["After"]["orphan"]
        done = command(tmp_path, "queue", "redrive", "Before", "--all", "--to", "After", "--json").json
        assert done == {"topic": "job", "step": "Before", "kind": "event", "redriven": 1, "moved": 2}
        for word in ("dies", "one", "two"):
            project.wait_for(f"After.*got {word}")
        assert becomes(tmp_path, "After")
        assert becomes(tmp_path, "Before")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _seconds(begin: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()
