"""The alternatives of a schema: which of them a value is meant to be, and what is wrong where it is none of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any

from runtime.jsonschemas.judges import Judge
from runtime.jsonschemas.places import token
from runtime.jsonschemas.words import say

WORDS = ("anyOf", "oneOf")
"""Keywords that hold alternatives."""
_CONSTANTS = ("const", "enum")


class Alternatives:
    """What can be told of a value and the alternatives at a place without going into each of them.

    To go into each, and into each of those inside it, would take ever longer with the depth of the value.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    def meant(self, place: str, word: str, value: Any) -> str | None:
        """The one alternative that the value can be, told by types and constants; None where they leave several."""
        left = (each for each in self._all(place, word) if self._told_apart(each, value) is None)
        first = list(islice(left, 2))
        return first[0] if len(first) == 1 else None

    def fitting(self, place: str, word: str, value: Any) -> list[str]:
        """Those that the value fits."""
        return [each for each in self._all(place, word) if self._judge.fits(each, value)]

    def unmet(self, place: str, word: str, value: Any) -> str:
        """What is wrong where it cannot be told from one of them alone; empty for nothing."""
        told = {each: self._told_apart(each, value) for each in self._all(place, word)}
        possible = [each for each, why in told.items() if why is None]
        if not told or len(possible) == 1:
            return ""
        fitting = sum(self._judge.fits(each, value) for each in possible)
        if fitting == 1 or (fitting and word == "anyOf"):
            return ""
        if fitting:
            return "fits more than one of the alternatives"
        types = [why for why in told.values() if why]
        if len(types) == len(told):
            return say("type", [name for each in types for name in each], value)[0]
        return "fits none of the alternatives"

    def _all(self, place: str, word: str) -> list[str]:
        return [f"{place}/{word}/{number}" for number in range(len(self._judge.node(place).get(word, ())))]

    def _told_apart(self, place: str, value: Any) -> list[str] | None:
        """What shows that the value is no such alternative: the types that this one takes, or nothing but that.

        None where nothing shows it.
        """
        for part in self._judge.parts(place):
            node = self._judge.node(part)
            if "type" in node and not self._judge.keeps(part, "type", value):
                return [node["type"]] if isinstance(node["type"], str) else list(node["type"])
            if self._judge.forbids(part) or self._breaks(part, _CONSTANTS, value):
                return []
            if any(self._is_other(inner, member) for inner, member in self._named(part, value)):
                return []
        return None

    def _named(self, place: str, value: Any) -> Iterable[tuple[str, Any]]:
        """The members of the value that the schema at the place names, with the places of their schemas."""
        node = self._judge.node(place)
        if isinstance(value, dict):
            names = [name for name in node.get("properties", ()) if name in value]
            return [(f"{place}/properties/{token(name)}", value[name]) for name in names]
        if isinstance(value, list):
            first = value[: len(node.get("prefixItems", ()))]
            return [(f"{place}/prefixItems/{index}", item) for index, item in enumerate(first)]
        return ()

    def _is_other(self, place: str, value: Any) -> bool:
        return any(self._breaks(part, _CONSTANTS, value) for part in self._judge.parts(place))

    def _breaks(self, place: str, facets: Collection[str], value: Any) -> bool:
        node = self._judge.node(place)
        return any(facet in node and not self._judge.keeps(place, facet, value) for facet in facets)
