"""services/redaction: values of headers that nobody else may know are not kept, and nothing else is touched."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.config import TelemetrySettings
from runtime.model import Payload, TriggerKind, whole
from runtime.services.redaction import REDACTED, Redaction
from runtime.values import decode, encode
from tests.unit.services.spans import span_of

REDACTION = Redaction(("Authorization", "cookie"))


def request(headers: dict[str, Any], body: bytes = b"") -> bytes:
    return encode({"method": "GET", "path": "/", "headers": headers, "form": "none", "body": body})


def after(payload: Payload, kind: TriggerKind = TriggerKind.API, redaction: Redaction = REDACTION) -> bytes:
    span = span_of(
        kind=kind, input=payload, input_size=sum(map(len, payload)) if isinstance(payload, tuple) else len(payload)
    )
    redaction.apply(span)
    kept = whole(span.input)
    assert span.input_size == len(kept)
    again = kept
    redaction.apply(span)
    assert whole(span.input) == again
    return kept


@pytest.mark.parametrize("value", ["Bearer s3cr3t", "", ["s3cr3t", "other"], "x" * 70_000])
def test_the_value_is_gone_however_it_came(value: Any) -> None:
    kept = decode(after(request({"authorization": value, "host": "h"}, b"body")))
    assert kept["headers"] == {"authorization": REDACTED, "host": "h"}
    assert kept["body"] == b"body"


def test_a_request_in_pieces_is_one_piece_then() -> None:
    raw = request({"cookie": "s3cr3t"}, b"x" * 100)
    kept = decode(after((raw[:-100], raw[-100:])))
    assert (kept["headers"], kept["body"]) == ({"cookie": REDACTED}, b"x" * 100)


@pytest.mark.parametrize(
    "raw",
    [
        request({"host": "h", "x-cookie-like": "a"}, b"authorization: in a body"),
        request({"host": "h"}, encode("cookie")),  # the name as it stands in a map, but in the body
        b"",
    ],
)
def test_what_has_no_such_header_stays_as_it_is(raw: bytes) -> None:
    assert after(raw) == raw


QUERIES = Redaction(("cookie",), ("token", "Api_Key"))


def asked(query: Any, **headers: str) -> Any:
    request = {"method": "GET", "path": "/", "queryParams": query, "headers": headers, "form": "none", "body": b""}
    return decode(after(encode(request), redaction=QUERIES))


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"token": "s3cr3t", "a": "1"}, {"token": REDACTED, "a": "1"}),
        ({"TOKEN": ["s3cr3t", "2"], "api_key": ""}, {"TOKEN": REDACTED, "api_key": REDACTED}),
        ({"a": [{"token": {"b": "s3cr3t"}}, "2"]}, {"a": [{"token": REDACTED}, "2"]}),
        ({"a": "token", "tokens": "1"}, {"a": "token", "tokens": "1"}),
    ],
)
def test_values_of_names_in_queries_are_gone_at_any_depth(query: Any, kept: Any) -> None:
    assert asked(query)["queryParams"] == kept


def test_the_address_that_a_client_came_from_is_gone_where_it_has_such_a_query() -> None:
    kept = asked({}, referer="http://h/?a=1&Token=s3cr3t", host="h")
    assert kept["headers"] == {"referer": REDACTED, "host": "h"}
    harmless = {"referer": "http://h/token?a=token", "host": "h?token=1"}
    assert asked({}, **harmless)["headers"] == harmless


@pytest.mark.parametrize(
    ("redacted", "names"),
    [
        (TelemetrySettings().redact, ("x-auth-token", "x-goog-api-key", "x-csrf-token", "api-key", "cookie")),
        (TelemetrySettings().redact_query, ("access_token", "api_key", "apikey", "token", "password", "sig")),
    ],
)
def test_well_known_secrets_are_not_kept_without_a_word(redacted: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert set(names) <= set(redacted) and [name.lower() for name in redacted] == sorted(set(redacted))


def test_only_requests_have_headers() -> None:
    raw = encode({"headers": {"cookie": "sweet"}})
    assert after(raw, TriggerKind.EVENT) == raw


def test_without_names_everything_is_kept() -> None:
    raw = request({"cookie": "s3cr3t"})
    assert after(raw, redaction=Redaction(())) == raw
