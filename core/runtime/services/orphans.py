"""Queues that hold something for a step which is gone or renamed."""

from __future__ import annotations

from runtime.catalog import Catalog
from runtime.contracts import EventBus
from runtime.model import LogLevel, Severity
from runtime.records import QueueKey
from runtime.services.logs import Report


class Orphans:
    """Tells of each orphan once, for as long as it is one."""

    def __init__(self, bus: EventBus, report: Report) -> None:
        self._bus = bus
        self._report = report
        self._told: frozenset[QueueKey] = frozenset()

    def tell(self, catalog: Catalog) -> None:
        """Names the orphans that were none before; of a step that only fails to load, the catalog's problems tell."""
        if any(problem.severity is Severity.ERROR for problem in catalog.problems):
            return
        taken = catalog.queues()
        orphans = {status.queue: status for status in self._bus.status() if status.queue not in taken}
        for queue, status in orphans.items():
            if queue not in self._told:
                count = status.waiting + status.delayed + status.dead
                message = (
                    f"{count} events of '{queue.topic}' are kept for step '{queue.step}', which is not there; "
                    f"`runtime queue redrive {queue.step} --all --to STEP` hands them to another step"
                )
                self._report(LogLevel.WARN, message, "runtime", "")
        self._told = frozenset(orphans)
