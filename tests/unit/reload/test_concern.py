"""reload/concern: what a changed file means."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.config import Settings
from runtime.model import Step
from runtime.reload.concern import Concern, concern_of, included_patterns, named_files
from runtime.runners.manifest import InstalledRunner, RunnerManifest, find_runners

RUNNERS = find_runners(Path(), Settings())
NODE, PYTHON = frozenset({"node"}), frozenset({"python"})
NONE: frozenset[str] = frozenset()
IMPORTS = {"node": {"data/prices.yaml"}, "python": {"data/rates.yaml", "data/prices.yaml"}}
STEPS = [
    Step(
        "A", "node", "steps/shop/a.step.ts", "noop", include_files=("./templates/*.{html,txt}", "../**/*.sql", "!*.md")
    ),
    Step("B", "python", "steps/b_step.py", "noop", include_files=("assets", "../../outside/*")),
]


def of(*paths: str) -> Concern:
    return concern_of(paths, RUNNERS, IMPORTS, included_patterns(STEPS))


@pytest.mark.parametrize(
    ("path", "languages"),
    [
        ("steps/a.step.ts", NODE),
        ("steps/deep/er/b_step.py", PYTHON),
        ("src/chat.stream.js", NODE),
        ("lib/helper.mts", NODE),
        ("helpers/money.py", PYTHON),
        ("motia.config.ts", NODE),
        ("motia_config.py", PYTHON),
        ("data/rates.yaml", PYTHON),
        ("data/prices.yaml", NODE | PYTHON),
        ("steps/shop/templates/mail.html", NODE),
        ("steps/shop/templates/mail.txt", NODE),
        ("steps/shop/templates/deep/mail.html", NONE),
        ("steps/all.sql", NODE),
        ("steps/x/y/all.sql", NODE),
        ("all.sql", NONE),
        ("steps/assets/logo.png", PYTHON),
        ("outside/logo.png", NONE),
        ("data/other.yaml", NONE),
        ("README.md", NONE),
        ("steps/a.test.ts", NONE),
        ("steps/a.spec.ts", NONE),
        ("steps/test_a.py", NONE),
        ("steps/a_test.py", NONE),
        ("types.d.ts", NONE),
        ("runtime_types.py", NONE),
        ("motia-workbench.json", NONE),
        ("lib/types.d.ts", NODE),
        ("node_modules/ms/index.js", NONE),
        (".git/hooks/x.py", NONE),
        ("steps/.hidden.ts", NONE),
        ("steps/a.step.ts~", NONE),
    ],
)
def test_a_file_concerns_its_languages(path: str, languages: frozenset[str]) -> None:
    assert of(path) == Concern(languages)


@pytest.mark.parametrize("path", ["runtime.yaml", ".env", ".env.local", ".env.development"])
def test_settings_concern_the_setup(path: str) -> None:
    assert of(path) == Concern(setup=True)


@pytest.mark.parametrize("path", ["steps/a.step.tsx", "steps/shop/badge.jsx", "lib/parts.tsx"])
def test_what_draws_steps_concerns_the_drawing_alone(path: str) -> None:
    assert of(path) == Concern(drawing=True)
    imported = concern_of([path], RUNNERS, {"node": {path}}, {})
    assert imported == Concern(NODE, drawing=True)


def test_what_draws_elsewhere_does_not() -> None:
    assert not of("node_modules/x/a.tsx", "steps/.a.tsx", "steps/a.test.tsx", ".next/a.jsx")


def test_variables_of_production_and_files_of_other_folders_do_not() -> None:
    assert not of(".env.production", "steps/.env", "deploy/runtime.yaml")


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("package.json", "node"),
        ("tsconfig.json", "node"),
        ("node_modules/.package-lock.json", "node"),
        ("requirements.txt", "python"),
        (".venv/.runtime-install", "python"),
        ("Gemfile", "ruby"),
    ],
)
def test_files_of_packages_concern_both(path: str, language: str) -> None:
    runners = [*RUNNERS, made("ruby", project_files=("Gemfile",))]
    assert concern_of([path], runners, {}, {}) == Concern(frozenset({language}), False, frozenset({language}))
    assert path in named_files(runners)


def test_a_package_json_of_a_folder_installs_nothing() -> None:
    assert of("packages/shared/package.json").packages == NONE


def made(language: str, reload: str = "process", **given: tuple[str, ...]) -> InstalledRunner:
    manifest = {"language": language, "command": ["x"], "step_files": [f"*.{language}"], "reload": reload, **given}
    return InstalledRunner(RunnerManifest.model_validate(manifest), Path())


def test_a_set_concerns_all_that_its_files_do() -> None:
    found = of("steps/a.step.ts", "steps/b_step.py", ".env", "requirements.txt", "notes.txt")
    assert found == Concern(NODE | PYTHON, True, PYTHON)
    assert not of()
    assert not of("notes.txt")


def test_a_file_that_two_languages_claim_concerns_both() -> None:
    runners = [made("a", source_files=("*.json",)), made("b", source_files=("*.json",))]
    assert concern_of(["x.json"], runners, {}, {}) == Concern(frozenset("ab"))


def test_a_language_that_does_not_reload_is_named_apart() -> None:
    runners = [made("a"), made("b", reload="none")]
    found = concern_of(["steps/x.a", "steps/x.b"], runners, {}, {})
    assert (found.languages, found.fixed) == (frozenset("a"), frozenset("b"))
    assert concern_of(["steps/x.b"], runners, {}, {})


def test_what_is_turned_off_is_concerned_by_nothing() -> None:
    runners = [runner for runner in RUNNERS if runner.manifest.language != "node"]
    assert not concern_of(["motia.config.ts", "steps/a.step.ts", "package.json"], runners, IMPORTS, {"node": ("**",)})


@pytest.mark.parametrize("pattern", ["[z-a].txt", "[", "{a", "**", "a{b,c}d", "x/[!a]?.txt", "\\"])
def test_no_pattern_breaks_the_look(pattern: str) -> None:
    step = Step("A", "node", "steps/a.step.ts", "noop", include_files=(pattern,))
    assert included_patterns([step])
    assert isinstance(concern_of(["steps/x/bb.txt"], RUNNERS, {}, included_patterns([step])), Concern)
