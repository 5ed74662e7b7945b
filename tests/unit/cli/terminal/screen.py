"""Presenters on a page in memory, and what they are told."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from runtime.catalog import Catalog
from runtime.cli.ink import Ink
from runtime.cli.terminal.jsonlines import JsonPresenter
from runtime.cli.terminal.text import TextPresenter
from runtime.facts import Started
from runtime.model import LogLevel, LogRecord, RequestRecord, Step

TRACE = "f" * 32
MOMENT = 1_700_000_000.25


class Text:
    """The presenter for people."""

    def __init__(
        self, root: Path = Path(), *, coloured: bool = False, moves: bool = False, hints: bool = False
    ) -> None:
        self.pieces: list[str] = []
        self.moving: list[str] = []
        show = self.moving.append if moves else None
        words = [("Docs", "{url}/docs")] if hints else []
        self.presenter = TextPresenter(self.pieces.append, Ink(coloured=coloured), root, lambda: 80, show, words)

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def lines(self) -> list[str]:
        return [re.sub(r"^\d\d:\d\d:\d\d\.\d{3} ", "TIME ", line) for line in self.text.splitlines()]


class Machine:
    """The presenter for machines; each line must be one object of strict JSON."""

    def __init__(self, root: Path = Path()) -> None:
        self.pieces: list[str] = []
        self.presenter = JsonPresenter(self.pieces.append, root)

    @property
    def lines(self) -> list[dict[str, Any]]:
        assert all(piece.count("\n") == 1 and piece.endswith("\n") for piece in self.pieces)
        return [json.loads(piece, parse_constant=_refuse) for piece in self.pieces]

    @property
    def line(self) -> dict[str, Any]:
        [line] = self.lines
        return line


def _refuse(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def log(data: bytes = b"", message: str = "hello", trace_id: str = "", level: LogLevel = LogLevel.INFO) -> LogRecord:
    return LogRecord(MOMENT, level, "CreateOrder", message, data, trace_id)


def request(status: int = 200, **more: Any) -> RequestRecord:
    return RequestRecord(MOMENT, "GET", "/orders/1", status, 0.0032, "GetOrder", TRACE)._replace(**more)


def started(catalog: Catalog, files: int = 1, host: str = "127.0.0.1") -> Started:
    return Started(catalog, host, 3000, files, seconds=0.8124)


def step(file: str, type: str = "api") -> Step:
    return Step("a", "node", file, type)
