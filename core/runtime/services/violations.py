"""One schema, ready to be held against values: whether a value fits and, where it does not, each place in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from runtime.jsonschemas.alternatives import WORDS, Alternatives
from runtime.jsonschemas.judges import FACETS, Judge
from runtime.jsonschemas.places import pointer, token
from runtime.jsonschemas.validators import compile_schema
from runtime.jsonschemas.words import say, unknown
from runtime.model import JsonSchema

MAX_VIOLATIONS = 20
"""Places that are named of one value."""
_MAX_STEPS = 128
"""Values that are held against schemas one by one to find the places, besides the places themselves."""
_MAX_LARGE_STEPS = 16
"""How many of those may be large: each of them is looked through as a whole."""
_MAX_SMALL = 4096
"""Members and characters of a value that is not large."""
_MAX_APPLIED = 64
"""Schemas of one value that are looked at to see which of its keys they name."""
_CHUNK = 1024
"""Items of a list that are judged at once."""

_UNFIT = "does not fit its schema"
Path = tuple[str | int, ...]


class Misfit(NamedTuple):
    """A place in a value that does not fit: JSON pointers of it and of what in the schema it does not fit, and why."""

    pointer: str
    place: str
    message: str
    path: Path = ()


class _Doubt(NamedTuple):
    """A value that does not fit the schema at a place."""

    value: Any
    place: str
    path: Path


class Check:
    """The compiled form of one schema."""

    def __init__(self, schema: JsonSchema) -> None:
        """Raises `ValueError` for what is no schema of draft 2020-12."""
        self.schema = schema
        self._validator = compile_schema(schema)
        self._judge: Judge | None = None

    def fits(self, value: object) -> bool:
        """True when the value fits. Raises `ValueError` for one that cannot be judged."""
        return self._judged(value)[0]

    def misfits(self, value: object, most: int = MAX_VIOLATIONS) -> list[Misfit]:
        """Where and why the value does not fit, at most so many places; none when it does.

        The work is bounded whatever the value and the schema: alternatives are not gone through, what is looked at
        is counted, and where the count ends it is only said that the value does not fit there. Raises `ValueError`
        for what cannot be judged.
        """
        fits, plain = self._judged(value)
        if fits:
            return []
        if self._judge is None:
            self._judge = Judge(self.schema)
        found = dict.fromkeys(islice(_Walk(self._judge, most).misfits(plain), most))
        return list(found) or [Misfit("", "#", _UNFIT)]

    def _judged(self, value: object) -> tuple[bool, Any]:
        """Whether the value fits, and the value with only what JSON has."""
        try:
            return self._validator.is_valid(value), value
        except (ValueError, TypeError):  # bytes, keys that are numbers, half characters
            plain = as_json(value)
            return self._validator.is_valid(plain), plain


class _Walk:
    """Goes down from a value that does not fit to the members for which it does not."""

    def __init__(self, judge: Judge, most: int) -> None:
        self._judge = judge
        self._most = most
        self._alternatives = Alternatives(judge)
        self._steps = 0
        self._large_steps = 0

    def misfits(self, value: Any) -> Iterator[Misfit]:
        """The places, each as it is found, in the order of the value."""
        waiting = [_Doubt(value, "", ())]
        seen: set[tuple[str, Path]] = set()
        while waiting:
            doubt = waiting.pop()
            if (doubt.place, doubt.path) in seen:
                continue
            seen.add((doubt.place, doubt.path))
            if not self._goes_on(doubt.value):
                yield _misfit(doubt, _UNFIT)
                continue
            own = list(islice(self._own(doubt), self._most))
            inner = list(islice(self._inner(doubt), self._most))
            yield from own or ([] if inner else [_misfit(doubt, self._unexplained(doubt))])
            waiting += reversed(inner)

    def _goes_on(self, value: object) -> bool:
        """True while there is work left for another value."""
        self._steps += 1
        if self._steps > _MAX_STEPS + self._most:
            return False
        if _is_small(value):
            return True
        self._large_steps += 1
        return self._large_steps <= _MAX_LARGE_STEPS

    def _own(self, doubt: _Doubt) -> Iterator[Misfit]:
        """What is wrong with the value itself, whatever is in it."""
        value, place, path = doubt
        judge, node = self._judge, self._judge.node(place)
        if judge.forbids(place):
            yield _misfit(doubt, "must not be there")
        for facet in (word for word in node if word in FACETS):
            if not judge.keeps(place, facet, value):
                for message in say(facet, node[facet], value):
                    yield Misfit(pointer(path), f"#{place}/{facet}", message, path)
        if "not" in node and judge.fits(f"{place}/not", value):
            yield _misfit(doubt, "is of a kind that is not allowed", "/not")
        for word in WORDS:
            if message := self._alternatives.unmet(place, word, value):
                yield _misfit(doubt, message, f"/{word}")
        if isinstance(value, dict):
            yield from self._keys(doubt, value, node)
        if isinstance(value, list) and "contains" in node and not self._holds_enough(place, value, node):
            yield _misfit(doubt, "has no item, or not as many as it must, of the kind that it must hold", "/contains")

    def _keys(self, doubt: _Doubt, value: dict[str, Any], node: Mapping[str, Any]) -> Iterator[Misfit]:
        names = f"{doubt.place}/propertyNames"
        if self._judge.knows(names):
            for name in value:
                if not self._judge.fits(names, name):
                    reason = next(self._own(_Doubt(name, names, ())), None)
                    told = f": {reason.message}" if reason else ""
                    yield _misfit(doubt, f"has a key that is not allowed{told}", "/propertyNames")
        if self._judge.forbids(f"{doubt.place}/additionalProperties"):
            strange = [name for name in value if not self._is_named(name, doubt.place, node)]
            if strange:
                has_names = node.get("properties") or node.get("patternProperties")
                message = unknown(strange) if has_names else "must have no keys"
                yield _misfit(doubt, message, "/additionalProperties")

    def _is_named(self, name: str, place: str, node: Mapping[str, Any]) -> bool:
        if name in node.get("properties", ()):
            return True
        return any(self._judge.matches(place, pattern, name) for pattern in node.get("patternProperties", ()))

    def _holds_enough(self, place: str, items: list[Any], node: Mapping[str, Any]) -> bool:
        count = sum(self._judge.fits(f"{place}/contains", item) for item in items)
        return bool(node.get("minContains", 1) <= count <= node.get("maxContains", count))

    def _inner(self, doubt: _Doubt) -> Iterator[_Doubt]:
        """What does not fit of what can be looked at alone: members, and the value itself with each that must hold."""
        value, place, path = doubt
        for also in self._also(doubt):
            if not self._judge.fits(also, value):
                yield _Doubt(value, also, path)
        if isinstance(value, dict):
            for name, inner in self._members(value, place):
                if not self._judge.fits(inner, value[name]):
                    yield _Doubt(value[name], inner, (*path, name))
        elif isinstance(value, list):
            for index, inner in self._items(value, place):
                yield _Doubt(value[index], inner, (*path, index))

    def _also(self, doubt: _Doubt) -> Iterator[str]:
        """The places that the same value must fit as well."""
        value, place, _ = doubt
        node = self._judge.node(place)
        if (target := self._judge.target(place)) is not None:
            yield target
        for number in range(len(node.get("allOf", ()))):
            yield f"{place}/allOf/{number}"
        for word in WORDS:
            if (meant := self._alternatives.meant(place, word, value)) is not None:
                yield meant
        if "if" in node:
            branch = "then" if self._judge.fits(f"{place}/if", value) else "else"
            if branch in node:
                yield f"{place}/{branch}"
        for name in node.get("dependentSchemas", ()):
            if isinstance(value, dict) and name in value:
                yield f"{place}/dependentSchemas/{token(name)}"

    def _members(self, value: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
        """The keys of a map with the places of their schemas."""
        node = self._judge.node(place)
        others = f"{place}/additionalProperties"
        has_others = self._judge.knows(others) and not self._judge.forbids(others)
        for name in value:
            if name in node.get("properties", ()):
                yield name, f"{place}/properties/{token(name)}"
            for pattern in node.get("patternProperties", ()):
                if self._judge.matches(place, pattern, name):
                    yield name, f"{place}/patternProperties/{token(pattern)}"
            if has_others and not self._is_named(name, place, node):
                yield name, others

    def _items(self, value: list[Any], place: str) -> Iterator[tuple[int, str]]:
        """The items of a list that do not fit, by number, with the places of their schemas."""
        first = len(self._judge.node(place).get("prefixItems", ()))
        for index, item in enumerate(value[:first]):
            if not self._judge.fits(f"{place}/prefixItems/{index}", item):
                yield index, f"{place}/prefixItems/{index}"
        inner = f"{place}/items"
        if not self._judge.knows(inner):
            return
        for start in range(first, len(value), _CHUNK):
            chunk = value[start : start + _CHUNK]
            if not self._judge.all_fit(inner, chunk):
                for index, item in enumerate(chunk, start):
                    if not self._judge.fits(inner, item):
                        yield index, inner

    def _unexplained(self, doubt: _Doubt) -> str:
        """What is wrong with a value of which nothing else is: keys that nothing names, where that is why."""
        value, place, _ = doubt
        if not isinstance(value, dict) or not self._judge.forbids(f"{place}/unevaluatedProperties"):
            return _UNFIT
        nodes = {each: self._judge.node(each) for each in self._applied(doubt)}
        if any("additionalProperties" in node for node in nodes.values()):
            return _UNFIT
        strange = [name for name in value if not any(self._is_named(name, *item) for item in nodes.items())]
        return unknown(strange) if strange else _UNFIT

    def _applied(self, doubt: _Doubt) -> list[str]:
        """The places of what says something of the value: the schema and those that it takes the value to."""
        found = [doubt.place]
        for each in islice(found, _MAX_APPLIED):
            more = list(self._also(doubt._replace(place=each)))
            more += [fitting for word in WORDS for fitting in self._alternatives.fitting(each, word, doubt.value)]
            found += [new for new in dict.fromkeys(more) if new not in found]
        return found


def _misfit(doubt: _Doubt, message: str, word: str = "") -> Misfit:
    return Misfit(pointer(doubt.path), f"#{doubt.place}{word}", message, doubt.path)


def _is_small(value: object) -> bool:
    """True when a value has few members and characters; it looks no further than that."""
    left = _MAX_SMALL
    waiting = [value]
    while waiting and left >= 0:
        item = waiting.pop()
        left -= 1
        if isinstance(item, str):
            left -= len(item)
        elif isinstance(item, dict):
            left -= len(item)
            waiting += islice(item.values(), _MAX_SMALL)
        elif isinstance(item, list):
            left -= len(item)
            waiting += islice(item, _MAX_SMALL)
    return left >= 0


def as_json(value: Any) -> Any:
    """The value with only what JSON has: bytes as texts of as many characters, keys as texts."""
    if isinstance(value, dict):
        return {as_json(key) if isinstance(key, str) else str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
