"""The shape of the house: who may import whom, how long things may be, what is never written.

Each rule is a function from source to faults. It is run over the tree, and over small samples that it must refuse,
so that no rule can be empty.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "core" / "runtime"
PYTHON_RUNNER = ROOT / "runners" / "python"
MAX_FILE_LINES = 350
MAX_TEST_LINES = 600
MAX_FUNCTION_LINES = 60

_SOURCES = ("core", "runners", "steps", "tests", "bench", "scripts", ".ci")
_SUFFIXES = {".py", ".ts", ".tsx", ".js", ".mjs", ".cjs", ".sh", ""}
_NOT_OURS = {"node_modules", "dist", "_gen", "__pycache__"}
_DATA = ROOT / "tests" / "conformance" / "projects"  # projects that tests run, broken ones among them

# From left to right: a module may import what stands in a group to its left, and itself.
LAYERS: tuple[tuple[str, ...], ...] = (
    (
        "",
        "model",
        "values",
        "ids",
        "errors",
        "config",
        "configfile",
        "environment",
        "files",
        "allocator",
        "openfiles",
        "privatefiles",
        "rations",
        "remedies",
        "traces",
        "records",
        "problems",
    ),
    ("contracts",),
    (
        "clock",
        "deadlines",
        "tasks",
        "jsonschemas",
        "definitions",
        "catalog",
        "facts",
        "services",
        "storage",
        "generate",
        "scaffold",
        "templates",  # data: the projects that `runtime create` writes
    ),
    ("dispatcher",),
    ("triggers", "runners", "web", "otlp"),
    ("reload", "diagnosis"),
    ("parts",),
    ("app",),
    ("cli",),
    ("__main__",),
)
# Inside a group only these may: (who, whom).
NEIGHBOURS = {
    ("errors", "model"),
    ("records", "ids"),
    ("records", "model"),
    ("remedies", "model"),
    ("traces", "model"),
    ("traces", "values"),
    ("config", "model"),
    ("configfile", "config"),
    ("configfile", "errors"),
    ("configfile", "files"),
    ("environment", "errors"),
    ("environment", "files"),
    ("definitions", "jsonschemas"),
    ("catalog", "definitions"),
    ("facts", "catalog"),
    ("diagnosis", "reload"),
    ("services", "catalog"),
    ("services", "definitions"),
    ("services", "jsonschemas"),
    ("generate", "catalog"),
    ("generate", "jsonschemas"),
}
# Which packages a library may be imported in; elsewhere it may not.
HOMES: Mapping[str, tuple[str, ...]] = {
    "grpc": (),  # both ends in Python are our own; tests hold them against it
    "hpack": ("runtime.runners.http2",),
    "google": ("runtime.runners",),
    "sqlite3": ("runtime.storage.sqlite",),
    "uvicorn": ("runtime.web",),
    "hypercorn": ("runtime.web",),
    "websockets": ("runtime.web",),
    "starlette": ("runtime.web", "runtime.triggers.http"),
    "typer": ("runtime.cli", "runtime.__main__"),
    "rich": ("runtime.cli",),
    "dotenv": ("runtime.environment",),
    "jsonschema_rs": ("runtime.services.schemas", "runtime.jsonschemas"),
    "python_multipart": ("runtime.triggers.forms",),
    "watchfiles": ("runtime.reload",),
    "prometheus_client": ("runtime.web.exposition",),
    "opentelemetry": ("runtime.otlp",),
    "requests": ("runtime.otlp",),
    "urllib3": ("runtime.otlp",),
}
GENERATED_HOME = "runtime.runners"


# ------------------------------------------------------------ the files


def is_ours(path: Path) -> bool:
    """False for what is generated, installed or data."""
    folders = path.relative_to(ROOT).parts[:-1]
    foreign = any(part in _NOT_OURS or part.endswith(".egg-info") for part in folders)
    hidden = any(part.startswith(".") and part != ".ci" for part in folders)
    return not foreign and not hidden and not path.is_relative_to(_DATA)


@cache
def sources() -> tuple[Path, ...]:
    """All files that people of this project wrote."""
    found = [path for source in _SOURCES for path in (ROOT / source).rglob("*") if path.is_file()]
    found += [path for path in ROOT.glob("*.py") if path.name != "runtime_types.py"]  # which is generated
    return tuple(sorted(path for path in found if path.suffix in _SUFFIXES and is_ours(path)))


def python_sources(below: Path = ROOT) -> list[Path]:
    return [path for path in sources() if path.suffix == ".py" and path.is_relative_to(below)]


def module_name(path: Path, root: Path) -> str:
    """The dotted name of a file; a package's own for its `__init__`."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def core_modules() -> Mapping[str, str]:
    """Source by module name."""
    return {module_name(path, CORE.parent): path.read_text(encoding="utf-8") for path in python_sources(CORE)}


