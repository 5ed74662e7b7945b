"""Who may read which stream: the project's own functions decide, and whatever goes wrong with one of them denies."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.catalog import Catalog
from runtime.contracts import Hooks
from runtime.errors import AccessDenied, HookFailed
from runtime.model import Failure, FailureKind, Hook, LogLevel, ProjectConfig, StreamDefinition
from runtime.rations import Ration
from runtime.services.logs import Report
from runtime.values import NIL, decode, encode

_THROWN = frozenset({FailureKind.HANDLER, FailureKind.NON_RETRIABLE})
"""Kinds of what the function itself has thrown."""
_SUBSCRIPTION = b"\x82" + encode("subscription")
_CONTEXT = encode("authContext")


class Access:
    """Asks `authenticate` of the project's config and the hooks of streams; what has none of them is open to all."""

    def __init__(self, hooks: Hooks, report: Report, max_reports: int) -> None:
        """Of hooks that found no place, which any client can bring about, so many lines a minute reach the log."""
        self.catalog = Catalog()
        self.config: ProjectConfig | None = None
        """The project's config, None for a project without one; clients must not be let in before it is known."""
        self._hooks = hooks
        self._report = report
        self._overloads = Ration(max_reports)

    async def authenticate(self, headers: Mapping[str, str | list[str]], url: str) -> bytes:
        """The encoded auth context of a client, empty for an anonymous one.

        Names of headers are in lower case, `url` is path and query as they came. Raises `AccessDenied`, with 401
        when the project's function throws and 503 when it gives no answer.
        """
        config = self.config
        if config is None or Hook.AUTHENTICATE not in config.hooks:
            return b""
        payload = encode({"headers": dict(headers), "url": url})
        try:
            context = await self._hooks.call(config.language, Hook.AUTHENTICATE, config.file, payload)
        except HookFailed as error:
            what = f"authenticate of {config.file}"
            if error.failure.kind in _THROWN:
                raise AccessDenied(401, f"{what} refused a client: {_told(error.failure)}") from error
            message = f"{what} gave no answer, so a client was refused: {_told(error.failure)}"
            raise AccessDenied(503, message) from error
        return b"" if context == NIL else context

    async def may_read(self, stream: str, group: str, id: str, context: bytes) -> bool:
        """Whether a client with this auth context may read an item of a stream, or with an empty id a group."""
        definition = self.catalog.streams.get(stream)
        if definition is None:
            return False
        if Hook.CAN_ACCESS not in definition.hooks:
            return True
        reply = await self._ask(definition, Hook.CAN_ACCESS, group, id, context)
        return reply is not None and self._is_true(reply, definition)

    async def joined(self, stream: str, group: str, id: str, context: bytes) -> None:
        """Tells the stream's `onJoin` of a client that has joined."""
        await self._tell(Hook.ON_JOIN, stream, group, id, context)

    async def left(self, stream: str, group: str, id: str, context: bytes) -> None:
        """Tells the stream's `onLeave` of a client that had joined and is gone."""
        await self._tell(Hook.ON_LEAVE, stream, group, id, context)

    async def _tell(self, hook: Hook, stream: str, group: str, id: str, context: bytes) -> None:
        definition = self.catalog.streams.get(stream)
        if definition is not None and hook in definition.hooks:
            await self._ask(definition, hook, group, id, context)

    async def _ask(self, stream: StreamDefinition, hook: Hook, group: str, id: str, context: bytes) -> bytes | None:
        """The encoded reply, None when there is none, which is told in the log."""
        subscription = {"groupId": group, "id": id} if id else {"groupId": group}
        payload = b"".join((_SUBSCRIPTION, encode(subscription), _CONTEXT, context or NIL))
        try:
            return await self._hooks.call(stream.language, hook, stream.file, payload)
        except HookFailed as error:
            if error.failure.kind is FailureKind.OVERLOADED and not self._overloads.allows_one():
                return None
            then = ", so the client was denied" if hook is Hook.CAN_ACCESS else ""
            self._complain(stream, f"{hook.value} of stream '{stream.name}' failed{then}: {_told(error.failure)}")
            return None

    def _is_true(self, reply: bytes, stream: StreamDefinition) -> bool:
        try:
            answer = decode(reply)
        except ValueError:
            answer = reply
        if not isinstance(answer, bool):
            what = f"the {stream.language} runner answers canAccess of stream '{stream.name}' with no boolean"
            self._complain(stream, f"{what}, so the client was denied")
        return answer is True

    def _complain(self, stream: StreamDefinition, message: str) -> None:
        self._report(LogLevel.ERROR, message, stream.file, "")


def _told(failure: Failure) -> str:
    """The failure for the developer: with its stack where the function itself has thrown, and with its causes."""
    error = f"{failure.type}: {failure.message}" if failure.type else failure.message
    told = failure.stack or error
    return told if failure.cause is None else f"{told}\ncaused by {_told(failure.cause)}"
