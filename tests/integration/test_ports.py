"""Where a project listens when its port is another's."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from runtime.config import HttpSettings
from runtime.errors import RuntimeFault
from runtime.web.server import listen
from tests.integration.control import command
from tests.integration.project import running, write_project

FILES = {
    "steps/hello_step.py": """
config = {"type": "api", "name": "Hello", "method": "GET", "path": "/hello"}
async def handler(req, ctx):
    return {"status": 200, "body": "hello"}
"""
}


@pytest.fixture
def taken() -> Iterator[list[int]]:
    """Two ports, one after the other, of which this process has the first."""
    with ExitStack() as held:
        yield next(filter(None, (_pair(held) for _ in range(100))))


def _pair(held: ExitStack) -> list[int] | None:
    first = socket.create_server(("127.0.0.1", 0))
    port = first.getsockname()[1]
    try:
        socket.create_server(("127.0.0.1", port + 1)).close()
    except (OSError, OverflowError):
        first.close()
        return None
    held.enter_context(first)
    return [port, port + 1]


def test_a_port_in_use_leads_to_the_next_one(taken: list[int]) -> None:
    said: list[str] = []
    with closing(listen(HttpSettings(port=taken[0]), 2, said.append)) as listener:
        assert listener.getsockname()[1] == taken[1]
    (sentence,) = said
    assert sentence.startswith(f"port {taken[0]} is in use by pid {os.getpid()} (")
    assert sentence.endswith(f"), listening at {taken[1]}")


def test_a_free_port_is_not_spoken_of(taken: list[int]) -> None:
    said: list[str] = []
    with closing(listen(HttpSettings(port=taken[1]), 10, said.append)) as listener:
        assert listener.getsockname()[1] == taken[1]
    assert said == []


def test_the_tries_have_an_end(taken: list[int]) -> None:
    with socket.create_server(("127.0.0.1", taken[1])), pytest.raises(RuntimeFault) as caught:
        listen(HttpSettings(port=taken[0]), 2)
    assert f"in use by pid {os.getpid()} (" in str(caught.value)
    assert str(caught.value).endswith(f", and so are the ports up to {taken[1]}")


def test_the_last_port_has_none_after_it() -> None:
    with ExitStack() as held:
        try:
            held.enter_context(socket.create_server(("127.0.0.1", 65535)))
        except OSError:
            pytest.skip("another program has the last port")
        with pytest.raises(RuntimeFault, match=r"127\.0\.0\.1:65535: the port is in use"):
            listen(HttpSettings(port=65535), 10)


def test_an_address_of_another_machine_is_not_tried_again() -> None:
    with pytest.raises(RuntimeFault, match=r"cannot listen on 192\.0\.2\.1:3000: Cannot assign"):
        listen(HttpSettings(host="192.0.2.1"), 10)


def test_start_wants_its_port_and_no_other(tmp_path: Path, taken: list[int]) -> None:
    done = command(write_project(tmp_path, FILES), "start", "--port", str(taken[0]))
    assert done.code == 1
    assert f"cannot listen on 127.0.0.1:{taken[0]}: the port is in use by pid {os.getpid()} (" in done.err
    assert "--port" in done.err


def test_dev_takes_the_next_one_and_says_so(tmp_path: Path, taken: list[int]) -> None:
    write_project(tmp_path, FILES)
    with running(tmp_path, "--port", str(taken[0])) as project:
        assert project.url == f"http://127.0.0.1:{taken[1]}"
        assert f"port {taken[0]} is in use by pid {os.getpid()} (" in project.output
        assert project.client.get("/hello").text == "hello"
