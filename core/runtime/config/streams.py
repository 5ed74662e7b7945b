"""Clients of streams and of text streams."""

from __future__ import annotations

from pydantic import Field

from runtime.config.section import LARGEST, LONGEST, MOST, Section


class StreamSettings(Section):
    """What clients of streams and text streams may cost."""

    max_sockets: int = Field(10_000, ge=1, le=MOST)
    """Sockets that may be open at once; a further one is answered with 503."""
    max_joins: int = Field(1000, ge=1, le=MOST)
    """Groups and items that one socket may have joined at once; a further join is answered with an error event."""
    max_name_bytes: int = Field(1024, ge=64, le=LARGEST)
    """Bytes of a name that a client joins or leaves: of a stream, group, item or subscription; a longer one closes its
    socket with 1007."""
    max_buffer_bytes: int = Field(4 * 1024 * 1024, ge=64 * 1024, le=LARGEST)
    """Bytes of changes that may wait for one client behind the first that has to, beside what it got at its join; past
    it a socket is closed with 1013, another reader is cut off."""
    max_frame_bytes: int = Field(64 * 1024, ge=1024, le=LARGEST)
    """The largest message of a client; a larger one closes its socket with 1009. And the largest auth context: with a
    larger one the client is refused."""
    max_messages_per_second: int = Field(500, ge=1, le=1_000_000)
    """Messages of one client in any second; the rest waits, unread."""
    max_malformed_reports: int = Field(10, ge=0, le=1_000_000)
    """Malformed frames in any minute that are told of in the log; every one closes its socket with 1007. Of whatever
    else clients cause, such as refused joins and denied reads, as many lines of each kind."""
    close_timeout: float = Field(30.0, gt=0, le=LONGEST)
    """How long a socket that is being closed may take to take what waits for it."""
    ping_interval: float = Field(20.0, gt=0, le=LONGEST)
    """How often a quiet client is asked whether it is there; readers over HTTP get a comment as often."""
    ping_timeout: float = Field(20.0, gt=0, le=LONGEST)
    """How long it may take to answer."""
    max_hook_calls: int = Field(256, ge=1, le=MOST)
    """Hooks that clients wait for (authenticate, canAccess) that may run at once, and a quarter as many of the others
    (onJoin, onLeave); further ones wait."""
    hook_timeout: float = Field(5.0, gt=0, le=LONGEST)
    """How long a hook may take, waiting included, before the client is denied; onJoin and onLeave may wait longer."""
    max_sync_bytes: int = Field(64 * 1024 * 1024, ge=1024, le=1024 * 1024 * 1024)
    """The JSON of a group that a client is sent at once; who joins a larger one gets an error event, who reads it a
    413."""
    max_history: int = Field(1000, ge=0, le=MOST)
    """Newest changes that are kept in memory for readers over HTTP that come back with a Last-Event-ID."""
    max_cached_bytes: int = Field(64 * 1024 * 1024, ge=0, le=LARGEST)
    """Bytes of those changes at most; and as many of groups that were joined or read, kept for who comes next."""
    max_readers: int = Field(1000, ge=1, le=MOST)
    """Readers over HTTP that may be served at once; a further one is answered with 503."""
    http_reads: bool | None = None
    """True serves streams and texts under `/__runtime/streams` and `/__runtime/text`, to whom the hooks let read.
    Absent for on in `dev` and off in `start`."""
    max_deleted: int = Field(100_000, ge=0, le=MOST)
    """Deleted items that are remembered, the newest ones: clients that come back learn that theirs are gone."""
    keep_deleted: float = Field(24 * 3600.0, gt=0, le=LONGEST)
    """How long they are."""
    max_text_bytes: int = Field(16 * 1024 * 1024, ge=1024, le=LARGEST)
    """The longest text stream."""
    keep_texts: float = Field(24 * 3600.0, gt=0, le=LONGEST)
    """How long a text stream is kept after it was last written to."""
