"""Shapes -> types of Python: records become TypedDicts of their own, since Python cannot write them in place."""

from __future__ import annotations

import builtins
import json
import keyword
import re
from collections.abc import Iterable, Mapping

from runtime.generate.schemas import type_name
from runtime.generate.shapes import Both, Constant, Field, ListOf, Named, Plain, Record, Shape, TupleOf, Union, both

MAX_CHOICES = 64
"""Combinations that a value of several unions at once may have; with more it is `Any`."""
_PLAIN: Mapping[Plain, str] = {
    Plain.UNKNOWN: "Any",
    Plain.NEVER: "Never",
    Plain.STRING: "str",
    Plain.NUMBER: "float",
    Plain.INTEGER: "int",
    Plain.BOOLEAN: "bool",
    Plain.NULL: "None",
}
_WORD = re.compile(r"[A-Za-z_]\w*")
_KEY_OF_A_CLASS = re.compile(r"(?!__)[a-z_][A-Za-z0-9_]*")
_NO_KEYS_OF_A_CLASS = frozenset({*keyword.kwlist, "bool", "dict", "float", "int", "list", "str"})
_LITERAL = re.compile(r'Literal\[((?:"[^"]*"|-?\w+)(?:, (?:"[^"]*"|-?\w+))*)\]')
_PLAIN_TEXT = re.compile(r"[^'\"\\]*")


class PythonTypes:
    """Gives types their texts, and gathers the declarations that those need."""

    def __init__(self, preamble: str, known: Iterable[str]) -> None:
        """What `preamble` names, and `known`, is taken."""
        self._taken = {*_WORD.findall(preamble), *keyword.kwlist, *dir(builtins), *known}
        self._records: dict[Shape, str] = {}
        self._names: dict[str, str] = {}
        self._definitions: Mapping[str, Shape] = {}
        self._declarations: list[str] = []
        self._merging: set[Both] = set()
        """What is being merged; it may come to itself again."""

    def define(self, definitions: Mapping[str, Shape]) -> None:
        """Declares what schemas define by name, under the same name where it is free."""
        self._definitions = definitions
        self._names = {name: self.reserve(name) for name in definitions}
        for name, shape in definitions.items():
            self.declare(self._names[name], shape)

    def declared(self) -> list[str]:
        """The declarations so far."""
        return list(self._declarations)

    def reserve(self, wanted: str, parts: Iterable[str] = ("",)) -> str:
        """The name, with a number where it, or it with any of the parts, is taken."""
        name, number = wanted, 2
        while any(f"{name}{part}" in self._taken for part in parts):
            name, number = f"{wanted}{number}", number + 1
        self._taken.update(f"{name}{part}" for part in parts)
        return name

    def declare(self, name: str, shape: Shape | None) -> str:
        """Declares a type under a name that was reserved for it, and gives the name."""
        record = self._merged(shape) if isinstance(shape, Both) else shape
        if shape is not None and isinstance(record, Record) and _is_class(record) and shape not in self._records:
            self._records[shape] = name
            self._declarations.append(self._class(name, record))
        else:
            self._declarations.append(alias(name, self.text(shape, name)))
        return name

    def text(self, shape: Shape | None, place: str) -> str:
        """The type of a shape; `place` is what a record in it is named after. None is the shape of anything."""
        match shape:
            case None:
                return "Any"
            case Plain():
                return _PLAIN[shape]
            case Constant(value):
                return _constant(value)
            case Named(name):
                return self._names[name]
            case ListOf(item):
                return f"list[{self.text(item, f'{place}Item')}]"
            case TupleOf(items, _, rest):
                parts = [self.text(each, f"{place}Item") for each in (*items, *([rest] if rest else []))]
                return f"list[{_joined(parts)}]"
            case Union(members):
                return _joined(self.text(each, f"{place}Choice") for each in members)
            case Record():
                return self._record(shape, shape, place)
            case Both():
                return self._both(shape, place)

    def _both(self, shape: Both, place: str) -> str:
        if shape in self._merging:
            return "Any"  # it is a part of itself, which no type can say
        self._merging.add(shape)
        try:
            merged = self._merged(shape)
            if isinstance(merged, Record):
                return self._record(shape, merged, place)
            return "Any" if isinstance(merged, Both) else self.text(merged, place)
        finally:
            self._merging.discard(shape)

    def _record(self, shape: Shape, record: Record, place: str) -> str:
        """A TypedDict where all keys are known; a class for the same shape is shared."""
        if record.others is not None and not record.fields:
            return f"dict[str, {self.text(record.others, f'{place}Value')}]"
        if not _is_class(record):
            return "dict[str, Any]"
        if shape not in self._records:
            self._records[shape] = self.reserve(place)
            self._declarations.append(self._class(self._records[shape], record))
        return self._records[shape]

    def _class(self, name: str, record: Record) -> str:
        types = {each.name: self._field(each, f"{name}{type_name(each.name)}") for each in record.fields}
        if all(_KEY_OF_A_CLASS.fullmatch(key) and key not in _NO_KEYS_OF_A_CLASS for key in types):
            lines = [f"class {name}(TypedDict):"]
            for each in record.fields:
                lines += [f"    # {each.comment}"] if each.comment else []
                lines.append(f"    {each.name}: {types[each.name]}")
            return "\n".join(lines)
        items = "".join(f"    {key!r}: {_quoted(text)},\n" for key, text in types.items())
        return f'{name} = TypedDict("{name}", {{\n{items}}})'

    def _field(self, field: Field, place: str) -> str:
        text = self.text(field.shape, place)
        return text if field.required else f"NotRequired[{text}]"

    def _merged(self, shape: Both) -> Shape:
        """The members in one, since Python has no type for what is several at once; as it is where there is none."""
        choices: list[list[Shape]] = [[]]
        for member in shape.members:
            found = self._found(member)
            options = found.members if isinstance(found, Union) else (found,)
            if len(choices) * len(options) > MAX_CHOICES:
                return shape
            choices = [[*choice, option] for choice in choices for option in options]
        merged = [_one(choice) for choice in choices]
        return merged[0] if len(merged) == 1 else Union(tuple(dict.fromkeys(merged)))

    def _found(self, shape: Shape) -> Shape:
        """What a name stands for; definitions never stand for themselves."""
        while isinstance(shape, Named):
            shape = self._definitions[shape.name]
        return self._merged(shape) if isinstance(shape, Both) else shape


