"""Streams and texts over plain HTTP: as JSON, or live for as long as a client reads."""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote_to_bytes

from starlette.responses import Response

from runtime.config import StreamSettings
from runtime.contracts import Clock
from runtime.errors import HostCallRefused, StorageFault
from runtime.ids import trace_of
from runtime.model import LogLevel
from runtime.rations import Ration
from runtime.services.logs import Report
from runtime.services.rooms import Frame, GroupTooLarge, Place, Rooms
from runtime.services.streams import StreamService
from runtime.services.textstreams import TextService
from runtime.web.callers import Hosts, header_of, headers_of
from runtime.web.cut import CutOff
from runtime.web.entrance import Access, Entrance, Refused
from runtime.web.reads.accept import preferred
from runtime.web.reads.feeds import PIECE_BYTES, Changes, Known, PlainText, TextEvents
from runtime.web.reads.live import Feed, Live
from runtime.web.reads.patience import Patience, portions
from runtime.web.reads.text_json import TextJson
from runtime.web.server import Application

_METHODS = ("GET", "HEAD")
_JSON, _EVENTS, _PLAIN = "application/json", "text/event-stream", "text/plain"
_BROKEN_ESCAPE = re.compile(b"%(?![0-9A-Fa-f]{2})")
_SOON = {"retry-after": "1"}
_SOURCE = "reads"
_PLACES = (
    "streams are read at /__runtime/streams/<stream>/<group> and /__runtime/streams/<stream>/<group>/<id>, texts at "
    "/__runtime/text/<id>; a slash in a name is written %2F"
)


class Origins(Protocol):
    """Which pages of other origins may read, and what tells their browsers."""

    def allows(self, origin: str) -> bool:
        """Whether pages of this origin may."""

    def extend(self, headers: list[tuple[bytes, bytes]], origin: object) -> None:
        """Adds what an answer to a request of this origin needs, None for a request without one."""

    def preflight(self, request: Mapping[str, Any], methods: Sequence[str]) -> list[tuple[bytes, bytes]]:
        """What a preflight with these headers is told beside that."""


class Readable(NamedTuple):
    """What can be read."""

    streams: StreamService
    rooms: Rooms
    texts: TextService


