"""The path of a route, its parameters and a decoded path -> the path as it was sent, percent-encoded.

A decoded path does not tell whether a slash parts two names or belongs to one; the parameters do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from runtime.web.control.answers import Refusal

_SAFE = ":@!$&'()*+,;=~-._"


class _Piece(NamedTuple):
    """A stretch of a path without unnamed wildcards, decoded and encoded."""

    plain: str
    encoded: str


def path_again(route: str, params: Mapping[str, str], path: str) -> str:
    """The decoded path of a request to the route with these parameters; as it stands where they are not in it."""
    if _names(route).keys() == params.keys():
        pieces = _pieces(route, params)
        between = _between(pieces, path)
        if between is not None:
            return _joined(pieces, between)
    return _quoted(path)


def path_with(route: str, wanted: Any, path: str | None, params: Mapping[str, str]) -> str:
    """A path of the route with the wanted parameters; what else is open in it comes from a path with `params`.

    Raises `Refusal` for what are no parameters of the route.
    """
    names = _names(route)
    if not isinstance(wanted, dict) or wanted.keys() != names.keys():
        raise Refusal(400, f"'pathParams' must be an object with {', '.join(names) or 'no members'}, as {route} has")
    for name, value in wanted.items():
        if not isinstance(value, str) or not (value or names[name]):
            raise Refusal(400, f"'{name}' of the 'pathParams' must be a text that is not empty")
    between = None if path is None else _between(_pieces(route, params), path)
    pieces = _pieces(route, wanted)
    return _joined(pieces, [""] * len(pieces) if between is None else between)


def _names(route: str) -> dict[str, bool]:
    """The parameters of a route, and whether each is a wildcard."""
    return {part[1:].removesuffix("*"): part.endswith("*") for part in route.split("/") if part.startswith(":")}


def _pieces(route: str, params: Mapping[str, str]) -> list[_Piece]:
    """What stands before, between and after the unnamed wildcards."""
    pieces = [_Piece("", "")]
    for part in route.strip("/").split("/"):
        if part == "*":
            pieces.append(_Piece("", ""))
            continue
        plain, encoded = part, _quoted(part)
        if part.startswith(":"):
            plain = params[part[1:].removesuffix("*")]
            encoded = _wildcard(plain) if part.endswith("*") else quote(plain, safe=_SAFE)
            if not plain:  # a wildcard for nothing has no slash either
                continue
        before = pieces[-1]
        pieces[-1] = _Piece(f"{before.plain}/{plain}", f"{before.encoded}/{encoded}")
    return pieces


def _between(pieces: list[_Piece], path: str) -> list[str] | None:
    """What follows each piece in the path: what a wildcard stands for, at last slashes; None without the pieces."""
    first, *others = pieces
    if not path.startswith(first.plain):
        return None
    at = len(first.plain)
    between = []
    for number, piece in enumerate(others, 1):
        found = (path.find if number < len(others) else path.rfind)(piece.plain, at)
        if found < 0:
            return None
        between.append(path[at:found])
        at = found + len(piece.plain)
    rest = path[at:]
    return None if rest.strip("/") else [*between, rest]


def _joined(pieces: list[_Piece], between: list[str]) -> str:
    made = "".join(f"{piece.encoded}{_quoted(rest)}" for piece, rest in zip(pieces, between, strict=True))
    return made or "/"


def _wildcard(value: str) -> str:
    """A slash at a path's end would not count."""
    inner = value.rstrip("/")
    return _quoted(inner) + "%2F" * (len(value) - len(inner))


def _quoted(path: str) -> str:
    return quote(path, safe=f"/{_SAFE}")
