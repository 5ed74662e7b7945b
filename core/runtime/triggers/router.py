"""Routes -> a compiled router: static paths by dictionary, others by one pattern each, most specific first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

from runtime.catalog import Bound
from runtime.model import ApiTrigger

Route = Bound[ApiTrigger]
_READING = ("GET", "HEAD")
_BROKEN_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")


class BadEscape(ValueError):
    """A path whose percent-encoding is broken or no UTF-8."""


class Match(NamedTuple):
    """The route of a request and its decoded path parameters."""

    route: Route
    path_params: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Pattern:
    expression: re.Pattern[str]
    names: tuple[str, ...]
    methods: Mapping[str, Route]


class Router:
    """Finds the route of a request. A trailing slash is the same path; static beats parameter beats wildcard."""

    def __init__(self, routes: Sequence[Route], reserved: Iterable[str] = ()) -> None:
        """GET of a reserved path is for a route that has that very path, and for no parameter or wildcard."""
        by_path: dict[str, dict[str, Route]] = {}
        for route in routes:
            path = route.trigger.path.rstrip("/").replace("%", "%25") or "/"
            methods = by_path.setdefault(path, {})
            methods.setdefault(route.trigger.method, route)
        self._static = {path: methods for path, methods in by_path.items() if not _is_dynamic(path)}
        self._reserved = frozenset(reserved) - self._static.keys()
        dynamic = sorted((path for path in by_path if _is_dynamic(path)), key=_specificity)
        self._patterns = [_compile(path, by_path[path]) for path in dynamic]

    def has(self, path: str) -> bool:
        """Whether a route has this very path, by no parameter or wildcard."""
        return path in self._static

    def find(self, method: str, path: str) -> Match | tuple[str, ...]:
        """The match; else the methods that the path has, none for an unknown path.

        `path` is as it was sent, percent-encoded. Raises `BadEscape`.
        """
        methods = self._static.get(path)
        if methods is not None and method in methods:
            return Match(methods[method], {})
        if path in self._reserved and method in _READING:
            return ()
        return self._search(method, _canonical(path).rstrip("/") or "/")

    def _search(self, method: str, path: str) -> Match | tuple[str, ...]:
        allowed: dict[str, None] = {}
        for methods, names, values in self._candidates(path):
            route = methods.get(method) or (methods.get("GET") if method == "HEAD" else None)
            if route is not None:
                return Match(route, {name: _plain(value or "") for name, value in zip(names, values, strict=True)})
            allowed.update(dict.fromkeys(methods))
        return tuple(sorted(allowed))

    def _candidates(self, path: str) -> Iterator[tuple[Mapping[str, Route], tuple[str, ...], tuple[str | None, ...]]]:
        static = self._static.get(path)
        if static is not None:
            yield static, (), ()
        for pattern in self._patterns:
            match = pattern.expression.fullmatch(path)
            if match is not None:
                yield pattern.methods, pattern.names, match.groups()


def _is_dynamic(path: str) -> bool:
    return any(part.startswith((":", "*")) for part in path.split("/"))


def _specificity(path: str) -> list[int]:
    """Sorts parts from left to right: static, then parameter, then wildcard."""
    return [2 if "*" in part else 1 if part.startswith(":") else 0 for part in path.split("/")]


def _compile(path: str, methods: Mapping[str, Route]) -> _Pattern:
    """The pattern of a path; of several wildcards, all but the last take as few parts as they can."""
    names: list[str] = []
    are_named: list[bool] = []
    fixed = [""]  # what stands before, between and after the wildcards
    for part in path.strip("/").split("/"):
        if part == "*" or (part.startswith(":") and part.endswith("*")):
            are_named.append(part != "*")
            names += [part[1:-1]] if part != "*" else []
            fixed.append("")
        elif part.startswith(":"):
            names.append(part[1:])
            fixed[-1] += "/([^/]+)"
        else:
            fixed[-1] += "/" + re.escape(part)
    expression = fixed[0]
    for number, is_named in enumerate(are_named, 1):
        if number == len(are_named):
            expression += f"(?:/{'(.*)' if is_named else '.*'})?{fixed[number]}"
        else:  # atomic: what has matched is not tried again, which with several wildcards could take for ever
            expression += f"(?>(?:/{'(.*?)' if is_named else '.*?'})??{fixed[number]}(?=/|$))"
    return _Pattern(re.compile(expression, re.DOTALL), tuple(names), methods)


def _canonical(path: str) -> str:
    """The path with everything decoded but '/' and '%' inside a part, so that parts can be told apart and compared."""
    if "%" not in path:
        return path
    broken = _BROKEN_ESCAPE.search(path)
    if broken is not None:
        raise BadEscape(f"the path is not percent-encoded: '{path[broken.start() : broken.start() + 3]}'")
    try:
        parts = [unquote(part, errors="strict") for part in path.split("/")]
    except UnicodeDecodeError as error:
        raise BadEscape("the path is not percent-encoded UTF-8") from error
    return "/".join(part.replace("%", "%25").replace("/", "%2F") for part in parts)


def _plain(value: str) -> str:
    return value.replace("%2F", "/").replace("%25", "%")
