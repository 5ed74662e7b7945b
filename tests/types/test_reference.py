"""Every complete TypeScript step of the reference pages fits the types that are generated for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.project import REPOSITORY, write_project
from tests.types.checking import COMPILERS, TSCONFIG, generate, link_packages, tsc

PAGES = REPOSITORY.parent / "shared" / "reference"
_UNTYPED = "the page leaves the parameters of the handler without types, which strict refuses"
EXCEPTIONS = {
    "chat-with-ai": {
        "TS7006": _UNTYPED,
        "TS7031": _UNTYPED,
        "TS2591": "process is a name of Node's types, not of ours",
    },
    "ProtectedEndpoint": {"TS7006": _UNTYPED},
    "my-step": {"TS7006": _UNTYPED},
    "Content Outliner": {"TS2552": "the page does not say what its input is"},
    "CreateUser": {"TS2304": "the page does not say where authMiddleware comes from"},
}
"""By step, the errors that are the page's own, with the reason."""

_BLOCK = re.compile(
    r"^(?P<indent> *)```(?:ts|typescript)\b(?P<words>[^\n]*)\n(?P<text>.*?)^ *```", re.DOTALL | re.MULTILINE
)
_TITLE = re.compile(r'title="(?P<path>(?:steps|src)/[^"]+)"')
_OWN_NAMES = ("ApiMiddleware", "ApiRouteConfig", "CronConfig", "EventConfig", "Handlers", "NoopConfig", "StreamConfig")


@dataclass(frozen=True, slots=True)
class Block:
    """What a page shows; `file` is where the page puts it, else a place of our own (no step for a bare config)."""

    page: str
    file: str
    name: str
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """The complete ones, with the imports that a page leaves out."""
    for number, found in enumerate(_BLOCK.finditer(page.read_text(encoding="utf-8")), 1):
        text = re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE)
        name = re.search(r"\bname: '([^']+)'", text)
        needs_none = re.search(r": (StreamConfig|NoopConfig)\b", text) and "export const config" in text
        is_whole = "export const handler" in text or needs_none
        if name is None or not re.search(r"\bconst config\b", text) or not (is_whole or "from 'motia'" in text):
            continue
        title = _TITLE.search(found["words"])
        kind = "stream" if ": StreamConfig" in text else "step"
        own = f"steps/block-{number}.{kind}.ts" if is_whole else f"configs/block-{number}.ts"
        yield Block(page.stem, title["path"] if title and is_whole else own, name[1], with_imports(text))


def with_imports(text: str) -> str:
    """The text, with imports of what it uses and does not import."""
    names = [name for name in _OWN_NAMES if re.search(rf"\b{name}\b", text)]
    missing = [] if "from 'motia'" in text else [f"import {{ {', '.join(names)} }} from 'motia'"]
    missing += ["import { z } from 'zod'"] if "z." in text and "from 'zod'" not in text else []
    return "\n".join([*missing, text])


def projects() -> Iterator[list[Block]]:
    """The blocks of each page; one that shows a step of the same name again begins another project."""
    for page in sorted(PAGES.glob("*.md")):
        waiting = list(blocks(page))
        while waiting:
            chosen = list({block.name: block for block in reversed(waiting)}.values())[::-1]
            waiting = [block for block in waiting if block not in chosen]
            yield chosen


def test_every_exception_is_of_a_step_that_a_page_shows() -> None:
    assert set(EXCEPTIONS) <= {block.name for found in FOUND for block in found} or not FOUND


def named(found: list[Block]) -> str:
    return f"{found[0].page}: {', '.join(block.name for block in found)}"


FOUND = list(projects()) if PAGES.is_dir() else []


@pytest.mark.skipif(not FOUND, reason="the reference pages are not beside the checkout")
@pytest.mark.parametrize("found", FOUND, ids=named)
def test_the_steps_of_a_page_fit_their_types(found: list[Block], tmp_path: Path) -> None:
    always = {"steps/always.step.ts": "export const config = { type: 'noop', name: 'always' }"}
    write_project(tmp_path, always | {block.file: block.text for block in found})
    (tmp_path / "tsconfig.json").write_text(json.dumps(TSCONFIG), encoding="utf-8")
    link_packages(tmp_path)
    done = generate(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    expected = {(block.file, code) for block in found for code in EXCEPTIONS.get(block.name, ())}
    assert {(file, code) for file, _, code in tsc(tmp_path, COMPILERS["TypeScript 7"])} == expected
