"""Who may read which stream, decided by functions of real projects in real runners."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import pytest

from runtime._gen import runner_pb2 as pb
from runtime.cli.options import EXIT_FAULT
from runtime.clock import SystemClock
from runtime.config import Settings
from runtime.deadlines import Grace
from runtime.errors import AccessDenied, ConfigFault, HookFailed
from runtime.model import Hook, LogLevel
from runtime.runners.calls import Question
from runtime.runners.fleet import Fleet
from runtime.services.access import Access
from runtime.services.logs import LogService
from runtime.values import decode
from tests.fakes import ListSink
from tests.integration.project import running, write_project
from tests.test_reference import PAGES, blocks

PATIENCE = 30.0
MANY = 100
MAX_AT_ONCE = 64
QUICK: Mapping[str, Any] = {"streams": {"hookTimeout": 1}, "link": {"stuckAfter": 0.2, "restartBackoff": 0.01}}
LONG: Mapping[str, Any] = {"streams": {"hookTimeout": PATIENCE}, "link": {"restartBackoff": 0.01}}

AUTH_JS = """
  async authenticate({ headers, url }) {
    const who = headers.authorization
    if (who === undefined) return null
    if (who === 'hang') await new Promise(() => {})
    if (who === 'crash') process.kill(process.pid, 'SIGKILL')
    if (!who.startsWith('Bearer ')) throw new TypeError('this is no token')
    return { user: who.slice(7), groups: [new URL(url, 'http://x').searchParams.get('team')] }
  },
"""
STREAM_JS = """{
  name: 'board',
  canAccess({ groupId, id }, auth) {
    if (groupId === 'throw') throw new RangeError('no such group')
    if (groupId === 'hang') return new Promise(() => {})
    if (groupId === 'block') while (true);
    if (groupId === 'crash') process.kill(process.pid, 'SIGKILL')
    if (groupId === 'open') return id === undefined
    return auth?.groups.includes(groupId)
  },
  async onJoin({ groupId }, auth) { console.log(`${auth?.user ?? 'nobody'} joined ${groupId}`) },
  onLeave: ({ groupId }, auth) => { throw new Error(`${auth.user} left ${groupId}`) },
}"""
PROJECTS: Mapping[str, Mapping[str, str]] = {
    "typescript": {
        "motia.config.ts": f"import {{ config, type MotiaConfig }} from 'motia'\n"
        f"const streamAuth: MotiaConfig['streamAuth'] = {{{AUTH_JS}}}\nexport default config({{ streamAuth }})\n",
        "steps/board.stream.ts": f"import type {{ StreamConfig }} from 'motia'\n"
        f"export const config: StreamConfig<{{ user: string; groups: any[] }}> = {STREAM_JS}\n",
    },
    "javascript": {
        "motia.config.js": f"const {{ config }} = require('@motiadev/core')\n"
        f"module.exports = config({{ streamAuth: {{{AUTH_JS}}} }})\n",
        "src/board_stream.js": f"exports.config = {STREAM_JS}\n",
    },
    "python": {
        "motia_config.py": """
import asyncio, os, signal
from urllib.parse import parse_qs, urlsplit

async def authenticate(request):
    who = request.headers.get("authorization")
    if who is None:
        return None
    if who == "hang":
        await asyncio.Event().wait()
    if who == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if not who.startswith("Bearer "):
        raise TypeError("this is no token")
    return {"user": who[7:], "groups": parse_qs(urlsplit(request["url"]).query)["team"]}

config = {"stream_auth": {"authenticate": authenticate}}
""",
        "steps/board_stream.py": """
import os, signal, threading

def can_access(subscription, auth):
    group = subscription.groupId
    if group == "throw":
        raise LookupError("no such group")
    if group == "hang":
        threading.Event().wait()
    if group == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if group == "open":
        return "id" not in subscription
    return auth is not None and group in auth.groups

async def on_join(subscription, auth):
    if subscription.groupId == "block":
        while True:
            pass
    print((auth["user"] if auth else "nobody") + " joined " + subscription.groupId)

def on_leave(subscription, auth):
    raise RuntimeError(auth.user + " left " + subscription.groupId)

