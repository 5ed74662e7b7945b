"""One schema, ready to be held against values: whether a value fits and, where it does not, each place in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from runtime.jsonschemas.places import at, names_in, names_to, pointer, token
from runtime.jsonschemas.validators import Fault, Validator, ValidatorMap, compile_parts, compile_schema, shortened
from runtime.model import JsonSchema

MAX_VIOLATIONS = 20
"""Places that are named of one value."""
_MAX_SMALL = 4096
"""Members and characters of a value up to which all its places are looked up at once: the cost of that grows with the
number of faults times the size of the value."""
_MAX_STEPS = 64
"""Members inside members, and schemas beside schemas, that the search for places goes through."""
_MAX_NAMES = 5
"""Names that one message lists."""

_UNFIT = "does not fit its schema"
_LIMITS = ("required", "minProperties", "maxProperties", "dependentRequired", "minItems", "maxItems")
_TYPES = {"array": "a list", "integer": "a whole number", "null": "null", "object": "a map", "string": "a text"}
_UNITS = {"Length": "character", "Items": "item", "Properties": "key"}
Path = list[str | int]


class Misfit(NamedTuple):
    """A place in a value that does not fit: JSON pointers of it and of what in the schema it does not fit, and why."""

    pointer: str
    place: str
    message: str


class Check:
    """The compiled form of one schema."""

    def __init__(self, schema: JsonSchema) -> None:
        """Raises `ValueError` for what is no schema of draft 2020-12."""
        self.schema = schema
        self._validator = compile_schema(schema)
        self._parts: ValidatorMap | None = None

    def fits(self, value: object) -> bool:
        """True when the value fits."""
        try:
            return self._validator.is_valid(value)
        except (ValueError, TypeError):  # not a JSON value: bytes, keys that are numbers, half characters
            return self._validator.is_valid(as_json(value))

    def misfits(self, value: object) -> list[Misfit]:
        """Where and why the value does not fit, at most `MAX_VIOLATIONS` places; none when it does."""
        if self.fits(value):
            return []
        found = dict.fromkeys(islice(self._search(as_json(value), "#", [], 0), MAX_VIOLATIONS))
        return list(found) or [Misfit("", "#", _UNFIT)]

    def _search(self, value: Any, place: str, path: Path, steps: int) -> Iterator[Misfit]:
        """Goes down to the members that do not fit, so that only small values are looked at as a whole."""
        validator = self._at(place)
        if validator is None or steps > _MAX_STEPS:
            yield Misfit(pointer(path), place, _UNFIT)
            return
        if not isinstance(value, dict | list) or _is_small(value):
            found = _describe(validator, value, path)
            if found is not None:
                yield from found
                return
        count = 0
        for name, member, inner in self._members(value, place):
            validator = self._at(inner)
            if validator is not None and not validator.is_valid(member):
                count += 1
                yield from self._search(member, inner, [*path, *name], steps + 1)
        for misfit in self._limits(value, place, path):
            count += 1
            yield misfit
        if not count:
            yield Misfit(pointer(path), place, _UNFIT)

    def _at(self, place: str) -> Validator | None:
        if self._parts is None:
            self._parts = compile_parts(self.schema)
        return self._parts.get(place)

    def _node(self, place: str) -> JsonSchema:
        # A place has its names as they are, where a reference has them percent-encoded.
        found = at(self.schema, names_in(place))
        return found if isinstance(found, Mapping | bool) else {}

    def _members(self, value: Any, place: str) -> Iterator[tuple[Path, Any, str]]:
        """What can be looked at alone: members with their schemas, and the value itself with each that must hold."""
        node = self._node(place)
        if isinstance(node, bool):
            return
        names = names_to(node.get("$ref"))
        if names is not None:
            yield [], value, f"#{pointer(names)}"
        for number in range(len(node.get("allOf", ()))):
            yield [], value, f"{place}/allOf/{number}"
        wanted = [number for number, schema in enumerate(node.get("anyOf", ())) if schema != {"type": "null"}]
        if len(wanted) == 1 and value is not None:
            yield [], value, f"{place}/anyOf/{wanted[0]}"
        if isinstance(value, dict):
            yield from _of_map(value, node, place)
        elif isinstance(value, list):
            first = len(node.get("prefixItems", ()))
            for index, item in enumerate(value):
                yield [index], item, f"{place}/prefixItems/{index}" if index < first else f"{place}/items"

    def _limits(self, value: Any, place: str, path: Path) -> Iterator[Misfit]:
        """What a map or list misses or has too much of, found without looking at its members."""
        node = self._node(place)
        if isinstance(node, bool) or not isinstance(value, dict | list):
            return
        limits: dict[str, Any] = {key: node[key] for key in _LIMITS if key in node}
        if node.get("additionalProperties") is False:
            limits["additionalProperties"] = False
            for names in ("properties", "patternProperties"):
                limits[names] = dict.fromkeys(node.get(names, ()), True)
        hollow: Any = dict.fromkeys(value) if isinstance(value, dict) else [None] * len(value)
        yield from _describe(compile_schema(limits), hollow, path) or ()


def _of_map(value: dict[str, Any], node: Mapping[str, Any], place: str) -> Iterator[tuple[Path, Any, str]]:
    properties = node.get("properties", {})
    for name, member in value.items():
        if name in properties:
            yield [name], member, f"{place}/properties/{token(name)}"
        elif isinstance(node.get("additionalProperties"), Mapping) and "patternProperties" not in node:
            yield [name], member, f"{place}/additionalProperties"


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


def _describe(validator: Validator, value: Any, path: Path) -> list[Misfit] | None:
    """The faults of a value that is looked at as a whole; None for one that nests too deep for that."""
    try:
        faults = list(islice(validator.iter_errors(value), MAX_VIOLATIONS))
    except ValueError:
        return None
    return [
        Misfit(pointer([*path, *told.instance_path]), pointer(told.schema_path), _say(told))
        for fault in faults
        for told in _nearest(fault)
    ]


def _nearest(fault: Fault) -> list[Fault]:
    """The faults of the one alternative that was meant, where that can be told; else the fault itself."""
    branches: list[list[Fault]] = getattr(fault.kind, "context", None) or []
    meant = [branch for branch in branches if not any(_is_other(inner, fault) for inner in branch)]
    return [nearest for inner in meant[0] for nearest in _nearest(inner)] if len(meant) == 1 else [fault]


def _is_other(inner: Fault, fault: Fault) -> bool:
    """True for what shows that an alternative is of another kind: its type, or a constant that tells it apart."""
    depth = len(inner.instance_path) - len(fault.instance_path)
    return (depth == 0 and inner.kind.name == "type") or (depth <= 1 and inner.kind.name in ("const", "enum"))


def _say(fault: Fault) -> str:
    """The fault in words, with what the value is where that is short."""
    name = fault.kind.name
    if name in _WORDS:
        return _WORDS[name](fault)
    if name[3:] in _UNITS:
        return _say_count(name, fault)
    return fault.message


def _say_count(name: str, fault: Fault) -> str:
    limit, unit = fault.kind.value, _UNITS[name[3:]]
    word = "at least" if name.startswith("min") else "at most"
    return f"must have {word} {limit} {unit}{'' if limit == 1 else 's'}, has {len(fault.instance)}"  # type: ignore[arg-type]


def _say_type(fault: Fault) -> str:
    return f"must be {_kinds(fault.kind.as_dict()['types'])}, is {shortened(fault.instance)}"


def _kinds(types: Iterable[str]) -> str:
    """The types in words, each once, null at the end."""
    return " or ".join(_TYPES.get(name, f"a {name}") for name in sorted(dict.fromkeys(types), key="null".__eq__))


def _say_alternatives(fault: Fault) -> str:
    if not any(getattr(fault.kind, "context", ())):
        return "fits more than one of the alternatives"
    types = [
        name
        for branch in fault.kind.context  # type: ignore[attr-defined]
        for inner in branch
        if inner.kind.name == "type" and inner.instance_path == fault.instance_path
        for name in inner.kind.as_dict()["types"]
    ]
    if len(types) == len(fault.kind.context):  # type: ignore[attr-defined]
        return f"must be {_kinds(types)}, is {shortened(fault.instance)}"
    return "fits none of the alternatives"


def _say_unknown(fault: Fault) -> str:
    names: list[str] = fault.kind.as_dict()["unexpected"]
    listed = ", ".join(f"'{str(name)[:60]}'" for name in names[:_MAX_NAMES])
    more = f" and {len(names) - _MAX_NAMES} more" if len(names) > _MAX_NAMES else ""
    return f"has the unknown {'key' if len(names) == 1 else 'keys'} {listed}{more}"


def _compared(words: str) -> Callable[[Fault], str]:
    return lambda fault: f"must be {words} {shortened(fault.kind.value)}, is {shortened(fault.instance)}"


def _say_enum(fault: Fault) -> str:
    options: list[Any] = fault.kind.as_dict()["options"]
    listed = ", ".join(shortened(option) for option in options[:MAX_VIOLATIONS])
    return f"must be one of {listed}, is {shortened(fault.instance)}"


_WORDS: Mapping[str, Callable[[Fault], str]] = {
    "additionalProperties": _say_unknown,
    "anyOf": _say_alternatives,
    "const": _compared("exactly"),
    "contains": lambda _: "has no item, or not as many as it must, of the kind that it must hold",
    "enum": _say_enum,
    "exclusiveMaximum": _compared("less than"),
    "exclusiveMinimum": _compared("greater than"),
    "falseSchema": lambda fault: (
        "must have no keys" if fault.schema_path[-1:] == ["additionalProperties"] else "must not be there"
    ),
    "format": lambda fault: f"must be of the format {fault.kind.value}, is {shortened(fault.instance)}",
    "maximum": _compared("at most"),
    "minimum": _compared("at least"),
    "multipleOf": _compared("a multiple of"),
    "not": lambda _: "is of a kind that is not allowed",
    "oneOf": _say_alternatives,
    "pattern": lambda fault: f"must match the pattern {shortened(getattr(fault.kind, 'pattern', 'of its schema'))}",
    "propertyNames": lambda fault: f"has a key that is not allowed: {_say(fault.kind.error)}",  # type: ignore[attr-defined]
    "required": lambda fault: f"'{fault.kind.value}' is missing",
    "type": _say_type,
    "unevaluatedProperties": _say_unknown,
    "uniqueItems": lambda _: "must not hold the same item twice",
}
