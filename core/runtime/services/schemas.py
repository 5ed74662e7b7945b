"""Requests, responses, events and items of streams, held against the schemas that steps and streams give."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import anyio
import anyio.to_thread

from runtime.catalog import Bound, Catalog
from runtime.errors import HostCallRefused
from runtime.model import (
    ApiTrigger,
    JsonSchema,
    LogLevel,
    Payload,
    Step,
    TriggerKind,
    Validation,
    Violation,
    length,
    whole,
)
from runtime.records import QueueKey
from runtime.services.logs import Report
from runtime.services.readings import Headers, Malformed, Torn, is_json, is_unread, part_of, returned, text_or_json
from runtime.services.violations import MAX_VIOLATIONS, Check, Misfit
from runtime.values import decode

_MAX_REMEMBERED = 10_000
"""Places that a warning has been written about; past that there are no more warnings."""
_MAX_EXPLAINED = 100
"""Values of one kind that are held against a schema to warn of them; past that they go on unseen."""
_LARGE_BYTES = 256 * 1024
"""A longer body is held against its schema in a thread."""
_MAX_LARGE_CHECKS = 1
"""Bodies that are so at once: more would take the interpreter from everything else in turns."""
_MAX_SHOWN_BYTES = 500
"""What a log line shows of a response."""
_WHY_ONLY_WARNED = "validation is 'warn', so it went on; this is said once"
_UNREAD = "a body is read as JSON where its content type is application/json, and this one's is not"
_TORN = Misfit("", "#", "holds half a surrogate pair, which no text can hold and no step can send on")
_NO_JSON = Misfit("", "#", "is no JSON, as its content type says that it is")
_TOO_DEEP = Misfit("", "#", "nests too deep to be checked")


class _Route(NamedTuple):
    """What an api step's schemas say; `parts` are of requests."""

    step: Step
    trigger: ApiTrigger
    mode: Validation
    parts: Mapping[str, Check]
    responses: Mapping[str, Check]


class _Subscriber(NamedTuple):
    step: Step
    mode: Validation
    check: Check


