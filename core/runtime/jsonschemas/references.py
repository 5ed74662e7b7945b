"""Where the references of a schema lead, as places in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urljoin

from runtime.jsonschemas.places import inside, names_in, pointer
from runtime.model import JsonSchema

_REFERENCES = ("$ref", "$dynamicRef")
_ANCHORS = ("$anchor", "$dynamicAnchor")


def targets(root: JsonSchema) -> Mapping[str, str]:
    """By the place of each schema with a reference, the place that it leads to; none where it leads out of `root`.

    A dynamic reference is taken as leading to the anchor of its name in its own document.
    """
    named: dict[str, str] = {"": ""}
    found: list[tuple[str, str, str]] = []
    for place, node, base in _documents(root):
        if "$id" in node:
            named[base] = place
        named.update({f"{base}#{node[word]}": place for word in _ANCHORS if word in node})
        found += [(place, base, node[word]) for word in _REFERENCES if isinstance(node.get(word), str)]
    led = {place: _place(reference, base, named) for place, base, reference in found}
    return {place: target for place, target in led.items() if target is not None}


def _documents(root: JsonSchema) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Every schema of a document: its place, what it says, and the URI that references in it start from."""
    waiting: list[tuple[str, object, str]] = [("", root, "")]
    for place, node, base in waiting:
        if isinstance(node, Mapping):
            own = urljoin(base, str(node["$id"])).removesuffix("#") if "$id" in node else base
            yield place, node, own
            waiting += [(place + name, inner, own) for name, inner in children(node)]


def children(node: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The schemas directly in a schema, with their pointers from there."""
    found: list[tuple[str, Any]] = []
    inside(node, lambda inner, name: found.append((name, inner)))
    return found


def _place(reference: str, base: str, named: Mapping[str, str]) -> str | None:
    uri, _, fragment = reference.partition("#")
    document = urljoin(base, uri) if uri else base
    if fragment and not fragment.startswith("/"):
        return named.get(f"{document}#{unquote(fragment)}")
    start = named.get(document)
    return None if start is None else start + pointer(names_in(unquote(fragment)))