class Reads:
    """Answers reads, an ASGI application for HTTP requests below the paths of `front.READS`.

    `hosts` are the names that it answers to, None for all; without `origins` no page of another origin may read.
    """

    def __init__(
        self,
        readable: Readable,
        access: Access,
        clock: Clock,
        settings: StreamSettings,
        report: Report,
        *,
        origins: Origins | None = None,
        hosts: Hosts | None = None,
    ) -> None:
        self._streams, self._rooms, self._texts = readable
        self._access = access
        self._clock = clock
        self._settings = settings
        self._report = report
        self._origins = origins
        self._entrance = Entrance(access, self._allows, hosts, settings, report, _SOURCE)
        self._unsent = Ration(settings.max_malformed_reports)
        self._readers = 0
        self._live: set[Live] = set()
        self._is_stopped = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers one request."""
        arrival = trace_of(header_of(scope, b"traceparent") or None)
        trace_id, headers = arrival.trace_id, arrival.headers
        headers.append((b"vary", b"Accept"))
        if self._origins is not None:
            self._origins.extend(headers, header_of(scope, b"origin") or None)

        is_begun = False

        async def send_on(message: Any) -> None:
            nonlocal is_begun
            if message["type"] == "http.response.start":
                is_begun = True
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        try:
            await self._serve(scope, receive, Patience(send_on, self._clock, self._settings), trace_id)
        except CutOff:
            raise
        except Exception as error:
            refused = self._refusal_of(error, trace_id)
            if not is_begun:  # else it is left without an end
                await refused.answer()(scope, receive, send_on)

    def stop(self) -> None:
        """Ends live answers and begins no more; their clients come back with the id of what they know."""
        self._is_stopped = True
        for live in tuple(self._live):
            live.stop()

    # ------------------------------------------------------------ who may read

    async def _serve(self, scope: Any, receive: Any, send: Any, trace_id: str) -> None:
        self._entrance.check(scope)
        if scope["method"] == "OPTIONS":
            return await self._preflight(scope)(scope, receive, send)
        if scope["method"] not in _METHODS:
            raise Refused(405, "streams and texts are read, with GET or HEAD", {"allow": "GET, HEAD, OPTIONS"})
        self._check_running()
        if self._readers >= self._settings.max_readers:
            raise Refused(503, "there are too many readers (streams.maxReaders); try again", _SOON)
        self._readers += 1
        try:
            await (await self._answer(scope, trace_id))(scope, receive, send)
        finally:
            self._readers -= 1

    def _refusal_of(self, error: Exception, trace_id: str) -> Refused:
        """What a request is answered with that has come to this; of faults, the log has all and the client nothing."""
        if isinstance(error, Refused):
            return error
        if isinstance(error, GroupTooLarge):
            if self._unsent.allows_one():
                self._report(LogLevel.WARN, f"a read over HTTP was refused: {error}", _SOURCE, trace_id)
            return Refused(413, str(error))
        if isinstance(error, HostCallRefused | StorageFault):
            self._report(LogLevel.ERROR, f"a read over HTTP failed: {error}", _SOURCE, trace_id)
            return Refused(503, "this cannot be read now", _SOON)
        self._report(LogLevel.ERROR, "".join(traceback.format_exception(error)), _SOURCE, trace_id)
        return Refused(500, "the runtime failed at this; its log says how")

    def _check_running(self) -> None:
        if self._is_stopped:
            raise Refused(503, "the runtime is stopping or starting anew; try again", _SOON)

    def _allows(self, origin: str) -> bool:
        return self._origins is not None and self._origins.allows(origin)

    def _preflight(self, scope: Any) -> Response:
        response = Response(status_code=204, headers={"allow": "GET, HEAD, OPTIONS"})
        if self._origins is not None:
            response.raw_headers += self._origins.preflight(headers_of(scope), _METHODS)
        return response

    # ------------------------------------------------------------ what is read

    async def _answer(self, scope: Any, trace_id: str) -> Application:
        kind, names = _target(scope["raw_path"])
        context = await self._entrance.identify(scope, trace_id)
        if kind == "text":
            return await self._text(scope, names[0])
        place = Place(*names)
        if place.stream not in self._streams.catalog.streams:
            raise Refused(404, f"there is no stream '{place.stream}'")
        if not await self._access.may_read(*place, context):
            raise Refused(403, f"you may not read this of stream '{place.stream}'")
        return await self._stream(scope, place)

    async def _stream(self, scope: Any, place: Place) -> Application:
        if preferred(header_of(scope, b"accept"), (_JSON, _EVENTS)) == _EVENTS:
            return self._follow(Changes(self._rooms, place, header_of(scope, b"last-event-id")))
        frame = await _Glance().at(self._rooms, place)
        if frame is None or frame.kind == "delete":
            raise Refused(404, f"there is no item '{place.id}' in group '{place.group}' of stream '{place.stream}'")
        return _Json(frame.data)

    async def _text(self, scope: Any, id: str) -> Application:
        form = preferred(header_of(scope, b"accept"), (_JSON, _EVENTS, _PLAIN))
        if form == _PLAIN:
            return self._follow(PlainText(self._texts, id))
        text = await self._texts.read(id, 0, PIECE_BYTES)
        known = Known.of(header_of(scope, b"last-event-id"))
        if form == _EVENTS and known.is_all and text is not None and (text.began, text.closed) == (known.began, True):
            return Response(status_code=204)  # by which a browser's EventSource knows not to come back
        if form == _EVENTS:
            return self._follow(TextEvents(self._texts, id, known))
        if text is None:
            raise Refused(404, f"there is no text '{id}'; readers that wait for it ask for '{_EVENTS}'")
        return TextJson(self._texts, id, text)

    def _follow(self, feed: Feed) -> Application:
        live = Live(feed, self._clock, self._settings)

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            self._check_running()  # a stop may have come while the project was asked who reads
            self._live.add(live)
            try:
                await live(scope, receive, send)
            finally:
                self._live.discard(live)

        return answer


class _Json:
    """JSON that is there already, an ASGI application; what a client has not taken yet is no copy of it."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Sends it."""
        length = str(len(self._text)).encode()
        headers = [(b"content-type", _JSON.encode()), (b"cache-control", b"no-store"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["method"] != "HEAD":
            for portion in portions((self._text,)):
                await send({"type": "http.response.body", "body": portion, "more_body": True})
        await send({"type": "http.response.body"})


class _Glance:
    """Joins to see what there is, and leaves."""

    def __init__(self) -> None:
        self._seen: Frame | None = None

    def deliver(self, frame: Frame) -> None:
        """Takes the first message; those that follow came later."""
        self._seen = self._seen or frame

    async def at(self, rooms: Rooms, place: Place) -> Frame | None:
        """What there is at the place, a delete or None for nothing."""
        try:
            await rooms.join(self, place)
        finally:
            rooms.leave_all(self)
        return self._seen


def _target(raw_path: bytes) -> tuple[str, list[str]]:
    """What is asked for, "streams" or "text", and the names behind it. Raises `Refused`."""
    if _BROKEN_ESCAPE.search(raw_path):
        raise Refused(400, "the path is not percent-encoded")
    try:
        _, _, kind, *names = [unquote_to_bytes(part).decode() for part in raw_path.split(b"/")]
    except UnicodeDecodeError as error:
        raise Refused(400, "the path is not percent-encoded UTF-8") from error
    except ValueError as error:
        raise Refused(404, _PLACES) from error
    if names[-1:] == [""]:
        names.pop()  # a trailing slash is the same path
    if (kind == "streams" and len(names) in (2, 3)) or (kind == "text" and len(names) == 1):
        return kind, names
    raise Refused(404, _PLACES)
