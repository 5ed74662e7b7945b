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
    """What is wrong with files of the project; it keeps most of them from serving."""
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
    """What the renewal of a language has changed. `imports` are by file; `failed` are files that the changes before
    could not serve.

    A file counts as mended whichever language it is of: what stood in its way may have been a file of this one.
    """
    old, new = files_of(before), files_of(after)
    changed = set(paths)
    broken = _with_errors(after)
    mended = ((_with_errors(before) | set(failed)) - broken) & new.keys()
    own = {file for file, its in new.items() if its == language}
    touched = {file for file in own if file in changed or not changed.isdisjoint(imports.get(file, ()))}
    gone = {file for file, its in old.items() if its == language and file not in new}
    known = set(before.problems)
    updated = (touched & old.keys()) - mended
    helpers = {file: tuple(sorted(changed.intersection(imports.get(file, ())))) for file in updated - changed}
    return Renewed(
        after,
        (language,),
        seconds,
        created=tuple(sorted(own - old.keys() - mended)),
        updated=tuple(sorted(updated)),
        removed=tuple(sorted(gone - broken)),
        problems=tuple(problem for problem in after.problems if problem not in known),
        mended=tuple(sorted(mended)),
        causes=helpers,
    )


def _with_errors(catalog: Catalog) -> set[str]:
    """Files with errors; some of them serve (schemas that do not fit each other, where they are enforced)."""
    return {problem.file for problem in errors_of(catalog)}
