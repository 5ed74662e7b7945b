"""The connection to one runner process, from `Welcome` to the end of the stream."""

from __future__ import annotations

import asyncio
import itertools
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import anyio

from runtime._gen import runner_pb2 as pb
from runtime.config import LinkSettings
from runtime.deadlines import Deadlines
from runtime.ids import new_span_id
from runtime.model import Failure, FailureKind, Invocation, LogLevel, Manifest, Outcome, whole
from runtime.runners.answers import Answers
from runtime.runners.bodies import Bodies
from runtime.runners.calls import Answer, Calls, Question
from runtime.runners.conversation import Read, Write, converse
from runtime.runners.convert import read_failure, read_manifest
from runtime.runners.copies import RunnerLines
from runtime.runners.discovery import LanguageFiles
from runtime.runners.greeting import disagreement, write_load, write_welcome
from runtime.runners.hostcalls import HostCalls
from runtime.runners.liveness import Liveness
from runtime.runners.outbox import Offer, Outbox
from runtime.runners.run import Run, refusal
from runtime.runners.transfers import ProtocolFault, Transfers
from runtime.services.logs import LogService
from runtime.tasks import ShortTasks

_GOODBYE_SECONDS = 1.0


class Link:
    """One runner process, seen from the core: it waits to be told what to load, loads once, then runs invocations
    until it is gone."""

    def __init__(
        self,
        language: str,
        settings: LinkSettings,
        max_in_flight: int,
        host: HostCalls,
        logs: LogService,
        on_room: Callable[[], None],
        max_calls: int,
        *,
        is_inspected: bool = False,
    ) -> None:
        """`max_calls` is how many hooks may be under way, which whoever asks for them keeps.

        An inspected runner may stand at a breakpoint for as long as a person likes: it has no deadlines.
        """
        self.language = language
        self.session = new_span_id()
        self.loaded: asyncio.Future[Manifest] = asyncio.get_running_loop().create_future()
        self.greeted = asyncio.Event()
        """Set once the runner has said who it is."""
        self.closed = anyio.Event()
        self._files: LanguageFiles | None = None
        self._settings = settings
        self._max_in_flight = max_in_flight
        self._host = host
        self._logs = logs
        self._is_inspected = is_inspected
        self._on_room = on_room
        self._outbox = Outbox(settings.chunk_bytes, settings.max_queued_bytes, on_room)
        transfers = max_in_flight + settings.max_host_calls + max_calls
        self._transfers = Transfers(settings.max_payload_bytes, transfers)
        self._bodies = Bodies(settings, self._outbox)
        self._calls = Calls(settings, self._outbox, lambda: bool(self._runs), self._start_anew)
        self.liveness = Liveness(settings, self._outbox, partial(self._start_anew, source="runtime"))
        self._runs: dict[int, Run] = {}
        self.lines = RunnerLines(language, self.session, logs, self._run_of)
        self._loop = asyncio.get_running_loop()
        self._deadlines = Deadlines(self._expire)
        self._overdue = Deadlines(self._give_up)
        self._stuck = anyio.Event()
        self._ids = itertools.count(1)
        self._open = False
        self._welcomed = False
        self.features: frozenset[pb.Feature] = frozenset()
        """What both sides can, from the runner's greeting on."""
        self._lost = False
        self._leaving = False
        self._saw_unknown = False
        self._answers: Answers
        self._handlers: Mapping[str, Callable[[Any], None]] = {
            "hello": self._on_hello,
            "manifest": self._on_manifest,
            "chunk": self._on_chunk,
            "host_call": self._on_host_call,
            "log": self.lines.log,
            "call_reply": self._on_call_reply,
            "pong": self.liveness.answer,
            "bye": self._on_bye,
        }

    @property
    def in_flight(self) -> int:
        """Invocations without a `Result`."""
        return len(self._runs)

    @property
    def unfinished(self) -> int:
        """Those, and those whose body still comes."""
        return len(self._runs) + len(self._bodies.runs)

    @property
    def is_welcomed(self) -> bool:
        """True once the runner has said who it is."""
        return self._welcomed

    @property
    def is_live(self) -> bool:
        """True from its manifest until it leaves or is lost, whether it has room for invocations or not."""
        return self._open

    @property
    def room(self) -> int:
        """Invocations that may come now: none before the runner has loaded, after it has left, or while too many
        bytes wait to be written to it."""
        return self._max_in_flight - len(self._runs) if self._open and not self._outbox.full else 0

    # ------------------------------------------------------------ invocations

    def start(self, invocation: Invocation, ended: Callable[[Outcome], None]) -> Callable[[], None]:
        """Runs the handler; the outcome is a failure when the deadline passes or the runner is lost first."""
        id = next(self._ids)
        if too_long := refusal(invocation, self._settings):
            ended(Outcome(failure=too_long))
        else:
            run = self._runs[id] = Run(invocation, ended)
            run.send(id, self._outbox)
            self._deadlines.add(id, invocation.step.timeout)
        return partial(self._leave, id)

    def _leave(self, id: int) -> None:
        run = self._runs.get(id)
        if run is not None and run.is_awaited:
            run.leave()
            self._deadlines.remove(id, run.invocation.step.timeout)
            self._cancel(id, pb.CANCEL_REASON_CLIENT_GONE)

    def _expire(self, id: int) -> None:
        run = self._runs.get(id)
        if run is not None and not self._is_inspected:
            message = f"the handler did not end within {run.invocation.step.timeout:g} s"
            run.end(Outcome(failure=Failure(FailureKind.DEADLINE, message)))
            self._cancel(id, pb.CANCEL_REASON_DEADLINE)

    def _cancel(self, id: int, reason: pb.CancelReason) -> None:
        """Asks for an end; the run keeps its place until its `Result` comes, unless it was not even sent."""
        run = self._run_of(id)
        if run is None or run.cancelled:
            return
        run.cancelled = True
        if run.transfer is not None and not run.transfer.sent:
            self._outbox.withdraw(run.transfer)
            del self._runs[id]
            self._on_room()
            return
        cancel = self._outbox.add().cancel
        cancel.invocation_id = id
        cancel.reason = reason
        cancel.grace_ms = int(self._settings.cancel_grace * 1000)
        self._overdue.add(id, self._settings.cancel_grace + self._settings.stuck_after)

    def _give_up(self, id: int) -> None:
        """Ends the connection of a runner that answers no cancel: a handler blocks it for all others."""
        run = self._run_of(id)
        if run is not None and not self._lost:
            name = run.invocation.step.name
            self._start_anew(f"step '{name}' was cancelled and lets nothing else have a turn", name)

    def _start_anew(self, why: str, source: str) -> None:
        if self._stuck.is_set() or self._is_inspected:
            return
        then = "ended" if self._leaving else "started anew"
        message = f"the {self.language} runner is stuck and is {then}: {why}; give long computations to a worker"
        self._logs.core(LogLevel.ERROR, message, source)
        self._open = False
        self._stuck.set()

    def _run_of(self, id: int) -> Run | None:
        """The run until its `Result`, or until the last piece of its body."""
        return self._runs.get(id) or self._bodies.runs.get(id)

    # ------------------------------------------------------------ calls

    async def call(self, question: Question, left: Callable[[], float]) -> Answer:
        """Asks for a hook once there is room to; the runner must answer hooks.

        `left` tells how long it then has for it (seconds).
        """
        if self._outbox.full:
            await self._outbox.room()
        return self._calls.begin(question, left())

    # ------------------------------------------------------------ life of the connection

    async def serve(self, read: Read, write: Write, offer: Offer | None = None) -> None:
        """Speaks with the runner until the stream ends or breaks; then every open invocation is RUNNER_LOST.

        A broken stream ends like any other: `write` raises `anyio.BrokenResourceError`. What else is raised is logged.
        """
        try:
            async with ShortTasks() as answering:
                self._answers = Answers(self._settings, self._outbox, self._host, self._logs, answering)
                await converse(partial(self._listen, read), partial(self._outbox.run, write, offer), self._stuck)
        except Exception as error:
            self._logs.core(LogLevel.ERROR, "".join(traceback.format_exception(error)))
        finally:
            self.lose()
            self.closed.set()

    async def _listen(self, read: Read) -> None:
        try:
            await self._read(read)
        except ProtocolFault as fault:
            self._open = False
            self._logs.core(LogLevel.ERROR, f"the {self.language} runner broke the protocol: {fault}")
            self._say_goodbye(pb.BYE_REASON_PROTOCOL_ERROR, str(fault))
            with anyio.move_on_after(_GOODBYE_SECONDS):
                await self._outbox.flushed()

    async def _read(self, read: Read) -> None:
        while (frame := await read()) is not None:
            for envelope in frame.envelopes:
                kind = envelope.WhichOneof("kind")
                if kind == "result":
                    self._on_result(envelope.result)
                elif not self._welcomed and kind != "hello":
                    raise ProtocolFault(f"the first envelope is '{kind}', not 'hello'")
                elif kind is not None:
                    self._handlers[kind](getattr(envelope, kind))
                elif not self._saw_unknown:
                    self._saw_unknown = True
                    message = f"the {self.language} runner sends envelopes that this core does not know"
                    self._logs.core(LogLevel.WARN, message)
            if self._answers.overrun():
                await self._outbox.room()

    def _say_goodbye(self, reason: pb.ByeReason, message: str) -> None:
        bye = self._outbox.add().bye
        bye.reason = reason
        bye.message = message

    def load(self, files: LanguageFiles) -> None:
        """Has the runner load these files, as soon as it is there; to be called once at most."""
        self._files = files
        if self._welcomed:
            write_load(self._outbox.add().load, files)

    def drain(self, grace: float) -> None:
        """Asks the runner to finish and leave; it gets nothing more to do."""
        self._open = False
        self._leaving = True
        self.liveness.end()
        if self._welcomed:
            self._outbox.add().drain.grace_ms = int(grace * 1000)

    def lose(self) -> None:
        """Ends everything that still waits for this runner; called again it does nothing."""
        self._open = False
        self._lost = True
        self.liveness.end()
        failure = Failure(FailureKind.RUNNER_LOST, f"the {self.language} runner ended before the handler did")
        runs, self._runs = self._runs, {}
        self.lines.keep({**self._bodies.runs, **runs})
        for each in (self._transfers, self._outbox, self._deadlines, self._overdue):
            each.clear()
        for run in runs.values():
            run.end(Outcome(failure=failure))
        self._bodies.lose(failure)
        self._calls.lose(Failure(FailureKind.RUNNER_LOST, f"the {self.language} runner ended before the hook did"))
        if not self.loaded.done():
            self.loaded.cancel()

    # ------------------------------------------------------------ envelopes

    def _on_hello(self, hello: pb.Hello) -> None:
        if self._welcomed:
            raise ProtocolFault("a second hello came")
        message = disagreement(hello)
        if message:
            self._logs.core(LogLevel.ERROR, f"{self.language}: {message}")
            self._say_goodbye(pb.BYE_REASON_PROTOCOL_VERSION, message)
            return
        welcome = self._outbox.add().welcome
        self.features = write_welcome(welcome, hello, self.session, self._max_in_flight, self._settings)
        self._welcomed = True
        self.greeted.set()
        if self._leaving:
            self._outbox.add().drain.grace_ms = 0
        elif self._files is not None:
            write_load(self._outbox.add().load, self._files)

    def _on_manifest(self, manifest: pb.Manifest) -> None:
        if self._files is None or self.loaded.done():
            raise ProtocolFault("a manifest came, but no load asks for one")
        self._open = not self._leaving
        self.loaded.set_result(read_manifest(manifest, self.language))
        if not (self._is_inspected or self._leaving):
            self.liveness.begin()

    def _on_result(self, result: pb.Result) -> None:
        if self._lost:
            return  # the process is gone, and its last frames come after that was seen
        payload = self._transfers.take(result.payload_transfer) if result.payload_transfer else result.payload
        run = self._runs.get(result.invocation_id)
        if run is None:
            raise ProtocolFault(f"a result came for invocation {result.invocation_id}, which is not open")
        if run.transfer is not None and not run.transfer.sent:
            raise ProtocolFault(f"a result came for invocation {result.invocation_id}, which was not sent yet")
        self._deadlines.remove(result.invocation_id, run.invocation.step.timeout)
        if result.body_transfer:
            cancel = partial(self._cancel, result.invocation_id, pb.CANCEL_REASON_CLIENT_GONE)
            self._bodies.begin(result, run, payload, cancel, is_agreed=pb.FEATURE_STREAMED_BODIES in self.features)
        del self._runs[result.invocation_id]
        if not result.body_transfer:
            run.end(Outcome(payload, read_failure(result.failure) if result.HasField("failure") else None))
        self._on_room()

    def _on_chunk(self, chunk: pb.Chunk) -> None:
        if not self._bodies.add(chunk) and not self._lost:
            self._transfers.add(chunk)

    def _on_host_call(self, call: pb.HostCall) -> None:
        if self._lost:
            return
        payload = whole(self._transfers.take(call.payload_transfer)) if call.payload_transfer else call.payload
        self._answers.begin(self._run_of(call.invocation_id), call, payload)

    def _on_bye(self, bye: pb.Bye) -> None:
        self._open = False
        if bye.reason != pb.BYE_REASON_DRAINED:
            self._logs.core(LogLevel.WARN, f"the {self.language} runner leaves: {bye.message}")

    def _on_call_reply(self, reply: pb.CallReply) -> None:
        if self._lost:
            return
        payload = self._transfers.take(reply.payload_transfer) if reply.payload_transfer else reply.payload
        self._calls.answer(reply, payload)
