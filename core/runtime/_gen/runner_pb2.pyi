from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Feature(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FEATURE_UNSPECIFIED: _ClassVar[Feature]
    FEATURE_HOOKS: _ClassVar[Feature]
    FEATURE_STREAMED_BODIES: _ClassVar[Feature]
    FEATURE_NODES: _ClassVar[Feature]
    FEATURE_COPIED_PRINTS: _ClassVar[Feature]

class TriggerKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRIGGER_KIND_UNSPECIFIED: _ClassVar[TriggerKind]
    TRIGGER_KIND_API: _ClassVar[TriggerKind]
    TRIGGER_KIND_EVENT: _ClassVar[TriggerKind]
    TRIGGER_KIND_CRON: _ClassVar[TriggerKind]
    TRIGGER_KIND_STATE: _ClassVar[TriggerKind]
    TRIGGER_KIND_STREAM: _ClassVar[TriggerKind]

class CancelReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CANCEL_REASON_UNSPECIFIED: _ClassVar[CancelReason]
    CANCEL_REASON_DEADLINE: _ClassVar[CancelReason]
    CANCEL_REASON_CLIENT_GONE: _ClassVar[CancelReason]
    CANCEL_REASON_SHUTDOWN: _ClassVar[CancelReason]

class FailureKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FAILURE_KIND_UNSPECIFIED: _ClassVar[FailureKind]
    FAILURE_KIND_HANDLER: _ClassVar[FailureKind]
    FAILURE_KIND_NON_RETRIABLE: _ClassVar[FailureKind]
    FAILURE_KIND_INVALID_INPUT: _ClassVar[FailureKind]
    FAILURE_KIND_CANCELLED: _ClassVar[FailureKind]
    FAILURE_KIND_DEADLINE: _ClassVar[FailureKind]
    FAILURE_KIND_UNKNOWN_STEP: _ClassVar[FailureKind]
    FAILURE_KIND_LOAD: _ClassVar[FailureKind]
    FAILURE_KIND_RUNNER_LOST: _ClassVar[FailureKind]
    FAILURE_KIND_OVERLOADED: _ClassVar[FailureKind]
    FAILURE_KIND_INVALID_OUTPUT: _ClassVar[FailureKind]
    FAILURE_KIND_REFUSED: _ClassVar[FailureKind]
    FAILURE_KIND_CONFLICT: _ClassVar[FailureKind]

class HostOp(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOST_OP_UNSPECIFIED: _ClassVar[HostOp]
    HOST_OP_EMIT: _ClassVar[HostOp]
    HOST_OP_STATE_GET: _ClassVar[HostOp]
    HOST_OP_STATE_SET: _ClassVar[HostOp]
    HOST_OP_STATE_DELETE: _ClassVar[HostOp]
    HOST_OP_STATE_GET_GROUP: _ClassVar[HostOp]
    HOST_OP_STATE_CLEAR: _ClassVar[HostOp]
    HOST_OP_STATE_UPDATE: _ClassVar[HostOp]
    HOST_OP_STATE_KEYS: _ClassVar[HostOp]
    HOST_OP_STREAM_GET: _ClassVar[HostOp]
    HOST_OP_STREAM_SET: _ClassVar[HostOp]
    HOST_OP_STREAM_DELETE: _ClassVar[HostOp]
    HOST_OP_STREAM_GET_GROUP: _ClassVar[HostOp]
    HOST_OP_STREAM_SEND: _ClassVar[HostOp]
    HOST_OP_STREAM_UPDATE: _ClassVar[HostOp]
    HOST_OP_TEXT_WRITE: _ClassVar[HostOp]
    HOST_OP_TEXT_CLOSE: _ClassVar[HostOp]
    HOST_OP_STATE_GET_ENTRY: _ClassVar[HostOp]

class LogLevel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LOG_LEVEL_UNSPECIFIED: _ClassVar[LogLevel]
    LOG_LEVEL_DEBUG: _ClassVar[LogLevel]
    LOG_LEVEL_INFO: _ClassVar[LogLevel]
    LOG_LEVEL_WARN: _ClassVar[LogLevel]
    LOG_LEVEL_ERROR: _ClassVar[LogLevel]

class Hook(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HOOK_UNSPECIFIED: _ClassVar[Hook]
    HOOK_AUTHENTICATE: _ClassVar[Hook]
    HOOK_CAN_ACCESS: _ClassVar[Hook]
    HOOK_ON_JOIN: _ClassVar[Hook]
    HOOK_ON_LEAVE: _ClassVar[Hook]
    HOOK_CONFIG: _ClassVar[Hook]
    HOOK_NODE: _ClassVar[Hook]

class ByeReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BYE_REASON_UNSPECIFIED: _ClassVar[ByeReason]
    BYE_REASON_DRAINED: _ClassVar[ByeReason]
    BYE_REASON_PROTOCOL_VERSION: _ClassVar[ByeReason]
    BYE_REASON_PROTOCOL_ERROR: _ClassVar[ByeReason]
    BYE_REASON_REPLACED: _ClassVar[ByeReason]
FEATURE_UNSPECIFIED: Feature
FEATURE_HOOKS: Feature
FEATURE_STREAMED_BODIES: Feature
FEATURE_NODES: Feature
FEATURE_COPIED_PRINTS: Feature
TRIGGER_KIND_UNSPECIFIED: TriggerKind
TRIGGER_KIND_API: TriggerKind
TRIGGER_KIND_EVENT: TriggerKind
TRIGGER_KIND_CRON: TriggerKind
TRIGGER_KIND_STATE: TriggerKind
TRIGGER_KIND_STREAM: TriggerKind
CANCEL_REASON_UNSPECIFIED: CancelReason
CANCEL_REASON_DEADLINE: CancelReason
CANCEL_REASON_CLIENT_GONE: CancelReason
CANCEL_REASON_SHUTDOWN: CancelReason
FAILURE_KIND_UNSPECIFIED: FailureKind
FAILURE_KIND_HANDLER: FailureKind
FAILURE_KIND_NON_RETRIABLE: FailureKind
FAILURE_KIND_INVALID_INPUT: FailureKind
FAILURE_KIND_CANCELLED: FailureKind
FAILURE_KIND_DEADLINE: FailureKind
FAILURE_KIND_UNKNOWN_STEP: FailureKind
FAILURE_KIND_LOAD: FailureKind
FAILURE_KIND_RUNNER_LOST: FailureKind
FAILURE_KIND_OVERLOADED: FailureKind
FAILURE_KIND_INVALID_OUTPUT: FailureKind
FAILURE_KIND_REFUSED: FailureKind
FAILURE_KIND_CONFLICT: FailureKind
HOST_OP_UNSPECIFIED: HostOp
HOST_OP_EMIT: HostOp
HOST_OP_STATE_GET: HostOp
HOST_OP_STATE_SET: HostOp
HOST_OP_STATE_DELETE: HostOp
HOST_OP_STATE_GET_GROUP: HostOp
HOST_OP_STATE_CLEAR: HostOp
HOST_OP_STATE_UPDATE: HostOp
HOST_OP_STATE_KEYS: HostOp
HOST_OP_STREAM_GET: HostOp
HOST_OP_STREAM_SET: HostOp
HOST_OP_STREAM_DELETE: HostOp
HOST_OP_STREAM_GET_GROUP: HostOp
HOST_OP_STREAM_SEND: HostOp
HOST_OP_STREAM_UPDATE: HostOp
HOST_OP_TEXT_WRITE: HostOp
HOST_OP_TEXT_CLOSE: HostOp
HOST_OP_STATE_GET_ENTRY: HostOp
LOG_LEVEL_UNSPECIFIED: LogLevel
LOG_LEVEL_DEBUG: LogLevel
LOG_LEVEL_INFO: LogLevel
LOG_LEVEL_WARN: LogLevel
LOG_LEVEL_ERROR: LogLevel
HOOK_UNSPECIFIED: Hook
HOOK_AUTHENTICATE: Hook
HOOK_CAN_ACCESS: Hook
HOOK_ON_JOIN: Hook
HOOK_ON_LEAVE: Hook
HOOK_CONFIG: Hook
HOOK_NODE: Hook
BYE_REASON_UNSPECIFIED: ByeReason
BYE_REASON_DRAINED: ByeReason
BYE_REASON_PROTOCOL_VERSION: ByeReason
BYE_REASON_PROTOCOL_ERROR: ByeReason
BYE_REASON_REPLACED: ByeReason

class RunnerFrame(_message.Message):
    __slots__ = ("envelopes",)
    ENVELOPES_FIELD_NUMBER: _ClassVar[int]
    envelopes: _containers.RepeatedCompositeFieldContainer[RunnerEnvelope]
    def __init__(self, envelopes: _Optional[_Iterable[_Union[RunnerEnvelope, _Mapping]]] = ...) -> None: ...

class CoreFrame(_message.Message):
    __slots__ = ("envelopes",)
    ENVELOPES_FIELD_NUMBER: _ClassVar[int]
    envelopes: _containers.RepeatedCompositeFieldContainer[CoreEnvelope]
    def __init__(self, envelopes: _Optional[_Iterable[_Union[CoreEnvelope, _Mapping]]] = ...) -> None: ...

class RunnerEnvelope(_message.Message):
    __slots__ = ("hello", "manifest", "result", "chunk", "host_call", "log", "call_reply", "pong", "bye")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    HOST_CALL_FIELD_NUMBER: _ClassVar[int]
    LOG_FIELD_NUMBER: _ClassVar[int]
    CALL_REPLY_FIELD_NUMBER: _ClassVar[int]
    PONG_FIELD_NUMBER: _ClassVar[int]
    BYE_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    manifest: Manifest
    result: Result
    chunk: Chunk
    host_call: HostCall
    log: Log
    call_reply: CallReply
    pong: Pong
    bye: Bye
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., manifest: _Optional[_Union[Manifest, _Mapping]] = ..., result: _Optional[_Union[Result, _Mapping]] = ..., chunk: _Optional[_Union[Chunk, _Mapping]] = ..., host_call: _Optional[_Union[HostCall, _Mapping]] = ..., log: _Optional[_Union[Log, _Mapping]] = ..., call_reply: _Optional[_Union[CallReply, _Mapping]] = ..., pong: _Optional[_Union[Pong, _Mapping]] = ..., bye: _Optional[_Union[Bye, _Mapping]] = ...) -> None: ...

class CoreEnvelope(_message.Message):
    __slots__ = ("welcome", "load", "invoke", "chunk", "cancel", "host_reply", "call", "drain", "ping", "bye", "body_read")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    LOAD_FIELD_NUMBER: _ClassVar[int]
    INVOKE_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    CANCEL_FIELD_NUMBER: _ClassVar[int]
    HOST_REPLY_FIELD_NUMBER: _ClassVar[int]
    CALL_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    PING_FIELD_NUMBER: _ClassVar[int]
    BYE_FIELD_NUMBER: _ClassVar[int]
    BODY_READ_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    load: Load
    invoke: Invoke
    chunk: Chunk
    cancel: Cancel
    host_reply: HostReply
    call: Call
    drain: Drain
    ping: Ping
    bye: Bye
    body_read: BodyRead
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping]] = ..., load: _Optional[_Union[Load, _Mapping]] = ..., invoke: _Optional[_Union[Invoke, _Mapping]] = ..., chunk: _Optional[_Union[Chunk, _Mapping]] = ..., cancel: _Optional[_Union[Cancel, _Mapping]] = ..., host_reply: _Optional[_Union[HostReply, _Mapping]] = ..., call: _Optional[_Union[Call, _Mapping]] = ..., drain: _Optional[_Union[Drain, _Mapping]] = ..., ping: _Optional[_Union[Ping, _Mapping]] = ..., bye: _Optional[_Union[Bye, _Mapping]] = ..., body_read: _Optional[_Union[BodyRead, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("min_protocol", "max_protocol", "features", "language", "version", "runtime_version", "pid")
    MIN_PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    MAX_PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RUNTIME_VERSION_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    min_protocol: int
    max_protocol: int
    features: _containers.RepeatedScalarFieldContainer[Feature]
    language: str
    version: str
    runtime_version: str
    pid: int
    def __init__(self, min_protocol: _Optional[int] = ..., max_protocol: _Optional[int] = ..., features: _Optional[_Iterable[_Union[Feature, str]]] = ..., language: _Optional[str] = ..., version: _Optional[str] = ..., runtime_version: _Optional[str] = ..., pid: _Optional[int] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("protocol", "features", "limits", "session")
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    protocol: int
    features: _containers.RepeatedScalarFieldContainer[Feature]
    limits: Limits
    session: str
    def __init__(self, protocol: _Optional[int] = ..., features: _Optional[_Iterable[_Union[Feature, str]]] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., session: _Optional[str] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("max_in_flight", "max_payload_bytes", "chunk_bytes", "max_queued_bytes", "max_host_calls", "body_window_bytes", "max_bodies")
    MAX_IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    MAX_PAYLOAD_BYTES_FIELD_NUMBER: _ClassVar[int]
    CHUNK_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_QUEUED_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_HOST_CALLS_FIELD_NUMBER: _ClassVar[int]
    BODY_WINDOW_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_BODIES_FIELD_NUMBER: _ClassVar[int]
    max_in_flight: int
    max_payload_bytes: int
    chunk_bytes: int
    max_queued_bytes: int
    max_host_calls: int
    body_window_bytes: int
    max_bodies: int
    def __init__(self, max_in_flight: _Optional[int] = ..., max_payload_bytes: _Optional[int] = ..., chunk_bytes: _Optional[int] = ..., max_queued_bytes: _Optional[int] = ..., max_host_calls: _Optional[int] = ..., body_window_bytes: _Optional[int] = ..., max_bodies: _Optional[int] = ...) -> None: ...

class Load(_message.Message):
    __slots__ = ("step_files", "stream_files")
    STEP_FILES_FIELD_NUMBER: _ClassVar[int]
    STREAM_FILES_FIELD_NUMBER: _ClassVar[int]
    step_files: _containers.RepeatedScalarFieldContainer[str]
    stream_files: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, step_files: _Optional[_Iterable[str]] = ..., stream_files: _Optional[_Iterable[str]] = ...) -> None: ...

class Manifest(_message.Message):
    __slots__ = ("steps", "streams", "load_failures")
    STEPS_FIELD_NUMBER: _ClassVar[int]
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    LOAD_FAILURES_FIELD_NUMBER: _ClassVar[int]
    steps: _containers.RepeatedCompositeFieldContainer[StepEntry]
    streams: _containers.RepeatedCompositeFieldContainer[StreamEntry]
    load_failures: _containers.RepeatedCompositeFieldContainer[LoadFailure]
    def __init__(self, steps: _Optional[_Iterable[_Union[StepEntry, _Mapping]]] = ..., streams: _Optional[_Iterable[_Union[StreamEntry, _Mapping]]] = ..., load_failures: _Optional[_Iterable[_Union[LoadFailure, _Mapping]]] = ...) -> None: ...

class StepEntry(_message.Message):
    __slots__ = ("file", "config", "schemas", "has_handler", "middleware", "imports")
    class SchemasEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: bytes
        def __init__(self, key: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...
    FILE_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    SCHEMAS_FIELD_NUMBER: _ClassVar[int]
    HAS_HANDLER_FIELD_NUMBER: _ClassVar[int]
    MIDDLEWARE_FIELD_NUMBER: _ClassVar[int]
    IMPORTS_FIELD_NUMBER: _ClassVar[int]
    file: str
    config: bytes
    schemas: _containers.ScalarMap[str, bytes]
    has_handler: bool
    middleware: int
    imports: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, file: _Optional[str] = ..., config: _Optional[bytes] = ..., schemas: _Optional[_Mapping[str, bytes]] = ..., has_handler: bool = ..., middleware: _Optional[int] = ..., imports: _Optional[_Iterable[str]] = ...) -> None: ...

class StreamEntry(_message.Message):
    __slots__ = ("file", "config", "schemas", "hooks")
    class SchemasEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: bytes
        def __init__(self, key: _Optional[str] = ..., value: _Optional[bytes] = ...) -> None: ...
    FILE_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    SCHEMAS_FIELD_NUMBER: _ClassVar[int]
    HOOKS_FIELD_NUMBER: _ClassVar[int]
    file: str
    config: bytes
    schemas: _containers.ScalarMap[str, bytes]
    hooks: _containers.RepeatedScalarFieldContainer[Hook]
    def __init__(self, file: _Optional[str] = ..., config: _Optional[bytes] = ..., schemas: _Optional[_Mapping[str, bytes]] = ..., hooks: _Optional[_Iterable[_Union[Hook, str]]] = ...) -> None: ...

class LoadFailure(_message.Message):
    __slots__ = ("file", "failure", "line", "column", "location_file", "fix")
    FILE_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    COLUMN_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FILE_FIELD_NUMBER: _ClassVar[int]
    FIX_FIELD_NUMBER: _ClassVar[int]
    file: str
    failure: Failure
    line: int
    column: int
    location_file: str
    fix: str
    def __init__(self, file: _Optional[str] = ..., failure: _Optional[_Union[Failure, _Mapping]] = ..., line: _Optional[int] = ..., column: _Optional[int] = ..., location_file: _Optional[str] = ..., fix: _Optional[str] = ...) -> None: ...

class Invoke(_message.Message):
    __slots__ = ("invocation_id", "step_file", "trigger", "trigger_index", "payload", "payload_transfer", "trace_id", "span_id", "attempt", "deadline_ms", "atomic", "idempotency_key", "step_name", "trigger_source")
    INVOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    STEP_FILE_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_INDEX_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_TRANSFER_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    SPAN_ID_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    ATOMIC_FIELD_NUMBER: _ClassVar[int]
    IDEMPOTENCY_KEY_FIELD_NUMBER: _ClassVar[int]
    STEP_NAME_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_SOURCE_FIELD_NUMBER: _ClassVar[int]
    invocation_id: int
    step_file: str
    trigger: TriggerKind
    trigger_index: int
    payload: bytes
    payload_transfer: int
    trace_id: str
    span_id: str
    attempt: int
    deadline_ms: int
    atomic: bool
    idempotency_key: str
    step_name: str
    trigger_source: str
    def __init__(self, invocation_id: _Optional[int] = ..., step_file: _Optional[str] = ..., trigger: _Optional[_Union[TriggerKind, str]] = ..., trigger_index: _Optional[int] = ..., payload: _Optional[bytes] = ..., payload_transfer: _Optional[int] = ..., trace_id: _Optional[str] = ..., span_id: _Optional[str] = ..., attempt: _Optional[int] = ..., deadline_ms: _Optional[int] = ..., atomic: bool = ..., idempotency_key: _Optional[str] = ..., step_name: _Optional[str] = ..., trigger_source: _Optional[str] = ...) -> None: ...

class Result(_message.Message):
    __slots__ = ("invocation_id", "payload", "payload_transfer", "failure", "body_transfer")
    INVOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_TRANSFER_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    BODY_TRANSFER_FIELD_NUMBER: _ClassVar[int]
    invocation_id: int
    payload: bytes
    payload_transfer: int
    failure: Failure
    body_transfer: int
    def __init__(self, invocation_id: _Optional[int] = ..., payload: _Optional[bytes] = ..., payload_transfer: _Optional[int] = ..., failure: _Optional[_Union[Failure, _Mapping]] = ..., body_transfer: _Optional[int] = ...) -> None: ...

class BodyRead(_message.Message):
    __slots__ = ("transfer", "bytes")
    TRANSFER_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    transfer: int
    bytes: int
    def __init__(self, transfer: _Optional[int] = ..., bytes: _Optional[int] = ...) -> None: ...

class Chunk(_message.Message):
    __slots__ = ("transfer", "data", "last", "aborted", "expected_bytes")
    TRANSFER_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    ABORTED_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_BYTES_FIELD_NUMBER: _ClassVar[int]
    transfer: int
    data: bytes
    last: bool
    aborted: Failure
    expected_bytes: int
    def __init__(self, transfer: _Optional[int] = ..., data: _Optional[bytes] = ..., last: bool = ..., aborted: _Optional[_Union[Failure, _Mapping]] = ..., expected_bytes: _Optional[int] = ...) -> None: ...

class Cancel(_message.Message):
    __slots__ = ("invocation_id", "reason", "grace_ms")
    INVOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    GRACE_MS_FIELD_NUMBER: _ClassVar[int]
    invocation_id: int
    reason: CancelReason
    grace_ms: int
    def __init__(self, invocation_id: _Optional[int] = ..., reason: _Optional[_Union[CancelReason, str]] = ..., grace_ms: _Optional[int] = ...) -> None: ...

class Failure(_message.Message):
    __slots__ = ("kind", "type", "message", "stack", "cause", "retryable", "http_status", "http_body")
    KIND_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    STACK_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    HTTP_STATUS_FIELD_NUMBER: _ClassVar[int]
    HTTP_BODY_FIELD_NUMBER: _ClassVar[int]
    kind: FailureKind
    type: str
    message: str
    stack: str
    cause: Failure
    retryable: bool
    http_status: int
    http_body: bytes
    def __init__(self, kind: _Optional[_Union[FailureKind, str]] = ..., type: _Optional[str] = ..., message: _Optional[str] = ..., stack: _Optional[str] = ..., cause: _Optional[_Union[Failure, _Mapping]] = ..., retryable: bool = ..., http_status: _Optional[int] = ..., http_body: _Optional[bytes] = ...) -> None: ...

class HostCall(_message.Message):
    __slots__ = ("invocation_id", "call_id", "op", "target", "group", "key", "payload", "payload_transfer", "options")
    INVOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    OP_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_TRANSFER_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    invocation_id: int
    call_id: int
    op: HostOp
    target: str
    group: str
    key: str
    payload: bytes
    payload_transfer: int
    options: bytes
    def __init__(self, invocation_id: _Optional[int] = ..., call_id: _Optional[int] = ..., op: _Optional[_Union[HostOp, str]] = ..., target: _Optional[str] = ..., group: _Optional[str] = ..., key: _Optional[str] = ..., payload: _Optional[bytes] = ..., payload_transfer: _Optional[int] = ..., options: _Optional[bytes] = ...) -> None: ...

class HostReply(_message.Message):
    __slots__ = ("call_id", "payload", "payload_transfer", "failure")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_TRANSFER_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    call_id: int
    payload: bytes
    payload_transfer: int
    failure: Failure
    def __init__(self, call_id: _Optional[int] = ..., payload: _Optional[bytes] = ..., payload_transfer: _Optional[int] = ..., failure: _Optional[_Union[Failure, _Mapping]] = ...) -> None: ...

class Log(_message.Message):
    __slots__ = ("invocation_id", "level", "message", "data", "time_ms", "printed", "step_name", "trace_id")
    INVOCATION_ID_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    PRINTED_FIELD_NUMBER: _ClassVar[int]
    STEP_NAME_FIELD_NUMBER: _ClassVar[int]
    TRACE_ID_FIELD_NUMBER: _ClassVar[int]
    invocation_id: int
    level: LogLevel
    message: str
    data: bytes
    time_ms: float
    printed: int
    step_name: str
    trace_id: str
    def __init__(self, invocation_id: _Optional[int] = ..., level: _Optional[_Union[LogLevel, str]] = ..., message: _Optional[str] = ..., data: _Optional[bytes] = ..., time_ms: _Optional[float] = ..., printed: _Optional[int] = ..., step_name: _Optional[str] = ..., trace_id: _Optional[str] = ...) -> None: ...

class Call(_message.Message):
    __slots__ = ("call_id", "hook", "target", "payload", "payload_transfer", "deadline_ms")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    HOOK_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_TRANSFER_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    call_id: int
    hook: Hook
    target: str
    payload: bytes
    payload_transfer: int
    deadline_ms: int
    def __init__(self, call_id: _Optional[int] = ..., hook: _Optional[_Union[Hook, str]] = ..., target: _Optional[str] = ..., payload: _Optional[bytes] = ..., payload_transfer: _Optional[int] = ..., deadline_ms: _Optional[int] = ...) -> None: ...

class CallReply(_message.Message):
    __slots__ = ("call_id", "payload", "payload_transfer", "failure")
    CALL_ID_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_TRANSFER_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    call_id: int
    payload: bytes
    payload_transfer: int
    failure: Failure
    def __init__(self, call_id: _Optional[int] = ..., payload: _Optional[bytes] = ..., payload_transfer: _Optional[int] = ..., failure: _Optional[_Union[Failure, _Mapping]] = ...) -> None: ...

class Ping(_message.Message):
    __slots__ = ("nonce",)
    NONCE_FIELD_NUMBER: _ClassVar[int]
    nonce: int
    def __init__(self, nonce: _Optional[int] = ...) -> None: ...

class Pong(_message.Message):
    __slots__ = ("nonce", "in_flight", "memory_bytes", "cpu_ms", "loop_lag_ms")
    NONCE_FIELD_NUMBER: _ClassVar[int]
    IN_FLIGHT_FIELD_NUMBER: _ClassVar[int]
    MEMORY_BYTES_FIELD_NUMBER: _ClassVar[int]
    CPU_MS_FIELD_NUMBER: _ClassVar[int]
    LOOP_LAG_MS_FIELD_NUMBER: _ClassVar[int]
    nonce: int
    in_flight: int
    memory_bytes: int
    cpu_ms: int
    loop_lag_ms: int
    def __init__(self, nonce: _Optional[int] = ..., in_flight: _Optional[int] = ..., memory_bytes: _Optional[int] = ..., cpu_ms: _Optional[int] = ..., loop_lag_ms: _Optional[int] = ...) -> None: ...

class Drain(_message.Message):
    __slots__ = ("grace_ms",)
    GRACE_MS_FIELD_NUMBER: _ClassVar[int]
    grace_ms: int
    def __init__(self, grace_ms: _Optional[int] = ...) -> None: ...

class Bye(_message.Message):
    __slots__ = ("reason", "message")
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    reason: ByeReason
    message: str
    def __init__(self, reason: _Optional[_Union[ByeReason, str]] = ..., message: _Optional[str] = ...) -> None: ...
