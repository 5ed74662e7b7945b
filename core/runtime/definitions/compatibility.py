"""What steps emit against what others take: where two JSON Schemas can never fit.

Only what is certain is found. Keywords that are not looked at can but narrow what fits, or else count as unknown,
and about the unknown nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from itertools import combinations
from typing import NamedTuple

from runtime.definitions.shapes import MAX_DEPTH, Shape, Unfolding
from runtime.jsonschemas.places import plain_token, token
from runtime.model import EventTrigger, JsonSchema, Problem, Severity, Step, Validation

_MAX_STEPS = 100_000
"""Places that are compared for one catalog; the rest counts as fitting."""
_MAX_NAMED = 8
"""Mismatches of two steps that are told."""


class Fault(Enum):
    """What is wrong at a place."""

    MISSING = "missing"
    """The subscriber requires it, the producer does not know it."""
    REFUSED = "refused"
    """The producer always has it, the subscriber allows no such property."""
    CLASH = "clash"
    """Whatever the producer has there, the subscriber does not take it."""


class Mismatch(NamedTuple):
    """A place (JSON pointer, `*` for any item) where schemas do not fit; `text` says how for a clash.

    `never` means that no value whatever fits both schemas: not only none of those that have something at the place.
    """

    pointer: str
    fault: Fault
    text: str = ""
    never: bool = False


def compare(producer: JsonSchema, subscriber: JsonSchema, steps: int = _MAX_STEPS) -> list[Mismatch]:
    """Where values of the producer's schema can never fit the subscriber's; empty also where it takes too long."""
    return _Comparison(steps).schemas(producer, subscriber)


def mismatches(steps: Sequence[Step], mode: Validation) -> list[Problem]:
    """A problem for each emit that does not fit a subscriber, and for subscribers that no event can satisfy together.

    `mode` is that of steps which have none of their own; an enforcing subscriber's are errors, though the steps serve.
    """
    comparison = _Comparison(_MAX_STEPS)
    takers: dict[str, list[_Taker]] = {}
    for step in steps:
        for trigger in step.triggers:
            if isinstance(trigger, EventTrigger) and trigger.input_schema is not None:
                taker = _Taker(step, trigger.input_schema, step.validation or mode)
                if taker.mode is not Validation.OFF:
                    takers.setdefault(trigger.topic, []).append(taker)
    problems: list[Problem] = []
    for step in steps:
        for emit in step.emits:
            if emit.schema is not None:
                for taker in takers.get(emit.topic, ()):
                    found = comparison.schemas(emit.schema, taker.schema)[:_MAX_NAMED]
                    problems += [_unfit(emit.topic, step, taker, each) for each in found]
    for topic, there in takers.items():
        for one, other in combinations(there, 2):
            if comparison.is_spent:
                return problems
            mismatch = next((each for each in comparison.schemas(one.schema, other.schema) if each.never), None)
            if mismatch is not None:
                problems.append(_rivals(topic, one, other, mismatch))
    return problems


class _Taker(NamedTuple):
    """A step that takes a topic's events, and how much it minds."""

    step: Step
    schema: JsonSchema
    mode: Validation


def _rivals(topic: str, one: _Taker, other: _Taker, mismatch: Mismatch) -> Problem:
    reason = {
        Fault.CLASH: f"{_named(mismatch)} {mismatch.text}",
        Fault.MISSING: f"{_named(mismatch)} is required by the second and not allowed by the first",
        Fault.REFUSED: f"{_named(mismatch)} is required by the first and not allowed by the second",
    }[mismatch.fault]
    return Problem(
        other.step.file,
        f"topic '{topic}': no event can fit the input of both step '{one.step.name}' and step '{other.step.name}': "
        f"{reason}",
        f"change the input of one of them ({one.step.file}), or let it subscribe to another topic",
        severity=_severity({one.mode, other.mode}),
    )


def _unfit(topic: str, producer: Step, taker: _Taker, mismatch: Mismatch) -> Problem:
    what, name = _named(mismatch), taker.step.name
    told = {
        Fault.MISSING: f"emits no {what}, which step '{name}' requires",
        Fault.REFUSED: f"emits {what}, which the input of step '{name}' does not allow",
        Fault.CLASH: f"emits what step '{name}' does not take: {what} {mismatch.text}",
    }[mismatch.fault]
    fix = f"change the schema in 'emits', or the input of '{name}' ({taker.step.file})"
    message = f"topic '{topic}': step '{producer.name}' {told}"
    return Problem(producer.file, message, fix, severity=_severity({taker.mode}))


def _severity(modes: set[Validation]) -> Severity:
    return Severity.ERROR if modes == {Validation.ENFORCE} else Severity.WARNING


