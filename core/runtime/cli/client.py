"""Asking the runtime that runs in this folder, and showing what it answers."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from runtime.cli.console import print_fault
from runtime.cli.ink import printable
from runtime.cli.options import EXIT_FAULT, EXIT_INTERRUPTED
from runtime.errors import RuntimeFault
from runtime.web.control.announcement import Announcement, read_announcement

TOKEN_VARIABLE = "RUNTIME_TOKEN"
CONNECT_TIMEOUT = 3.0
"""Seconds until a runtime that does not take the connection counts as gone."""
ANSWER_TIMEOUT = 120.0
"""Seconds that an answer may be silent; redriving all of a long queue takes its time."""
MAX_ANSWER_BYTES = 1024 * 1024 * 1024
_WIDTH_OF_FILES = 160
_START = "start it here with `runtime dev`; `runtime start` needs control.token in runtime.yaml for this"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs, and nothing else.")]
Port = Annotated[
    int | None, typer.Option("--port", "-p", min=1, max=65535, help="Port of the runtime (that of this folder's).")
]
Token = Annotated[
    str | None, typer.Option("--token", help=f"Token of the control routes in start (also {TOKEN_VARIABLE}).")
]


class Client:
    """The control API of a runtime on this machine."""

    def __init__(self, host: str, port: int, token: str | None, *, encrypted: bool = False) -> None:
        self._host = host
        self._port = port
        self._token = token
        self._encrypted = encrypted

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The document of the answer. Raises `RuntimeFault` when there is none, or when it is a refusal."""
        return self._ask("GET", path, query, None)

    def post(self, path: str, query: Mapping[str, str] | None = None, body: Any = None) -> Any:
        """The same, of a request that changes something."""
        return self._ask("POST", path, query, {} if body is None else body)

    def live(self, topic: str) -> Iterator[Any]:
        """What happens of a topic: None once it is listened to, then each document, for as long as the runtime tells.

        Raises `RuntimeFault` when there is no runtime, also once it has ended.
        """
        with self._answer("GET", "live", {"topics": topic}, None) as response:
            if response.status != 200:
                self._read(response.status, response.getheader("content-type", ""), response.read(MAX_ANSWER_BYTES))
            event = b""
            while line := response.readline(MAX_ANSWER_BYTES):
                name, _, value = line.rstrip().partition(b": ")
                if name == b"event":
                    event = value
                elif name == b"data":
                    yield None if event == b"hello" else json.loads(value)
        raise RuntimeFault(f"the runtime at port {self._port} has ended")

    def _ask(self, method: str, path: str, query: Mapping[str, str] | None, body: Any) -> Any:
        with self._answer(method, path, query, body) as response:
            text = response.read(MAX_ANSWER_BYTES)
            if response.length:
                raise http.client.IncompleteRead(text, response.length)
        return self._read(response.status, response.getheader("content-type", ""), text)

    @contextmanager
    def _answer(
        self, method: str, path: str, query: Mapping[str, str] | None, body: Any
    ) -> Iterator[http.client.HTTPResponse]:
        """The answer for the time of the context, in which it may fail as well. Raises `RuntimeFault`."""
        target = f"/__runtime/{path}?{urlencode(query)}" if query else f"/__runtime/{path}"
        # The name under which the control routes always answer, whatever address the runtime is bound to.
        headers = {"Host": "localhost", "Content-Type": "application/json", "Connection": "close"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        connection = self._connection()
        try:
            self._connect(connection)
            connection.request(method, target, None if body is None else json.dumps(body), headers)
            yield connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise RuntimeFault(
                f"the runtime at port {self._port} gave no answer: {error or type(error).__name__}"
            ) from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if not self._encrypted:
            return http.client.HTTPConnection(self._host, self._port, timeout=CONNECT_TIMEOUT)
        # The address is this machine's own, which no certificate is made out to.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(self._host, self._port, timeout=CONNECT_TIMEOUT, context=context)

    def _connect(self, connection: http.client.HTTPConnection) -> None:
        try:
            connection.connect()
        except OSError as error:
            raise RuntimeFault(f"no runtime answers at {self._host}:{self._port}: {error}", _START) from error
        connection.sock.settimeout(ANSWER_TIMEOUT)

    def _read(self, status: int, content_type: str, text: bytes) -> Any:
        try:
            document = json.loads(text)
        except ValueError as error:
            raise RuntimeFault(f"what answers at {self._host}:{self._port} is no runtime", _START) from error
        if status < 400:
            return document
        detail = printable(str(document.get("detail", ""))) if isinstance(document, dict) else ""
        if status == 401:
            raise RuntimeFault("the runtime refuses the token", f"give it with --token, or in {TOKEN_VARIABLE}")
        if status == 404 and detail.startswith("no step serves"):
            raise RuntimeFault("the control routes of this runtime are off", "set control.token in runtime.yaml")
        raise RuntimeFault(detail or f"the runtime answered with status {status} ({content_type})")


def running(port: int | None, token: str | None) -> Client:
    """The runtime of this folder, or that at the port. Raises `RuntimeFault` when nothing is known of one."""
    root = Path.cwd()
    found = read_announcement(root)
    if found is None and port is None:
        raise RuntimeFault(f"no runtime runs in {root}", _START)
    place = urlsplit(found.url) if found else None
    host = (place.hostname if place else None) or "127.0.0.1"
    there = place.port if place else None
    encrypted = place is not None and place.scheme == "https"
    known = token or _known_token(found if port in (None, there) else None)
    return Client(host, port or there or 80, known, encrypted=encrypted)


def _known_token(found: Announcement | None) -> str | None:
    """The token of the run, which only its own runtime may see; else that of the environment."""
    return (found.token if found else None) or os.environ.get(TOKEN_VARIABLE)


@contextmanager
def faults_shown() -> Iterator[None]:
    """Turns a `RuntimeFault` into a message and the exit code 1."""
    try:
        yield
    except RuntimeFault as fault:
        print_fault(fault)
        raise typer.Exit(EXIT_FAULT) from fault


@contextmanager
def until_interrupted() -> Iterator[None]:
    """Ends a command that goes on by itself at Ctrl-C, in order."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None


def read_json(text: str, option: str) -> Any:
    """The value of an option that holds JSON. Raises `typer.BadParameter`."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        hint = """; a text needs its quotes, as in '"text"'"""
        raise typer.BadParameter(f"is no JSON: {error}{hint}", param_hint=option) from error


def print_json(document: Any) -> None:
    """Prints the document for programs."""
    typer.echo(json.dumps(document, indent=2))


def print_json_line(document: Any) -> None:
    """Prints the document on a line of its own, for programs that read as it comes."""
    typer.echo(json.dumps(document))


def print_line(text: str, style: str = "") -> None:
    """Prints a line for people, as it is."""
    _console().print(Text(printable(text), style), soft_wrap=True)


def print_text(text: Text) -> None:
    """Prints a line of several styles, which holds nothing that is not to be printed."""
    _console().print(text, soft_wrap=True)


def print_table(table: Table) -> None:
    """Prints a table for people, as wide as the terminal."""
    _console().print(table)


def cell(value: object, style: str = "") -> Text:
    """A value in a table, on one line; nothing for None."""
    return Text("" if value is None else printable(str(value)).replace("\n", "\\n"), style)


def local_time(moment: str | None) -> str:
    """A point in time of the API in the machine's zone."""
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else "-"


def _console() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_OF_FILES)
