"""cli/ink: what may reach a terminal."""

from __future__ import annotations

import pytest

from runtime.cli.ink import printable


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\rb\x9bc", "a\\rb\\x9bc"),
        ("a\n\tb", "a\n\tb"),
        ("a\u202eb\u2066c", "a\\u202eb\\u2066c"),
        ("a\u2028b", "a\\u2028b"),
    ],
)
def test_no_text_steers_the_terminal(text: str, printed: str) -> None:
    assert printable(text) == printed
