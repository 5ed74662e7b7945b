"""Runners and the connection to them."""

from __future__ import annotations

from pydantic import Field

from runtime.config.section import LARGEST, LONGEST, MOST, Section


class RunnerSettings(Section):
    """One language's runner."""

    enabled: bool = True
    """False leaves the language's files unloaded."""
    manifest: str | None = None
    """Folder that holds a `runner.toml`, relative to the project root; absent for those that come along."""
    executable: str | None = None
    """Path of the language's own program (node, python); absent for the default."""
    max_in_flight: int = Field(256, ge=1, le=65536)
    """Invocations that may be unfinished at once in a process of this runner."""
    processes: int = Field(1, ge=1, le=64)
    """Processes that share the language's work; each has what its steps keep in memory for itself."""


class LinkSettings(Section):
    """The connection between core and runners."""

    chunk_bytes: int = Field(64 * 1024, ge=1024, le=1024 * 1024)
    """A longer payload travels in pieces of this size."""
    max_payload_bytes: int = Field(64 * 1024 * 1024, ge=64 * 1024, le=LARGEST)
    """The largest request, response, event or value."""
    max_queued_bytes: int = Field(32 * 1024 * 1024, ge=1024 * 1024, le=LARGEST)
    """Bytes that may wait to be written before producers wait too."""
    max_host_calls: int = Field(1024, ge=1, le=MOST)
    """Calls that one invocation may have unanswered at once."""
    body_window_bytes: int = Field(256 * 1024, ge=1024, le=LARGEST)
    """Bytes of a streamed response body that its client has not taken yet, before its handler has to wait."""
    max_bodies: int = Field(1024, ge=1, le=MOST)
    """Streamed response bodies that may be under way at once in a runner process."""
    cancel_grace: float = Field(1.0, ge=0, le=LONGEST)
    """How long a cancelled handler may take before its runner answers in its place."""
    stuck_after: float = Field(2.0, gt=0, le=LONGEST)
    """How long after that grace a runner may still be silent before it counts as stuck and is started anew."""
    load_timeout: float = Field(60.0, gt=0, le=LONGEST)
    """How long a runner may take from being told what to load until its manifest; one that is told nothing yet, from
    its start until its greeting."""
    restart_backoff: float = Field(0.1, gt=0, le=LONGEST)
    """Wait before a dead runner is started again; doubles with each death in a row."""
    restart_backoff_max: float = Field(5.0, gt=0, le=LONGEST)
    """The longest such wait."""
    max_load_deaths: int = Field(5, ge=1, le=MOST)
    """Deaths in a row before the first manifest that stop the restarts."""
    stable_after: float = Field(10.0, gt=0, le=LONGEST)
    """How long a runner must have served for its death not to lengthen the wait before the next start."""
    ping_interval: float = Field(5.0, gt=0, le=LONGEST)
    """Time between two pings; the answers carry memory and processor time."""
    ping_timeout: float = Field(60.0, gt=0, le=LONGEST)
    """How long a runner may leave a ping unanswered before it counts as stuck and is started anew."""
