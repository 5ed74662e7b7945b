"""The host calls of a connection: each is carried out as a task of its own and answered once."""

from __future__ import annotations

from time import time

from runtime._gen import runner_pb2 as pb
from runtime.config import LinkSettings
from runtime.errors import HostCallRefused, StorageFault, VersionConflict
from runtime.model import Failure, FailureKind, LogLevel
from runtime.runners.convert import write_failure
from runtime.runners.hostcalls import HostCalls
from runtime.runners.operations import operation_of
from runtime.runners.outbox import Outbox
from runtime.runners.run import Run
from runtime.services.logs import LogService
from runtime.tasks import ShortTasks

_REFUSAL_BYTES = 256
"""What a refusal counts beside its text, so that those which are never read fill the outbox."""


class Answers:
    """Answers what runs ask; at most `max_host_calls` of a run are under way."""

    def __init__(
        self, settings: LinkSettings, outbox: Outbox, host: HostCalls, logs: LogService, tasks: ShortTasks
    ) -> None:
        self._max_host_calls = settings.max_host_calls
        self._max_payload_bytes = settings.max_payload_bytes
        self._outbox = outbox
        self._host = host
        self._logs = logs
        self._tasks = tasks
        self._refused = False

    def overrun(self) -> bool:
        """True when refusals since the last time have filled the outbox: then whoever asks for them has to wait."""
        refused, self._refused = self._refused, False
        return refused and self._outbox.full

    def begin(self, run: Run | None, call: pb.HostCall, payload: bytes) -> None:
        """Carries out a call of the run, None for one that has ended."""
        if run is None:
            self._refuse(call.call_id, f"invocation {call.invocation_id} has ended")
        elif run.host_calls >= self._max_host_calls:
            message = f"more than {self._max_host_calls} calls of this run are unanswered"
            self._refuse(call.call_id, message, FailureKind.OVERLOADED)
        else:
            run.host_calls += 1
            self._tasks.start(self._answer(run, call, payload))

    async def _answer(self, run: Run, call: pb.HostCall, payload: bytes) -> None:
        began, done, refused = time(), b"", ""
        try:
            done = await self._host.answer(run.invocation, call, payload)
            if self._outbox.full:
                await self._outbox.room()
            self._reply(call.call_id, done)
        except VersionConflict as error:
            refused = self._refuse(call.call_id, str(error), FailureKind.CONFLICT)
        except (HostCallRefused, ValueError) as error:
            refused = self._refuse(call.call_id, str(error))
        except Exception as error:  # an engine failed: the handler must hear of it, the core must go on
            self._logs.core(LogLevel.ERROR, f"host operation {call.op} failed: {error!r}", run.invocation.step.name)
            text = (
                str(error) if isinstance(error, StorageFault) else "the runtime could not carry this out; see its log"
            )
            refused = self._refuse(call.call_id, text, FailureKind.HANDLER)
        finally:
            run.host_calls -= 1
        if run.invocation.span is not None:
            self._host.note(run.invocation.span, operation_of(call, payload, done, began, time(), refused))

    def _reply(self, call_id: int, payload: bytes) -> None:
        if len(payload) > self._max_payload_bytes:
            limit = self._max_payload_bytes
            raise HostCallRefused(
                f"the answer has {len(payload)} bytes, over the limit of {limit} (link.maxPayloadBytes)"
            )
        if not self._outbox.is_large(payload):
            reply = self._outbox.add(len(payload)).host_reply
            reply.call_id = call_id
            reply.payload = payload
            return

        def fill(envelope: pb.CoreEnvelope, transfer: int) -> None:
            envelope.host_reply.call_id = call_id
            envelope.host_reply.payload_transfer = transfer

        self._outbox.transfer(payload, fill)

    def _refuse(self, call_id: int, message: str, kind: FailureKind = FailureKind.REFUSED) -> str:
        """Says no, and returns why."""
        reply = self._outbox.add(len(message) + _REFUSAL_BYTES).host_reply
        reply.call_id = call_id
        write_failure(reply.failure, Failure(kind, message, retryable=kind is not FailureKind.REFUSED))
        self._refused = True
        return message
