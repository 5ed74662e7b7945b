"""The pages of the Steps model beside this checkout: every step and stream on them loads, and none is passed over.

A block of code is named `page#number`, counted among the page's blocks in languages of steps. What shows a config and
no handler gets one, and what a page leaves to the reader (an import, a middleware, an export) is added; the rest is
taken as it stands. Names that several pages use do not count here: the files are judged one by one.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from runtime.config import Settings
from runtime.definitions.steps import read_step, read_stream
from runtime.model import ApiTrigger, EventTrigger, LoadedFile, Manifest, Step
from runtime.runners.convert import read_manifest
from runtime.runners.manifest import InstalledRunner, find_runners
from tests.conformance.core_double import started, welcome
from tests.conformance.project import Project

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT.parent / "shared" / "reference"
PACKAGES = ROOT / "tests" / "node_packages" / "node_modules"

pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason="the pages are not beside this checkout")

_LANGUAGES = {"ts": "ts", "typescript": "ts", "js": "js", "javascript": "js", "python": "py", "py": "py"}
_FENCE = re.compile(r"^ *```(\w+)([^\n]*)\n(.*?)^ *``` *$", re.DOTALL | re.MULTILINE)
_CONFIG = re.compile(r"^(?:export )?(?:const )?config\b[^=\n]*= *\{", re.MULTILINE)
_HANDLER = re.compile(r"^(?:export )?(?:const |async def |def |async function |function )handler\b", re.MULTILINE)
_MIDDLEWARE = re.compile(r"[\"']?middleware[\"']?: *\[(.*?)\]", re.DOTALL)

FRAGMENTS: Mapping[str, str] = {
    "adapter-configuration": "1-10",
    "adapters": "1-12",
    "api-reference": "13-45 49-58",
    "customizing-flows": "6",
    "infrastructure": "7-10",
    "middleware": "1 6-18",
    "observability": "1-8",
    "overview": "4-6",
    "plugins": "1-15",
    "project-structure": "4",
    "self-hosted": "1",
    "state-management": "1-15",
    "steps": "19-27",
    "streams": "6-12",
    "testing": "2 4-7",
}
"""Blocks that are no whole config: calls, handlers and middleware alone, types, configs of projects and plugins."""


class Block(NamedTuple):
    """A block of code: the language by the ending of its files, and the file that the page says it is, if any."""

    page: str
    number: int
    language: str
    title: str
    code: str

    @property
    def id(self) -> str:
        return f"{self.page}#{self.number}"

    @property
    def is_definition(self) -> bool:
        """Whether it defines a config, and does nothing else that could not stand in a file."""
        return bool(_CONFIG.search(self.code)) and not re.search(r"^await ", self.code, re.MULTILINE)

    @property
    def is_stream(self) -> bool:
        return "baseConfig" in self.code

    @property
    def is_noop(self) -> bool:
        return bool(re.search(r"\"?type\"?: ['\"]noop['\"]", self.code))

    @property
    def file(self) -> str:
        kind = "stream" if self.is_stream else "step"
        return f"steps/{self.page}_{self.number}{f'_{kind}' if self.language == 'py' else f'.{kind}'}.{self.language}"


@cache
def blocks() -> tuple[Block, ...]:
    """All blocks in languages of steps, in the order of the pages."""
    return tuple(block for page in sorted(PAGES.glob("*.md")) for block in _blocks_of(page))


def _blocks_of(page: Path) -> Iterator[Block]:
    number = 0
    for word, rest, code in _FENCE.findall(page.read_text(encoding="utf-8")):
        if word in _LANGUAGES:
            number += 1
            title = re.search(r'title="([^"]*)"', rest)
            yield Block(page.stem, number, _LANGUAGES[word], title[1] if title else "", textwrap.dedent(code))


def numbers(ranges: str) -> Iterator[int]:
    """The numbers of a text such as "1 3-5"."""
    for part in ranges.split():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def definitions(*languages: str) -> list[Block]:
    return [block for block in blocks() if block.is_definition and block.language in languages]


# ------------------------------------------------------------ from blocks to files


def completed(block: Block) -> str:
    """The block as a file: what it uses and does not define before it, the handler and exports that it lacks after."""
    return "\n".join([*_before(block), block.code, *_after(block)])


def _before(block: Block) -> Iterator[str]:
    given = _MIDDLEWARE.search(block.code)
    names = re.findall(r"^\s*(\w+)", re.sub(r"\s*,\s*", "\n", given[1]), re.MULTILINE) if given else []
    for name in names:
        if not re.search(rf"(const|def|import \{{) {name}\b", block.code):
            yield (
                f"async def {name}(req, context, next_fn): return await next_fn()"
                if block.language == "py"
                else f"const {name} = async (req, ctx, next) => next()"
            )
    if re.search(r"\bz\.", block.code) and "'zod'" not in block.code:
        yield "import { z } from 'zod'"
    if re.search(r"^  input,$", block.code, re.MULTILINE):
        yield "const input = { type: 'object' }"


def _after(block: Block) -> Iterator[str]:
    has_handler = _HANDLER.search(block.code) or block.is_noop or block.is_stream
    if not has_handler:
        yield "async def handler(*_): pass" if block.language == "py" else "const handler = async () => {}"
    if block.language == "py" or "module.exports" in block.code:
        return
    exports = [] if "export const config" in block.code else ["config"]
    exports += [] if "export const handler" in block.code or block.is_noop or block.is_stream else ["handler"]
    if exports:
        yield f"export {{ {', '.join(exports)} }}"


def write_files(root: Path, *languages: str) -> None:
    """Writes all definitions, and what they import from places that the pages name."""
    for block in blocks():
        if block.language in languages:
            place = block.file if block.is_definition else block.title
            if block.is_definition or place.startswith("middlewares/"):
                (root / place).parent.mkdir(parents=True, exist_ok=True)
                (root / place).write_text(completed(block) if block.is_definition else block.code, encoding="utf-8")


# ------------------------------------------------------------ loading them


def _runner(language: str) -> InstalledRunner:
    return next(each for each in find_runners(ROOT, Settings()) if each.manifest.language == language)


async def load(runner: InstalledRunner, root: Path, cache: Path) -> Manifest:
    """What the runner itself makes of the files."""
    project = Project(runner, root, cache)
    async with started(project) as core:
        await welcome(core)
        return read_manifest(await core.load(project.steps(), project.streams()), runner.manifest.language)


@pytest.fixture(scope="module", params=["zod3", "zod4"])
async def node_manifest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """The TypeScript and JavaScript of all pages, with one of the versions of zod."""
    package = PACKAGES / request.param
    if not package.is_dir():
        pytest.skip(f"{request.param} is not there; `npm ci` in tests/node_packages installs it")
    root = tmp_path_factory.mktemp("reference")
    write_files(root, "ts", "js")
    (root / "node_modules").mkdir()
    (root / "node_modules" / "zod").symlink_to(package)
    return await load(_runner("node"), root, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
async def python_manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """The Python of all pages."""
    root = tmp_path_factory.mktemp("reference")
    write_files(root, "py")
    return await load(_runner("python"), root, tmp_path_factory.mktemp("cache"))


def check(manifest: Manifest, *languages: str) -> dict[str, Step]:
    """Fails with all that is said of the files; gives the steps by file."""
    said = [f"{problem.file}: {problem.message}" for problem in manifest.problems]
    steps: dict[str, Step] = {}
    for entry in manifest.steps:
        step, problems = read_step(
            entry.file, "x", config_of(entry), has_handler=entry.has_handler, schemas=entry.schemas
        )
        said += [f"{entry.file}: {problem.message}" for problem in problems]
        steps |= {entry.file: step} if step is not None else {}
    for entry in manifest.streams:
        stream, problems = read_stream(entry.file, "x", config_of(entry), entry.schemas)
        said += [f"{entry.file}: {problem.message}" for problem in problems]
        assert stream is None or stream.schema is not None, f"{entry.file} has lost its schema"
    assert not said, "\n".join(said)
    loaded = {entry.file for entry in (*manifest.steps, *manifest.streams)}
    assert loaded == {block.file for block in definitions(*languages)}
    return steps


def config_of(entry: LoadedFile) -> dict[Any, Any]:
    assert isinstance(entry.config, dict)
    return entry.config


def schemas_of(step: Step) -> set[str]:
    """The keys of a config whose schemas have come through."""
    found: set[str] = set()
    for trigger in step.triggers:
        if isinstance(trigger, ApiTrigger):
            found |= {"bodySchema"} if trigger.body_schema is not None else set()
            found |= {"responseSchema"} if trigger.response_schemas else set()
        elif isinstance(trigger, EventTrigger):
            found |= {"input"} if trigger.input_schema is not None else set()
    return found


def keys_of(block: Block) -> set[str]:
    """The keys of a block under which it gives a schema."""
    code = _CONFIG.split(block.code, maxsplit=1)[1].partition("\n}")[0]
    return {key for key in ("bodySchema", "responseSchema", "input") if re.search(rf"\b{key}\b['\"]?[:,]", code)}


# ------------------------------------------------------------ what is to hold


def test_the_pages_are_read() -> None:
    assert len(blocks()) > 200
    assert len(definitions("ts")) > 30
    assert len(definitions("js")) > 20
    assert len(definitions("py")) > 20


def test_every_block_is_a_definition_or_a_fragment_that_is_listed() -> None:
    listed = {f"{page}#{number}" for page, ranges in FRAGMENTS.items() for number in numbers(ranges)}
    found = {block.id for block in blocks() if not block.is_definition}
    assert sorted(found - listed) == [], "new: decide whether these are fragments"
    assert sorted(listed - found) == [], "listed, and not there or no fragment any more"


def test_the_files_that_pages_name_belong_to_runners() -> None:
    runners = [_runner("node"), _runner("python")]
    titles = [block.title for block in blocks() if block.is_definition and "." in block.title]
    assert len(titles) > 20
    for title in titles:
        name = title.rpartition("/")[2]
        assert any(runner.takes_step(name) or runner.takes_stream(name) for runner in runners), title


async def test_all_typescript_and_javascript_loads(node_manifest: Manifest) -> None:
    steps = check(node_manifest, "ts", "js")
    for block in definitions("ts", "js"):
        if not block.is_stream:
            assert schemas_of(steps[block.file]) == keys_of(block), block.id


async def test_all_python_loads(python_manifest: Manifest) -> None:
    steps = check(python_manifest, "py")
    for block in definitions("py"):
        if not block.is_stream:
            assert schemas_of(steps[block.file]) == keys_of(block), block.id
