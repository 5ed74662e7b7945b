"""The gRPC end that runners dial: a socket private to this user, and a secret for each process."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, cast

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
# gRPC's older event loop answers a lone call 0.08 ms sooner and carries 5 % more at 32 connections.
os.environ.setdefault("GRPC_EXPERIMENTS", "-event_engine_listener,-event_engine_client")

import anyio
import grpc

from runtime._gen import runner_pb2 as pb
from runtime._gen import runner_pb2_grpc
from runtime.runners.link import Link

# It logs, with its own stacks, that a runner which is gone cannot be told so.
logging.getLogger("grpc").setLevel(logging.CRITICAL)

SECRET_KEY = "runtime-secret"
GRPC_ENVIRONMENT = {name: value for name, value in os.environ.items() if name.startswith("GRPC_")}
"""How gRPC has been told to behave here; runners are told the same."""
_READ_AHEAD_BYTES = 256 * 1024
_MAX_FRAME_BYTES = 16 * 1024 * 1024
_STOP_SECONDS = 2.0
_MAX_FOLDER_BYTES = 85  # a socket's path has at most 107 bytes on Linux and 103 on macOS (sockaddr_un)


class RunnerServer(runner_pb2_grpc.RunnerLinkServicer):
    """Accepts the one connection of each runner process that was started, and no other."""

    def __init__(self, folder: Path) -> None:
        """`folder` is where the socket may be; it is made, for this user alone."""
        self.address = ""
        self._folder = folder
        self._expected: dict[str, Link] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Listens for the time of the context; `address` says where."""
        with _socket_path(self._folder) as path:
            server = grpc.aio.server(
                options=[
                    ("grpc.max_receive_message_length", _MAX_FRAME_BYTES),
                    ("grpc.max_send_message_length", _MAX_FRAME_BYTES),
                    # A window that grows lets megabytes of chunks stand in the pipe before a small envelope; one
                    # of a single chunk makes each chunk wait until the one before it has been read.
                    ("grpc.http2.bdp_probe", 0),
                    ("grpc.http2.lookahead_bytes", _READ_AHEAD_BYTES),
                ]
            )
            runner_pb2_grpc.add_RunnerLinkServicer_to_server(self, server)
            self.address = f"unix:{path}"
            server.add_insecure_port(self.address)
            await server.start()
            try:
                yield
            finally:
                stopping = asyncio.ensure_future(server.stop(grace=None))
                with anyio.CancelScope(shield=True):  # gRPC is not to be cancelled: that comes back as an error of ours
                    await asyncio.wait([stopping], timeout=_STOP_SECONDS)

    def expect(self, link: Link) -> str:
        """Makes a secret with which one process may take its place as the link's runner."""
        secret = secrets.token_urlsafe(32)
        self._expected[secret] = link
        return secret

    def forget(self, secret: str) -> None:
        """Withdraws a secret that was not used."""
        self._expected.pop(secret, None)

    async def Connect(self, request_iterator: Any, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        """Serves one runner for its whole life."""
        metadata = dict(context.invocation_metadata() or ())
        link = self._expected.pop(str(metadata.get(SECRET_KEY, "")), None)
        if link is None:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, f"'{SECRET_KEY}' is missing, wrong or was used before")
            return

        async def read() -> pb.RunnerFrame | None:
            frame = await context.read()
            return None if frame is grpc.aio.EOF else cast(pb.RunnerFrame, frame)

        async def write(frame: pb.CoreFrame) -> None:
            try:
                await context.write(frame)
            except grpc.aio.BaseError as error:
                raise anyio.BrokenResourceError from error

        await link.serve(read, write)


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
