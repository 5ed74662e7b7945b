"""services/redaction: values of headers that nobody else may know are not kept, and nothing else is touched."""

from __future__ import annotations

from typing import Any

import pytest

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


def test_only_requests_have_headers() -> None:
    raw = encode({"headers": {"cookie": "sweet"}})
    assert after(raw, TriggerKind.EVENT) == raw


def test_without_names_everything_is_kept() -> None:
    raw = request({"cookie": "s3cr3t"})
    assert after(raw, redaction=Redaction(())) == raw