def check(rule: Callable[[str], list[str]], paths: Iterable[Path]) -> None:
    """Runs a rule over files and fails with every fault."""
    paths = list(paths)
    assert paths
    faults = [
        f"{path.relative_to(ROOT)}: {fault}" for path in paths for fault in rule(path.read_text(encoding="utf-8"))
    ]
    assert not faults, "\n".join(faults)


# ------------------------------------------------------------ imports


def imports(source: str, module: str = "", *, package: bool = False) -> set[str]:
    """What a module imports, also inside functions; `from a import b` counts as `a` and as `a.b`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")[: len(module.split(".")) - node.level + package]
                base = ".".join([*parents, *([base] if base else [])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def layer_of(module: str) -> tuple[int, str]:
    """The group of a module of `runtime` and its name there. Raises `KeyError` for one that the rule does not know."""
    name = module.split(".")[1] if "." in module else ""
    for place, group in enumerate(LAYERS):
        if name in group:
            return place, name
    raise KeyError(f"{module} stands in no layer; give it its place in LAYERS")


def is_left_of(importer: str, imported: str) -> bool:
    (here, name), (there, other) = layer_of(importer), layer_of(imported)
    return there < here or name == other or other == "" or (name, other) in NEIGHBOURS


def import_faults(module: str, source: str) -> list[str]:
    """Imports that a module of the core must not have."""
    faults = []
    for imported in sorted(imports(source, module)):
        library = imported.split(".")[0]
        if is_within(imported, "runtime._gen"):
            allowed = is_within(module, GENERATED_HOME)
        elif library == "runtime":
            allowed = is_left_of(module, imported) if imported.split(".")[1:2] != ["__version__"] else True
        elif library in ("runtime_runner", "motia", "tests"):
            allowed = False
        else:
            homes = HOMES.get(library)
            allowed = homes is None or any(is_within(module, home) for home in homes)
        if not allowed:
            faults.append(f"{module} must not import {imported}")
    return faults


def test_the_import_rule_of_the_core() -> None:
    assert len(core_modules()) > 30
    faults = [fault for module, source in core_modules().items() for fault in import_faults(module, source)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("runtime.model", "from runtime.errors import RuntimeFault"),
        ("runtime.values", "import runtime.model"),
        ("runtime.contracts", "from runtime.catalog import Catalog"),
        ("runtime.definitions.steps", "from runtime.catalog import Catalog"),
        ("runtime.catalog", "from runtime.dispatcher import Dispatcher"),
        ("runtime.services.bus", "from runtime.storage.memory.events import MemoryEventBus"),
        ("runtime.storage.memory.events", "from runtime.services.bus import BusService"),
        ("runtime.dispatcher", "from runtime.runners.pool import Pool"),
        ("runtime.triggers.http", "from runtime.runners.link import Link"),
        ("runtime.triggers.http", "from runtime import runners"),
        ("runtime.triggers.http", "def f():\n    import runtime.runners.link"),
        ("runtime.triggers.http", "from ..runners import link"),
        ("runtime.runners.link", "from runtime.triggers.http import HttpEdge"),
        ("runtime.web.server", "from runtime.triggers.http import HttpEdge"),
        ("runtime.runners.link", "from runtime.app import App"),
        ("runtime.app", "from runtime.cli.console import TextLog"),
        ("runtime.dispatcher", "import grpc"),
        ("runtime.app", "import grpc.aio"),
        ("runtime.runners.server", "import grpc"),
        ("runtime.dispatcher", "from runtime._gen import runner_pb2"),
        ("runtime.triggers.http", "from runtime import _gen"),
        ("runtime.contracts", "from google.protobuf.message import Message"),
        ("runtime.storage.memory.events", "import sqlite3"),
        ("runtime.services.state", "from sqlite3 import connect"),
        ("runtime.app", "import uvicorn"),
        ("runtime.runners.link", "from runtime_runner import link"),
        ("runtime.runners.link", "import motia"),
    ],
)
def test_the_import_rule_refuses(module: str, source: str) -> None:
    assert import_faults(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("runtime.errors", "from runtime.model import FailureKind"),
        ("runtime.runners.link", "from runtime._gen import runner_pb2\nfrom . import pool"),
        ("runtime.services.bus", "from runtime.catalog import Catalog"),
        ("runtime.app", "from runtime.triggers.http import HttpEdge\nimport asyncio"),
        ("runtime.cli.version", "import runtime"),
        ("runtime.storage.sqlite.events", "import sqlite3"),
    ],
)
def test_the_import_rule_allows(module: str, source: str) -> None:
    assert import_faults(module, source) == []


def test_every_module_has_its_layer() -> None:
    for module in core_modules():
        layer_of(module)
    with pytest.raises(KeyError, match="LAYERS"):
        layer_of("runtime.helpers")


def runner_faults(source: str) -> list[str]:
    """Imports that a language runner must not have: it knows nothing of the core."""
    return sorted(name for name in imports(source) if name.split(".")[0] in ("runtime", "tests"))


def test_the_python_runner_knows_nothing_of_the_core() -> None:
    check(runner_faults, python_sources(PYTHON_RUNNER))


@pytest.mark.parametrize(
    "source", ["import runtime", "from runtime.values import encode", "def f():\n    from runtime import model"]
)
def test_the_runner_rule_refuses(source: str) -> None:
    assert runner_faults(source)
    assert runner_faults("from runtime_runner import values") == []


def find_cycle(graph: Mapping[str, set[str]]) -> list[str]:
    """A cycle as the modules along it, empty when there is none."""
    done: set[str] = set()

    def walk(module: str, way: list[str]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        for imported in sorted(graph.get(module, ())):
            cycle = walk(imported, [*way, module])
            if cycle:
                return cycle
        done.add(module)
        return []

    return next((cycle for module in sorted(graph) if (cycle := walk(module, []))), [])


def graph_of(modules: Mapping[str, str], packages: Iterable[str] = ()) -> dict[str, set[str]]:
    """Who imports whom among the modules; a package that is passed through does not count."""
    return {
        name: {found for found in imports(source, name, package=name in packages) if found in modules}
        - {name, "runtime"}
        for name, source in modules.items()
    }


@pytest.mark.parametrize("root", [CORE, PYTHON_RUNNER / "runtime_runner"])
def test_nothing_imports_in_a_circle(root: Path) -> None:
    files = {module_name(path, root.parent): path for path in python_sources(root)}
    packages = [name for name, path in files.items() if path.name == "__init__.py"]
    graph = graph_of({name: path.read_text(encoding="utf-8") for name, path in files.items()}, packages)
    assert any(graph.values())
    assert find_cycle(graph) == []


def test_a_circle_is_found() -> None:
    modules = {
        "a.x": "from a.y import f",
        "a.y": "from a import z",
        "a.z": "def f():\n    import a.x",
        "a.w": "import a.x",
    }
    assert find_cycle(graph_of(modules)) == ["a.x", "a.y", "a.z", "a.x"]
    assert find_cycle(graph_of({**modules, "a.z": ""})) == []


# ------------------------------------------------------------ sizes


def length_faults(source: str, limit: int = MAX_FILE_LINES) -> list[str]:
    lines = len(source.splitlines())
    return [f"{lines} lines; a file has at most {limit}"] if lines > limit else []


def function_faults(source: str) -> list[str]:
    """Functions of Python that are too long, decorators left out."""
    return [
        f"{node.name} has {length} lines; a function has at most {MAX_FUNCTION_LINES}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION_LINES
    ]


def is_test(path: Path) -> bool:
    return path.is_relative_to(ROOT / "tests") or re.search(r"\.(test|spec)\.", path.name) is not None


def test_files_are_short() -> None:
    check(length_faults, (path for path in sources() if not is_test(path)))


def test_test_files_are_not_endless() -> None:
    check(lambda source: length_faults(source, MAX_TEST_LINES), filter(is_test, sources()))


def test_functions_are_short() -> None:
    check(function_faults, python_sources())


def test_what_is_too_long_is_refused() -> None:
    assert length_faults("x = 1\n" * (MAX_FILE_LINES + 1))
    assert length_faults("x = 1\n" * MAX_FILE_LINES) == []
    for header in ("def f():", "async def f():", "class A:\n  def f(self):"):
        assert function_faults(header + "\n    x = 1" * MAX_FUNCTION_LINES)
        assert function_faults(header + "\n    x = 1" * (MAX_FUNCTION_LINES - 1)) == []


def test_the_walk_sees_every_language() -> None:
    suffixes = {path.suffix for path in sources()}
    assert {".py", ".ts", ".js"} <= suffixes
    assert Path(__file__).resolve() in sources()
    assert not any("node_modules" in path.parts or "_gen" in path.parts for path in sources())


# ------------------------------------------------------------ what is never written

_LATER = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")) + r")\b")
_EMPTY_CATCH = re.compile(r"catch\s*(\([^)]*\))?\s*\{\s*\}")


def later_faults(source: str) -> list[str]:
    """Notes that put work off."""
    return [
        f"line {number}: {found[0]}"
        for number, line in enumerate(source.splitlines(), 1)
        for found in _LATER.finditer(line)
    ]


def swallow_faults(source: str) -> list[str]:
    """Handlers that drop an error and say nothing."""
    return [
        f"line {node.lineno}: an error is dropped"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ExceptHandler) and all(_says_nothing(statement) for statement in node.body)
    ]


def _says_nothing(statement: ast.stmt) -> bool:
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass)


def catch_faults(source: str) -> list[str]:
    return [f"an error is dropped: {found[0]}" for found in _EMPTY_CATCH.finditer(source)]


def test_nothing_is_put_off() -> None:
    check(later_faults, sources())


def test_no_error_is_dropped() -> None:
    check(swallow_faults, python_sources())
    check(catch_faults, (path for path in sources() if path.suffix in (".ts", ".tsx", ".js", ".mjs", ".cjs")))


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK"])
def test_notes_that_put_work_off_are_refused(word: str) -> None:
    assert later_faults(f"x = 1\n# {word}: later")
    assert later_faults(f"# {word.lower()} and {word}S are words") == []


@pytest.mark.parametrize(
    "handler", ["except: pass", "except ValueError:\n    pass", "except ValueError: ...", "except:\n    'x'"]
)
def test_dropped_errors_are_refused(handler: str) -> None:
    assert swallow_faults(f"try:\n    f()\n{handler}")
    assert swallow_faults("try:\n    f()\nexcept ValueError:\n    g()") == []


def test_dropped_errors_are_refused_in_typescript() -> None:
    assert catch_faults("try { f() } catch {}")
    assert catch_faults("try { f() } catch (error) {\n}")
    assert catch_faults("try { f() } catch (error) { g(error) }") == []


# ------------------------------------------------------------ the tests themselves


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an expression, empty for another kind."""
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return node.id if isinstance(node, ast.Name) else ""


