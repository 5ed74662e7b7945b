"""The published clients, as npm has them, against a real project: in Node, and in a real browser."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from runtime.config import Settings
from runtime.runners.programs import find_programs
from tests.integration.project import REPOSITORY, RunningProject, running, write_project
from tests.integration.stream_clients import CLIENTS, FILES, FOLDER, Clients, address, connected

LANGUAGES = ("ts", "py")


class Notes:
    """The stream of the project, through the steps of one language after the other."""

    def __init__(self, project: RunningProject, *languages: str) -> None:
        self._project = project
        self._languages = languages or LANGUAGES
        self._calls = 0

    def __call__(self, call: str, *given: object) -> Any:
        """The result of a method of the stream, as clients see items: without what is for handlers only."""
        self._calls += 1
        path = f"/{self._languages[self._calls % len(self._languages)]}"
        answer = self._project.client.post(path, json={"call": call, "given": given})
        assert answer.status_code == 200, answer.text
        result = answer.json()["result"]
        return {key: value for key, value in result.items() if key != "__motia"} if isinstance(result, dict) else result


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    with running(write_project(tmp_path_factory.mktemp("streams"), FILES)) as project:
        yield project


@pytest.fixture(scope="module", params=CLIENTS)
def clients(project: RunningProject, request: pytest.FixtureRequest) -> Iterator[Clients]:
    with connected(request.param, address(project)) as clients:
        yield clients


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A group of its own for each test and client; the subscriptions have names that begin with it."""
    name: str = request.node.name
    return name


@pytest.fixture(params=LANGUAGES)
def notes(project: RunningProject, request: pytest.FixtureRequest) -> Notes:
    return Notes(project, request.param)


def test_a_group_follows_what_happens_to_its_items(clients: Clients, notes: Notes, name: str) -> None:
    clients.ask("group", name=name, stream="notes", group=name)
    clients.wait_view(name, [])
    first = notes("set", name, "1", {"text": "one", "odd": [None, 1.5, {"a": "ü€😀"}]})
    clients.wait_view(name, [first])
    assert {"text": "one", "id": "1", "odd": [None, 1.5, {"a": "ü€😀"}]}.items() <= first.items()
    second = notes("set", name, "2", {"text": "two"})
    clients.wait_view(name, [first, second])
    first = notes("update", name, "1", [{"op": "merge", "value": {"text": "more"}}])
    clients.wait_view(name, [first, second])
    assert notes("delete", name, "1") == first
    clients.wait_view(name, [second])


def test_who_comes_later_gets_what_is_there(clients: Clients, notes: Notes, name: str) -> None:
    items = [notes("set", name, id, {"rank": rank}) for rank, id in enumerate(["b", "c", "a"])]
    notes("delete", name, "c")
    clients.ask("group", name=name, stream="notes", group=name)
    clients.wait_view(name, [items[0], items[2]])
    clients.ask("item", name=f"{name} a", stream="notes", group=name, id="a")
    clients.wait_view(f"{name} a", items[2])


def test_a_sort_key_sorts(clients: Clients, notes: Notes, name: str) -> None:
    clients.ask("group", name=name, stream="notes", group=name, sortKey="text")
    clients.wait_view(name, [])
    late, soon = (notes("set", name, text, {"text": text}) for text in ("late", "early"))
    clients.wait_view(name, [soon, late])


def test_an_item_comes_changes_and_goes(clients: Clients, notes: Notes, name: str) -> None:
    clients.ask("item", name=name, stream="notes", group=name, id="1")
    clients.ask("group", name=f"{name} all", stream="notes", group=name)
    clients.wait_view(f"{name} all", [])
    notes("set", name, "other", {"text": "not for the item"})
    for text in ("one", "two"):
        clients.wait_view(name, notes("set", name, "1", {"text": text}))
    clients.wait_view(name, notes("update", name, "1", [{"op": "set", "path": "text", "value": "three"}]))
    notes("delete", name, "1")
    clients.wait_view(name, None)
    again = notes("set", name, "1", {"text": "again"})
    clients.wait_view(name, again)
    texts = [view["text"] for view in clients.views(name) if view]
    assert texts == ["one", "two", "three", "again"]


def test_events_reach_whom_they_are_sent_to(clients: Clients, notes: Notes, name: str) -> None:
    clients.ask("group", name=f"{name} all", stream="notes", group=name)
    clients.ask("group", name=f"{name} elsewhere", stream="notes", group=f"{name} elsewhere")
    item = notes("set", name, "1", {"text": "one"})
    clients.ask("item", name=f"{name} one", stream="notes", group=name, id="1")
    clients.wait_view(f"{name} one", item)
    clients.wait_view(f"{name} all", [item])
    for part in ("all", "one", "elsewhere"):
        clients.ask("hear", name=f"{name} {part}", type="poke")
    notes("send", {"groupId": name}, {"type": "poke", "data": {"to": "all"}})
    notes("send", {"groupId": name, "id": "1"}, {"type": "poke", "data": ["to", "one"]})
    notes("send", {"groupId": name}, {"type": "other", "data": "heard by nobody"})
    notes("send", {"groupId": f"{name} elsewhere"}, {"type": "poke", "data": None})
    clients.wait(lambda line: line.get("name") == f"{name} elsewhere" and "event" in line)
    assert clients.events(f"{name} one") == [{"type": "poke", "data": ["to", "one"]}]
    # A client hands what concerns an item to its listeners of the group as well.
    assert clients.events(f"{name} all") == [
        {"type": "poke", "data": {"to": "all"}},
        {"type": "poke", "data": ["to", "one"]},
    ]
    assert clients.events(f"{name} elsewhere") == [{"type": "poke", "data": None}]


