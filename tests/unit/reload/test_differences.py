"""reload/differences: what would be lost, and what people are told of a renewal."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.catalog import Catalog
from runtime.facts import Renewed
from runtime.model import Problem, Severity, Step, StreamDefinition
from runtime.reload.differences import errors_of, files_of, losses, renewed


def catalog(*files: str, problems: tuple[Problem, ...] = (), streams: tuple[str, ...] = ()) -> Catalog:
    steps = tuple(Step(file, _language(file), file, "noop") for file in files)
    named = {file: StreamDefinition(file, _language(file), file) for file in streams}
    return Catalog(steps=steps, streams=named, problems=problems)


def _language(file: str) -> str:
    return "node" if file.endswith(".ts") else "python"


def wrong(file: str, message: str = "no") -> Problem:
    return Problem(file, message)


def warned(file: str) -> Problem:
    return Problem(file, "hm", severity=Severity.WARNING)


def told(
    before: Catalog,
    after: Catalog,
    *paths: str,
    language: str = "node",
    imports: Mapping[str, tuple[str, ...]] | None = None,
    failed: tuple[str, ...] = (),
) -> Renewed:
    return renewed(before, after, language, paths, imports or {}, failed, 0.5)


def test_files_are_those_of_steps_and_streams() -> None:
    assert files_of(catalog("a.ts", "b.py", streams=("s.ts",))) == {"a.ts": "node", "b.py": "python", "s.ts": "node"}


def test_warnings_are_no_errors() -> None:
    assert errors_of(catalog(problems=(wrong("a.ts"), warned("b.ts")))) == (wrong("a.ts"),)


def test_a_serving_file_that_would_not_serve_for_an_error_is_lost() -> None:
    problems = (wrong("c.ts"), wrong("a.ts", "1"), wrong("a.ts", "2"), wrong("new.ts"), warned("b.ts"))
    serving = catalog("a.ts", "b.ts", "c.ts", streams=("s.ts",))
    assert losses(serving, catalog("b.ts", streams=("s.ts",), problems=problems)) == (
        wrong("a.ts", "1"),
        wrong("a.ts", "2"),
        wrong("c.ts"),
    )
    assert losses(serving, catalog("a.ts", "b.ts", "c.ts", problems=(wrong("s.ts"),))) == (wrong("s.ts"),)


def test_a_removed_file_a_new_broken_one_and_one_that_serves_in_spite_of_an_error_are_no_loss() -> None:
    serving = catalog("a.ts", "b.ts", problems=(wrong("c.ts"),))
    assert losses(serving, catalog("b.ts", problems=(wrong("c.ts"), wrong("new.ts"), wrong("b.ts")))) == ()


def test_the_lists_are_in_path_order_and_of_the_renewed_language_alone() -> None:
    before = catalog("a.ts", "b.ts", "c.ts", "d.ts", "x.py", "y.py")
    after = catalog("b.ts", "a.ts", "f.ts", "e.ts", "x.py", "z.py")
    fact = told(before, after, "a.ts", "b.ts", "e.ts", "f.ts", "x.py", "z.py")
    assert (fact.created, fact.updated, fact.removed) == (("e.ts", "f.ts"), ("a.ts", "b.ts"), ("c.ts", "d.ts"))
    assert (fact.catalog, fact.languages, fact.seconds, fact.mended) == (after, ("node",), 0.5, ())


def test_a_file_is_updated_by_what_it_imports() -> None:
    files = catalog("a.ts", "b.ts", "c.ts")
    imports = {"a.ts": ("lib/x.ts", "lib/y.ts"), "b.ts": ("lib/z.ts",), "c.ts": ("lib/x.ts",)}
    fact = told(files, files, "lib/x.ts", "lib/y.ts", "c.ts", imports=imports)
    assert fact.updated == ("a.ts", "c.ts")
    assert fact.causes == {"a.ts": ("lib/x.ts", "lib/y.ts")}


def test_a_file_with_a_stream_that_is_saved_is_updated() -> None:
    files = catalog(streams=("s.ts",))
    assert told(files, files, "s.ts").updated == ("s.ts",)


def test_a_file_that_had_an_error_and_serves_is_mended_and_nothing_else() -> None:
    before = catalog("b.ts", problems=(wrong("a.ts"),))
    fact = told(before, catalog("a.ts", "b.ts"), "a.ts", "b.ts", failed=("b.ts", "gone.ts", ""))
    assert (fact.mended, fact.created, fact.updated) == (("a.ts", "b.ts"), (), ())


def test_a_file_of_another_language_is_mended_by_what_stood_in_its_way() -> None:
    fact = told(catalog("a.ts", problems=(wrong("b.py"),)), catalog("b.py"))
    assert (fact.mended, fact.created, fact.removed) == (("b.py",), (), ("a.ts",))


def test_a_file_that_serves_in_spite_of_an_error_is_updated_and_mended_once() -> None:
    wrong_too = catalog("a.ts", problems=(wrong("a.ts"),))
    fact = told(wrong_too, wrong_too, "a.ts")
    assert (fact.updated, fact.mended, fact.problems) == (("a.ts",), (), ())
    fact = told(wrong_too, catalog("a.ts"), "a.ts")
    assert (fact.updated, fact.mended) == ((), ("a.ts",))
    fact = told(catalog(), wrong_too, "a.ts", failed=("a.ts",))
    assert (fact.created, fact.mended, fact.problems) == (("a.ts",), (), (wrong("a.ts"),))


def test_a_file_that_went_out_of_service_for_an_error_is_not_removed() -> None:
    fact = told(catalog("a.ts", "b.ts"), catalog(problems=(wrong("a.ts"),)))
    assert (fact.removed, fact.problems) == (("b.ts",), (wrong("a.ts"),))


def test_only_problems_that_there_were_not_before_are_told() -> None:
    before = catalog(problems=(wrong("a.ts"), warned("b.ts")))
    after = catalog(problems=(wrong("a.ts"), wrong("a.ts", "other"), warned("b.ts"), warned("c.ts")))
    assert told(before, after).problems == (wrong("a.ts", "other"), warned("c.ts"))
