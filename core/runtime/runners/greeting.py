"""How a connection begins: what the core answers to `Hello`, and what it has loaded."""

from __future__ import annotations

from runtime._gen import runner_pb2 as pb
from runtime.config import LinkSettings
from runtime.runners.discovery import LanguageFiles

PROTOCOL = 1
FEATURES = frozenset(
    {pb.FEATURE_STREAMED_BODIES, pb.FEATURE_HOOKS, pb.FEATURE_COPIED_PRINTS, pb.FEATURE_NODES},
)


def disagreement(hello: pb.Hello) -> str:
    """Why core and runner cannot speak with each other; empty when they can."""
    if hello.min_protocol <= PROTOCOL <= hello.max_protocol:
        return ""
    return f"the runner speaks protocol {hello.min_protocol} to {hello.max_protocol}, the core {PROTOCOL}"


def write_welcome(
    target: pb.Welcome, hello: pb.Hello, session: str, max_in_flight: int, settings: LinkSettings
) -> frozenset[pb.Feature]:
    """Fills in the answer; returns the features that both have."""
    target.protocol = PROTOCOL
    target.session = session
    limits = target.limits
    limits.max_in_flight = max_in_flight
    limits.max_payload_bytes = settings.max_payload_bytes
    limits.chunk_bytes = settings.chunk_bytes
    limits.max_queued_bytes = settings.max_queued_bytes
    limits.max_host_calls = settings.max_host_calls
    limits.body_window_bytes = settings.body_window_bytes
    limits.max_bodies = settings.max_bodies
    features = FEATURES.intersection(hello.features)
    target.features.extend(sorted(features))
    return features


def write_load(target: pb.Load, files: LanguageFiles) -> None:
    """Fills in what is to be loaded."""
    target.step_files.extend(files.steps)
    target.stream_files.extend(files.streams)
