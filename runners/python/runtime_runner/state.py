"""`ctx.state`: values by group and key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime_runner import values
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.arguments import ABSENT, check_dict, encode_operations, encode_options, is_name, name, refuse_member
from runtime_runner.hostcalls import HostCalls, Run

DEFAULT_GROUP = "default"
SET_OPTIONS = ("ttl", "ifVersion")
SPELT = {"if_version": "ifVersion"}
"""Options as Python spells them."""


class State:
    """Values by group and key. With one name less, the group is "default"."""

    __slots__ = ("_calls", "_run")

    def __init__(self, calls: HostCalls, run: Run) -> None:
        self._calls = calls
        self._run = run

    def get(self, group: Any, key: Any = ABSENT) -> Any:
        """The value as it was stored, None when there is none."""
        return self._call(pb.HOST_OP_STATE_GET, *_group_and_key(group, key))

    def get_entry(self, group: Any, key: Any = ABSENT) -> Any:
        """The value and its version, for `ifVersion`; None when there is none."""
        return self._call(pb.HOST_OP_STATE_GET_ENTRY, *_group_and_key(group, key))

    def set(
        self, group: Any, key: Any, value: Any = ABSENT, options: Mapping[str, Any] | None = None, **named: Any
    ) -> Any:
        """Stores and returns the value; the group may be left out before options if the value could be no key.

        Options, in a dict or by name: ttl, the seconds until the value is gone; if_version, the version that must be
        stored, 0 for none: else VersionConflict is raised.
        """
        if value is ABSENT:
            group, key, value = DEFAULT_GROUP, group, key
        elif options is None and key is not None and not is_name(key):
            group, key, value, options = DEFAULT_GROUP, group, key, value
        request = self._request(pb.HOST_OP_STATE_SET, name(group, "group"), name(key, "key"))
        request.options = _set_options(options, named)
        return self._calls.call(self._run, request, values.encode(value, "value"), lambda _: value)

    def delete(self, group: Any, key: Any = ABSENT) -> Any:
        """Removes and returns the value, None when there was none."""
        return self._call(pb.HOST_OP_STATE_DELETE, *_group_and_key(group, key))

    def get_group(self, group: Any) -> Any:
        """The group's values in insertion order."""
        return self._call(pb.HOST_OP_STATE_GET_GROUP, name(group, "group"))

    def clear(self, group: Any) -> Any:
        """Removes the whole group."""
        return self._call(pb.HOST_OP_STATE_CLEAR, name(group, "group"))

    def update(self, group: Any, key: Any, operations: Any = ABSENT) -> Any:
        """Applies the operations in one step and returns the new value."""
        if operations is ABSENT:
            group, key, operations = DEFAULT_GROUP, group, key
        request = self._request(pb.HOST_OP_STATE_UPDATE, name(group, "group"), name(key, "key"))
        return self._calls.call(self._run, request, encode_operations(operations))

    def keys(self, group: Any) -> Any:
        """The group's keys in insertion order."""
        return self._call(pb.HOST_OP_STATE_KEYS, name(group, "group"))

    getEntry = get_entry
    getGroup = get_group

    def __getattr__(self, name: str) -> Any:
        refuse_member(self, "state", name)

    def _call(self, op: pb.HostOp, group: str, key: str = "") -> Any:
        return self._calls.call(self._run, self._request(op, group, key))

    def _request(self, op: pb.HostOp, group: str, key: str = "") -> pb.HostCall:
        return pb.HostCall(invocation_id=self._run.id, op=op, group=group, key=key)


def _group_and_key(group: Any, key: Any) -> tuple[str, str]:
    if key is ABSENT:
        group, key = DEFAULT_GROUP, group
    return name(group, "group"), name(key, "key")


def _set_options(given: Mapping[str, Any] | None, named: Mapping[str, Any]) -> bytes:
    if given is None:
        if not named:
            return b""
        given = {}
    check_dict(given, "state.set")
    spelt = [(SPELT.get(name, name), value) for name, value in (*given.items(), *named.items())]
    options = dict(spelt)
    if len(options) < len(spelt):
        raise TypeError("state.set got one of its options twice; give each once, in the dict or by name.")
    encoded = encode_options(options, SET_OPTIONS, "state.set")
    # Left out, it would write whatever is stored: not what who asks for a version of nothing has meant.
    if options.get("ifVersion", 0) is None:
        raise TypeError("if_version must be a version that get_entry gave, or 0 for when there is no value, not None.")
    return encoded
