"""The one form of a figure: what a benchmark keeps of its last run, and RESULTS.md is made of."""

from __future__ import annotations

import json
import operator
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from bench.harness import SCRATCH
from bench.harness.load import spread

KEPT = SCRATCH / "results"


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure is to be: at least (`>=`) or at most (`<=`) the bound, both in the same unit, "" for a ratio."""

    sign: str
    bound: float
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.sign} {with_unit(self.bound, self.unit)}"

    def is_met(self, figure: float) -> bool:
        """Whether the figure is as it should be."""
        meets = operator.ge if self.sign == ">=" else operator.le
        return bool(meets(figure, self.bound))

    def miss(self, figure: float) -> str:
        """How far the figure is from the goal, such as `1.1, 15% under >= 1.3`; "" when it is met."""
        if self.is_met(figure):
            return ""
        side = "under" if figure < self.bound else "over"
        share = f"{100 * abs(figure / self.bound - 1):.2g}% " if self.bound else ""
        shown = with_unit(figure, self.unit) if self.unit else f"{figure:.2f}"
        return f"{shown}, {share}{side} the goal {self}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; all texts carry their units.

    `theirs` and `ratio` are "" where there is no peer, `goal` is "" and `is_met` None where there is no goal, and
    `missed_by` is "" unless it is missed. A ratio over 1 means that ours is the better.
    """

    case: str
    ours: str
    theirs: str = ""
    ratio: str = ""
    spread: str = ""
    goal: str = ""
    is_met: bool | None = None
    missed_by: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The last run of a benchmark; `about` says what was done and for how long, `versions` are as `express 4.22.3`.

    `date` (ISO 8601, UTC), `machine` (the hardware, and how busy it was) and `commit` are those of its beginning.
    """

    name: str
    about: str
    rows: tuple[Row, ...]
    versions: tuple[str, ...]
    date: str
    machine: str
    commit: str


def judged(
    case: str, figure: float, goal: Goal | None, *, ours: str = "", theirs: str = "", ratio: str = "", spread: str = ""
) -> Row:
    """The row of a figure; `ours` is the figure itself unless it is said, as for a ratio and where there is no goal."""
    if goal is None:
        return Row(case, ours, theirs, ratio, spread)
    shown = ours or with_unit(figure, goal.unit)
    return Row(case, shown, theirs, ratio, spread, str(goal), goal.is_met(figure), goal.miss(figure))


def compared(better: Sequence[float], worse: Sequence[float]) -> tuple[float, str]:
    """The ratio of the first figures to the second, round by round: the median, and the spread."""
    ratios = [one / other for one, other in zip(better, worse, strict=True)]
    return median(ratios), spread(ratios)


def with_unit(figure: float, unit: str) -> str:
    """The figure with three digits that count, and its unit: `0.412 ms`, `12,345 req/s`, `1.31`."""
    digits = f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"
    return f"{digits} {unit}".rstrip()


def keep(result: Result) -> None:
    """Keeps it for `take`, in place of an earlier one of the benchmark."""
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{result.name}.json").write_text(json.dumps(asdict(result), indent=1) + "\n")


def take() -> list[Result]:
    """What was kept since the last call, by name; it is kept no longer."""
    return [_take(path) for path in sorted(KEPT.glob("*.json"))]


def _take(path: Path) -> Result:
    content = json.loads(path.read_text())
    path.unlink()
    rows = tuple(Row(**row) for row in content.pop("rows"))
    return Result(**{**content, "rows": rows, "versions": tuple(content["versions"])})
