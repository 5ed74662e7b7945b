"""A schema taken apart: values held against each schema inside it and against each of its keywords."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urljoin

from runtime.jsonschemas.places import token
from runtime.jsonschemas.references import children, targets
from runtime.jsonschemas.validators import compile_members
from runtime.model import JsonSchema

FACETS = frozenset({"const", "dependentRequired", "enum", "format", "multipleOf", "pattern", "required", "type"}) | {
    *("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "uniqueItems", "maxItems", "minItems"),
    *("maxLength", "minLength", "maxProperties", "minProperties"),
}
"""Keywords that say something without a schema inside them, so that each can be judged by itself."""
_URI = "https://schema.invalid/"
"""What a schema is called that has no whole `$id`: those inside it may count from there."""
_MAX_PARTS = 16
"""Schemas of one value that are looked at to see of what kind it must be."""


class Judge:
    """Holds values against what stands at a place, a JSON pointer into the schema.

    All places are compiled as one schema whose properties they are: compiling them one by one would compile all that
    each refers to again. A recursive schema is judged in proportion to the value, as the validator remembers what it
    has held against what.
    """

    def __init__(self, root: JsonSchema) -> None:
        """Raises `ValueError` for what is no schema of draft 2020-12."""
        uri = _URI if isinstance(root, bool) else urljoin(_URI, str(root.get("$id", ""))).removesuffix("#")
        self._targets = targets(root)
        self._nodes = _reachable(root, self._targets)
        members: dict[str, JsonSchema] = {}
        for place, node in self._nodes.items():
            reference = {"$ref": f"{uri}#{quote(place)}"}
            members[place] = reference
            if isinstance(node, Mapping):
                members.update({f"{word}{place}": {word: node[word]} for word in FACETS & node.keys()})
                members.update({_names(place, text): {"pattern": text} for text in node.get("patternProperties", ())})
            if place.endswith("/items"):
                members[f"*{place}"] = {"items": reference}
        self._validator = compile_members(members, uri, root)

    def node(self, place: str) -> Mapping[str, Any]:
        """What the schema at the place says; nothing for one that is only true or false."""
        found = self._nodes.get(place)
        return found if isinstance(found, Mapping) else {}

    def knows(self, place: str) -> bool:
        """True where a schema stands at the place that can say something of a value."""
        return place in self._nodes

    def forbids(self, place: str) -> bool:
        """True where the schema lets nothing pass."""
        return self._nodes.get(place) is False

    def target(self, place: str) -> str | None:
        """Where the reference at the place leads; None without one, and for one that leads elsewhere."""
        found = self._targets.get(place)
        return found if found in self._nodes else None

    def fits(self, place: str, value: object) -> bool:
        """True when the value fits the schema at the place."""
        return self._validator.is_valid({place: value})

    def keeps(self, place: str, facet: str, value: object) -> bool:
        """True when the value keeps one of `FACETS` that the schema at the place has."""
        return self._validator.is_valid({f"{facet}{place}": value})

    def all_fit(self, place: str, items: Sequence[object]) -> bool:
        """True when all items fit the schema at the place, which is that of the items of a list."""
        return self._validator.is_valid({f"*{place}": items})

    def matches(self, place: str, pattern: str, name: str) -> bool:
        """True when a name is one of those that a pattern among the `patternProperties` at the place means."""
        return self._validator.is_valid({_names(place, pattern): name})

    def parts(self, place: str) -> list[str]:
        """The places of all that must hold of a value at once: the schema, what it refers to and those of `allOf`."""
        found = [place]
        for each in found:
            target = self.target(each)
            more = [] if target is None else [target]
            more += [f"{each}/allOf/{number}" for number in range(len(self.node(each).get("allOf", ())))]
            found += [new for new in more if new not in found][: max(_MAX_PARTS - len(found), 0)]
        return found


def _names(place: str, pattern: str) -> str:
    return f"names{place}/{token(pattern)}"


def _reachable(root: JsonSchema, led: Mapping[str, str]) -> dict[str, JsonSchema]:
    """The schemas that can come to judge a value, by their places: what nobody refers to need not even compile."""
    every = dict(_every(root))
    waiting = [""]
    found: dict[str, JsonSchema] = {}
    for place in waiting:
        node = every.get(place)
        if place in found or not isinstance(node, Mapping | bool):
            continue
        found[place] = node
        if isinstance(node, Mapping):
            waiting += [place + name for name, _ in children(node) if not name.startswith(("/$defs/", "/content"))]
            waiting += [led[place]] if place in led else []
    return found


def _every(root: JsonSchema) -> Iterator[tuple[str, JsonSchema]]:
    waiting: list[tuple[str, Any]] = [("", root)]
    for place, node in waiting:
        yield place, node
        if isinstance(node, Mapping):
            waiting += [(place + name, inner) for name, inner in children(node)]
