"""The connection: from `Hello` to its end."""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import Coroutine
from typing import Any

from google.protobuf.message import DecodeError

import runtime_runner
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.http2.call import Call
from runtime_runner.http2.frames import CallFault
from runtime_runner.outbox import Outbox
from runtime_runner.project import Project
from runtime_runner.session import Session
from runtime_runner.transfers import ProtocolError

MIN_PROTOCOL = 1
MAX_PROTOCOL = 1
FEATURES = (pb.FEATURE_STREAMED_BODIES, pb.FEATURE_HOOKS, pb.FEATURE_COPIED_PRINTS)
CLOSE_SECONDS = 0.5
"""What the core gets to end the stream after our `Bye`."""

CONNECT = "/runtime.runner.v1.RunnerLink/Connect"
NOT_TAKEN = "The core did not take this runner in"
_UNIX = "unix:"


class LinkError(Exception):
    """The core does not take this process in; the message is for the person at the terminal."""


async def connect(target: str, secret: str, project: Project) -> int:
    """Runs one connection to the core at `target`, a gRPC target; returns the exit code. Raises LinkError."""
    link = Link(secret, project)
    loop = asyncio.get_running_loop()
    try:
        if target.startswith(_UNIX):
            await loop.create_unix_connection(lambda: link.call, target.removeprefix(_UNIX))
        else:
            host, _, port = target.rpartition(":")
            await loop.create_connection(lambda: link.call, host, int(port))
    except OSError as error:
        raise LinkError(f"{NOT_TAKEN}: there is nothing at {target}: {error}") from error
    return await link.run()


class Link:
    """One connection to the core; `call` is to be connected, and then run."""

    def __init__(self, secret: str, project: Project) -> None:
        self.call = Call(CONNECT, {"runtime-secret": secret}, self._receive, self._ended)
        self._project = project
        self._outbox = Outbox()
        self._exit: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._exit_code = 1
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: Session | None = None

    async def run(self) -> int:
        """Says `Hello` and serves until the call ends; returns the exit code. Raises LinkError."""
        self._outbox.put(_hello())
        self._writing = self._own(self._outbox.run(self.call.write))
        try:
            return await self._exit
        finally:
            self.call.close()
            for task in self._tasks:
                task.cancel()

    def _receive(self, message: bytes) -> None:
        try:
            for envelope in pb.CoreFrame.FromString(message).envelopes:
                self._dispatch(envelope)
        except (DecodeError, ProtocolError) as error:
            if self._session is None:
                self._fail(LinkError(f"The core broke the protocol: {error}"))
            else:
                self._own(self._leave(pb.BYE_REASON_PROTOCOL_ERROR, str(error), 1))

    def _ended(self, error: BaseException | None) -> None:
        if error is not None and not isinstance(error, CallFault):
            self._fail(error)
        elif self._session is not None:
            self._end(self._exit_code)
        elif error is None:
            self._fail(LinkError("The core ended the connection without a welcome."))
        else:
            self._fail(LinkError(f"{NOT_TAKEN}: {error}"))

    def _dispatch(self, envelope: pb.CoreEnvelope) -> None:
        kind = envelope.WhichOneof("kind")
        if kind is None:
            return  # a kind of a later version
        if kind == "bye":
            self._dismissed(envelope.bye)
        elif kind == "welcome":
            self._welcomed(envelope.welcome)
        elif self._session is None:
            raise ProtocolError(f"{kind} came before welcome.")
        else:
            self._session.dispatch(kind, getattr(envelope, kind))

    def _welcomed(self, welcome: pb.Welcome) -> None:
        if self._session is not None:
            raise ProtocolError("A second welcome came.")
        if not MIN_PROTOCOL <= welcome.protocol <= MAX_PROTOCOL:
            raise _version_error(f"the core chose {welcome.protocol}")
        self._outbox.keep(welcome.limits)
        self._session = Session(self._outbox, welcome, self._project, self._own, self._drained)

    def _dismissed(self, bye: pb.Bye) -> None:
        if bye.reason == pb.BYE_REASON_PROTOCOL_VERSION:
            raise _version_error(f"the core says: {bye.message}")
        self._end(1 if bye.reason == pb.BYE_REASON_PROTOCOL_ERROR else 0)

    async def _drained(self) -> None:
        await self._leave(pb.BYE_REASON_DRAINED, "All work is done.", 0)

    async def _leave(self, reason: pb.ByeReason, message: str, exit_code: int) -> None:
        self._exit_code = exit_code
        self._outbox.close(pb.RunnerEnvelope(bye=pb.Bye(reason=reason, message=message)))
        await self._writing
        self.call.end()
        await asyncio.wait((self._exit,), timeout=CLOSE_SECONDS)
        self._end(exit_code)

    def _own(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        # An error in a part of the connection ends the whole.
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._let_go)
        return task

    def _let_go(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self._exit.done():
            self._exit.set_exception(error)

    def _end(self, code: int) -> None:
        if not self._exit.done():
            self._exit.set_result(code)


def _hello() -> pb.RunnerEnvelope:
    hello = pb.Hello(min_protocol=MIN_PROTOCOL, max_protocol=MAX_PROTOCOL, language="python", pid=os.getpid())
    hello.features.extend(FEATURES)
    hello.version = runtime_runner.__version__
    hello.runtime_version = f"Python {platform.python_version()}"
    return pb.RunnerEnvelope(hello=hello)


def _version_error(core: str) -> LinkError:
    return LinkError(f"No protocol version in common: this runner speaks {MIN_PROTOCOL} to {MAX_PROTOCOL}, {core}")
