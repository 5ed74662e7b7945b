"""What is to be known of the processes that run the project's code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RunnerState = Literal["starting", "loading", "serving", "draining", "waiting", "given up", "spare"]
"""Waiting is for the restart after a death; a spare has no code yet."""


@dataclass(frozen=True, slots=True)
class RunnerStatus:
    """One of the processes of a language; without one where it waits for its restart, or will have none.

    `process` counts from 1 inside its `generation`, which counts from 1 as well; both are 0 for a spare. `pid` is None
    without a process. `in_flight` counts runs that have not ended, also while a body still comes. `memory_bytes` and
    `cpu`, the share of a core that it has used between the last two pings, are None until they are known. `restarts`
    are those of this generation. `since` is the Unix time at which its process was started, or the one before ended.
    """

    language: str
    process: int
    pid: int | None
    generation: int
    state: RunnerState
    in_flight: int
    memory_bytes: int | None
    cpu: float | None
    restarts: int
    since: float
