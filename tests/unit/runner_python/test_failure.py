"""Errors as failures: kind, stack, causes, and the bounds of each."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from motia import HttpError, NonRetriableError
from runtime_runner import failure
from runtime_runner._gen import runner_pb2 as pb
from runtime_runner.project import Project

STEP = """
from vendored import call_back

def throws():
    raise ValueError("no stock")

def throws_through_a_package():
    call_back(throws)

def throws_with_cause():
    try:
        throws()
    except ValueError as error:
        raise RuntimeError("order failed") from error
"""
VENDORED = "def call_back(call):\n    call()\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(str(tmp_path))


@pytest.fixture
def step(project: Project, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A step of the project, with a package of its environment."""
    packages = Path(project.path(".venv/lib/site-packages"))
    packages.mkdir(parents=True)
    (packages / "vendored.py").write_text(VENDORED, encoding="utf-8")
    path = Path(project.path("steps/order_step.py"))
    path.parent.mkdir()
    path.write_text(STEP, encoding="utf-8")
    monkeypatch.syspath_prepend(str(packages))
    monkeypatch.delitem(sys.modules, "vendored", raising=False)
    module = ModuleType("order_step")
    exec(compile(STEP, str(path), "exec"), module.__dict__)
    return module


def _failure_of(call: Callable[[], object], project: Project) -> pb.Failure:
    with pytest.raises(BaseException) as thrown:
        call()
    return failure.of(thrown.value, project)


def test_a_throw_is_a_handler_failure_with_the_users_frames(step: ModuleType, project: Project) -> None:
    found = _failure_of(step.throws_through_a_package, project)
    assert (found.kind, found.type, found.message) == (pb.FAILURE_KIND_HANDLER, "ValueError", "no stock")
    assert found.retryable
    assert found.stack.splitlines() == [
        "Traceback (most recent call last):",
        '  File "steps/order_step.py", line 8, in throws_through_a_package',
        "    call_back(throws)",
        '  File "steps/order_step.py", line 5, in throws',
        '    raise ValueError("no stock")',
        "ValueError: no stock",
    ]


def test_the_chain_of_causes_is_kept(step: ModuleType, project: Project) -> None:
    found = _failure_of(step.throws_with_cause, project)
    assert (found.type, found.cause.type, found.cause.message) == ("RuntimeError", "ValueError", "no stock")
    assert "line 5, in throws" in found.cause.stack
    assert not found.cause.HasField("cause")


def test_causes_are_bounded(project: Project) -> None:
    error: Exception = ValueError("0")
    for number in range(1, 50):
        outer = ValueError(str(number))
        outer.__cause__ = error
        error = outer
    link, depth = failure.of(error, project), 0
    while link.HasField("cause"):
        link, depth = link.cause, depth + 1
    assert depth == failure.MAX_CAUSES


def test_an_error_that_causes_itself_ends(project: Project) -> None:
    error = ValueError("a")
    error.__cause__ = error
    assert failure.of(error, project).cause.cause.message == "a"


def test_a_group_names_its_first_error(project: Project) -> None:
    group = ExceptionGroup("two", [KeyError("k"), ValueError("v")])
    found = failure.of(group, project)
    assert (found.type, found.cause.type) == ("ExceptionGroup", "KeyError")


def test_an_error_that_a_retry_does_not_mend(project: Project) -> None:
    found = failure.of(NonRetriableError("card stolen", cause=KeyError("card")), project)
    assert (found.kind, found.retryable) == (pb.FAILURE_KIND_NON_RETRIABLE, False)
    assert found.cause.type == "KeyError"


@pytest.mark.parametrize("status", [99, 600, "404"])
def test_an_http_error_needs_a_status(status: int) -> None:
    with pytest.raises(ValueError, match="100 to 599"):
        HttpError(status)


def test_what_the_core_refused_is_a_throw_of_the_handlers(project: Project) -> None:
    refused = pb.Failure(kind=pb.FAILURE_KIND_REFUSED, type="TopicError", message="no such topic")
    refused.cause.message = "it was closed"
    error = failure.HostCallError(refused)
    assert str(error) == "no such topic"
    found = failure.of(error, project)
    assert (found.kind, found.type, found.retryable) == (pb.FAILURE_KIND_HANDLER, "TopicError", False)
    assert found.cause.message == "it was closed"


class Unreadable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_any_message_can_be_sent(project: Project) -> None:
    assert failure.of(ValueError("\ud800"), project).message == "\\ud800"
    assert "cannot be read: RuntimeError" in failure.of(Unreadable(), project).message
    long = failure.of(ValueError("x" * 100_000), project).message
    assert long.endswith("(100000 characters)")
    assert len(long) < 10_000


def test_files_of_others_are_not_the_projects(project: Project) -> None:
    root = project.root
    assert project.relative(f"{root}/steps/a_step.py") == "steps/a_step.py"
    for foreign in (
        f"{root}/.venv/lib/x.py",
        f"{root}/steps/.cache/x.py",
        f"{root}/python_modules/x.py",
        "/usr/lib/x.py",
        "<frozen x>",
        "x.pyx",
    ):
        assert project.relative(foreign) is None
    assert project.relative(failure.__file__) is None
