"""Imports of a project: each file is one module, whatever way leads to it."""

from __future__ import annotations

import os

import pytest

from tests.unit.runner_python.conftest import MakeProject

STEP = """
    config = {"type": "event", "name": "S", "subscribes": ["x"]}
    """


def _step(*lines: str) -> str:
    return "\n".join((*lines, 'config = {"type": "event", "name": "S", "subscribes": ["x"]}'))


def test_all_ways_lead_to_one_module(make_project: MakeProject) -> None:
    project = make_project(
        {
            "steps/a/helpers.py": "THING = object()",
            "steps/a/one_step.py": _step(
                "import helpers",
                "from .helpers import THING as relative",
                "from steps.a.helpers import THING as absolute",
                "import steps.a.helpers as dotted",
                "same = helpers.THING is relative is absolute and dotted is helpers",
            ),
        }
    )
    answer = project.ask(
        """
        load("steps/a/one_step.py")
        tell([sys.modules["steps.a.one_step"].same, "helpers" in sys.modules])
        """
    )
    assert answer == [True, False]


def test_neighbours_of_one_name_are_not_mixed_up(make_project: MakeProject) -> None:
    project = make_project(
        {
            "steps/a/helpers.py": "NAME = 'a'",
            "steps/b/helpers.py": "NAME = 'b'",
            "steps/a/x_step.py": _step("from helpers import NAME"),
            "steps/b/x_step.py": _step("from helpers import NAME"),
        }
    )
    answer = project.ask(
        """
        load("steps/a/x_step.py", "steps/b/x_step.py")
        tell([sys.modules[f"steps.{folder}.x_step"].NAME for folder in "ab"])
        """
    )
    assert answer == ["a", "b"]


def test_neighbour_packages(make_project: MakeProject) -> None:
    project = make_project(
        {
            "steps/shop/tax/__init__.py": "from .rates import RATE",
            "steps/shop/tax/rates.py": "RATE = 19",
            "steps/shop/bare/deep/leaf.py": "LEAF = 'leaf'",
            "steps/shop/x_step.py": _step(
                "import tax.rates",
                "import tax.rates as rates",
                "from tax import rates as again",
                "import bare.deep.leaf",
                "from bare.deep import leaf",
                "seen = [tax.rates.RATE, rates is again is tax.rates, bare.deep.leaf is leaf, tax.__name__]",
            ),
        }
    )
    answer = project.ask('load("steps/shop/x_step.py"); tell(sys.modules["steps.shop.x_step"].seen)')
    assert answer == [19, True, True, "steps.shop.tax"]


def test_relative_and_rooted_imports(make_project: MakeProject) -> None:
    project = make_project(
        {
            "shared.py": "WHERE = 'root'",
            "src/services/store.py": "WHERE = 'src'",
            "steps/shared.py": "WHERE = 'steps'",
            "steps/a/shared.py": "WHERE = 'a'",
            "steps/a/b/x_step.py": _step(
                "from ...shared import WHERE as steps",
                "from ..shared import WHERE as a",
                "from src.services.store import WHERE as src",
                "from src.services import store",
                "import shared",
                "seen = [steps, a, src, store.WHERE, shared.WHERE]",
            ),
        }
    )
    answer = project.ask('tell(modules.load("steps/a/b/x_step.py").seen)')
    assert answer == ["steps", "a", "src", "src", "root"]


def test_the_standard_library_comes_before_neighbours(make_project: MakeProject) -> None:
    project = make_project(
        {
            "steps/json.py": "raise RuntimeError('never imported')",
            "steps/x_step.py": _step("import json", "loads = json.loads('1')"),
        }
    )
    assert project.ask('load("steps/x_step.py"); tell(sys.modules["steps.x_step"].loads)') == 1


def test_a_file_named_like_what_it_imports_does_not_import_itself(make_project: MakeProject) -> None:
    project = make_project(
        {
            "steps/msgpack.py": "import msgpack as real\npackb = real.packb",
            "steps/x_step.py": _step("import msgpack", "name, size = msgpack.__name__, len(msgpack.packb(1))"),
        }
    )
    answer = project.ask('load("steps/x_step.py"); step = sys.modules["steps.x_step"]; tell([step.name, step.size])')
    assert answer == ["steps.msgpack", 1]


def test_path_edits_through_file(make_project: MakeProject) -> None:
    edit = "sys.path.append(os.path.join(os.path.dirname(__file__), '..', 'lib'))"
    project = make_project(
        {
            "lib/tools.py": "import constants",
            "lib/constants.py": "X = 1",
            "steps/x_step.py": _step(
                "import os, sys", edit, "import tools, constants", "same = tools.constants is constants"
            ),
        }
    )
    answer = project.ask(
        'load("steps/x_step.py"); step = sys.modules["steps.x_step"]; tell([step.same, step.tools.__name__])'
    )
    assert answer == [True, "tools"]


@pytest.mark.parametrize(
    "path",
    ["steps/sync.cron_step.py", "steps/01-start_step.py", "steps/a.b/x_step.py", "steps/v1.0/deep-er/x.step.py"],
)
def test_names_that_are_no_identifiers(make_project: MakeProject, path: str) -> None:
    folder = path.rpartition("/")[0]
    project = make_project(
        {
            f"{folder}/thing.py": "T = object()",
            path: _step("import thing", "from .thing import T", "from . import thing as again", "import pickle"),
        }
    )
    answer = project.ask(
        f"""
        loaded = load({path!r})
        step = modules.load({path!r})
        tell([len(loaded.steps), len(loaded.manifest.steps), step.T is step.thing.T, step.again is step.thing,
              [f.failure.message for f in loaded.manifest.load_failures]])
        """
    )
    assert answer == [0, 1, True, True, []]


