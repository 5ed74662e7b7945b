"""JSON Schemas of many steps -> the named schemas of one document, with every reference pointing to its new place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urldefrag, urljoin

from runtime.jsonschemas.places import at, inside, names_in, plain_token, token
from runtime.model import JsonSchema

Schema = Mapping[str, Any]

PREFIX = "#/components/schemas/"
_PLACES = frozenset({"$anchor", "$dynamicAnchor", "$id", "$schema"})
_IN_FRAGMENTS = "/~!$&'()*+,;=:@"
"""What a URI's fragment may hold as it is, beside letters and digits (RFC 3986, section 3.5)."""
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class Components:
    """The schemas of a document by name; a definition that several steps share stands there once."""

    def __init__(self, taken: Mapping[str, Any]) -> None:
        """Begins with the document's own schemas, whose names nobody else gets."""
        self.schemas: dict[str, Any] = dict(taken)
        self._identities: dict[str, str] = {}

    def reference(self, name: str, schema: JsonSchema) -> Any:
        """A reference to the schema, which is put among the others under this name or one near it."""
        return schema if isinstance(schema, bool) else {"$ref": _Embedding(self, name, schema).whole()}

    def define(self, name: str, schema: Any) -> Any:
        """A reference to a schema that is of this document already, which is put there under a name of its own."""
        free, _ = self.claim(name, "", "")
        self.schemas[free] = schema
        return {"$ref": PREFIX + free}

    def at(self, reference: Any) -> Any:
        """The schema that a reference from here stands for; the schema itself where it is true or false."""
        return reference if isinstance(reference, bool) else self.schemas[reference["$ref"].removeprefix(PREFIX)]

    def part(self, name: str, schema: JsonSchema, part: JsonSchema) -> Any:
        """A part of a schema, to stand by itself; what it refers to is put among the others."""
        return part if isinstance(schema, bool) else _Embedding(self, name, schema).rewritten(part, "")

    def claim(self, wanted: str, owner: str, identity: str) -> tuple[str, bool]:
        """A name for a schema, and whether it is new; one with the same identity is shared."""
        for name in _names(wanted, owner):
            if name not in self.schemas:
                self.schemas[name] = {}
                self._identities[name] = identity
                return name, True
            if identity and self._identities.get(name) == identity:
                return name, False
        raise AssertionError("names never end")


def component_name(text: str) -> str:
    """The text with nothing in it that the name of a component may not have."""
    return _NOT_IN_A_NAME.sub("_", text) or "_"


def _names(wanted: str, owner: str) -> Iterator[str]:
    first = component_name(wanted)
    yield first
    second = f"{component_name(owner)}_{first}" if owner else first
    if owner:
        yield second
    number = 2
    while True:
        yield f"{second}{number}"
        number += 1


class _Place(NamedTuple):
    """Where a schema stands: its pointer in the document that it came in, and the URI that its references start at."""

    pointer: str
    base: str


