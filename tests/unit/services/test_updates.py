"""services/updates: the operations of an atomic update."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.errors import HostCallRefused
from runtime.services.updates import NOTHING, apply_updates
from runtime.values import MAX_DEPTH, nests_deeper
from tests.unit.test_values import values


@pytest.mark.parametrize(
    ("before", "operations", "after"),
    [
        ({"a": 1}, [], {"a": 1}),
        (None, [{"op": "set", "value": 5}], 5),
        ({"a": 1}, [{"op": "set", "path": "a"}], {"a": None}),
        (None, [{"op": "set", "path": "a.b", "value": 1}], {"a": {"b": 1}}),
        ({"a": None}, [{"op": "set", "path": "a.b", "value": 1}], {"a": {"b": 1}}),
        ({}, [{"op": "set", "path": ["a.b"], "value": 1}], {"a.b": 1}),
        ({"n": 1}, [{"op": "increment", "path": "n"}], {"n": 2}),
        ({"n": 1}, [{"op": "increment", "path": "n", "value": 0.5}], {"n": 1.5}),
        ({}, [{"op": "decrement", "path": "n", "value": 2}], {"n": -2}),
        ({"n": None}, [{"op": "increment", "path": "n"}], {"n": 1}),
        (3, [{"op": "decrement"}], 2),
        ({}, [{"op": "append", "path": "l", "value": 1}], {"l": [1]}),
        ({"l": [1]}, [{"op": "append", "path": "l", "value": [2]}], {"l": [1, [2]]}),
        ({"a": 1}, [{"op": "merge", "value": {"b": 2}}], {"a": 1, "b": 2}),
        (None, [{"op": "merge", "path": "x", "value": {"b": 2}}], {"x": {"b": 2}}),
        ({"a": 1, "b": 2}, [{"op": "remove", "path": "a"}], {"b": 2}),
        ({"a": 1}, [{"op": "remove", "path": "b"}], {"a": 1}),
        ({"a": {}}, [{"op": "remove", "path": "a.b.c"}], {"a": {}}),
        (None, [{"op": "remove", "path": "a.b"}], None),
        ({"a": 1}, [{"op": "remove"}], NOTHING),
        ({"a": 1}, [{"op": "remove"}, {"op": "increment", "path": "n"}], {"n": 1}),
        (NOTHING, [], NOTHING),
        (NOTHING, [{"op": "remove", "path": "a.b"}], NOTHING),
        (NOTHING, [{"op": "append", "value": 1}], [1]),
        (NOTHING, [{"op": "set"}], None),
        ({}, [{"op": "set", "path": "a", "value": 1}, {"op": "increment", "path": "a"}], {"a": 2}),
        ({1: {-2: 3}}, [{"op": "increment", "path": "1.-2"}], {1: {-2: 4}}),
        ({1: 1, "1": 5}, [{"op": "increment", "path": "1"}], {1: 1, "1": 6}),
        ({7: 1, "a": 2}, [{"op": "remove", "path": [7]}], {"a": 2}),
        ({1: 1}, [{"op": "increment", "path": "01"}], {1: 1, "01": 1}),
        (
            {},
            [{"op": "set", "path": ["a", 1], "value": 2}, {"op": "set", "path": 3, "value": 4}],
            {"a": {"1": 2}, "3": 4},
        ),
    ],
)
def test_operations(before: Any, operations: list[Any], after: Any) -> None:
    assert apply_updates(before, operations) == after


@pytest.mark.parametrize(
    ("before", "operation"),
    [
        ({}, "set"),
        ({}, {}),
        ({}, {"op": "explode"}),
        ({}, {"op": None}),
        ({}, {"op": ["set"]}),
        ({}, {"op": "increment", "path": "n", "by": 2}),
        ({}, {"op": {}}),
        ({"a": 1}, {"op": "set", "path": "a.b", "value": 1}),
        ([1], {"op": "set", "path": "0", "value": 1}),
        ({"a": "x"}, {"op": "increment", "path": "a"}),
        ({"a": True}, {"op": "increment", "path": "a"}),
        ({}, {"op": "increment", "path": "a", "value": "1"}),
        ({"a": {}}, {"op": "append", "path": "a", "value": 1}),
        ({"a": []}, {"op": "merge", "path": "a", "value": {}}),
        ({}, {"op": "merge", "path": "a", "value": [1]}),
        ({}, {"op": "merge", "path": "a"}),
    ],
)
def test_an_operation_that_does_not_fit_is_refused_by_its_place(before: Any, operation: Any) -> None:
    with pytest.raises(HostCallRefused, match="operation 1 of update"):
        apply_updates(before, [{"op": "set", "path": [], "value": before}, operation])


@pytest.mark.parametrize("operations", [None, {}, "set", 5, {"op": "set"}])
def test_what_is_no_list_is_refused(operations: object) -> None:
    with pytest.raises(HostCallRefused, match="a list of operations"):
        apply_updates({}, operations)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("op", "path", "depth"),
    [("set", 0, 512), ("set", 12, 500), ("append", 11, 500), ("set", 512, 0), ("append", 511, 0)],
)
def test_a_value_nests_as_deep_as_values_may_and_no_deeper(op: str, path: int, depth: int) -> None:
    fits = {"op": op, "path": ["x"] * path, "value": nested(depth)}
    made = apply_updates(NOTHING, [fits])
    assert nests_deeper(made, MAX_DEPTH - 1) and not nests_deeper(made, MAX_DEPTH)
    for deeper in ({"path": ["x"] * (path + 1)}, {"value": nested(depth + 1)}):
        with pytest.raises(HostCallRefused, match="operation 1 of update makes a value that nests more than 512 deep"):
            apply_updates(NOTHING, [{"op": "remove"}, {**fits, **deeper}])


def test_other_operations_go_no_deeper_either() -> None:
    for operation in ({"op": "increment"}, {"op": "merge", "value": {}}):
        with pytest.raises(HostCallRefused, match="nests more than 512 deep"):
            apply_updates({}, [{**operation, "path": ["x"] * 513}])


PATHS = st.none() | st.lists(st.sampled_from(["a", "b", ""]), max_size=3) | st.sampled_from(["a", "a.b", "b.a.b", ""])
OPERATIONS = st.lists(
    st.fixed_dictionaries(
        {"op": st.sampled_from(["set", "increment", "decrement", "append", "merge", "remove"])},
        optional={"path": PATHS, "value": values},
    ),
    max_size=5,
)


@given(values, OPERATIONS)
def test_any_operations_change_the_value_or_are_refused(value: Any, operations: list[dict[str, Any]]) -> None:
    before = copy.deepcopy(operations)
    try:
        apply_updates(copy.deepcopy(value), operations)
    except HostCallRefused as error:
        assert "of update" in str(error)
    assert operations == before


@given(st.dictionaries(st.sampled_from("abc"), st.integers(-5, 5)), st.lists(st.sampled_from("abc"), max_size=20))
def test_increments_are_counted(counts: dict[str, int], keys: list[str]) -> None:
    operations = [{"op": "increment", "path": key} for key in keys]
    assert apply_updates(dict(counts), operations) == {
        key: counts.get(key, 0) + keys.count(key) for key in {*counts, *keys}
    }


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({"op": "incremnt"}, "operation 0 of update has the 'op' 'incremnt', which is not known; did you mean 'increm"),
        ({"op": "x" * 9000}, f"has the 'op' '{'x' * 40}', which is not known; known are set, increment, "),
        ({"op": 5}, "operation 0 of update has no 'op' that is a text; known are set, "),
        ({"op": "increment", "path": "a.b"}, "counts with 'x', which is no number, at 'a.b' (state 'g' / 'k')"),
        ({"op": "append", "path": ["a", "b"]}, "appends to a value that is no list, at 'a.b' (state 'g' / 'k')"),
    ],
)
def test_a_refusal_says_what_was_meant_and_where(operation: Any, message: str) -> None:
    with pytest.raises(HostCallRefused) as refused:
        apply_updates({"a": {"b": "x"}}, [operation], "state 'g' / 'k'")
    assert message in str(refused.value)
    assert str(refused.value).endswith("(state 'g' / 'k')")


@pytest.mark.parametrize("path", [True, 1.5, {"a": 1}, ["a", None], ["a", True], [["a"]], [b"a"]])
def test_a_path_that_is_none_is_refused(path: Any) -> None:
    with pytest.raises(HostCallRefused, match="operation 1 of update has a path with a "):
        apply_updates({"None": 1}, [{"op": "set", "path": "a", "value": 1}, {"op": "remove", "path": path}])
