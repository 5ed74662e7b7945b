"""The terminal for people."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from runtime.cli.ink import Ink, Style, fitted, printable
from runtime.cli.terminal.lines import TextLog
from runtime.cli.terminal.problems import problem_lines, some, still_broken
from runtime.cli.terminal.summary import address, duration, goes_on, labels, routes, summary
from runtime.cli.words import counted, listed
from runtime.facts import Held, Renewed, Started
from runtime.model import Problem

MAX_FILES = 20
"""Files of one renewal that are listed; of more, how many there are is told."""
PENDING = "..."
"""How the message of something ends that goes on: it moves until the next fact."""
_TAGS = {"CREATED": Style.GREEN, "UPDATED": Style.CYAN, "REMOVED": Style.YELLOW}


class TextPresenter(TextLog):
    """Log lines, and all that an `Audience` hears of."""

    def __init__(
        self,
        write: Callable[[str], object],
        ink: Ink,
        root: Path,
        columns: Callable[[], int],
        show: Callable[[str], object] | None,
        hints: Sequence[tuple[str, str]],
    ) -> None:
        """`columns` is how wide the terminal is now, `show` draws a line that moves, None where none can be drawn.

        `hints` are words with what stands behind each, `{url}` in it where the project answers.
        """
        super().__init__(write, ink)
        self._root = root
        self._columns = columns
        self._show = show
        self._hints = hints
        self._labels: dict[str, str] = {}
        self._pending = ""

    def started(self, fact: Started) -> None:
        """One line a step, stream and config, then what is wrong, then counts and the address."""
        self._labels = labels(fact.catalog)
        answered = {step.file: f"  {told}" for step in fact.catalog.steps if (told := routes(step))}
        lines = [
            self._tagged("CREATED", f"{what} {file}{answered.get(file, '')}") for file, what in self._labels.items()
        ]
        problems = self._problems(fact.catalog.problems)
        found = printable(summary(fact, self._root))
        lines += [*problems, "", found if fact.files else self._ink(Style.YELLOW, found)]
        url = address(fact)
        ready = f"Ready at {self._ink(Style.BOLD, url)}" if fact.catalog.steps else f"Ready at {url}"
        lines.append(f"{ready} {self._ink(Style.DIM, f'in {duration(fact.seconds)}')}")
        lines += [self._ink(Style.DIM, f"{name:<8} {text.format(url=url)}") for name, text in self._hints]
        self._tell(lines)

    def renewed(self, fact: Renewed) -> None:
        """What has changed, a line a file or one for all, then what is wrong since, then languages and time."""
        before, self._labels = self._labels, labels(fact.catalog)
        changes = {"CREATED": fact.created, "UPDATED": fact.updated, "REMOVED": fact.removed}
        causes = {file: f" ({some(helpers)})" for file, helpers in fact.causes.items()}
        is_long = sum(map(len, changes.values())) > MAX_FILES
        lines: list[str] = []
        for tag, files in changes.items():
            if is_long and files:
                first = f"{files[0]} the first{causes.get(files[0], '')}"
                lines.append(self._tagged(tag, f"{counted(len(files), 'file')}, {first}"))
            else:
                known = before if tag == "REMOVED" else self._labels
                told = (f"{known.get(file, 'File')} {file}{causes.get(file, '')}" for file in files)
                lines += [self._tagged(tag, each) for each in told]
        lines += [self._ink(Style.GREEN, printable(f"{file} is mended")) for file in fact.mended[:MAX_FILES]]
        if len(fact.mended) > MAX_FILES:
            lines.append(self._ink(Style.GREEN, f"{len(fact.mended) - MAX_FILES} more are mended"))
        lines += self._problems(fact.problems)
        took = f"{listed(fact.languages)} renewed in {fact.seconds * 1000:.0f} ms"
        lines.append(self._ink(Style.DIM, f"{self._now()} {took}"))
        self._tell(lines)

    def held(self, fact: Held) -> None:
        """Each fault with its source, and that nothing else has changed; a line where the faults are known."""
        told = self._ink(Style.YELLOW, printable(still_broken(fact) if fact.is_known else goes_on(fact)))
        faults = [] if fact.is_known else self._problems(fact.problems)
        self._tell([*faults, f"{self._ink(Style.DIM, self._now())} {told}"])

    def progressed(self, message: str) -> None:
        """A line; on a terminal one that moves, until something else is told, where the message ends in dots."""
        if self._show is None or not message.endswith(PENDING):
            self._tell([printable(message)])
            return
        self._settle()
        self._pending = printable(message).replace("\n", " ")
        self._show(fitted(self._pending, self._columns() - 3))

    def _problems(self, problems: Iterable[Problem]) -> list[str]:
        return problem_lines(problems, self._root, self._columns(), self._ink)

    def _now(self) -> str:
        return self._stamp(time.time())

    def _tagged(self, tag: str, text: str) -> str:
        return f"{self._ink(_TAGS[tag], f'[{tag}]')} {printable(text)}"

    def _tell(self, lines: list[str]) -> None:
        self._settle()
        self._write("".join(f"{line}\n" for line in lines))

    def _settle(self) -> None:
        """What moved has come to its end, and stays as a line."""
        if self._pending and self._show is not None:
            self._show("")
            self._write(f"{self._pending}\n")
            self._pending = ""