def test_who_has_left_hears_no_more(clients: Clients, notes: Notes, name: str) -> None:
    for part in ("stays", "goes"):
        clients.ask("group", name=f"{name} {part}", stream="notes", group=f"{name} {part}")
        clients.wait_view(f"{name} {part}", [])
    clients.ask("leave", name=f"{name} goes")
    notes("set", f"{name} goes", "1", {"text": "unheard"})
    clients.wait_view(f"{name} stays", [notes("set", f"{name} stays", "1", {"text": "heard"})])
    assert [view for view in clients.views(f"{name} goes") if view] == []  # React may show nothing once more
    clients.ask("group", name=f"{name} back", stream="notes", group=f"{name} goes")
    clients.wait(lambda line: line.get("name") == f"{name} back" and len(line.get("view", ())) == 1)


def test_subscriptions_come_back_after_a_restart(tmp_path: Path) -> None:
    """All three clients at once, for each waits two seconds before it connects again."""
    root = write_project(tmp_path, FILES)
    with ExitStack() as stack:
        with running(root) as project:
            notes = Notes(project)
            kept = notes("set", "g", "kept", {"text": "before"})
            notes("set", "g", "gone", {"text": "before"})
            all_clients = [stack.enter_context(connected(client, address(project))) for client in CLIENTS]
            for clients in all_clients:
                clients.ask("group", name="g", stream="notes", group="g")
                for id in ("kept", "gone", "new"):
                    clients.ask("item", name=id, stream="notes", group="g", id=id)
                clients.wait(lambda line: line.get("name") == "g" and len(line.get("view", ())) == 2)
                clients.wait_view("kept", kept)
                clients.ask("hear", name="g", type="poke")
            port = project.url.rpartition(":")[2]
            project.stop()
        with running(root, "--port", port) as project:
            notes = Notes(project)
            notes("delete", "g", "gone")
            kept = notes("update", "g", "kept", [{"op": "set", "path": "text", "value": "while away"}])
            new = notes("set", "g", "new", {"text": "while away"})
            for clients in all_clients:
                clients.wait_view("g", [kept, new])
                clients.wait_view("kept", kept)
                clients.wait_view("new", new)
                clients.wait_view("gone", None)
            kept = notes("update", "g", "kept", [{"op": "set", "path": "text", "value": "after"}])
            notes("send", {"groupId": "g"}, {"type": "poke", "data": "welcome back"})
            for clients in all_clients:
                clients.wait_view("g", [kept, new])
                clients.wait_view("kept", kept)
                clients.wait(lambda line: line.get("event") == {"type": "poke", "data": "welcome back"})


AUTH = {
    "motia.config.ts": """
        const authenticate = ({ headers }) => ({ user: headers['sec-websocket-protocol'].split(/, */)[1] })
        export default { streamAuth: { authenticate } }
    """,
    "steps/notes.stream.ts": """
        export const config = {
          name: 'notes',
          schema: { type: 'object' },
          canAccess: ({ groupId }, client) => client.user === groupId,
        }
    """,
}


@pytest.mark.parametrize("server", ["uvicorn", "hypercorn"])
def test_a_client_gets_what_it_may_see_and_an_error_for_the_rest(tmp_path: Path, server: str) -> None:
    """The token is a subprotocol, the one way for a page to give one that is not in the address."""
    files = {**FILES, **AUTH, "runtime.yaml": f"http: {{ server: {server} }}"}
    with ExitStack() as stack:
        project = stack.enter_context(running(write_project(tmp_path, files)))
        all_clients = [stack.enter_context(connected(client, address(project), "auth", "ada")) for client in CLIENTS]
        for clients in all_clients:
            clients.ask("item", name="denied", stream="notes", group="bob", id="1", types=["error"])
            clients.ask("group", name="own", stream="notes", group="ada")
            clients.wait_view("own", [])
        notes = Notes(project)
        notes("set", "bob", "1", {"text": "not for ada"})
        item = notes("set", "ada", "1", {"text": "for ada"})
        for clients in all_clients:
            clients.wait_view("own", [item])
            assert [view for view in clients.views("denied") if view] == []
        # React listens a moment after it has subscribed, and may miss what comes at once.
        for clients in all_clients[:2]:
            (event,) = clients.events("denied")
            assert (event["type"], event["data"]["code"]) == ("error", "STREAM_ACCESS_DENIED")


def test_the_client_of_the_page_runs(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "streams.md").read_text(encoding="utf-8")
    steps = dict(re.findall(r"```python\n# (steps/\S+)\n(.*?)```", page, re.DOTALL))
    scripts = dict(re.findall(r"```js\n// (\S+)\n(.*?)```", page, re.DOTALL))
    assert scripts["patience.mjs"] in (FOLDER / "patience.mjs").read_text(encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(FOLDER / "node_modules")
    with running(write_project(tmp_path, steps)) as project:
        write_project(tmp_path, {"watch.mjs": scripts["watch.mjs"].replace("ws://localhost:3000", address(project))})
        node = find_programs(Settings())["node"]
        with subprocess.Popen([node, "watch.mjs"], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "\n"
                project.client.put("/games/chess/ada", json={"points": 3})
                assert process.stdout.readline() == "ada 3\n"
                project.client.put("/games/chess/bob", json={"points": 1})
                assert process.stdout.readline() == "ada 3, bob 1\n"
            finally:
                process.kill()
