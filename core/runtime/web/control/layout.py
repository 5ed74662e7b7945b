"""Where the Workbench draws steps: `motia-workbench.json`, which users keep under version control."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from starlette.requests import Request

from runtime.values import MAX_DEPTH, nests_deeper
from runtime.web.control.answers import PREFIX, Answers, Refusal
from runtime.web.control.operations import NUMBER, TEXT, ControlRoute, Said, many, nullable, shape

LAYOUT_FILE = "motia-workbench.json"
LAYOUT_PATH = f"{PREFIX}/layout"
_TOO_DEEP = f"{LAYOUT_FILE} nests deeper than {MAX_DEPTH} levels; correct it, or remove it"

_LAYOUT = shape({"flows": many({"type": "object"})})
_POSITIONS = {"type": "object", "additionalProperties": nullable(shape({"x": NUMBER, "y": NUMBER}))}
_SHOW = Said(f"Where steps are drawn: what {LAYOUT_FILE} has.", _LAYOUT)
_PLACE = Said(
    "Moves steps of a flow, by their files; null forgets where one was.",
    _LAYOUT,
    body=shape({"flow": TEXT, "positions": _POSITIONS}),
)


class LayoutRoutes:
    """Reads and writes the file: a list with an object a flow, whose `config` has the place of each step's file."""

    def __init__(self, root: Path, answers: Answers) -> None:
        self._path = root / LAYOUT_FILE
        self._answers = answers
        self._writing = anyio.Lock()

    def routes(self) -> list[ControlRoute]:
        """The routes."""
        to = self._answers.to
        return [to("GET", LAYOUT_PATH, self._show, _SHOW), to("PUT", LAYOUT_PATH, self._place, _PLACE)]

    async def _show(self, request: Request) -> Any:
        return {"flows": await anyio.to_thread.run_sync(self._read)}

    async def _place(self, request: Request) -> Any:
        body = await self._answers.body(request, {"flow", "positions"})
        flow, positions = body.get("flow"), body.get("positions")
        if not isinstance(flow, str) or not isinstance(positions, dict) or not _are_positions(positions):
            raise Refusal(400, "'flow' must be a text, 'positions' an object of files with {x, y} or null")
        async with self._writing:
            flows = await anyio.to_thread.run_sync(self._read)
            placed = next((each for each in flows if each.get("id") == flow), None)
            if placed is None:
                flows.append(placed := {"id": flow, "config": {}})
            config = placed["config"] if isinstance(placed.get("config"), dict) else {}
            for file, position in positions.items():
                before = config.pop(file, None)
                after = _placed(before if isinstance(before, dict) else {}, position)
                if after:
                    config[file] = after
            placed["config"] = config
            await anyio.to_thread.run_sync(self._write, flows)
        return {"flows": flows}

    def _read(self) -> list[dict[str, Any]]:
        """What the file says of each flow; what another tool has written there is kept."""
        try:
            document = json.loads(self._path.read_text(encoding="utf-8"))
            # As it will be answered and written: Python reads numbers and texts that no JSON has.
            json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
        except FileNotFoundError:
            return []
        except RecursionError as error:
            raise Refusal(409, _TOO_DEEP) from error
        except (OSError, ValueError) as error:
            raise Refusal(409, f"{LAYOUT_FILE} cannot be read: {error}; correct it, or remove it") from error
        if nests_deeper(document, MAX_DEPTH):
            raise Refusal(409, _TOO_DEEP)
        if not isinstance(document, list) or not all(isinstance(each, dict) for each in document):
            raise Refusal(409, f"{LAYOUT_FILE} holds no list of flows; correct it, or remove it")
        return document

    def _write(self, flows: list[dict[str, Any]]) -> None:
        draft = self._path.with_name(f".{LAYOUT_FILE}.draft")
        try:
            draft.write_text(f"{json.dumps(flows, indent=2, ensure_ascii=False)}\n", encoding="utf-8")
            draft.replace(self._path)
        except OSError as error:
            raise Refusal(409, f"{LAYOUT_FILE} cannot be written: {error.strerror}") from error


def _placed(before: Mapping[str, Any], position: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a file is said to have, at another place, or at none; the rest of it is not ours."""
    rest = {name: value for name, value in before.items() if name not in ("x", "y")}
    return rest if position is None else {**before, **position}


def _are_positions(given: dict[str, Any]) -> bool:
    return all(
        isinstance(each, dict)
        and each.keys() == {"x", "y"}
        and all(type(value) in (int, float) and math.isfinite(value) for value in each.values())
        for each in given.values()
        if each is not None
    )
