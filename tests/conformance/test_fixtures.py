"""Each language's fixtures are complete, so that no case is left out in one of them unnoticed."""

from __future__ import annotations

from tests.conformance.project import FIXTURES, Project

NEEDS_THREADS = {"blocks"}
NEEDS_STREAMED_BODIES = {"streams", "streams_on"}
"""What a runner without the feature may lack."""
NEEDS_HOOKS = {"gated"}
"""Streams that a runner without the feature may lack."""


def test_each_language_has_the_same_steps(project: Project) -> None:
    cases = {path.stem for path in (FIXTURES / "python" / "broken").iterdir()}
    assert {path.stem for path in (project.root / "broken").iterdir()} == cases
    steps = {path.name.removesuffix("_step.py") for path in (FIXTURES / "python" / "steps").glob("*_step.py")}
    assert project.names() | NEEDS_THREADS | NEEDS_STREAMED_BODIES == steps
    streams = {path.name.removesuffix("_stream.py") for path in (FIXTURES / "python" / "steps").glob("*_stream.py")}
    there = {name for name in streams if (project.root / project.stream(name)).is_file()}
    assert there | NEEDS_HOOKS == streams
    assert len(there) == len(project.streams())
