"""What the runtime tells the person in front of it: facts, and who hears of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from runtime.catalog import Catalog
from runtime.model import Problem


@dataclass(frozen=True, slots=True)
class Started:
    """The project serves: what was loaded, and where it answers; `seconds` is what the start took."""

    catalog: Catalog
    host: str
    port: int
    files: int
    """Step and stream files that were found, those that could not be used among them."""
    scheme: str = "http"
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Renewed:
    """Changed code serves, `seconds` after the change was noticed.

    `created`, `updated` and `removed` are the files of steps and streams, in path order. `problems` are those that
    the catalog before did not have; `mended` are files that had an error and serve now. `causes` are by updated file
    the helpers that were saved, of one that was not saved itself.
    """

    catalog: Catalog
    languages: tuple[str, ...]
    seconds: float
    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    mended: tuple[str, ...] = ()
    causes: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Held:
    """Changed code cannot serve, so the code before goes on; `problems` say why, in path order.

    `is_known` when the change before could not serve for the very same reasons.
    """

    languages: tuple[str, ...]
    problems: tuple[Problem, ...]
    is_known: bool = False


class Audience(Protocol):
    """Hears of what has happened; must not block."""

    def started(self, fact: Started) -> None:
        """The project serves."""

    def renewed(self, fact: Renewed) -> None:
        """Changed code serves."""

    def held(self, fact: Held) -> None:
        """Changed code does not serve."""

    def progressed(self, message: str) -> None:
        """Something is under way; where the message ends in dots (`...`), until the next fact or message."""
