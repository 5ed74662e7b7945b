"""How `runtime dev` takes up changes of files."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from runtime.config.section import LONGEST, Section, said_off


class ReloadSettings(Section):
    """Watching and reload, in `dev` alone; times in seconds."""

    watch: Annotated[Literal["events", "polling", "off"] | None, BeforeValidator(said_off)] = None
    """How changes are noticed. Absent for what the system tells (events), and polling where it tells nothing."""
    settle: float = Field(0.02, ge=0.001, le=10)
    """How long it has to be quiet after a change before it counts as complete."""
    poll_interval: float = Field(0.3, ge=0.05, le=60)
    """Time between two looks at the files, where they are polled."""
    keep_spare: float = Field(600.0, ge=0, le=LONGEST)
    """How long after a change a process stands ready for the next one; 0 for not at all."""
    drain_grace: float = Field(60.0, ge=0, le=LONGEST)
    """How long what still runs on the old code may take to finish."""
    max_draining: int = Field(16, ge=1, le=256)
    """Old generations of a language that may be finishing at once; the next renewal waits for one of them to end."""
