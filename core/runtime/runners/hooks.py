"""Hooks of the project, asked of the runner that has loaded them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import cast

from runtime._gen import runner_pb2 as pb
from runtime.config import StreamSettings
from runtime.errors import HookFailed, RunnerFault
from runtime.model import Failure, FailureKind, Hook, whole
from runtime.runners.calls import Question
from runtime.runners.pool import Pool

_HOOK: Mapping[Hook, pb.Hook] = {hook: cast(pb.Hook, pb.Hook.Value(f"HOOK_{hook.name}")) for hook in Hook}


class RunnerHooks:
    """Calls hooks, so many at once; a further one waits, and one that finds no runner waits for its restart, where
    there is hope for one.

    A call ends for the one who made it after `streams.hookTimeout`, waiting included. It counts until its runner has
    answered it, or is gone.
    """

    def __init__(self, pools: Mapping[str, Pool], settings: StreamSettings) -> None:
        """`pools` are by language."""
        self._pools = pools
        self._timeout = settings.hook_timeout
        self._places = asyncio.Semaphore(settings.max_hook_calls)

    async def call(self, language: str, hook: Hook, target: str, payload: bytes) -> bytes:
        """The encoded reply of the function that the file `target` has for the hook, empty for none.

        Raises `HookFailed` when it throws, does not answer in time, or cannot be asked.
        """
        return await self.ask(language, Question(_HOOK[hook], hook.value, target, payload), self._timeout)

    async def ask(self, language: str, question: Question, seconds: float) -> bytes:
        """The same for any hook, with another time to answer in."""
        pool = self._pools.get(language)
        if pool is None:
            raise _refused(f"there is no {language} runner")
        has_place = False
        try:
            async with asyncio.timeout(seconds) as limit:
                has_place = await self._places.acquire()
                return await self._asked(pool, question, limit)
        except RunnerFault as error:
            raise _refused(f"there is no {language} runner: {error}") from error
        except TimeoutError:
            if not has_place:
                message = (
                    f"{question.name} of {question.target} found no place within {seconds:g} s (streams.maxHookCalls)"
                )
                raise HookFailed(Failure(FailureKind.OVERLOADED, message)) from None
            message = f"{question.name} of {question.target} was not answered within {seconds:g} s"
            raise HookFailed(Failure(FailureKind.DEADLINE, message)) from None

    async def _asked(self, pool: Pool, question: Question, limit: asyncio.Timeout) -> bytes:
        """With a place taken, which is given back when the call has ended, maybe long after its caller has left."""
        try:
            link = await pool.wait_live()
            if not link.answers_hooks:
                raise _refused(f"the {link.language} runner cannot call the functions of configs (FEATURE_HOOKS)")
            left = (limit.when() or 0.0) - asyncio.get_running_loop().time()
            answer = await link.call(question, max(0.0, left))
        except BaseException:
            self._places.release()
            raise
        answer.add_done_callback(lambda _: self._places.release())
        reply = await asyncio.shield(answer)
        if isinstance(reply, Failure):
            raise HookFailed(reply)
        return whole(reply)


def _refused(message: str) -> HookFailed:
    """What asking again does not mend."""
    return HookFailed(Failure(FailureKind.REFUSED, message, retryable=False))
