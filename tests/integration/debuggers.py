"""Debuggers as an editor speaks with them: Node's inspector protocol, and the Debug Adapter Protocol."""

from __future__ import annotations

import base64
import json
import socket
import string
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.integration.project import PATIENCE, is_alive

Message = dict[str, Any]
_DIGITS = f"{string.ascii_uppercase}{string.ascii_lowercase}{string.digits}+/"


class Debugger:
    """A client of one debugger; what comes while it waits for something else is kept."""

    def __init__(self) -> None:
        self._kept: deque[Message] = deque()

    def _next(self, wanted: str, value: object) -> Message:
        """The first message, also of those that have come before, that has the value under this key."""
        passed_over: list[Message] = []
        try:
            while True:
                message = self._kept.popleft() if self._kept else self._receive()
                if message.get(wanted) == value:
                    return message
                passed_over.append(message)
        finally:
            self._kept.extendleft(reversed(passed_over))

    def wait_until_closed(self) -> None:
        """Reads on until the other side ends the connection."""
        with suppress(EOFError, ConnectionError):
            while True:
                self._receive()

    def _receive(self) -> Message:
        """The next message. Raises `EOFError` when the connection has ended, `TimeoutError` when none comes."""
        raise NotImplementedError


class NodeDebugger(Debugger):
    """A client of Node's inspector, which speaks JSON over a WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        super().__init__()
        self._socket = socket
        self._id = 0

    def call(self, method: str, **parameters: object) -> Message:
        """Asks, and gives the result. Raises `AssertionError` for an error."""
        self._id += 1
        self._socket.send(json.dumps({"id": self._id, "method": method, "params": parameters}))
        answer = self._next("id", self._id)
        assert "error" not in answer, answer
        result: Message = answer["result"]
        return result

    def event(self, method: str) -> Message:
        """The parameters of the next event of this name."""
        parameters: Message = self._next("method", method)["params"]
        return parameters

    def stop_at(self, file: Path, line: int) -> None:
        """Sets a breakpoint at a line of a loaded TypeScript file, which has to be accepted."""
        self.call("Debugger.enable")
        while (script := self.event("Debugger.scriptParsed"))["url"] != file.as_uri():
            pass
        where = generated_line(script, line)
        found = self.call("Debugger.setBreakpointByUrl", url=file.as_uri(), lineNumber=where)
        assert [place["lineNumber"] for place in found["locations"]] == [where]

    def _receive(self) -> Message:
        try:
            message: Message = json.loads(self._socket.recv(PATIENCE))
        except ConnectionClosed as closed:
            raise EOFError(str(closed)) from closed
        return message


class AdapterDebugger(Debugger):
    """A client of a debugger that speaks the Debug Adapter Protocol, as debugpy does."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._seq = 0

    def begin(self, command: str, **arguments: object) -> int:
        """Asks without waiting; gives what `answer` needs."""
        self._seq += 1
        request = {"seq": self._seq, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(request).encode()
        self._stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._stream.flush()
        return self._seq

    def answer(self, seq: int) -> Message:
        """What came of a request. Raises `AssertionError` for a failure."""
        answer = self._next("request_seq", seq)
        assert answer["success"], answer
        body: Message = answer.get("body") or {}
        return body

    def call(self, command: str, **arguments: object) -> Message:
        """Asks, and waits for what comes of it."""
        return self.answer(self.begin(command, **arguments))

    def event(self, name: str) -> Message:
        """The body of the next event of this name."""
        body: Message = self._next("event", name).get("body") or {}
        return body

    def attach(self, breakpoints: dict[str, list[int]]) -> None:
        """Attaches as VS Code does, with breakpoints (lines by file) that have to be accepted."""
        self.call("initialize", adapterID="debugpy", pathFormat="path", linesStartAt1=True, columnsStartAt1=True)
        attached = self.begin("attach", connect={"host": "127.0.0.1"}, justMyCode=True)
        self.event("initialized")
        for file, lines in breakpoints.items():
            wanted = [{"line": line} for line in lines]
            accepted = self.call("setBreakpoints", source={"path": file}, breakpoints=wanted)["breakpoints"]
            assert [each["verified"] for each in accepted] == [True] * len(lines), accepted
        self.call("configurationDone")
        self.answer(attached)

    def _receive(self) -> Message:
        length = 0
        while line := self._stream.readline().strip():
            name, _, value = line.partition(b":")
            assert name == b"Content-Length"
            length = int(value)
        if not length:
            raise EOFError("the debugger has ended the connection")
        message: Message = json.loads(self._stream.read(length))
        return message


@contextmanager
def node_debugger(port: int) -> Iterator[NodeDebugger]:
    """Finds the inspector behind a port as editors do, and connects to it."""
    (target,) = httpx.get(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE).json()
    with connect(target["webSocketDebuggerUrl"], open_timeout=PATIENCE, max_size=None) as socket:
        yield NodeDebugger(socket)


@contextmanager
def adapter_debugger(port: int) -> Iterator[AdapterDebugger]:
    """Connects to a debugger that speaks the Debug Adapter Protocol."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection, connection.makefile("rwb") as stream:
        yield AdapterDebugger(cast(BinaryIO, stream))


def adapters(folder: Path) -> set[int]:
    """Process ids of the adapters that debugpy keeps for processes that were started in this folder."""
    return {int(process.name) for process in Path("/proc").glob("[0-9]*") if _is_adapter(process, folder)}


def _is_adapter(process: Path, folder: Path) -> bool:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
        return b"--for-server" in words and (process / "cwd").readlink() == folder and is_alive(int(process.name))
    except OSError:  # it has ended, or is another user's
        return False


def generated_line(script: Message, line: int) -> int:
    """Where a line of a source (from 1) begins in the script that was made of it (from 0), by the map in the script."""
    encoded = str(script["sourceMapURL"]).removeprefix("data:application/json;base64,")
    mappings = json.loads(base64.b64decode(encoded))["mappings"]
    source_line = 0
    for number, text in enumerate(mappings.split(";")):
        for segment in filter(None, text.split(",")):
            source_line += _numbers(segment)[2]
            if source_line == line - 1:
                return number
    raise AssertionError(f"line {line} has no place in the script")


def _numbers(segment: str) -> list[int]:
    """The numbers of a source map's segment: digits of base 64 with a sign and a bit for more, the lowest first."""
    found, number, shift = [], 0, 0
    for letter in segment:
        digit = _DIGITS.index(letter)
        number |= (digit & 31) << shift
        shift += 5
        if not digit & 32:
            found.append(-(number >> 1) if number & 1 else number >> 1)
            number, shift = 0, 0
    return found