def test_dots_and_underscores_do_not_collide(make_project: MakeProject) -> None:
    project = make_project({"steps/a.b_step.py": _step("ME = 'dot'"), "steps/a_b_step.py": _step("ME = 'score'")})
    assert project.ask('tell([modules.load(f"steps/a{c}b_step.py").ME for c in "._"])') == ["dot", "score"]


def test_a_file_and_a_folder_of_one_name(make_project: MakeProject) -> None:
    project = make_project(
        {
            "steps/orders.py": "WHAT = 'file'",
            "steps/orders/x_step.py": _step("from steps.orders import WHAT"),
            "steps/pay_step.py": _step("WHAT = 'step'"),
            "steps/pay_step/__init__.py": "WHAT = 'package'",
        }
    )
    answer = project.ask('tell([modules.load(f"steps/{name}_step.py").WHAT for name in ("orders/x", "pay")])')
    assert answer == ["file", "step"]


def test_a_step_that_another_imports_runs_once(make_project: MakeProject) -> None:
    project = make_project(
        {
            "runs.py": "COUNT = []",
            "steps/a_step.py": _step("import runs", "runs.COUNT.append('a')"),
            "steps/b_step.py": _step("from steps.a_step import config as other", "from a_step import runs"),
        }
    )
    answer = project.ask('load("steps/b_step.py", "steps/a_step.py"); tell(sys.modules["runs"].COUNT)')
    assert answer == ["a"]


def test_packages_with_an_init_run_it(make_project: MakeProject) -> None:
    project = make_project(
        {
            "steps/__init__.py": "ROOT = 1",
            "steps/a/__init__.py": "from .base import BASE",
            "steps/a/base.py": "BASE = 2",
            "steps/a/x_step.py": _step("from . import BASE", "from steps import ROOT"),
        }
    )
    answer = project.ask('step = modules.load("steps/a/x_step.py"); tell([step.BASE, step.ROOT])')
    assert answer == [2, 1]


def test_the_projects_folders_come_before_installed_packages(make_project: MakeProject) -> None:
    project = make_project(
        {"installed/src/__init__.py": "", "src/mine.py": "M = 1", "steps/x_step.py": _step("from src.mine import M")}
    )
    answer = project.ask(
        'sys.path.insert(0, str(project.root) + "/installed"); tell(modules.load("steps/x_step.py").M)'
    )
    assert answer == 1


def test_nothing_of_the_runner_shadows_the_projects_modules(make_project: MakeProject) -> None:
    names = ("main", "logs", "values", "context", "loader", "failure", "link")
    files = {f"{name}.py": f"WHOSE = 'mine {name}'" for name in names}
    project = make_project({**files, "steps/x_step.py": _step(f"import {', '.join(names)}")})
    answer = project.ask(
        f'step = modules.load("steps/x_step.py"); tell([getattr(step, name).WHOSE for name in {names!r}])'
    )
    assert answer == [f"mine {name}" for name in names]


def test_a_failed_import_leaves_nothing_behind(make_project: MakeProject) -> None:
    project = make_project(
        {
            "steps/bad.py": "1 / 0",
            "steps/x_step.py": _step("import bad"),
            "steps/y.z_step.py": _step("import bad"),
            "steps/p/__init__.py": "1 / 0",
            "steps/p/x_step.py": STEP,
        }
    )
    answer = project.ask(
        """
        before = set(sys.modules)
        loaded = load("steps/x_step.py", "steps/y.z_step.py", "steps/p/x_step.py")
        left = [name for name in set(sys.modules) - before if name.startswith("steps")]
        tell([left, [f.failure.type for f in loaded.manifest.load_failures]])
        """
    )
    assert answer == [[], ["ZeroDivisionError"] * 3]


def test_imports_are_told_to_the_last(make_project: MakeProject) -> None:
    project = make_project(
        {
            "src/db.py": "import src.settings",
            "src/settings.py": "X = 1",
            "steps/__init__.py": "",
            "steps/helpers.py": "from src import db",
            "steps/a_step.py": _step("import helpers"),
            "steps/b_step.py": _step("from .helpers import db", "import json"),
            "steps/c_step.py": STEP,
        }
    )
    answer = project.ask(
        """
        loaded = load("steps/a_step.py", "steps/b_step.py", "steps/c_step.py")
        tell([list(step.imports) for step in loaded.manifest.steps])
        """
    )
    reached = ["src/db.py", "src/settings.py", "steps/__init__.py", "steps/helpers.py"]
    assert answer == [reached, reached, ["steps/__init__.py"]]


def test_a_file_that_was_saved_twice_in_a_second_is_loaded_as_it_is_now(make_project: MakeProject) -> None:
    ask = """
        sys.dont_write_bytecode = False
        load("steps/a_step.py")
        tell([sys.modules["steps.a_step"].NUMBER, sys.modules["steps.lib.helper"].NUMBER])
        """
    second = 1_700_000_000 * 10**9
    project = make_project({})
    for number in (1, 2):
        helper, step = f"NUMBER = {number}", _step("from .lib import helper", f"NUMBER = {number}")
        project.write({"steps/lib/helper.py": helper, "steps/a_step.py": step})
        for file in ("steps/lib/helper.py", "steps/a_step.py"):
            os.utime(project.root / file, ns=(second, second + number))
        assert project.ask(ask) == [number, number]
        made = {path.name.partition(".")[0] for path in project.root.rglob("*.pyc")}
        assert made == {"helper", "a_step"}, "what has not changed is not compiled again"