def _named(mismatch: Mismatch) -> str:
    name = plain_token(mismatch.pointer[1:])
    return f"'{mismatch.pointer if '/' in mismatch.pointer[1:] else name}'" if mismatch.pointer else "the data"


class _Comparison:
    """Compares schemas until its steps are used up."""

    def __init__(self, steps: int) -> None:
        self._unfolding = Unfolding(steps)
        self._begun: set[tuple[int, ...]] = set()

    @property
    def is_spent(self) -> bool:
        """True when nothing will be found any more."""
        return self._unfolding.steps < 0

    def schemas(self, producer: JsonSchema, subscriber: JsonSchema) -> list[Mismatch]:
        """What is certain about two schemas."""
        unfold = self._unfolding.document
        return self._compare(unfold(producer), unfold(subscriber), "", 0)

    def _compare(self, one: list[Shape], other: list[Shape], pointer: str, depth: int) -> list[Mismatch]:
        """What holds for every alternative of the one against every one of the other; no alternatives take nothing."""
        if not one or depth > MAX_DEPTH:
            return []
        if len(one) == len(other) == 1:
            return self._shapes(one[0], other[0], pointer, depth)
        every: list[list[Mismatch]] = []
        possible: list[list[Mismatch]] = []
        is_clear = True
        for mine in one:
            row = [self._shapes(mine, theirs, pointer, depth) for theirs in other]
            fitting = [found for found in row if not any(each.never for each in found)]
            every += row
            possible += fitting
            # One that fits nothing, but for reasons further in, may still say what the others leave open.
            is_clear &= bool(fitting) or all(_clash(mine, theirs) for theirs in other)
        if not possible:
            text = "fits none of the alternatives" if other else "is never allowed there"
            return _in_all(every) or [Mismatch(pointer, Fault.CLASH, text, never=True)]
        return _in_all(possible) if is_clear else []

    def _shapes(self, one: Shape, other: Shape, pointer: str, depth: int) -> list[Mismatch]:
        self._unfolding.steps -= 1 + len(one.nodes) + len(other.nodes)
        pair = (len(one.nodes), *(id(node.schema) for node in (one & other).nodes))
        if self.is_spent or pair in self._begun:
            return []
        text = _clash(one, other)
        if text:
            return [Mismatch(pointer, Fault.CLASH, text, never=True)]
        common = one.types & other.types
        self._begun.add(pair)  # schemas that hold themselves lead back here
        found = self._objects(one, other, pointer, depth) if "object" in common else []
        found += self._items(one, other, pointer, depth) if "array" in common else []
        self._begun.remove(pair)
        return found if len(common) == 1 else [each._replace(never=False) for each in found]

    def _objects(self, one: Shape, other: Shape, pointer: str, depth: int) -> list[Mismatch]:
        had, needed = one.required(), other.required()
        found = [
            Mismatch(_below(pointer, name), Fault.MISSING, never=one.forbids(name))
            for name in sorted(needed)
            if not one.may_have(name)
        ]
        found += [
            Mismatch(_below(pointer, name), Fault.REFUSED, never=True) for name in sorted(had) if other.forbids(name)
        ]
        for name in sorted(one.properties() & other.properties()):
            mine = self._unfolding.inside(one, ("properties", name), depth)
            theirs = self._unfolding.inside(other, ("properties", name), depth)
            inner = self._compare(mine, theirs, _below(pointer, name), depth + 1)
            is_there = name in had or name in needed
            found += [each._replace(never=each.never and is_there) for each in inner]
        return found

    def _items(self, one: Shape, other: Shape, pointer: str, depth: int) -> list[Mismatch]:
        if (one & other).all("prefixItems"):
            return []
        mine, theirs = self._unfolding.inside(one, ("items",), depth), self._unfolding.inside(other, ("items",), depth)
        inner = self._compare(mine, theirs, f"{pointer}/*", depth + 1)
        is_there = any(least >= 1 for least in (one & other).all("minItems"))
        return [each._replace(never=each.never and is_there) for each in inner]


def _in_all(findings: list[list[Mismatch]]) -> list[Mismatch]:
    return [each for each in findings[0] if all(each in other for other in findings)] if findings else []


def _below(pointer: str, name: str) -> str:
    return f"{pointer}/{token(name)}"


def _clash(one: Shape, other: Shape) -> str:
    """How the values of two shapes are of other types, or other ones; empty where they may be the same."""
    mine, theirs = one.values, other.values
    if mine is not None and theirs is not None:
        may_fit = bool(mine.keys() & theirs.keys())
    else:
        may_fit = bool(one.types & other.types)
    return "" if may_fit else f"is {one} here and {other} there"
