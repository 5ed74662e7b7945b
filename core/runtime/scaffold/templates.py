"""The templates that projects are made from: folders of this package, each a project that runs as it stands."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import RuntimeFault

TEMPLATES_FOLDER = Path(__file__).resolve().parent.parent / "templates"
_NEAR = 0.75
"""How much two names must have in common (0 to 1) for one to be a slip of the other."""
_MADE_BY_PYTHON = "__pycache__"  # pip compiles whatever ends in .py, the steps of templates too


@dataclass(frozen=True, slots=True)
class Template:
    """What a project is made from."""

    name: str
    description: str

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return TEMPLATES_FOLDER / self.name

    def files(self) -> Iterator[Path]:
        """Paths of its files, relative to its folder, in order."""
        found = (path.relative_to(self.folder) for path in sorted(self.folder.rglob("*")) if path.is_file())
        return (path for path in found if _MADE_BY_PYTHON not in path.parts)


TEMPLATES = (
    Template("starter-typescript", "TypeScript, with zod and a type checker"),
    Template("starter-javascript", "JavaScript, without any package"),
    Template("starter-python", "Python, with Pydantic"),
    Template("starter-multilang", "one flow through TypeScript, Python and JavaScript"),
)


def find_template(name: str) -> Template:
    """The template of this name. Raises `RuntimeFault` that offers one that is near."""
    for template in TEMPLATES:
        if template.name == name:
            return template
    names = ", ".join(template.name for template in TEMPLATES)
    nearest = _nearest(name)
    question = f": did you mean {nearest.name}?" if nearest else ""
    raise RuntimeFault(f"there is no template '{name}'{question}", f"there are {names}")


def _nearest(name: str) -> Template | None:
    """The template of the language that the name ends with, such as `motia-tutorial-python`; else one that is like it.

    None where none is near.
    """
    *_, language = name.lower().split("-")
    likest = difflib.get_close_matches(name.lower(), [template.name for template in TEMPLATES], n=1, cutoff=_NEAR)
    return next((each for each in TEMPLATES if each.name.endswith(f"-{language}") or each.name in likest), None)