config = {"name": "board", "canAccess": can_access, "on_join": on_join, "onLeave": on_leave}
""",
    },
}


class Loaded(NamedTuple):
    """A project whose runners run."""

    fleet: Fleet
    access: Access
    sink: ListSink

    def errors(self) -> list[str]:
        """What was said of what went wrong."""
        return self.sink.messages(LogLevel.ERROR)


@asynccontextmanager
async def loaded(root: Path, files: Mapping[str, str], settings: Mapping[str, Any] = LONG) -> AsyncIterator[Loaded]:
    """Runs what a project needs for its hooks. Raises what keeps it from starting, in the groups of its tasks."""
    write_project(root, files)
    sink = ListSink()
    logs = LogService(sink, SystemClock(), LogLevel.DEBUG)
    given = Settings.model_validate(settings)
    fleet = Fleet(root, given, os.environ, None, logs)
    access = Access(fleet.hooks, logs.core, given.streams)
    async with fleet.running(Grace(5.0)):
        async with fleet.renewal() as candidate:
            access.catalog = await candidate.catalog()
            access.config = await candidate.config(None)
            candidate.take_over()
        yield Loaded(fleet, access, sink)


@pytest.fixture(params=PROJECTS)
def files(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """A project in each language."""
    return PROJECTS[request.param]


async def authenticated(access: Access, authorization: str, url: str = "/?team=red") -> bytes:
    return await access.authenticate({"authorization": authorization}, url)


async def test_who_a_client_is_decides_what_it_may_read(tmp_path: Path, files: Mapping[str, str]) -> None:
    async with loaded(tmp_path, files) as project:
        access = project.access
        assert access.config is not None
        assert access.config.hooks == {Hook.AUTHENTICATE}
        assert access.catalog.problems == ()
        ada = await authenticated(access, "Bearer ada")
        assert decode(ada) == {"user": "ada", "groups": ["red"]}
        assert await access.may_read("board", "red", "1", ada)
        assert not await access.may_read("board", "blue", "1", ada)
        anonymous = await access.authenticate({}, "/")
        assert anonymous == b""
        assert not await access.may_read("board", "red", "", anonymous)
        assert await access.may_read("board", "open", "", anonymous)
        assert not await access.may_read("board", "open", "1", anonymous)
        assert project.errors() == []


async def test_a_throw_refuses_the_client_and_the_log_says_why(tmp_path: Path, files: Mapping[str, str]) -> None:
    async with loaded(tmp_path, files) as project:
        with pytest.raises(AccessDenied, match=r"TypeError: this is no token") as denied:
            await authenticated(project.access, "guess")
        assert denied.value.status == 401
        assert not await project.access.may_read("board", "throw", "", b"")
        [message] = project.errors()
        assert re.search(
            r"canAccess of stream 'board' failed.*(RangeError|LookupError): no such group", message, re.DOTALL
        )
        [stream] = project.access.catalog.streams.values()
        assert stream.file in message, "where it was thrown"
        assert "runtime_runner" not in message
        assert "runner.js" not in message


async def test_joins_and_leaves_reach_the_project(tmp_path: Path, files: Mapping[str, str]) -> None:
    async with loaded(tmp_path, files) as project:
        ada = await authenticated(project.access, "Bearer ada")
        await project.access.joined("board", "red", "1", ada)
        await project.access.left("board", "red", "1", ada)
        [message] = project.errors()
        assert "onLeave of stream 'board' failed" in message
        assert "ada left red" in message
    assert "ada joined red" in project.sink.messages(LogLevel.INFO)


async def test_hooks_that_hang_deny_and_hold_up_nobody(tmp_path: Path, files: Mapping[str, str]) -> None:
    async with loaded(tmp_path, files, QUICK) as project:
        access = project.access
        ada = await authenticated(access, "Bearer ada")
        answers: list[bool] = []

        async def ask(group: str) -> None:
            answers.append(await access.may_read("board", group, "", ada))

        async with anyio.create_task_group() as asking:
            asking.start_soon(ask, "hang")
            asking.start_soon(ask, "hang")
            asking.start_soon(ask, "red")
        assert answers == [True, False, False]
        with pytest.raises(AccessDenied) as denied:
            await authenticated(access, "hang")
        assert denied.value.status == 503
        assert await access.may_read("board", "red", "", ada)


async def test_hooks_that_hang_when_told_hold_up_nobody_who_waits(tmp_path: Path) -> None:
    files = {
        "steps/s_stream.py": """
