"""Hooks of the project, asked of the runner that has loaded them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import cast

from runtime._gen import runner_pb2 as pb
from runtime.config import StreamSettings
from runtime.errors import HookFailed, RunnerFault
from runtime.model import Failure, FailureKind, Hook, Payload, whole
from runtime.runners.calls import Question
from runtime.runners.pool import Pool
from runtime.values import decode, encode

_HOOK: Mapping[Hook, pb.Hook] = {hook: cast(pb.Hook, pb.Hook.Value(f"HOOK_{hook.name}")) for hook in Hook}
_TOLD_PART = 4
"""To so many places for what clients wait for comes one for what is only told."""


class RunnerHooks:
    """Calls hooks, so many at once; a further one waits, and one that finds no runner waits for its restart, where
    there is hope for one.

    What is asked ends for the one who asked after `streams.hookTimeout`, waiting included; what is told has places of
    its own, and waits for one as long as it takes. A call counts until its runner has answered it, or is gone.
    """

    def __init__(self, pools: Mapping[str, Pool], settings: StreamSettings) -> None:
        """`pools` are by language."""
        self._pools = pools
        self._timeout = settings.hook_timeout
        told = max(1, settings.max_hook_calls // _TOLD_PART)
        self.places = settings.max_hook_calls + told
        """Calls that may be out at once."""
        self._asked = asyncio.Semaphore(settings.max_hook_calls)
        self._told = asyncio.Semaphore(told)

    async def call(self, language: str, hook: Hook, target: str, payload: bytes) -> bytes:
        """The encoded reply of the function that the file `target` has for the hook, empty for none.

        Asked once more where the runner is lost meanwhile, within the same time. Raises `HookFailed` when it throws,
        does not answer in time, or cannot be asked.
        """
        question = Question(_HOOK[hook], hook.value, target, payload)
        return await self._answered(language, self._pool(language), question, self._timeout, 2)

    async def ask(self, language: str, pool: Pool, question: Question, seconds: float) -> bytes:
        """The same for any hook, asked once of these runners of the language, with another time to answer in."""
        return await self._answered(language, pool, question, seconds, 1)

    async def node(self, target: str, max_bytes: int, seconds: float) -> str:
        """The component file `target` as the text of one ES module of at most so many bytes, by a runner that can.

        Raises `HookFailed` when it cannot be bundled (LOAD), not in so long, or by no runner that is there.
        """
        able = ((name, pool) for name, pool in self._pools.items() if _bundles(pool))
        language, pool = next(able, ("", None))
        if pool is None:
            message = f"no runner is there that bundles {target}: the node runner can, if `node` is not turned off"
            raise _refused(f"{message}; a component that is the first of its project needs a new start")
        question = Question(pb.HOOK_NODE, "bundling", target, encode({"maxBytes": max_bytes}))
        text = decode(await self._answered(language, pool, question, seconds, 1))
        if not isinstance(text, str) or len(text.encode()) > max_bytes:
            message = f"the {language} runner answers with no module of at most {max_bytes} bytes for {target}"
            raise HookFailed(Failure(FailureKind.INVALID_OUTPUT, message))
        return text

    async def tell(self, language: str, hook: Hook, target: str, payload: bytes) -> None:
        """Calls the function when its turn has come; it has `streams.hookTimeout` from then on.

        Raises `HookFailed` when it throws, does not end in time, or cannot be called.
        """
        pool = self._pool(language)
        await self._told.acquire()
        question = Question(_HOOK[hook], hook.value, target, payload)
        try:
            reply = await self._sent(self._told, pool, question, lambda: self._timeout)
        except RunnerFault as error:
            raise _refused(f"there is no {language} runner: {error}") from error
        if isinstance(reply, Failure):
            raise HookFailed(reply)

    async def _answered(self, language: str, pool: Pool, question: Question, seconds: float, times: int) -> bytes:
        has_place = False
        try:
            async with asyncio.timeout(seconds) as limit:
                for _ in range(times):
                    has_place = False
                    has_place = await self._asked.acquire()
                    reply = await self._sent(self._asked, pool, question, lambda: _left(limit))
                    if not isinstance(reply, Failure):
                        return whole(reply)
                    failure = reply
                    if failure.kind is not FailureKind.RUNNER_LOST:
                        break
        except RunnerFault as error:
            raise _refused(f"there is no {language} runner: {error}") from error
        except TimeoutError:
            raise HookFailed(_late(question, seconds, has_place)) from None
        raise HookFailed(failure)

    def _pool(self, language: str) -> Pool:
        pool = self._pools.get(language)
        if pool is None:
            raise _refused(f"there is no {language} runner")
        return pool

    async def _sent(
        self, places: asyncio.Semaphore, pool: Pool, question: Question, left: Callable[[], float]
    ) -> Payload | Failure:
        """With a place taken, which is given back when the call has ended, maybe long after its caller has left."""
        try:
            link = await pool.wait_live()
            if pb.FEATURE_HOOKS not in link.features:
                raise _refused(f"the {link.language} runner cannot call the functions of configs (FEATURE_HOOKS)")
            answer = await link.call(question, left)
        except BaseException:
            places.release()
            raise
        answer.add_done_callback(lambda _: places.release())
        return await asyncio.shield(answer)


def _bundles(pool: Pool) -> bool:
    link = pool.live()
    return link is not None and {pb.FEATURE_HOOKS, pb.FEATURE_NODES} <= link.features


def _left(limit: asyncio.Timeout) -> float:
    return max(0.0, (limit.when() or 0.0) - asyncio.get_running_loop().time())


def _late(question: Question, seconds: float, has_place: bool) -> Failure:
    who = f"{question.name} of {question.target}"
    if has_place:
        return Failure(FailureKind.DEADLINE, f"{who} was not answered within {seconds:g} s")
    message = f"{who} found no place within {seconds:g} s (streams.maxHookCalls)"
    return Failure(FailureKind.OVERLOADED, message)


def _refused(message: str) -> HookFailed:
    """What asking again does not mend."""
    return HookFailed(Failure(FailureKind.REFUSED, message, retryable=False))