class _Embedding:
    """One document of a step on its way into the components."""

    def __init__(self, components: Components, name: str, root: Schema) -> None:
        self._components = components
        self._name = name
        self._root = root
        self._places: dict[str, _Place] = {}
        self._bases: dict[str, str] = {"": ""}
        self._moved: dict[str, str] = {}
        self._whole = ""
        self._index(root, _Place("", ""))

    def whole(self) -> str:
        """Where the document itself is now."""
        if not self._whole:
            name, _ = self._components.claim(self._name, "", "")
            self._whole = PREFIX + name
            document = {key: value for key, value in self._root.items() if key != "$defs"}
            self._components.schemas[name] = self.rewritten(document, "")
        return self._whole

    def rewritten(self, schema: object, pointer: str) -> Any:
        """The schema that stands at the pointer, with its references moved and without names of its own."""
        if not isinstance(schema, Mapping):
            return schema
        new = inside(schema, lambda child, path: self.rewritten(child, pointer + path))
        target = new.pop("$dynamicRef", None)  # in a document by itself there is nothing dynamic about it
        if target is not None:
            new.setdefault("$ref", target)
        if isinstance(new.get("$ref"), str):
            new["$ref"] = self._new_place(new["$ref"], self._base_at(pointer))
        if "discriminator" in new:
            new |= self._discriminator(new.pop("discriminator"), self._base_at(pointer))
        return {key: value for key, value in new.items() if key not in _PLACES}

    def _discriminator(self, given: object, base: str) -> dict[str, Any]:
        """OpenAPI's keyword with its references moved; nothing for what is no such object, or leads nowhere."""
        name = given.get("propertyName") if isinstance(given, Mapping) else None
        mapping = given.get("mapping", {}) if isinstance(given, Mapping) else None
        if not isinstance(name, str) or not isinstance(mapping, Mapping):
            return {}
        moved = {str(value): self._mapped(target, base) for value, target in mapping.items()}
        known = {value: target for value, target in moved.items() if target is not None}
        return {"discriminator": {"propertyName": name, **({"mapping": known} if known else {})}}

    def _mapped(self, target: object, base: str) -> str | None:
        """Where a schema that a discriminator names is now: by a reference, or by the name of a definition."""
        if not isinstance(target, str):
            return None
        if target in self._root.get("$defs", {}):
            return self._definition(target)
        reference = re.sub(r"^#/definitions/", "#/$defs/", target)  # as it was called in older drafts
        pointer = self._pointer(reference, base) if "#" in reference else None
        if pointer is None or at(self._root, names_in(pointer)) is None:
            return None
        return self._new_place(reference, base)

    def _index(self, schema: object, place: _Place) -> None:
        """Notes all that references may call by name."""
        if not isinstance(schema, Mapping):
            return
        base = place.base
        if isinstance(schema.get("$id"), str):
            base = _absolute(base, urldefrag(schema["$id"])[0])
            self._bases[place.pointer] = base
        if base not in self._places:
            self._places[base] = _Place(place.pointer, base)
        for keyword in ("$anchor", "$dynamicAnchor"):
            if isinstance(schema.get(keyword), str):
                self._places.setdefault(f"{base}#{schema[keyword]}", _Place(place.pointer, base))
        inside(schema, lambda child, path: self._index(child, _Place(place.pointer + path, base)))

    def _base_at(self, pointer: str) -> str:
        while pointer not in self._bases:
            pointer = pointer.rpartition("/")[0]
        return self._bases[pointer]

    def _new_place(self, reference: str, base: str) -> str:
        pointer = self._pointer(reference, base)
        if pointer is None:
            return reference
        key, rest = _definition_of(pointer)
        if key is not None and key in self._root.get("$defs", {}):
            return self._definition(key) + quote(rest, _IN_FRAGMENTS)
        return self.whole() + quote(pointer, _IN_FRAGMENTS)

    def _pointer(self, reference: str, base: str) -> str | None:
        """Where a reference points, from the root of the step's document; None for what is not in it."""
        uri, _, fragment = _absolute(base, reference).partition("#")
        fragment = unquote(fragment)
        if fragment and not fragment.startswith("/"):
            named = self._places.get(f"{uri}#{fragment}")
            return named.pointer if named else None
        document = self._places.get(uri)
        return document.pointer + fragment if document else None

    def _definition(self, key: str) -> str:
        if key not in self._moved:
            name, is_new = self._components.claim(key, self._name, self._identity(key))
            self._moved[key] = PREFIX + name
            if is_new:
                definition = self._root["$defs"][key]
                self._components.schemas[name] = self.rewritten(definition, f"/$defs/{token(key)}")
        return self._moved[key]

    def _identity(self, first: str) -> str:
        """What two definitions have in common that are the same, with all they refer to; empty for one of its kind."""
        found: dict[str, Any] = {}
        open_keys = [first]
        while open_keys:
            each = open_keys.pop()
            if each in found:
                continue
            found[each] = self._root["$defs"][each]
            for pointer in self._targets(found[each], f"/$defs/{token(each)}"):
                key, _ = _definition_of(pointer)
                if key is None or key not in self._root["$defs"]:
                    return ""
                open_keys.append(key)
        return json.dumps([first, found], sort_keys=True, default=repr)

    def _targets(self, schema: object, pointer: str) -> list[str]:
        if not isinstance(schema, Mapping):
            return []
        found: list[str] = []
        for keyword in ("$ref", "$dynamicRef"):
            target = schema.get(keyword)
            here = self._pointer(target, self._base_at(pointer)) if isinstance(target, str) else None
            found += [here] if here is not None else []
        inside(schema, lambda child, path: found.extend(self._targets(child, pointer + path)))
        return found


def _definition_of(pointer: str) -> tuple[str | None, str]:
    """The definition that a pointer leads into, and the pointer from there; None where it leads elsewhere."""
    parts = pointer.split("/", 3)
    if len(parts) < 3 or parts[1] != "$defs":
        return None, pointer
    return plain_token(parts[2]), f"/{parts[3]}" if len(parts) > 3 else ""


def _absolute(base: str, reference: str) -> str:
    """The URI of a reference; one that is only a fragment stays in its document, whatever the scheme."""
    return base + reference if reference.startswith("#") else urljoin(base, reference)
