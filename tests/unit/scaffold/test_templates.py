"""scaffold/templates: what there is, and what is offered where there is none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from runtime.errors import RuntimeFault
from runtime.scaffold import templates
from runtime.scaffold.steps import KINDS, LANGUAGES
from runtime.scaffold.templates import TEMPLATES, TEMPLATES_FOLDER, Template, find_template

each = pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)


def test_each_folder_is_a_template_and_each_template_a_folder() -> None:
    folders = {path.name for path in TEMPLATES_FOLDER.iterdir() if path.name.startswith("starter-")}
    assert folders == {template.name for template in TEMPLATES}


@each
def test_a_template_is_found_by_its_name(template: Template) -> None:
    assert find_template(template.name) is template


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("motia-tutorial-typescript", "starter-typescript"),
        ("motia-tutorial-python", "starter-python"),
        ("python", "starter-python"),
        ("starter-javscript", "starter-javascript"),
        ("multilang", "starter-multilang"),
    ],
)
def test_another_name_is_answered_with_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(RuntimeFault, match=f"did you mean {nearest}") as raised:
        find_template(name)
    assert all(template.name in raised.value.fix for template in TEMPLATES)


@pytest.mark.parametrize("name", ["nope", "", "go", "starter", "starter-ruby"])
def test_a_name_that_is_like_none_is_answered_with_all(name: str) -> None:
    with pytest.raises(RuntimeFault, match=f"there is no template '{name}'$") as raised:
        find_template(name)
    assert all(template.name in raised.value.fix for template in TEMPLATES)


@each
def test_a_template_has_what_every_project_begins_with(template: Template) -> None:
    names = {path.as_posix() for path in template.files()}
    assert {"README.md", "runtime.yaml", ".gitignore", ".vscode/launch.json"} <= names


def test_what_python_has_compiled_is_no_file_of_a_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "TEMPLATES_FOLDER", tmp_path)
    for name in ("steps/a_step.py", "steps/__pycache__/a_step.cpython-311.pyc"):
        (tmp_path / "new" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "new" / name).touch()
    assert list(Template("new", "").files()) == [Path("steps/a_step.py")]


@each
def test_values_are_enforced_and_what_is_made_anew_is_ignored(template: Template) -> None:
    assert "\nvalidation: enforce\n" in (template.folder / "runtime.yaml").read_text(encoding="utf-8")
    ignored = (template.folder / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {".runtime/", ".env"} <= set(ignored)
    assert ("node_modules/" in ignored) == (template.folder / "package.json").exists()
    assert (".venv/" in ignored) == (template.folder / "requirements.txt").exists()


@each
def test_packages_are_asked_for_by_range(template: Template) -> None:
    manifest = template.folder / "package.json"
    wanted = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
    versions = {**wanted.get("dependencies", {}), **wanted.get("devDependencies", {})}
    assert all(version.startswith("^") for version in versions.values())
    requirements = template.folder / "requirements.txt"
    lines = requirements.read_text(encoding="utf-8").splitlines() if requirements.exists() else []
    assert all(re.fullmatch(r"[\w-]+>=[\d.]+,<\d+", line) for line in lines)


def test_there_is_a_step_of_each_type_in_each_language() -> None:
    wanted = {f"{kind}{language.step_ending}" for kind in KINDS for language in LANGUAGES.values()}
    wanted |= {f"watched{language.stream_ending}" for language in LANGUAGES.values()}
    found = {path.name for path in (TEMPLATES_FOLDER / "steps").iterdir() if path.is_file()}
    assert found == wanted
