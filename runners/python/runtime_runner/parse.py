"""JSON text of clients as values."""

from __future__ import annotations

import json
import re
from typing import Any

from runtime_runner import values
from runtime_runner.values import MAX_DEPTH, Record

SHORTEST_DEEP = 2 * (MAX_DEPTH + 1)
"""Characters of the shortest text that nests too deep."""
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
ESCAPES = re.compile(r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)")
"""Every escape of a JSON text, pairs of surrogates as one; the group holds a lone surrogate."""


class MalformedBody(ValueError):
    """The client's body is not what its content type says."""


class NoJson(ValueError):
    """What Python reads and JSON does not have."""


def parse(text: str | bytes) -> Any:
    """The value of a JSON text, maps as `Record`. Raises `MalformedBody`, in words for the client."""
    if isinstance(text, bytes):
        raise MalformedBody("The request body is not JSON: it is not UTF-8 text.")
    try:
        decoder = _decoder if len(text) < values.LARGE_BYTES else _large_decoder
        value = decoder.decode(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise MalformedBody(
            f"The request body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except NoJson as error:
        raise MalformedBody(f"The request body is not JSON: {error}.") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        # Python's own bound: the time that more digits take grows with their square.
        raise MalformedBody("The request body holds an integer of too many digits.") from None
    if len(text) >= SHORTEST_DEEP and text.count("[") + text.count("{") > MAX_DEPTH and _is_deep(value):
        raise _too_deep()
    if "\\u" in text and SURROGATE.search(text) and any(escape.group(1) for escape in ESCAPES.finditer(text)):
        raise MalformedBody("The request body holds a lone surrogate, which is no text.")
    return value


def _too_deep() -> MalformedBody:
    return MalformedBody(f"The request body nests deeper than {MAX_DEPTH} levels.")


def _is_deep(value: Any) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        if not level:
            return False
        parts = (item.values() if type(item) is Record else item for item in level)
        level = [part for items in parts for part in items if type(part) is Record or type(part) is list]
    return bool(level)


def _refuse_constant(name: str) -> Any:
    raise NoJson(f"JSON has no {name}")


def _int_in_turn(text: str) -> int:
    return int(text)


_decoder = json.JSONDecoder(object_hook=Record, parse_constant=_refuse_constant)
_large_decoder = json.JSONDecoder(
    object_hook=values.record_in_turn, parse_int=_int_in_turn, parse_constant=_refuse_constant
)