def skip_faults(source: str) -> list[str]:
    """Skips and expected failures without a reason."""
    tree = ast.parse(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {id(node.func) for node in calls}
    faults = [f"line {node.lineno}: {dotted(node.func)} has no reason" for node in calls if _lacks_reason(node)]
    bare = ("pytest.mark.skip", "pytest.mark.xfail")
    faults += [
        f"line {node.lineno}: {dotted(node)} has no reason"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and dotted(node) in bare and id(node) not in called
    ]
    return faults


def _lacks_reason(call: ast.Call) -> bool:
    positions = {"pytest.skip": 0, "pytest.xfail": 0, "pytest.mark.skip": 0}
    name = dotted(call.func)
    if name not in positions and name not in ("pytest.mark.skipif", "pytest.mark.xfail"):
        return False
    given = [keyword.value for keyword in call.keywords if keyword.arg == "reason"]
    if name in positions:
        given += call.args[:1]
    return not any(not isinstance(value, ast.Constant) or value.value for value in given)


def sleep_faults(source: str) -> list[str]:
    """Sleeps of the whole thread."""
    tree = ast.parse(source)
    names = {"time.sleep"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            names |= {alias.asname or alias.name for alias in node.names if alias.name == "sleep"}
        elif isinstance(node, ast.Import):
            names |= {f"{alias.asname}.sleep" for alias in node.names if alias.name == "time" and alias.asname}
    return [
        f"line {node.lineno}: a sleep"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and dotted(node.func) in names
    ]


def test_every_skip_has_a_reason() -> None:
    check(skip_faults, python_sources(ROOT / "tests"))


def test_no_test_sleeps() -> None:
    check(sleep_faults, python_sources(ROOT / "tests"))


@pytest.mark.parametrize(
    "source",
    [
        "pytest.skip()",
        "pytest.skip('')",
        "pytest.skip(reason='')",
        "@pytest.mark.skip\ndef test(): f()",
        "@pytest.mark.skip()\ndef test(): f()",
        "@pytest.mark.skipif(True)\ndef test(): f()",
        "@pytest.mark.xfail\ndef test(): f()",
        "pytest.param(1, marks=pytest.mark.xfail(strict=True))",
    ],
)
def test_skips_without_a_reason_are_refused(source: str) -> None:
    assert skip_faults(source)
    good = "pytest.skip('why')\npytest.mark.skipif(x, reason='why')\npytest.mark.skip(reason=text)\npytest.fail()"
    assert skip_faults(good) == []


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.sleep(1)",
        "from time import sleep as rest\nrest(1)",
        "import time as t\ndef f():\n    t.sleep(1)",
    ],
)
def test_sleeps_are_refused(source: str) -> None:
    assert sleep_faults(source)
    assert sleep_faults("import time\ntime.time()\nclock.sleep(1)") == []


