"""JSON of clients: what is refused, and in whose words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_runner.parse import MalformedBody, parse
from runtime_runner.values import LARGE_BYTES, MAX_DEPTH

TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from('\\"ud8c0\U0001f600'))


def _nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize("padding", [0, LARGE_BYTES])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": ' + "7" * 5000 + "}", "The request body holds an integer of too many digits."),
        ("[" * 3000 + "]" * 3000, f"The request body nests deeper than {MAX_DEPTH} levels."),
        (_nested(MAX_DEPTH + 1), f"The request body nests deeper than {MAX_DEPTH} levels."),
        ('{"a":' * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1), f"nests deeper than {MAX_DEPTH} levels."),
        ("[NaN]", "The request body is not JSON: JSON has no NaN."),
        (r'{"a": "\ud800"}', "The request body holds a lone surrogate, which is no text."),
        (r'["\udc00\ud800"]', "holds a lone surrogate"),
        (r'["\uD83D\ude00\uD83d"]', "holds a lone surrogate"),
        (r'{"\\\udfff": 1}', "holds a lone surrogate"),
    ],
)
def test_what_no_value_can_be_is_said_in_plain_words(text: str, message: str, padding: int) -> None:
    with pytest.raises(MalformedBody) as caught:
        parse(text + " " * padding)
    assert message in str(caught.value)
    assert "sys." not in str(caught.value)


@pytest.mark.parametrize("text", [r'"\\ud800"', r'"\ud83d\ude00"', '"\U0001f600"', r'"\\\\ud800\u00e9"'])
def test_what_only_looks_like_a_lone_surrogate(text: str) -> None:
    assert parse(text) == json.loads(text)


def test_the_deepest_value_is_taken() -> None:
    assert parse(_nested(MAX_DEPTH)) == json.loads(_nested(MAX_DEPTH))
    flat = json.dumps([{"a": [1]}] * (MAX_DEPTH + 1))
    assert parse(flat) == json.loads(flat)


@given(TEXTS, st.booleans())
def test_every_text_comes_through(text: str, is_ascii: bool) -> None:
    assert parse(json.dumps({text: [text]}, ensure_ascii=is_ascii)) == {text: [text]}


@given(st.text(st.sampled_from('ab\\"\ud83d\ude00\U0001f600')))
def test_lone_surrogates_are_told_from_pairs(text: str) -> None:
    body = json.dumps([text])
    try:
        json.loads(body)[0].encode()
    except UnicodeEncodeError:
        with pytest.raises(MalformedBody, match="lone surrogate"):
            parse(body)
    else:
        assert parse(body) == json.loads(body)
