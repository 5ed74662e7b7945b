"""What the core asks of a runner that is no invocation: its hooks. Each call is answered once, however late."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

from runtime._gen import runner_pb2 as pb
from runtime.config import LinkSettings
from runtime.deadlines import Deadlines
from runtime.model import Failure, FailureKind, Payload
from runtime.runners.convert import read_failure
from runtime.runners.outbox import Outbox, Transfer
from runtime.runners.transfers import ProtocolFault

LOOKS_BESIDE_HANDLERS = 5
"""Patiences that a call may go unanswered while handlers run: in so long, those whose timeout is the usual one have
been told to end and have shown whether it is they who block the runner."""
MAX_BLAMED = 3
"""Hooks that are named where any one of them may block its runner."""
Answer = asyncio.Future[Payload | Failure]
"""What a call comes to, once its reply is there; whoever waits for it must not cancel it."""


class Question(NamedTuple):
    """A hook, the file that holds it, and what it is given, encoded; `name` is what people call it."""

    hook: pb.Hook
    name: str
    target: str
    payload: bytes = b""


class _Open(NamedTuple):
    """A call without a reply."""

    question: Question
    answer: Answer
    transfer: Transfer | None
    patience: float
    looks: int = 0
    """How often its patience has been over."""


class Calls:
    """The calls of a connection that are not answered yet."""

    def __init__(
        self,
        settings: LinkSettings,
        outbox: Outbox,
        is_busy: Callable[[], bool],
        start_anew: Callable[[str, str], None],
    ) -> None:
        """`start_anew` gives up a runner that answers nothing, with why and of which file; `is_busy` says that handlers
        run in it, any of which may be what blocks it."""
        self._settings = settings
        self._outbox = outbox
        self._is_busy = is_busy
        self._start_anew = start_anew
        self._open: dict[int, _Open] = {}
        self._ids = itertools.count(1)
        self._overdue = Deadlines(self._look_after)
        self._lost: Failure | None = None

    def begin(self, question: Question, seconds: float) -> Answer:
        """Asks; the runner has so long (seconds), and then answers that it took too long."""
        answer: Answer = asyncio.get_running_loop().create_future()
        if self._lost is not None:
            answer.set_result(self._lost)
            return answer
        size, limit = len(question.payload), self._settings.max_payload_bytes
        if size > limit:
            message = f"what the hook is given has {size} bytes, over the limit of {limit} (link.maxPayloadBytes)"
            answer.set_result(Failure(FailureKind.INVALID_INPUT, message))
            return answer
        id = next(self._ids)
        # In whole seconds: what has one patience shares a timer.
        patience = math.ceil(seconds) + self._settings.stuck_after
        self._open[id] = _Open(question, answer, self._send(id, question, seconds), patience)
        self._overdue.add(id, patience)
        return answer

    def _send(self, id: int, question: Question, seconds: float) -> Transfer | None:
        def head(call: pb.Call) -> pb.Call:
            call.call_id = id
            call.hook = question.hook
            call.target = question.target
            call.deadline_ms = max(1, round(seconds * 1000))
            return call

        if not self._outbox.is_large(question.payload):
            head(self._outbox.add(len(question.payload)).call).payload = question.payload
            return None

        def fill(envelope: pb.CoreEnvelope, transfer: int) -> None:
            head(envelope.call).payload_transfer = transfer

        return self._outbox.transfer(question.payload, fill)

    def answer(self, reply: pb.CallReply, payload: Payload) -> None:
        """Ends a call. Raises `ProtocolFault` for a reply to one that is not open, or was not sent yet."""
        call = self._open.pop(reply.call_id, None)
        if call is None:
            raise ProtocolFault(f"a reply came for call {reply.call_id}, which is not open")
        if call.transfer is not None and not call.transfer.sent:
            raise ProtocolFault(f"a reply came for call {reply.call_id}, which was not sent yet")
        self._overdue.remove(reply.call_id, call.patience)
        call.answer.set_result(read_failure(reply.failure) if reply.HasField("failure") else payload)

    def _look_after(self, id: int) -> None:
        """Sees to a call whose time is over, and more, without an answer: not even that it took too long."""
        call = self._open.get(id)
        if call is None:
            return
        looks, is_busy = call.looks + 1, self._is_busy()
        if is_busy and looks < LOOKS_BESIDE_HANDLERS:
            self._open[id] = call._replace(looks=looks)
            self._overdue.add(id, call.patience)
        else:
            self._start_anew(self._blamed(is_busy), call.question.target)

    def _blamed(self, is_busy: bool) -> str:
        """What is said of a runner that has no turns left; which of those that are out takes them cannot be seen."""
        questions = (call.question for call in self._open.values())
        out = list(dict.fromkeys(f"{question.name} of {question.target}" for question in questions))
        beside = " or a handler" if is_busy else ""
        if len(out) == 1:
            return f"{out[0]}{beside} lets nothing else have a turn"
        more = f" and {len(out) - MAX_BLAMED} more" if len(out) > MAX_BLAMED else ""
        return f"one of these hooks{beside} lets nothing else have a turn: {', '.join(out[:MAX_BLAMED])}{more}"

    def lose(self, failure: Failure) -> None:
        """Ends every call with this failure, also those that are still to come."""
        self._lost = failure
        opened, self._open = self._open, {}
        for call in opened.values():
            call.answer.set_result(failure)
        self._overdue.clear()