import threading
def can_access(subscription, auth): return True
def on_join(subscription, auth): threading.Event().wait()
config = {"name": "s", "can_access": can_access, "on_join": on_join}
"""
    }
    settings = {"streams": {"hookTimeout": PATIENCE, "maxHookCalls": 256}}
    async with loaded(tmp_path, files, settings) as project, anyio.create_task_group() as telling:
        for number in range(MANY):
            telling.start_soon(project.access.joined, "s", str(number), "", b"")
        with anyio.fail_after(PATIENCE / 2):
            for _ in range(MANY):
                assert await project.access.may_read("s", "g", "", b"")
        telling.cancel_scope.cancel()


async def test_an_answer_that_says_neither_yes_nor_no_denies_and_is_told(tmp_path: Path) -> None:
    files = {
        "steps/js.stream.ts": "export const config = { name: 'js', async *canAccess() { return false } }",
        "steps/py_stream.py": "async def can(s, a):\n    yield True\nconfig = {'name': 'py', 'can_access': can}",
    }
    async with loaded(tmp_path, files) as project:
        for stream in ("js", "py"):
            assert not await project.access.may_read(stream, "g", "", b"")
        js, py = project.errors()
        assert js.startswith("canAccess of stream 'js' failed, so the client was denied: ")
        assert js.endswith("canAccess returned an object; return true or false")
        assert "canAccess returned a async_generator; return True or False." in py


async def test_plain_hooks_that_hang_for_ever_do_not_deny_those_that_come_later(tmp_path: Path) -> None:
    async with loaded(tmp_path, PROJECTS["python"], QUICK) as project:
        ada = await authenticated(project.access, "Bearer ada")
        async with anyio.create_task_group() as hanging:
            for _ in range(MAX_AT_ONCE):
                hanging.start_soon(project.access.may_read, "board", "hang", "", ada)
        assert await project.access.may_read("board", "red", "", ada)


@pytest.mark.parametrize("hook", ["authenticate", "canAccess"])
async def test_a_crash_denies_and_the_next_runner_has_the_hooks_again(
    tmp_path: Path, files: Mapping[str, str], hook: str
) -> None:
    async with loaded(tmp_path, files) as project:
        access = project.access
        ada = await authenticated(access, "Bearer ada")
        if hook == "canAccess":
            assert not await access.may_read("board", "crash", "", ada)
            assert "runner ended before the hook did" in project.errors()[0]
        else:
            with pytest.raises(AccessDenied) as denied:
                await authenticated(access, "crash")
            assert denied.value.status == 503
        assert decode(await authenticated(access, "Bearer bob")) == {"user": "bob", "groups": ["red"]}
        assert await access.may_read("board", "red", "", ada)


@pytest.mark.parametrize("language", PROJECTS)
async def test_a_hook_that_blocks_its_runner_denies_and_the_runner_is_started_anew(
    tmp_path: Path, language: str
) -> None:
    async with loaded(tmp_path, PROJECTS[language], QUICK) as project:
        access = project.access
        if language == "python":
            await access.joined("board", "block", "", b"")
        else:
            assert not await access.may_read("board", "block", "", b"")
        with anyio.fail_after(PATIENCE):
            while not await access.may_read("board", "open", "", b""):
                continue
        assert any("is stuck and is started anew" in message for message in project.errors())


async def test_a_runner_that_will_not_come_up_denies_at_once(tmp_path: Path) -> None:
    settings = {"runners": {"python": {"executable": "no-such-python"}}, "streams": {"hookTimeout": 10 * PATIENCE}}
    async with loaded(tmp_path, {"steps/board_stream.py": "config = {'name': 'board'}"}, settings) as project:
        with (
            anyio.fail_after(PATIENCE),
            pytest.raises(HookFailed, match=r"there is no python runner: .*no-such-python"),
        ):
            await project.fleet.hooks.call("python", Hook.CAN_ACCESS, "steps/board_stream.py", b"")


# ------------------------------------------------------------ the config's own faults

FAULTS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "it does not parse": ({"motia.config.ts": "export default {\n  a: ,\n}"}, r"^motia\.config\.ts:2:\d+: SyntaxError"),
    "it throws": ({"motia.config.js": "\nthrow new Error('no secret')"}, r"^motia\.config\.js:2:\d+: Error: no secret"),
    "it does not parse in Python": ({"motia_config.py": "x = 1\nconfig = {"}, r"^motia_config\.py:2:\d+: SyntaxError"),
    "it exits": ({"motia_config.py": "import sys\nsys.exit(3)"}, r"^motia_config\.py:2: SystemExit"),
    "it exports nothing": (
        {"motia.config.ts": "const config = {}"},
        r"^motia\.config\.ts: the file has a config and does not export it",
    ),
    "it has no function": ({"motia.config.cjs": "exports.config = { streamAuth: {} }"}, "no function 'authenticate'"),
    "its guard has another name": (
        {"motia.config.js": "module.exports = { auth: { authenticate: () => null } }"},
        r"^motia\.config\.js: 'auth' holds a function and is not known here",
    ),
    "its guard has another name in Python": (
        {"motia_config.py": "config = {'auth': {'authenticate': print}}"},
        r"^motia_config\.py: 'auth' holds a function and is not known here",
    ),
    "its guard stands beside it": (
        {"motia_config.py": "config = {}\nstream_auth = {'authenticate': print}"},
        "stream_auth stands beside the config",
    ),
    "it says two things": (
        {"motia.config.ts": "export const config = {}\nexport default { streamAuth: { authenticate: () => null } }"},
        "exports a config and a default that differ",
    ),
    "nobody reads it": ({"motia.config.py": "config = {}"}, r"^motia\.config\.py is not read"),
    "there are two": ({"motia.config.ts": "", "motia_config.py": ""}, "one config, and here are"),
    "it kills its runner": (
        {"motia.config.mjs": "process.kill(process.pid, 'SIGKILL')"},
        r"motia\.config\.mjs cannot be loaded: the node runner ended",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
async def test_a_config_with_a_fault_stops_the_start(tmp_path: Path, case: str) -> None:
    files, message = FAULTS[case]
    with pytest.raises(BaseExceptionGroup) as group:
        async with loaded(tmp_path, files):
            pytest.fail("it has started")
    fault = _only(group.value)
    assert isinstance(fault, ConfigFault)
    assert re.search(message, str(fault)), str(fault)
    assert fault.fix


def _only(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        [error] = error.exceptions
    return error


async def test_a_config_whose_runner_is_turned_off_stops_the_start(tmp_path: Path) -> None:
    settings = {"runners": {"node": {"enabled": False}}}
    with pytest.raises(BaseExceptionGroup) as group:
        async with loaded(tmp_path, {"motia.config.ts": "export default {}"}, settings):
            pytest.fail("it has started")
    assert "runners.node.enabled" in str(_only(group.value))


async def test_a_config_needs_no_step_beside_it_and_what_has_no_effect_is_told(tmp_path: Path) -> None:
    files = {"motia.config.ts": "export default { adapters: {}, plugins: [() => 1], app: () => 1, redis: {} }"}
    async with loaded(tmp_path, files) as project:
        assert project.access.config is not None
        assert project.access.config.hooks == frozenset()
        warnings = project.sink.messages(LogLevel.WARN)
        assert [warning.split("'")[1] for warning in warnings] == ["adapters", "plugins", "app", "redis"]


async def test_a_project_without_a_config_is_open(tmp_path: Path) -> None:
    async with loaded(tmp_path, {"steps/board_stream.py": "config = {'name': 'board'}"}) as project:
        assert project.access.config is None
        assert await project.access.authenticate({"authorization": "x"}, "/") == b""
        assert await project.access.may_read("board", "any", "", b"")


def _config_file(code: str) -> str:
    """What a page shows of a config as a file: some leave the import of `config` to their reader."""
    return code if "{ config" in code else f"import {{ config }} from 'motia'\n{code}"


@pytest.mark.skipif(not PAGES.is_dir(), reason="the pages are not beside this checkout")
async def test_every_config_on_the_reference_pages_loads(tmp_path: Path) -> None:
    found = [block for block in blocks() if re.search(r"(export default|module\.exports =) config\(", block.code)]
    assert len(found) >= 15
    files = {f"pages/{at}.config.ts": _config_file(block.code) for at, block in enumerate(found)}
    async with loaded(tmp_path, {**files, "motia.config.ts": "export default { redis: {} }"}) as project:
        for file, block in zip(files, found, strict=True):
            question = Question(pb.HOOK_CONFIG, "the config", file)
            reply = await project.fleet.hooks.ask("node", project.fleet.pools["node"], question, PATIENCE)
            config = decode(reply)["config"]
            for name, adapter in config.get("adapters", {}).items():
                assert adapter["adapter"].endswith(("Adapter", "AdapterManager")), (block.id, name)
                assert isinstance(adapter["options"], dict)


# ------------------------------------------------------------ as it is run


@pytest.mark.parametrize("command", ["dev", "start"])
def test_the_command_ends_with_what_is_wrong_with_the_config(tmp_path: Path, command: str) -> None:
    write_project(tmp_path, {"motia.config.ts": "\nthrow new Error('no secret')"})
    arguments = [sys.executable, "-m", "runtime", command, "--port", "0"]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == EXIT_FAULT
    assert re.search(r"error: motia\.config\.ts:2:\d+: Error: no secret\n.*mend it, or remove", done.stderr), (
        done.stderr
    )
    assert "Ready at" not in done.stdout


def test_a_served_project_asks_its_functions(tmp_path: Path, files: Mapping[str, str]) -> None:
    with running(write_project(tmp_path, files)) as project:

        def read(group: str, **headers: str) -> int:
            return project.client.get(f"/__runtime/streams/board/{group}?team=red", headers=headers).status_code

        assert read("red", authorization="Bearer ada") == 200
        assert read("blue", authorization="Bearer ada") == 403
        assert read("red") == 403
        assert read("open") == 200
        assert read("red", authorization="guess") == 401
        assert read("throw", authorization="Bearer ada") == 403
        project.wait_for("this is no token")
        project.wait_for("no such group")
