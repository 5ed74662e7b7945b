"""What `runtime_types.py` says in every project; its text is the beginning of that file."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Literal,
    Never,
    NotRequired,
    Protocol,
    TypeAlias,
    TypedDict,
    TypeVar,
    overload,
)

_Answer_co = TypeVar("_Answer_co", covariant=True)
_Body_co = TypeVar("_Body_co", covariant=True)
_Emit_co = TypeVar("_Emit_co", covariant=True)
_Item = TypeVar("_Item")
_Path_co = TypeVar("_Path_co", covariant=True)
_Query_co = TypeVar("_Query_co", covariant=True)
_Streams_co = TypeVar("_Streams_co", covariant=True)

Headers: TypeAlias = "Mapping[str, str | list[str]]"

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Lets a step import the types of itself before they are written: they are, once it has been loaded."""
        if name.startswith("_"):
            raise AttributeError(name)
        return Any


class EmitOptions(TypedDict, total=False):
    """What an emitted event may carry besides topic and data; `delay` in seconds, or a time."""

    messageGroupId: str
    delay: float | str | datetime
    idempotencyKey: str
    priority: int


class SetOptions(TypedDict, total=False):
    """Conditions of a write to state: `ttl` in seconds; `ifVersion` is what must be stored, 0 for nothing."""

    ttl: float
    ifVersion: int


class Operation(TypedDict):
    """One change in an atomic update; `path` is dotted or a list of keys, absent for the whole value."""

    op: Literal["set", "increment", "decrement", "append", "merge", "remove"]
    path: NotRequired[str | Sequence[str]]
    value: NotRequired[Any]


class Response(TypedDict):
    """What an api step without response schemas returns."""

    status: NotRequired[int]
    body: NotRequired[Any]
    headers: NotRequired[Mapping[str, Any]]


class Channel(TypedDict):
    """The clients of a group, or those of one item."""

    groupId: str
    id: NotRequired[str]


class StreamEvent(TypedDict):
    """An event that is sent to clients and not kept."""

    type: str
    data: NotRequired[Any]


class Request(Protocol[_Body_co, _Path_co, _Query_co]):
    """A request: a dict whose keys are attributes as well. What middleware has added is there by its key."""

    @property
    def body(self) -> _Body_co: ...
    @property
    def pathParams(self) -> _Path_co: ...
    @property
    def queryParams(self) -> _Query_co: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def rawBody(self) -> str | bytes: ...
    @overload
    def __getitem__(self, key: Literal["body"], /) -> _Body_co: ...
    @overload
    def __getitem__(self, key: Literal["pathParams"], /) -> _Path_co: ...
    @overload
    def __getitem__(self, key: Literal["queryParams"], /) -> _Query_co: ...
    @overload
    def __getitem__(self, key: Literal["headers"], /) -> Headers: ...
    @overload
    def __getitem__(self, key: Literal["method", "path"], /) -> str: ...
    @overload
    def __getitem__(self, key: Literal["rawBody"], /) -> str | bytes: ...
    @overload
    def __getitem__(self, key: str, /) -> Any: ...
    @overload
    def get(self, key: Literal["body"], default: Any = None, /) -> _Body_co: ...
    @overload
    def get(self, key: Literal["pathParams"], default: Any = None, /) -> _Path_co: ...
    @overload
    def get(self, key: Literal["queryParams"], default: Any = None, /) -> _Query_co: ...
    @overload
    def get(self, key: Literal["headers"], default: Any = None, /) -> Headers: ...
    @overload
    def get(self, key: Literal["method", "path"], default: Any = None, /) -> str: ...
    @overload
    def get(self, key: Literal["rawBody"], default: Any = None, /) -> str | bytes: ...
    @overload
    def get(self, key: str, default: Any = None, /) -> Any: ...
    def __setitem__(self, key: str, value: Any, /) -> None: ...


class NoEmit(Protocol[_Answer_co]):
    """The `emit` of a step that declares no topics."""

    def __call__(self, topic: Never) -> _Answer_co: ...


class Logger(Protocol):
    """Writes log lines that carry the trace id and the step's name."""

    def debug(self, message: str, data: Any = None, /) -> None: ...
    def info(self, message: str, data: Any = None, /) -> None: ...
    def warn(self, message: str, data: Any = None, /) -> None: ...
    def warning(self, message: str, data: Any = None, /) -> None: ...
    def error(self, message: str, data: Any = None, /) -> None: ...


