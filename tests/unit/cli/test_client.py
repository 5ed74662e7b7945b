"""cli/client, web/control/announcement: a folder's runtime is found, asked with its token, and its silence is said."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime.cli import client
from runtime.errors import RuntimeFault
from runtime.web.control.announcement import CONTROL_FILE, announced, read_announcement
from tests.unit.cli.served import TOKEN, run, serving


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project that the command is run in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(client.TOKEN_VARIABLE, raising=False)
    return tmp_path


# ------------------------------------------------------------ the file


def test_the_file_is_there_for_the_run_and_for_its_user_alone(folder: Path) -> None:
    before = os.umask(0)
    try:
        with announced(folder, "127.0.0.1", 3000, TOKEN):
            path = folder / CONTROL_FILE
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            document = {"url": "http://127.0.0.1:3000", "token": TOKEN, "pid": os.getpid()}
            assert json.loads(path.read_text()) == document
            assert list(path.parent.iterdir()) == [path]
    finally:
        os.umask(before)
    assert read_announcement(folder) is None


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:1"), ("::", "http://[::1]:1"), ("::1", "http://[::1]:1"), ("a.b", "http://a.b:1")],
)
def test_the_file_names_an_address_that_can_be_called(folder: Path, host: str, url: str) -> None:
    with announced(folder, host, 1, None):
        assert read_announcement(folder) == (url, None, os.getpid())


def test_a_file_that_was_left_is_replaced_and_that_of_another_runtime_stays(folder: Path) -> None:
    path = folder / CONTROL_FILE
    path.parent.mkdir()
    path.write_text("left by a killed runtime")
    path.chmod(0o644)
    with announced(folder, "127.0.0.1", 1, "first"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with announced(folder, "127.0.0.1", 2, "second"):
            assert read_announcement(folder) == ("http://127.0.0.1:2", "second", os.getpid())
            path.write_text(json.dumps({"url": "http://127.0.0.1:3", "token": None, "pid": 1}))
        assert read_announcement(folder) == ("http://127.0.0.1:3", None, 1)
    assert path.exists()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"url": "x", "token": "y", "pid": "z"}', "\xff"])
async def test_a_damaged_file_is_said(folder: Path, text: str) -> None:
    (folder / CONTROL_FILE).parent.mkdir()
    (folder / CONTROL_FILE).write_text(text, encoding="latin-1")
    printed = await run("queue", "list", "--json")
    assert (printed.code, printed.out) == (1, "")
    assert "control.json is damaged" in printed.err


def test_a_folder_that_cannot_be_written_is_said(folder: Path) -> None:
    (folder / ".runtime").write_text("a file in the way")
    with pytest.raises(RuntimeFault, match=r"control\.json cannot be written"), announced(folder, "h", 1, None):
        pytest.fail("the context was entered")


# ------------------------------------------------------------ finding


async def test_without_a_runtime_the_command_says_how_to_start_one(folder: Path) -> None:
    for command in (["queue", "list"], ["cron", "list"], ["emit", "--topic", "t", "--message", "1"]):
        printed = await run(*command, "--json")
        assert (printed.code, printed.out) == (1, "")
        assert f"error: no runtime runs in {folder}" in printed.err
        assert "runtime dev" in printed.err


async def test_a_runtime_that_is_gone_is_said(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with announced(folder, "127.0.0.1", port, TOKEN):
        printed = await run("queue", "list")
    assert printed.code == 1
    assert f"no runtime answers at 127.0.0.1:{port}" in printed.err
    assert "runtime dev" in printed.err


async def test_the_token_of_the_file_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(client.TOKEN_VARIABLE, "that of another runtime")
    async with serving(folder):
        assert (await run("emit", "--topic", "t", "--message", "1")).code == 0


async def test_in_start_the_token_is_given(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("emit", "--topic", "t", "--message", "1")
    async with serving(folder, token=None):
        printed = await run(*command)
        assert (printed.code, printed.out) == (1, "")
        assert "refuses the token" in printed.err
        assert "--token, or in RUNTIME_TOKEN" in printed.err
        assert (await run(*command, "--token", "wrong")).code == 1
        assert (await run(*command, "--token", TOKEN)).code == 0
        monkeypatch.setenv(client.TOKEN_VARIABLE, TOKEN)
        assert (await run(*command)).code == 0


async def test_a_port_says_where_and_keeps_the_token_for_its_owner(folder: Path) -> None:
    command = ("emit", "--topic", "t", "--message", "1")
    async with serving(folder, announces=False) as served:
        assert (await run(*command, "--port", str(served.port))).code == 1
        assert (await run(*command, "--port", str(served.port), "--token", TOKEN)).code == 0
        with announced(folder, "127.0.0.1", served.port, TOKEN):
            assert (await run(*command, "--port", str(served.port))).code == 0
        with announced(folder, "127.0.0.1", 1, TOKEN):
            assert "refuses the token" in (await run(*command, "--port", str(served.port))).err


async def test_routes_that_are_off_are_said(folder: Path) -> None:
    async with serving(folder, control=False):
        printed = await run("queue", "list")
    assert printed.code == 1
    assert "the control routes of this runtime are off" in printed.err


# ------------------------------------------------------------ what is no runtime


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A server that answers one connection with these bytes and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "gave no answer"),
        (b"SSH-2.0-OpenSSH\r\n", "gave no answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "gave no answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<ht>", "is no runtime"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n[]", "status 500"),
    ],
)
def test_what_is_no_runtime_is_said(answer: bytes, said: str) -> None:
    with answering(answer) as port, pytest.raises(RuntimeFault, match=said):
        client.running(port, None).get("queues")


def test_a_silent_runtime_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = client.running(listener.getsockname()[1], None)
        with pytest.raises(RuntimeFault, match="gave no answer: timed out"):
            silent.get("queues")


def test_a_time_is_that_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: Any = client.local_time("2023-11-14T22:13:20.000+00:00")
    assert shown.startswith("2023-11-1")
    assert client.local_time(None) == "-"
