"""The gRPC end that runners dial: a socket private to this user, and a secret for each process."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import anyio
from google.protobuf.message import DecodeError

from runtime._gen import runner_pb2 as pb
from runtime.runners.http2.call import Call
from runtime.runners.http2.calls import Refusal, Serve
from runtime.runners.http2.connection import Connection
from runtime.runners.http2.headers import CallFault, Status
from runtime.runners.link import Link
from runtime.runners.transfers import ProtocolFault
from runtime.tasks import ShortTasks

SECRET_KEY = "runtime-secret"
CONNECT = "/runtime.runner.v1.RunnerLink/Connect"
_MAX_FOLDER_BYTES = 85  # a socket's path has at most 107 bytes on Linux and 103 on macOS (sockaddr_un)


class RunnerServer:
    """Accepts the one connection of each runner process that was started, and no other."""

    def __init__(self, folder: Path) -> None:
        """`folder` is where the socket may be; it is made, for this user alone."""
        self.address = ""
        self._folder = folder
        self._expected: dict[str, Link] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listens for the time of the context; `address` says where."""
        connections: set[Connection] = set()
        serving = ShortTasks()
        with _socket_path(self._folder) as path:
            connect = partial(Connection, self._accept, serving, connections)
            listener = await asyncio.get_running_loop().create_unix_server(connect, path)
            self.address = f"unix:{path}"
            try:
                yield
            finally:
                listener.close()
                self._expected.clear()
                with anyio.CancelScope(shield=True):  # runners are told, also by a server that is cancelled
                    async with serving:
                        await asyncio.gather(*(connection.leave() for connection in connections))

    def expect(self, link: Link) -> str:
        """Makes a secret with which one process may take its place as the link's runner."""
        secret = secrets.token_urlsafe(32)
        self._expected[secret] = link
        return secret

    def forget(self, secret: str) -> None:
        """Withdraws a secret that was not used."""
        self._expected.pop(secret, None)

    def _accept(self, headers: Mapping[str, str]) -> Serve | Refusal:
        if headers.get(":path") != CONNECT or headers.get(":method") != "POST":
            return Refusal(Status.UNIMPLEMENTED, f"there is nothing but POST {CONNECT}")
        link = self._expected.pop(headers.get(SECRET_KEY, ""), None)
        if link is None:
            return Refusal(Status.UNAUTHENTICATED, f"'{SECRET_KEY}' is missing, wrong or was used before")
        return partial(_serve, link)


async def _serve(link: Link, call: Call) -> None:
    """Serves one runner for its whole life."""

    async def read() -> pb.RunnerFrame | None:
        try:
            message = await call.read()
            return None if message is None else pb.RunnerFrame.FromString(message)
        except (CallFault, DecodeError) as error:
            raise ProtocolFault(str(error)) from error

    async def write(frame: pb.CoreFrame) -> None:
        await call.write(frame.SerializeToString())

    def offer(frame: pb.CoreFrame) -> bool:
        return call.offer(frame.SerializeToString())

    await link.serve(read, write, offer)


@contextmanager
def _socket_path(folder: Path) -> Iterator[Path]:
    """A path for this process's socket in a folder that only this user can enter; what killed cores left is removed.

    A path that is too long for a socket is replaced by one in the system's folder for temporary files.
    """
    if len(os.fsencode(folder)) > _MAX_FOLDER_BYTES:
        with tempfile.TemporaryDirectory(prefix="runtime-") as short:
            yield Path(short) / "core.sock"
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    for left in folder.glob("*.sock"):
        if not left.stem.isdigit() or not _is_alive(int(left.stem)):
            left.unlink(missing_ok=True)
    path = folder / f"{os.getpid()}.sock"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
