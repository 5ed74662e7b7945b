"""What the terminal shows: one presenter for people, one for machines, and what carries their lines away."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from runtime.cli.ink import Ink, Style, columns_of, is_animated, is_coloured
from runtime.cli.terminal.jsonlines import JsonPresenter, missed_line
from runtime.cli.terminal.output import Output
from runtime.cli.terminal.text import TextPresenter
from runtime.config import Settings
from runtime.contracts import LogSink
from runtime.facts import Audience
from runtime.runners.inspector import LOOPBACK
from runtime.web.description import DOCS_PATH
from runtime.web.workbench import WORKBENCH_PATH


class Presenter(LogSink, Audience, Protocol):
    """Shows log lines, requests and facts."""


@contextmanager
def presenter_of(
    root: Path, settings: Settings, *, development: bool, inspected: Mapping[str, int]
) -> Iterator[Presenter]:
    """The presenter that the settings ask for, on standard output for the time of the context.

    `inspected` are languages with the port of their debugger, which is told beside the address. Its end
    waits, not long, until all lines have left.
    """
    max_bytes = settings.log.max_waiting_bytes
    if (settings.log.format or ("text" if development else "json")) == "json":
        with Output(sys.stdout, max_bytes, missed_line) as output:
            yield JsonPresenter(output.write, root, inspected)
        return
    ink = Ink(coloured=is_coloured(sys.stdout, os.environ))
    is_terminal = is_animated(sys.stdout, os.environ)
    pages = [("Workbench", WORKBENCH_PATH), ("API page", DOCS_PATH)] if development else []
    hints = [(title, f"{{url}}{path}") for title, path in pages]
    hints += [("Debugger", f"{LOOPBACK}:{port} ({language})") for language, port in inspected.items()]
    hints += [("Ctrl-C", "stops it")] if is_terminal else []

    def missed(lines: int) -> str:
        return ink(Style.YELLOW, f"({lines} lines are missing here: they were not read in time)") + "\n"

    with Output(sys.stdout, max_bytes, missed) as output:
        show = output.show if is_terminal else None
        yield TextPresenter(output.write, ink, root, partial(columns_of, sys.stdout), show, hints)
