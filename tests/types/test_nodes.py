"""Components that draw steps fit the types of 'motia/workbench', also those of the page on customizing flows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.project import REPOSITORY, write_project
from tests.types.checking import COMPILERS, TSCONFIG, generate, tsc

PAGE = REPOSITORY.parent / "shared" / "reference" / "customizing-flows.md"
REACT = REPOSITORY / "workbench" / "node_modules" / "@types" / "react"
STEP = "export const config = { type: 'noop', name: 'always' }"
OWN = {
    "steps/a.step.tsx": """import { ApiNode, BaseNode, BaseHandle, CronNode, NoopNode, Position } from 'motia/workbench'
import type { ApiNodeProps } from 'motia/workbench'
export const Node = (props: ApiNodeProps) => <ApiNode {...props}><i>{props.data.method.toLowerCase()}</i></ApiNode>
export const Other = (props: ApiNodeProps) => (
  <BaseNode data={props.data} title="T"><BaseHandle type="target" position={Position.Top} /></BaseNode>
)
export const Bad = (props: ApiNodeProps) => <BaseHandle type="sideways" position={Position.Left} />
export const Missing = (props: ApiNodeProps) => <b>{props.data.colour}</b>
export const all = [CronNode, NoopNode]
"""
}
FAULTS = [("steps/a.step.tsx", 7, "TS2322"), ("steps/a.step.tsx", 8, "TS2339")]
needs_react = pytest.mark.skipif(not REACT.is_dir(), reason="the packages of the Workbench are not installed")


def shown() -> Iterator[tuple[str, str]]:
    """The components that the page shows whole, by their places."""
    text = PAGE.read_text(encoding="utf-8")
    for number, found in enumerate(re.finditer(r'```tsx title="(steps/[^"]+)"\n(.*?)```', text, re.DOTALL)):
        yield found[1].replace(".step", f"-{number}.step"), found[2]


def checked(
    root: Path, files: dict[str, str], *, react: bool, compiler: str, **options: object
) -> list[tuple[str, int, str]]:
    write_project(root, {"steps/always.step.ts": STEP, **files})
    settings = {**TSCONFIG["compilerOptions"], "jsx": "react-jsx", **options}
    (root / "tsconfig.json").write_text(json.dumps({"compilerOptions": settings}), encoding="utf-8")
    if react:
        types = root / "node_modules" / "@types"
        types.mkdir(parents=True)
        (types / "react").symlink_to(REACT)
        (root / "node_modules" / "csstype").symlink_to(REACT.parents[1] / "csstype")
    done = generate(root)
    assert done.returncode == 0, done.stdout + done.stderr
    return tsc(root, COMPILERS[compiler])


@needs_react
@pytest.mark.parametrize("compiler", COMPILERS)
def test_components_are_checked(tmp_path: Path, compiler: str) -> None:
    assert checked(tmp_path, OWN, react=True, compiler=compiler) == FAULTS


@needs_react
@pytest.mark.skipif(not PAGE.is_file(), reason="the reference pages are not beside the checkout")
def test_the_components_of_the_page_fit(tmp_path: Path) -> None:
    files = dict(shown())
    assert len(files) == 3
    assert checked(tmp_path, files, react=True, compiler="TypeScript 7") == []


@pytest.mark.parametrize("compiler", COMPILERS)
def test_a_project_without_react_is_not_bothered(tmp_path: Path, compiler: str) -> None:
    name = "export const name = (props: EventNodeProps): string => props.data.name"
    user = f"import type {{ EventNodeProps }} from 'motia/workbench'\n{name}\n"
    assert checked(tmp_path, {"lib/names.ts": user}, react=False, compiler=compiler, skipLibCheck=False) == []
