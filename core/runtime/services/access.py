"""Who may read which stream: the project's own functions decide, and whatever goes wrong with one of them denies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from runtime.catalog import Catalog
from runtime.config import StreamSettings
from runtime.contracts import Hooks
from runtime.errors import AccessDenied, HookFailed
from runtime.model import Failure, FailureKind, Hook, LogLevel, ProjectConfig, StreamDefinition
from runtime.rations import Ration
from runtime.services.logs import Report
from runtime.values import NIL, decode, encode

_THROWN = frozenset({FailureKind.HANDLER, FailureKind.NON_RETRIABLE})
"""Kinds of what the function itself has thrown."""
_RATIONED = frozenset({FailureKind.OVERLOADED, FailureKind.INVALID_OUTPUT})
_TOLD = frozenset({Hook.ON_JOIN, Hook.ON_LEAVE})
_SUBSCRIPTION = b"\x82" + encode("subscription")
_CONTEXT = encode("authContext")


class Access:
    """Asks `authenticate` of the project's config and the hooks of streams; what has none of them is open to all."""

    def __init__(self, hooks: Hooks, report: Report, settings: StreamSettings) -> None:
        """What any client can bring about reaches the log in bounds (`streams.maxMalformedReports`)."""
        self.catalog = Catalog()
        self.config: ProjectConfig | None = None
        """The project's config, None for a project without one; clients must not be let in before it is known."""
        self._hooks = hooks
        self._report = report
        self._max_context_bytes = settings.max_frame_bytes
        self._rations = defaultdict[FailureKind | Hook, Ration](lambda: Ration(settings.max_malformed_reports))
        """By what is told of only so often."""

    async def authenticate(self, headers: Mapping[str, str | list[str]], url: str) -> bytes:
        """The encoded auth context of a client, empty for an anonymous one.

        Names of headers are in lower case, `url` is path and query as they came. Raises `AccessDenied`, with 401
        when the project's function throws and 503 when it gives no answer, or one over `streams.maxFrameBytes`.
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
        if len(context) > self._max_context_bytes:
            size = f"{len(context)} bytes, over the limit of {self._max_context_bytes} (streams.maxFrameBytes)"
            raise AccessDenied(503, f"the auth context of {config.file} has {size}, so a client was refused")
        return b"" if context == NIL else context

    async def may_read(self, stream: str, group: str, id: str, context: bytes) -> bool:
        """Whether a client with this auth context may read an item of a stream, or with an empty id a group.

        Where the stream has become another one while its function was asked, that one decides.
        """
        payload = _payload(group, id, context)
        while (definition := self.catalog.streams.get(stream)) is not None:
            if Hook.CAN_ACCESS not in definition.hooks:
                return True
            try:
                reply = await self._hooks.call(definition.language, Hook.CAN_ACCESS, definition.file, payload)
            except HookFailed as error:
                if self.catalog.streams.get(stream) == definition:
                    self._tell_of_failure(definition, error.failure)
                    return False
            else:
                if self.catalog.streams.get(stream) == definition:
                    return self._is_true(reply, definition)
        return False

    def _tell_of_failure(self, stream: StreamDefinition, failure: Failure) -> None:
        if failure.kind not in _RATIONED or self._rations[failure.kind].allows_one():
            self._complain(stream, Hook.CAN_ACCESS, f"failed, so the client was denied: {_told(failure)}")

    def hears(self, stream: str) -> bool:
        """Whether a function of the stream's hears of who comes and goes."""
        definition = self.catalog.streams.get(stream)
        return definition is not None and not _TOLD.isdisjoint(definition.hooks)

    async def joined(self, stream: str, group: str, id: str, context: bytes) -> None:
        """Tells the stream's `onJoin` of a client that has joined, which may take long."""
        await self._tell(Hook.ON_JOIN, stream, group, id, context)

    async def left(self, stream: str, group: str, id: str, context: bytes) -> None:
        """Tells the stream's `onLeave` of a client that had joined and is gone."""
        await self._tell(Hook.ON_LEAVE, stream, group, id, context)

    async def _tell(self, hook: Hook, stream: str, group: str, id: str, context: bytes) -> None:
        definition = self.catalog.streams.get(stream)
        if definition is None or hook not in definition.hooks:
            return
        try:
            await self._hooks.tell(definition.language, hook, definition.file, _payload(group, id, context))
        except HookFailed as error:
            if self._rations[hook].allows_one():
                self._complain(definition, hook, f"failed: {_told(error.failure)}")

    def _is_true(self, reply: bytes, stream: StreamDefinition) -> bool:
        try:
            answer = decode(reply)
        except ValueError:
            answer = reply
        if not isinstance(answer, bool) and self._rations[FailureKind.INVALID_OUTPUT].allows_one():
            what = f"is answered by the {stream.language} runner with no boolean, so the client was denied"
            self._complain(stream, Hook.CAN_ACCESS, what)
        return answer is True

    def _complain(self, stream: StreamDefinition, hook: Hook, what: str) -> None:
        self._report(LogLevel.ERROR, f"{hook.value} of stream '{stream.name}' {what}", stream.file, "")


def _payload(group: str, id: str, context: bytes) -> bytes:
    subscription = {"groupId": group, "id": id} if id else {"groupId": group}
    return b"".join((_SUBSCRIPTION, encode(subscription), _CONTEXT, context or NIL))


def _told(failure: Failure) -> str:
    """The failure for the developer: with its stack where the function itself has thrown, and with its causes."""
    error = f"{failure.type}: {failure.message}" if failure.type else failure.message
    told = failure.stack or error
    return told if failure.cause is None else f"{told}\ncaused by {_told(failure.cause)}"