def _is_class(record: Record) -> bool:
    """True when a TypedDict can say it: no keys but known ones, and none that is empty."""
    return record.others is None and bool(record.fields) and all(field.name for field in record.fields)


def alias(name: str, text: str) -> str:
    """Another name for a type, as text, because what it means may come later in the file."""
    return f"{name}: TypeAlias = {_quoted(text)}"


def _one(parts: list[Shape]) -> Shape:
    """The parts as one shape: the keys of records together, of other shapes the one that says most."""
    records = [part for part in parts if isinstance(part, Record)]
    if not records or len(records) < len(parts):
        return min(parts, key=_vagueness)
    fields: dict[str, Field] = {}
    for field in (field for record in records for field in record.fields):
        known = fields.get(field.name, field)
        shape = both([known.shape, field.shape])
        fields[field.name] = Field(field.name, shape, known.required or field.required, known.comment or field.comment)
    others = [record.others for record in records]
    is_open = all(other is not None for other in others)
    return Record(tuple(fields.values()), Plain.UNKNOWN if is_open else None)


def _vagueness(shape: Shape) -> int:
    order = (Constant, TupleOf, ListOf, Record)
    if shape is Plain.INTEGER:
        return len(order)
    return order.index(type(shape)) if type(shape) in order else len(order) + 1


def _constant(value: str) -> str:
    """A Literal where Python has one for the value, and where it can stand inside quotes; else its type."""
    constant = json.loads(value)
    if isinstance(constant, bool | int):
        return f"Literal[{constant}]"
    if isinstance(constant, float):
        return "float"
    plain = _PLAIN_TEXT.fullmatch(constant) and constant.isprintable()
    return f'Literal["{constant}"]' if plain else "str"


def _joined(texts: Iterable[str]) -> str:
    """The union of types: literals in one, the widest alone, None at the end; of none, Never."""
    found = dict.fromkeys(texts)
    if "Any" in found:
        return "Any"
    literals = [match[1] for text in found if (match := _LITERAL.fullmatch(text))]
    others = [text for text in found if text != "None" and not _LITERAL.fullmatch(text)]
    parts = [f"Literal[{', '.join(literals)}]"] if literals else []
    return " | ".join([*parts, *others, *(["None"] if "None" in found else [])]) or "Never"


def _quoted(text: str) -> str:
    return f"'{text}'" if '"' in text else f'"{text}"'
