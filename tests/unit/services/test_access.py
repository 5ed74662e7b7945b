"""services/access: who may read which stream."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.catalog import Catalog
from runtime.config import StreamSettings
from runtime.errors import AccessDenied, HookFailed
from runtime.model import Failure, FailureKind, Hook, LogLevel, ProjectConfig, StreamDefinition
from runtime.services.access import Access
from runtime.values import decode, encode
from tests.fakes import Reports

ALL = frozenset({Hook.CAN_ACCESS, Hook.ON_JOIN, Hook.ON_LEAVE})
GUARDED = StreamDefinition("guarded", "node", "steps/g.stream.ts", hooks=ALL)
OPEN = StreamDefinition("open", "python", "steps/o_stream.py")
CONFIG = ProjectConfig("motia_config.py", "python", frozenset({Hook.AUTHENTICATE}))
THROWN = Failure(FailureKind.HANDLER, "not you", "TypeError", "TypeError: not you\n    at steps/g.stream.ts:3:5")
ADA = encode({"name": "Ada"})
MAX_REPORTS = 3
MAX_CONTEXT = 1024


class Asking:
    """Access, and hooks that give one answer and keep what they were asked."""

    def __init__(self, answer: bytes | Failure = b"\xc3") -> None:
        self.answer = answer
        self.asked: list[tuple[str, Hook, str, Any]] = []
        self.reports = Reports()
        settings = StreamSettings.model_validate({"maxMalformedReports": MAX_REPORTS, "maxFrameBytes": MAX_CONTEXT})
        self.access = Access(self, self.reports, settings)
        self.access.catalog = Catalog(streams={"guarded": GUARDED, "open": OPEN})
        self.access.config = CONFIG

    async def call(self, language: str, hook: Hook, target: str, payload: bytes) -> bytes:
        """The answer."""
        self.asked.append((language, hook, target, decode(payload)))
        if isinstance(self.answer, Failure):
            raise HookFailed(self.answer)
        return self.answer

    async def tell(self, language: str, hook: Hook, target: str, payload: bytes) -> None:
        """The same."""
        await self.call(language, hook, target, payload)

    def errors(self) -> list[str]:
        """What was said."""
        return self.reports.messages(LogLevel.ERROR)


async def test_authenticate_gets_headers_and_url_and_its_answer_is_the_context() -> None:
    asking = Asking(ADA)
    headers: dict[str, str | list[str]] = {"a": "1", "b": ["1", "2"]}
    assert await asking.access.authenticate(headers, "/x?y=1") == ADA
    given = {"headers": headers, "url": "/x?y=1"}
    assert asking.asked == [("python", Hook.AUTHENTICATE, "motia_config.py", given)]


@pytest.mark.parametrize("answer", [b"", encode(None)])
async def test_no_context_is_anonymous(answer: bytes) -> None:
    assert await Asking(answer).access.authenticate({}, "/") == b""


@pytest.mark.parametrize("config", [None, ProjectConfig("motia.config.ts", "node")])
async def test_a_project_without_authenticate_asks_nobody(config: ProjectConfig | None) -> None:
    asking = Asking(ADA)
    asking.access.config = config
    assert await asking.access.authenticate({}, "/") == b""
    assert asking.asked == []


@pytest.mark.parametrize("kind", list(FailureKind))
async def test_a_throw_refuses_and_every_other_failure_says_later(kind: FailureKind) -> None:
    with pytest.raises(AccessDenied, match="not you") as denied:
        await Asking(Failure(kind, "not you")).access.authenticate({}, "/")
    is_throw = kind in (FailureKind.HANDLER, FailureKind.NON_RETRIABLE)
    assert denied.value.status == (401 if is_throw else 503)


async def test_can_access_is_asked_for_the_group_or_the_item() -> None:
    asking = Asking()
    assert await asking.access.may_read("guarded", "g", "i", ADA)
    assert await asking.access.may_read("guarded", "g", "", b"")
    subscriptions = [given for _, _, _, given in asking.asked]
    assert subscriptions == [
        {"subscription": {"groupId": "g", "id": "i"}, "authContext": {"name": "Ada"}},
        {"subscription": {"groupId": "g"}, "authContext": None},
    ]
    assert {(language, hook, file) for language, hook, file, _ in asking.asked} == {
        ("node", Hook.CAN_ACCESS, "steps/g.stream.ts")
    }


async def test_what_has_no_hook_is_open_and_asks_nobody() -> None:
    asking = Asking(THROWN)
    assert await asking.access.may_read("open", "g", "i", b"")
    await asking.access.joined("open", "g", "", b"")
    await asking.access.left("open", "g", "", b"")
    assert asking.asked == []


async def test_a_stream_that_is_not_there_is_closed() -> None:
    assert not await Asking().access.may_read("other", "g", "", ADA)


@pytest.mark.parametrize("kind", list(FailureKind))
async def test_every_failure_of_can_access_denies_and_is_told(kind: FailureKind) -> None:
    asking = Asking(Failure(kind, "odd"))
    assert not await asking.access.may_read("guarded", "g", "", ADA)
    [message] = asking.errors()
    assert "canAccess of stream 'guarded' failed, so the client was denied: odd" in message


async def test_a_refusal_is_no_failure() -> None:
    asking = Asking(encode(False))
    assert not await asking.access.may_read("guarded", "g", "", ADA)
    assert asking.errors() == []


@pytest.mark.parametrize("answer", [b"", b"\xc1", encode(1), encode("yes"), encode(None), encode([True])])
async def test_an_answer_that_is_no_boolean_denies_and_is_told(answer: bytes) -> None:
    asking = Asking(answer)
    assert not await asking.access.may_read("guarded", "g", "", ADA)
    assert "no boolean" in asking.errors()[0]


async def test_joins_and_leaves_are_told_and_their_failures_only_logged() -> None:
    cause = Failure(FailureKind.HANDLER, "deep", "OSError")
    asking = Asking(Failure(FailureKind.HANDLER, "not you", "TypeError", THROWN.stack, cause))
    await asking.access.joined("guarded", "g", "i", ADA)
    await asking.access.left("guarded", "g", "i", ADA)
    assert [hook for _, hook, _, _ in asking.asked] == [Hook.ON_JOIN, Hook.ON_LEAVE]
    joined, left = asking.errors()
    assert joined == f"onJoin of stream 'guarded' failed: {THROWN.stack}\ncaused by OSError: deep"
    assert left.startswith("onLeave")
    assert asking.reports.lines[0][2] == "steps/g.stream.ts"


async def test_hooks_that_found_no_place_are_told_of_in_bounds() -> None:
    asking = Asking(Failure(FailureKind.OVERLOADED, "onLeave found no place"))
    for _ in range(2 * MAX_REPORTS):
        assert await asking.access.may_read("guarded", "g", "", b"") is False
    assert len(asking.errors()) == MAX_REPORTS
    asking.answer = Failure(FailureKind.HANDLER, "a fault of the project's")
    for _ in range(2 * MAX_REPORTS):
        assert await asking.access.may_read("guarded", "g", "", b"") is False
    assert len(asking.errors()) == 3 * MAX_REPORTS


@pytest.mark.parametrize("answer", [encode("yes"), Failure(FailureKind.INVALID_OUTPUT, "canAccess returned a string")])
async def test_answers_that_are_neither_true_nor_false_are_told_of_in_bounds(answer: bytes | Failure) -> None:
    asking = Asking(answer)
    for _ in range(2 * MAX_REPORTS):
        assert await asking.access.may_read("guarded", "g", "", b"") is False
    assert len(asking.errors()) == MAX_REPORTS


@pytest.mark.parametrize("kind", [FailureKind.OVERLOADED, FailureKind.HANDLER])
async def test_of_hooks_that_are_only_told_failures_are_told_in_bounds(kind: FailureKind) -> None:
    asking = Asking(Failure(kind, "odd"))
    for _ in range(2 * MAX_REPORTS):
        await asking.access.joined("guarded", "g", "", b"")
        await asking.access.left("guarded", "g", "", b"")
    assert len(asking.errors()) == 2 * MAX_REPORTS


async def test_an_auth_context_has_so_many_bytes() -> None:
    assert await Asking(bytes(MAX_CONTEXT)).access.authenticate({}, "/") == bytes(MAX_CONTEXT)
    with pytest.raises(AccessDenied, match=r"1025 bytes, over the limit of 1024 \(streams.maxFrameBytes\)") as denied:
        await Asking(bytes(MAX_CONTEXT + 1)).access.authenticate({}, "/")
    assert denied.value.status == 503


async def test_who_hears_of_joins_and_leaves() -> None:
    access = Asking().access
    assert (access.hears("guarded"), access.hears("open"), access.hears("other")) == (True, False, False)


# ------------------------------------------------------------ streams that change while somebody asks


class Swapping(Asking):
    """Puts other streams into use while a hook is asked for the first time."""

    def __init__(self, *streams: StreamDefinition, answer: bytes | Failure = b"\xc3") -> None:
        super().__init__(answer)
        self.streams = streams

    async def call(self, language: str, hook: Hook, target: str, payload: bytes) -> bytes:
        """The answer, from the second time on yes."""
        self.access.catalog = Catalog(streams={stream.name: stream for stream in self.streams})
        try:
            return await super().call(language, hook, target, payload)
        finally:
            self.answer = b"\xc3"


MOVED = StreamDefinition("guarded", "python", "steps/moved_stream.py", hooks=frozenset({Hook.CAN_ACCESS}))


@pytest.mark.parametrize("answer", [b"\xc3", b"\xc2", THROWN])
async def test_a_stream_that_has_become_another_meanwhile_decides_itself(answer: bytes | Failure) -> None:
    asking = Swapping(MOVED, answer=answer)
    assert await asking.access.may_read("guarded", "g", "", ADA)
    assert [target for _, _, target, _ in asking.asked] == [GUARDED.file, MOVED.file]
    assert asking.errors() == []


@pytest.mark.parametrize("answer", [b"\xc3", THROWN])
async def test_a_stream_that_has_gone_meanwhile_is_read_by_nobody(answer: bytes | Failure) -> None:
    asking = Swapping(answer=answer)
    assert not await asking.access.may_read("guarded", "g", "", ADA)
    assert len(asking.asked) == 1


async def test_a_stream_that_stays_while_others_change_is_asked_once() -> None:
    asking = Swapping(StreamDefinition("guarded", "node", "steps/g.stream.ts", hooks=ALL), answer=THROWN)
    assert not await asking.access.may_read("guarded", "g", "", ADA)
    assert len(asking.asked) == 1
