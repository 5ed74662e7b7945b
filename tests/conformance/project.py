"""A language's fixtures: the same steps under the same names in each language's own files.

A new language adds the folder `projects/<language>`, or `conformance` in its runner's own folder, and nothing else:
`steps/` with every step that the other languages have, each of which does there what it does here, one stream, and
`broken/` with what must not load.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from runtime.runners.manifest import InstalledRunner

FIXTURES = Path(__file__).with_name("projects")


@dataclass(frozen=True, slots=True)
class Project:
    """A copy of `projects/<language>`, which a test may add files to; paths are relative, as `Load` has them."""

    runner: InstalledRunner
    root: Path
    cache: Path

    def step(self, name: str) -> str:
        """The path of a step by its name. Raises `LookupError` when the language's fixtures lack it."""
        found = [path for path in self._candidates(name) if (self.root / path).is_file()]
        if not found:
            wanted = " or ".join(self._candidates(name))
            raise LookupError(
                f"the fixtures in {fixtures_of(self.runner)} lack {wanted}; see tests/conformance/README.md"
            )
        return found[0]

    def has_step(self, name: str) -> bool:
        """True when the language has this step; a language without threads lacks `blocks`."""
        return any((self.root / path).is_file() for path in self._candidates(name))

    def names(self) -> set[str]:
        """The names of all steps."""
        affixes = [pattern.split("*") for pattern in self.runner.manifest.step_files]
        files = [Path(path).name for path in self.steps()]
        return {
            file.removeprefix(prefix).removesuffix(suffix)
            for file in files
            for prefix, suffix in affixes
            if file.startswith(prefix) and file.endswith(suffix)
        }

    def steps(self) -> list[str]:
        """The paths of all steps."""
        files = sorted(self.root.glob("steps/*"))
        return [path.relative_to(self.root).as_posix() for path in files if self.runner.takes_step(path.name)]

    def streams(self) -> list[str]:
        """The paths of all stream definitions."""
        files = sorted(self.root.glob("steps/*"))
        return [path.relative_to(self.root).as_posix() for path in files if self.runner.takes_stream(path.name)]

    def stream(self, name: str) -> str:
        """The path of a stream definition by its name, whether it is there or not."""
        places = [f"steps/{pattern.replace('*', name)}" for pattern in self.runner.manifest.stream_files]
        return next((path for path in places if (self.root / path).is_file()), places[0])

    def config(self) -> str:
        """The path of the project's config file, empty where the language has none."""
        return next((path.name for path in self.root.glob("motia[._]config.*")), "")

    def break_stream(self, name: str) -> str:
        """Makes a stream of `broken/<name>.txt` and gives its path."""
        path = self.stream(name)
        shutil.copyfile(self.root / "broken" / f"{name}.txt", self.root / path)
        return path

    def break_config(self, name: str) -> int:
        """Makes the config of `broken/<name>.txt`; gives the line that says "the fault", 0 for none."""
        text = (self.root / "broken" / f"{name}.txt").read_text(encoding="utf-8")
        (self.root / self.config()).write_text(text, encoding="utf-8")
        return _fault_in(text)

    def copy_step(self, name: str, new_name: str) -> str:
        """Puts a step there a second time, under another name."""
        copy = self._candidates(new_name)[0]
        shutil.copyfile(self.root / self.step(name), self.root / copy)
        return copy

    def break_step(self, name: str) -> tuple[str, int]:
        """Makes a step of `broken/<name>.txt`; gives its path and the line that says "the fault", 0 for none.

        Broken code is kept as text, so that compilers and linters leave it alone.
        """
        text = (self.root / "broken" / f"{name}.txt").read_text(encoding="utf-8")
        path = self._candidates(name)[0]
        (self.root / path).write_text(text, encoding="utf-8")
        return path, _fault_in(text)

    def _candidates(self, name: str) -> list[str]:
        return [f"steps/{pattern.replace('*', name)}" for pattern in self.runner.manifest.step_files]


def _fault_in(text: str) -> int:
    return next((number for number, line in enumerate(text.splitlines(), 1) if "the fault" in line), 0)


def fixtures_of(runner: InstalledRunner) -> Path:
    """Where a language's fixtures are: beside its runner, else in this repository."""
    beside = runner.folder / "conformance"
    return beside if beside.is_dir() else FIXTURES / runner.manifest.language


def copy_project(runner: InstalledRunner, to: Path, cache: Path) -> Project:
    """Copies a language's fixtures; `cache` is for the runner. Raises `LookupError` for a language that has none."""
    source = fixtures_of(runner)
    if not source.is_dir():
        raise LookupError(
            f"the language {runner.manifest.language!r} has no fixtures: put them in {runner.folder}/conformance"
        )
    shutil.copytree(source, to)
    return Project(runner, to.resolve(), cache)