class SchemaService:
    """Holds values against schemas; nothing is changed by it.

    A large body of a request is parsed and judged in a thread. Each of the two holds the interpreter, but others have
    their turn between them, and while the places are looked for. Not for responses that are sent as they are
    produced: they are no JSON values.
    """

    def __init__(self, mode: Validation, report: Report) -> None:
        """`mode` counts for streams and for steps that have none of their own."""
        self._mode = mode
        self._report = report
        self._warned: set[tuple[str, str, str]] = set()
        self._explained: Counter[tuple[str, str]] = Counter()
        self._large_checks = anyio.CapacityLimiter(_MAX_LARGE_CHECKS)
        self._compiled: dict[int, tuple[JsonSchema, Sequence[Check]]] = {}
        """By the identity of the schemas that they are of, which the entries keep alive."""
        self._reused: dict[int, tuple[JsonSchema, Sequence[Check]]] = {}
        """The same of the catalog before, while another is put into use."""
        self.catalog = Catalog()

    @property
    def catalog(self) -> Catalog:
        """What the schemas are of."""
        return self._catalog

    @catalog.setter
    def catalog(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._explained.clear()
        self._reused, self._compiled = self._compiled, {}
        routes = [self._route(bound) for bound in catalog.routes]
        # By identity: an equal trigger would be compared schema by schema with each request.
        self._requests = {id(route.trigger): route for route in routes if route.parts}
        self._responses = {id(route.trigger): route for route in routes if route.responses}
        self._unwatched = {id(route.trigger) for route in routes if not route.parts}
        self._topics = {
            topic: [found for bound in bounds for found in self._subscribers(bound.step, bound.trigger.input_schema)]
            for topic, bounds in catalog.subscriptions.items()
        }
        self._streams = {
            name: check
            for name, stream in catalog.streams.items()
            for check in self._checks(stream.schema, self._mode, f"the schema of stream '{name}'", stream.file)
        }
        self._reused = {}

    def watches_request(self, route: Bound[ApiTrigger]) -> bool:
        """True where requests have a schema to fit; else `check_request` need not be called."""
        return id(route.trigger) not in self._unwatched

    def watches_response(self, route: Bound[ApiTrigger]) -> bool:
        """True where some responses have a schema to fit; else `check_response` need not be called."""
        return id(route.trigger) in self._responses

    async def check_request(
        self,
        route: Bound[ApiTrigger],
        path_params: Mapping[str, str],
        query: Mapping[str, Any],
        form: str,
        body: Payload,
        value: object,
        trace_id: str,
    ) -> Sequence[Violation]:
        """What of a request must be refused: nothing when it fits, or when its faults are only warned of.

        `form`, `body` and `value` are those of PROTOCOL.md, "Requests". A body that is no JSON at all is left to
        the runner, which refuses it.
        """
        # What was routed by the catalog before is held against what that said.
        known = self._requests.get(id(route.trigger)) or self._route(route)
        violations: list[Violation] = []
        for part, check in known.parts.items():
            if self._is_told(known.mode, known.step.name, part):
                continue
            given = partial(part_of, part, check, path_params, query, form, body, value)
            if part == "body" and length(body) > _LARGE_BYTES:
                misfits = await anyio.to_thread.run_sync(_misfits_of_large, check, given, limiter=self._large_checks)
            else:
                misfits = _misfits(check, given)
            if misfits and part == "body" and is_unread(form, check.schema):
                misfits = [misfits[0]._replace(message=f"{misfits[0].message}; {_UNREAD}")]
            if known.mode is Validation.ENFORCE:
                violations += (Violation(part, misfit.pointer, misfit.message) for misfit in misfits)
            else:
                self._warn(known.step.name, part, misfits, f"the {part} of a request does not fit its schema", trace_id)
        return violations

    def check_response(
        self, route: Bound[ApiTrigger], status: int, form: str, body: Payload, headers: Headers, trace_id: str
    ) -> bool:
        """False when a response must not be sent; what it was and why it does not fit is in the log then.

        `form` is that of PROTOCOL.md, "Responses". A text or bytes that the headers call JSON are held against the
        schema as the value that they are JSON of; other bytes are not. A response to what was routed by the catalog
        before may be that of the renewed step, and is not held against the schemas of either.
        """
        known = self._responses.get(id(route.trigger))
        place = _schema_for(status, known.responses) if known else None
        if known is None or place is None or self._is_told(known.mode, known.step.name, f"response {place}"):
            return True
        misfits = _misfits_of_response(known.responses[place], form, body, headers)
        what = f"the response with status {status} does not fit responseSchema"
        if known.mode is not Validation.ENFORCE:
            self._warn(known.step.name, f"response {place}", misfits, what, trace_id)
            return True
        if misfits:
            text = f"{what}, and is answered with 500: {_told(misfits)}; the handler returned {_shown(body)}"
            self._report(LogLevel.ERROR, text, known.step.name, trace_id)
        return not misfits

    def check_event(self, topic: str, data: bytes, step: Step | None) -> None:
        """Raises `HostCallRefused` for data that a subscriber of the topic could never take.

        `step` is the step that emits, None for the control API. Raises `ValueError` for data that is no value.
        """
        if subscribers := self._topics.get(topic):
            self._check_subscribers(subscribers, topic, data, step)

    def check_redrive(self, queue: QueueKey, data: bytes) -> None:
        """The same for data that takes the place of what a dead letter carried, and goes to the step of a queue."""
        subscribers = self._topics.get(queue.topic, ()) if queue.kind is TriggerKind.EVENT else ()
        if found := [each for each in subscribers if each.step.name == queue.step]:
            self._check_subscribers(found, queue.topic, data, None)

    def _check_subscribers(
        self, subscribers: Sequence[_Subscriber], topic: str, data: bytes, step: Step | None
    ) -> None:
        value = decode(data)
        for subscriber in subscribers:
            about, part = step.name if step else subscriber.step.name, f"{topic} {subscriber.step.name}"
            if self._is_told(subscriber.mode, about, part):
                continue
            misfits = _misfits(subscriber.check, lambda: value)
            what = f"the event for '{topic}' does not fit the input of step '{subscriber.step.name}'"
            if subscriber.mode is not Validation.ENFORCE:
                self._warn(about, part, misfits, what)
            elif misfits:
                raise HostCallRefused(f"{what}: {_told(misfits)}; correct the data, or the step's 'input'")

    def check_item(self, stream: str, id: str, data: Mapping[str, Any]) -> None:
        """Raises `HostCallRefused` for an item that does not fit the schema of its stream; `data` without metadata.

        The schema may ask for the item's `id`, which every item has.
        """
        check = self._streams.get(stream)
        if check is None or self._is_told(self._mode, stream, "item"):
            return
        has_id = isinstance(check.schema, Mapping) and "id" in check.schema.get("properties", ())
        misfits = _misfits(check, lambda: {**data, "id": id} if has_id else data)
        what = f"the item '{id}' does not fit the schema of stream '{stream}'"
        if self._mode is not Validation.ENFORCE:
            self._warn(stream, "item", misfits, what)
        elif misfits:
            raise HostCallRefused(f"{what}: {_told(misfits)}; correct the data, or the stream's 'schema'")

    def _route(self, bound: Bound[ApiTrigger]) -> _Route:
        step, trigger = bound.step, bound.trigger
        mode = step.validation or self._mode
        parts = {"path": trigger.path_schema, "query": trigger.query_schema, "body": trigger.body_schema}
        return _Route(
            step, trigger, mode, self._all(step, mode, parts), self._all(step, mode, trigger.response_schemas)
        )

    def _all(self, step: Step, mode: Validation, schemas: Mapping[str, JsonSchema | None]) -> Mapping[str, Check]:
        return {
            name: check
            for name, schema in schemas.items()
            for check in self._checks(schema, mode, f"the schema for '{name}' of step '{step.name}'", step.file)
        }

    def _subscribers(self, step: Step, schema: JsonSchema | None) -> list[_Subscriber]:
        mode = step.validation or self._mode
        found = self._checks(schema, mode, f"the input of step '{step.name}'", step.file)
        return [_Subscriber(step, mode, check) for check in found]

    def _checks(self, schema: JsonSchema | None, mode: Validation, what: str, file: str) -> Sequence[Check]:
        """The compiled schema, if there is one to be held to."""
        if schema is None or schema is True or mode is Validation.OFF:
            return ()
        known = self._compiled.get(id(schema)) or self._reused.get(id(schema))
        checks = self._compile(schema, what, file) if known is None else known[1]
        self._compiled[id(schema)] = (schema, checks)
        return checks

    def _compile(self, schema: JsonSchema, what: str, file: str) -> Sequence[Check]:
        try:
            return (Check(schema),)
        except ValueError as error:
            self._report(LogLevel.WARN, f"{file}: {what} is not used: {error}", "schemas", "")
            return ()

    def _is_told(self, mode: Validation, about: str, part: str) -> bool:
        """True where enough has been warned of, so that a value need not be looked at."""
        return mode is not Validation.ENFORCE and self._explained[about, part] >= _MAX_EXPLAINED

    def _warn(self, about: str, part: str, misfits: Sequence[Misfit], what: str, trace_id: str = "") -> None:
        """Writes a warning unless each of the places was warned of before."""
        if misfits:
            self._explained[about, part] += 1
        places = {(about, part, misfit.place) for misfit in misfits}
        if places <= self._warned or len(self._warned) > _MAX_REMEMBERED:
            return
        self._warned |= places
        self._report(LogLevel.WARN, f"{what}: {_told(misfits)} ({_WHY_ONLY_WARNED})", about, trace_id)


def _misfits(check: Check, given: Callable[[], Any]) -> Sequence[Misfit]:
    """Where a value does not fit; nothing for what is no value at all."""
    try:
        return check.misfits(given())
    except Torn as torn:
        return check.misfits(torn.value) or (_TORN,)
    except Malformed:
        return ()
    except (RecursionError, ValueError):
        return (_TOO_DEEP,)


def _misfits_of_large(check: Check, given: Callable[[], Any]) -> Sequence[Misfit]:
    """The same, without the collector of cycles, which would go through the millions of new values time and again.

    JSON has no cycles, and all is gone when this returns.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        return _misfits(check, given)
    finally:
        if was_on:
            gc.enable()


def _misfits_of_response(check: Check, form: str, body: Payload, headers: Headers) -> Sequence[Misfit]:
    if form in ("text", "bytes") and is_json(headers):
        try:
            return check.misfits(returned("json", body))
        except Malformed:
            return (_NO_JSON,)
        except RecursionError:
            return (_TOO_DEEP,)
    if form == "bytes":
        return ()
    misfits = _misfits(check, partial(returned, form, body))
    if misfits and form == "text" and not _misfits(check, partial(text_or_json, body)):
        return ()  # JSON that the handler has written itself
    return misfits


def _schema_for(status: int, schemas: Mapping[str, Check]) -> str | None:
    """The key of the schema for a status; None for one that has no body or no schema."""
    if status in (204, 304):
        return None
    return next((key for key in (str(status), "default") if key in schemas), None)


def _told(misfits: Sequence[Misfit]) -> str:
    told = [f"{misfit.pointer}: {misfit.message}" if misfit.pointer else misfit.message for misfit in misfits]
    return "; ".join([*told, "and more"] if len(told) == MAX_VIOLATIONS else told)


def _shown(body: Payload) -> str:
    content = whole(body)
    text = content[:_MAX_SHOWN_BYTES].decode("utf-8", "replace")
    return (text or "nothing") + ("…" if len(content) > _MAX_SHOWN_BYTES else "")