class State(Protocol):
    """Values by group and key, without a group in `default`. To be awaited in `async def`, at once in `def`.

    An entry is a value and its version: `entry.value`, `entry.version`.
    """

    @overload
    def get(self, group: str, key: str, /) -> Any: ...
    @overload
    def get(self, key: str, /) -> Any: ...
    @overload
    def get_entry(self, group: str, key: str, /) -> Any: ...
    @overload
    def get_entry(self, key: str, /) -> Any: ...
    @overload
    def getEntry(self, group: str, key: str, /) -> Any: ...
    @overload
    def getEntry(self, key: str, /) -> Any: ...
    @overload
    def set(
        self,
        group: str,
        key: str,
        value: Any,
        /,
        options: SetOptions | None = None,
        *,
        ttl: float | None = None,
        if_version: int = ...,
    ) -> Any: ...
    @overload
    def set(
        self,
        key: str,
        value: Any,
        /,
        *,
        options: SetOptions | None = None,
        ttl: float | None = None,
        if_version: int = ...,
    ) -> Any: ...
    @overload
    def set(self, key: str, value: Mapping[str, Any] | list[Any] | bool, options: SetOptions, /) -> Any: ...
    @overload
    def delete(self, group: str, key: str, /) -> Any: ...
    @overload
    def delete(self, key: str, /) -> Any: ...
    def get_group(self, group: str, /) -> Any: ...
    def getGroup(self, group: str, /) -> Any: ...
    def clear(self, group: str, /) -> Any: ...
    @overload
    def update(self, group: str, key: str, operations: Sequence[Operation], /) -> Any: ...
    @overload
    def update(self, key: str, operations: Sequence[Operation], /) -> Any: ...
    def keys(self, group: str, /) -> Any: ...


class Stream(Protocol[_Item]):
    """One stream, for `async def` handlers."""

    def get(self, group: str, id: str, /) -> Awaitable[_Item | None]: ...
    def set(self, group: str, id: str, data: _Item, /) -> Awaitable[_Item]: ...
    def delete(self, group: str, id: str, /) -> Awaitable[_Item | None]: ...
    def get_group(self, group: str, /) -> Awaitable[list[_Item]]: ...
    def getGroup(self, group: str, /) -> Awaitable[list[_Item]]: ...
    def update(self, group: str, id: str, operations: Sequence[Operation], /) -> Awaitable[_Item]: ...
    def send(self, channel: Channel, event: StreamEvent, /) -> Awaitable[None]: ...


class BlockingStream(Protocol[_Item]):
    """One stream, for plain `def` handlers."""

    def get(self, group: str, id: str, /) -> _Item | None: ...
    def set(self, group: str, id: str, data: _Item, /) -> _Item: ...
    def delete(self, group: str, id: str, /) -> _Item | None: ...
    def get_group(self, group: str, /) -> list[_Item]: ...
    def getGroup(self, group: str, /) -> list[_Item]: ...
    def update(self, group: str, id: str, operations: Sequence[Operation], /) -> _Item: ...
    def send(self, channel: Channel, event: StreamEvent, /) -> None: ...


class TextStream(Protocol):
    """Texts that clients read while they are written. To be awaited in `async def`, at once in `def`."""

    def write(self, id: str, text: str, /) -> Any: ...
    def close(self, id: str, /) -> Any: ...


class Trigger(TypedDict):
    """What fired; `source` is its topic, expression, group or stream, None for requests; `index` is in `triggers`."""

    type: Literal["api", "event", "cron", "state", "stream"]
    source: str | None
    index: int


class StateChange(TypedDict):
    """A change of state; `value` is None after a delete, `previous` before a create."""

    groupId: str
    key: str
    operation: Literal["create", "update", "delete"]
    value: Any
    previous: Any


class StreamChange(TypedDict, Generic[_Item]):
    """A change of an item of a stream, in the same way; besides its data an item holds what the runtime adds."""

    streamName: str
    groupId: str
    id: str
    operation: Literal["create", "update", "delete"]
    value: _Item | None
    previous: _Item | None


class Dates(Protocol):
    """Times."""

    def now(self) -> datetime: ...


class Utils(Protocol):
    """What the context has for convenience."""

    @property
    def dates(self) -> Dates: ...


class Context(Protocol[_Emit_co, _Streams_co]):
    """What a handler works with."""

    @property
    def emit(self) -> _Emit_co: ...
    @property
    def logger(self) -> Logger: ...
    @property
    def state(self) -> State: ...
    @property
    def streams(self) -> _Streams_co: ...
    @property
    def stream(self) -> TextStream: ...
    @property
    def trace_id(self) -> str: ...
    @property
    def traceId(self) -> str: ...
    @property
    def flows(self) -> Sequence[str]: ...
    @property
    def trigger(self) -> Trigger: ...
    @property
    def attempt(self) -> int: ...
    @property
    def cancelled(self) -> bool: ...
    @property
    def deadline(self) -> datetime | None: ...
    @property
    def idempotency_key(self) -> str | None: ...
    @property
    def idempotencyKey(self) -> str | None: ...
    @property
    def utils(self) -> Utils: ...
    def __getitem__(self, name: str, /) -> Any: ...
    def get(self, name: str, default: Any = None, /) -> Any: ...