def strays(tests: Iterable[str], modules: set[str]) -> list[str]:
    """Test files, relative to their folder, that mirror no module."""
    return [test for test in tests if re.sub(r"(^|/)test_([^/]+)\.py$", r"\1\2.py", test) not in modules]


def mirrors() -> Iterator[tuple[Path, Path]]:
    """Folders of tests and the folders that they mirror."""
    unit = ROOT / "tests" / "unit"
    yield unit, CORE
    if (unit / "runner_python").is_dir():
        yield unit / "runner_python", PYTHON_RUNNER / "runtime_runner"


def test_every_unit_test_mirrors_a_module() -> None:
    for tests, modules in mirrors():
        nested = {other for other, _ in mirrors()} - {tests}
        names = [
            path.relative_to(tests).as_posix()
            for path in tests.rglob("test_*.py")
            if not any(
                path.is_relative_to(other) and tests != other and other.is_relative_to(tests) for other in nested
            )
        ]
        assert names
        assert strays(names, {path.relative_to(modules).as_posix() for path in python_sources(modules)}) == []


def test_a_test_that_mirrors_nothing_is_found() -> None:
    modules = {"catalog.py", "triggers/http.py"}
    assert strays(["test_catalog.py", "triggers/test_http.py"], modules) == []
    assert strays(["test_catalogue.py", "test_http.py", "triggers/test_catalog.py"], modules) == [
        "test_catalogue.py",
        "test_http.py",
        "triggers/test_catalog.py",
    ]
