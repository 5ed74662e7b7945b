"""What one catalog has that another has not."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from runtime.catalog import Catalog
from runtime.facts import Renewed
from runtime.model import Problem, Severity


def files_of(catalog: Catalog) -> dict[str, str]:
    """The files of the steps and streams that serve, with their languages."""
    steps = {step.file: step.language for step in catalog.steps}
    return steps | {stream.file: stream.language for stream in catalog.streams.values()}


def errors_of(catalog: Catalog) -> tuple[Problem, ...]:
    """What keeps files of the project from serving."""
    return tuple(problem for problem in catalog.problems if problem.severity is Severity.ERROR)


def losses(serving: Catalog, candidate: Catalog) -> tuple[Problem, ...]:
    """The errors of files that serve and would not with the candidate, in path order.

    A file that is gone is no loss: somebody has removed it. Neither is one that did not serve before.
    """
    lost = files_of(serving).keys() - files_of(candidate).keys()
    return tuple(sorted((each for each in errors_of(candidate) if each.file in lost), key=lambda each: each.file))


def renewed(
    before: Catalog,
    after: Catalog,
    language: str,
    paths: Collection[str],
    imports: Mapping[str, Collection[str]],
    failed: Collection[str],
    seconds: float,
) -> Renewed:
    """What the renewal of a language has changed. `imports` are by file; `failed` are files that the change before
    could not serve."""
    old, new = files_of(before), files_of(after)
    changed = set(paths)
    own = [file for file, its in new.items() if its == language]
    touched = [file for file in own if file in changed or not changed.isdisjoint(imports.get(file, ()))]
    broken = {problem.file for problem in errors_of(before)} | set(failed)
    known = set(before.problems)
    return Renewed(
        after,
        (language,),
        seconds,
        created=tuple(sorted(new.keys() - old.keys() - broken)),
        updated=tuple(sorted(file for file in touched if file in old and file not in broken)),
        removed=tuple(sorted(old.keys() - new.keys())),
        problems=tuple(problem for problem in after.problems if problem not in known),
        mended=tuple(sorted(broken & new.keys())),
    )
