"""State in memory that no step watches, for tests of what stands before it."""

from __future__ import annotations

from runtime.config import BusSettings
from runtime.contracts import Clock
from runtime.services.changes import ChangeService
from runtime.services.state import StateService
from runtime.storage.memory.engine import MemoryEngine

MAX_VALUE_BYTES = 1_000_000


def stored_state(clock: Clock) -> StateService:
    """A service over an engine of its own."""
    return StateService(MemoryEngine(clock, BusSettings()), ChangeService(clock), clock, MAX_VALUE_BYTES)
