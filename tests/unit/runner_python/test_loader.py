"""Loading: what the manifest says of a step, a stream and of a file that does not load."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.runner_python.conftest import MakeProject, ProjectOnDisk

TELL_STEP = """
from runtime_runner.values import decode
loaded = load("steps/x_step.py")
[step] = loaded.manifest.steps
tell({
    "config": decode(step.config),
    "schemas": {place: json.loads(text) for place, text in step.schemas.items()},
    "has_handler": step.has_handler,
    "middleware": step.middleware,
    "flows": [loaded_step.flows for loaded_step in loaded.steps.values()],
})
"""
TELL_FAILURE = """
loaded = load("steps/x_step.py", "steps/good_step.py")
[found] = loaded.manifest.load_failures
tell({
    "file": found.file, "kind": found.failure.kind, "type": found.failure.type, "message": found.failure.message,
    "line": found.line, "column": found.column, "location": found.location_file, "fix": found.fix,
    "stack": found.failure.stack, "good": [step.file for step in loaded.manifest.steps],
})
"""
KIND_LOAD = 7


def _load(make_project: MakeProject, step: str) -> Any:
    return make_project({"steps/x_step.py": step}).ask(TELL_STEP)


def _fail(project: ProjectOnDisk) -> Any:
    project.write({"steps/good_step.py": 'config = {"type": "noop", "name": "Good"}'})
    found = project.ask(TELL_FAILURE)
    assert (found["file"], found["kind"]) == ("steps/x_step.py", KIND_LOAD)
    assert found["good"] == ["steps/good_step.py"]
    return found


def test_functions_and_schemas_leave_the_config(make_project: MakeProject) -> None:
    step = _load(
        make_project,
        """
        from pydantic import BaseModel

        class Order(BaseModel):
            id: str

        def check(req, ctx, next): ...

        config = {
            "type": "api", "name": "X", "method": "POST", "path": "/x", "flows": ["shop"],
            "bodySchema": Order,
            "responseSchema": {201: Order.model_json_schema(), "4/x": {"type": "object"}},
            "middleware": [check, lambda req, ctx, next: next()],
            "onError": print,
            "triggers": [{"type": "event", "topic": "t", "input": {"type": "string"}}],
            "infrastructure": {"queue": {"maxRetries": 1}, "input": {"type": "no schema here"}},
        }

        def handler(req, ctx): ...
        """,
    )
    assert step["config"] == {
        "type": "api",
        "name": "X",
        "method": "POST",
        "path": "/x",
        "flows": ["shop"],
        "responseSchema": {},
        "triggers": [{"type": "event", "topic": "t"}],
        "infrastructure": {"queue": {"maxRetries": 1}, "input": {"type": "no schema here"}},
    }
    assert set(step["schemas"]) == {
        "/bodySchema",
        "/responseSchema/201",
        "/responseSchema/4~1x",
        "/triggers/0/input",
    }
    assert step["schemas"]["/bodySchema"] == step["schemas"]["/responseSchema/201"]
    assert step["schemas"]["/triggers/0/input"] == {"type": "string"}
    assert (step["has_handler"], step["middleware"], step["flows"]) == (True, 2, [["shop"]])


def test_a_step_without_a_handler_only_stands_in_the_manifest(make_project: MakeProject) -> None:
    step = _load(make_project, 'config = {"type": "noop", "name": "N", "input": None}')
    assert step == {
        "config": {"type": "noop", "name": "N", "input": None},
        "schemas": {},
        "has_handler": False,
        "middleware": 0,
        "flows": [],
    }


def test_a_stream_tells_its_schema_and_hooks(make_project: MakeProject) -> None:
    project = make_project(
        {
            "steps/chat_stream.py": """
                config = {
                    "name": "chat", "schema": {"type": "object"}, "baseConfig": {"storageType": "default"},
                    "canAccess": lambda subscription, auth: True, "onLeave": lambda subscription, auth: None,
                }
                """
        }
    )
    answer = project.ask(
        """
        from runtime_runner.values import decode
        [stream] = load(streams=["steps/chat_stream.py"]).manifest.streams
        tell([decode(stream.config), list(stream.schemas), [pb.Hook.Name(hook) for hook in stream.hooks]])
        """
    )
    config = {"name": "chat", "baseConfig": {"storageType": "default"}}
    assert answer == [config, ["/schema"], ["HOOK_CAN_ACCESS", "HOOK_ON_LEAVE"]]


def test_a_syntax_error_says_where(make_project: MakeProject) -> None:
    found = _fail(make_project({"steps/x_step.py": "config = {}\nx = (1,\n"}))
    assert (found["type"], found["message"]) == ("SyntaxError", "'(' was never closed")
    assert (found["line"], found["column"], found["location"]) == (2, 5, "")


def test_a_syntax_error_of_a_helper_names_the_helper(make_project: MakeProject) -> None:
    files = {"src/helper.py": "\ndef f(:\n    pass\n", "steps/x_step.py": "from src import helper"}
    found = _fail(make_project(files))
    assert (found["type"], found["line"], found["location"]) == ("SyntaxError", 2, "src/helper.py")


def test_a_throw_says_the_users_line(make_project: MakeProject) -> None:
    found = _fail(make_project({"steps/x_step.py": 'config = {}\n\nint("nope")\n'}))
    assert (found["type"], found["line"], found["location"]) == ("ValueError", 3, "")
    assert found["stack"].startswith('Traceback (most recent call last):\n  File "steps/x_step.py", line 3')
    assert "importlib" not in found["stack"]


@pytest.mark.parametrize("leave", ["raise SystemExit(2)", "import sys; sys.exit()", "raise KeyboardInterrupt"])
def test_a_step_that_wants_to_end_the_process_is_a_failure(make_project: MakeProject, leave: str) -> None:
    found = _fail(make_project({"steps/x_step.py": leave}))
    assert found["type"] in ("SystemExit", "KeyboardInterrupt")
    assert found["line"] == 1


def test_a_missing_package_names_itself_and_its_importer(make_project: MakeProject) -> None:
    files = {"src/reader.py": "\nimport cv2.data", "steps/x_step.py": "from src import reader"}
    found = _fail(make_project(files))
    assert found["message"] == "There is no module 'cv2', which src/reader.py imports."
    assert (found["line"], found["location"]) == (2, "src/reader.py")
    assert found["fix"].startswith(
        "If it is a package, name opencv-python in requirements.txt: `runtime dev` installs it when you save, "
    )


def test_a_package_may_be_called_otherwise_than_its_module(make_project: MakeProject) -> None:
    found = _fail(make_project({"steps/x_step.py": "import no_such_module_of_ours"}))
    assert "name no_such_module_of_ours, or what it is called at pypi.org, in requirements.txt" in found["fix"]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("requirements.txt", "Opencv_Python>=4"),
        ("requirements.txt", "  opencv-python"),
        ("pyproject.toml", "[project]\ndependencies = [\n  \"opencv-python; python_version > '3'\",\n]"),
    ],
)
def test_a_package_that_is_named_and_missing_has_to_be_installed(
    make_project: MakeProject, file: str, line: str
) -> None:
    found = _fail(make_project({"steps/x_step.py": "import cv2", file: f"# opencv\nother==1\n{line}\n"}))
    assert found["fix"] == f"{file} names opencv-python, so it only has to be installed: run `runtime install`."


def test_a_package_with_a_longer_name_is_another(make_project: MakeProject) -> None:
    found = _fail(make_project({"steps/x_step.py": "import cv2", "requirements.txt": "opencv-python-headless==4\n"}))
    assert found["fix"].startswith("If it is a package")


def test_a_missing_file_of_the_project_is_no_package(make_project: MakeProject) -> None:
    found = _fail(make_project({"steps/x_step.py": "from src.srevices import store", "src/services/store.py": ""}))
    assert "the project has no src/srevices.py" in found["fix"]


def test_dots_that_lead_out_of_the_first_folder(make_project: MakeProject) -> None:
    found = _fail(make_project({"steps/x_step.py": "from ..src import store", "src/store.py": ""}))
    assert "from src.x import y" in found["fix"]


@pytest.mark.parametrize(
    ("step", "message", "fix"),
    [
        ("x = 1", "has no config", 'config = {"type": "api"'),
        ("config = ['api']", "is a list, not a dict", 'config = {"type": "api"'),
        ("config = {}\nhandler = 'x'", "handler in steps/x_step.py is a str", "Make handler a function."),
        ("config = {'middleware': [1]}", "config.middleware in steps/x_step.py is not a list", "[first, second]"),
        ("config = {'name': 'X', 'tags': {1}}", "config.tags is a set", ""),
        ("config = {'name': 'X'}\nconfig['me'] = config", "config.me.me.me contains itself", ""),
        ("config = {'flows': []}\nconfig['flows'].append(config['flows'])", "config.flows[0][0] contains itself", ""),
        ("config = {'text': 'x' * 2_000_000}", "has 2000011 bytes; at most 1048576", "Keep data out"),
    ],
)
def test_what_is_no_step_says_what_to_write(make_project: MakeProject, step: str, message: str, fix: str) -> None:
    found = _fail(make_project({"steps/x_step.py": step}))
    assert message in found["message"]
    assert fix in found["fix"]


def test_signatures_are_looked_at_once(make_project: MakeProject) -> None:
    answer = make_project({}).ask(
        """
        from functools import partial
        class Callable:
            async def __call__(self, req, ctx): ...
        async def both(req, ctx): ...
        calls = [lambda: 0, lambda req: 0, both, lambda *rest: 0, lambda req, ctx=None: 0, Callable(), partial(both, 1)]
        tell([[f.is_async, f.least, f.most] for f in map(loader.Function.of, calls)])
        """
    )
    assert answer == [
        [False, 0, 0],
        [False, 1, 1],
        [True, 2, 2],
        [False, 0, 3],
        [False, 1, 2],
        [True, 2, 2],
        [True, 1, 1],
    ]


def test_what_the_manifest_has_no_room_for_is_told_and_the_rest_loads(make_project: MakeProject) -> None:
    sizes = [900_000, 900_000, 900_000, 100, 900_000, 900_000, 900_000, 900_000]
    files = {f"steps/big{at}_step.py": f"config = {{'text': 'x' * {size}}}" for at, size in enumerate(sizes)}
    bad = {f"steps/bad{at}_step.py": "raise ValueError('y' * 100_000)" for at in range(60)}
    found = make_project({**files, **bad}).ask(
        f"""
        manifest = load(*{[*files, *bad]!r}).manifest
        tell({{
            "steps": [step.file for step in manifest.steps],
            "failures": [failure.failure.message[:100] for failure in manifest.load_failures],
            "size": manifest.ByteSize(),
        }})
        """
    )
    assert found["steps"] == [f"steps/big{at}_step.py" for at in range(6)]
    assert found["failures"][0].startswith(
        "The configs and schemas of the files before steps/big6_step.py leave no room"
    )
    assert len(found["failures"]) == 62
    assert found["size"] < 8 << 20


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("'canAcess': guard", "config.canAcess in steps/s_stream.py is a function that nothing calls."),
        ("'can_access': None", "config.can_access in steps/s_stream.py must be a function, but it is None."),
        ("'canAccess': guard, 'can_access': guard", "config in steps/s_stream.py has can_access twice"),
    ],
)
def test_a_stream_that_would_stand_open_does_not_load(make_project: MakeProject, config: str, message: str) -> None:
    project = make_project({"steps/s_stream.py": f"def guard(*given): ...\nconfig = {{'name': 's', {config}}}\n"})
    found = project.ask("tell(load(streams=['steps/s_stream.py']).manifest.load_failures[0].failure.message)")
    assert found.startswith(message)


def test_a_stream_may_spell_its_functions_as_python_does(make_project: MakeProject) -> None:
    source = "def f(*given): ...\nconfig = {'name': 's', 'can_access': f, 'on_join': f, 'on_leave': f}\n"
    code = """
        [stream] = load(streams=["steps/s_stream.py"]).manifest.streams
        tell([pb.Hook.Name(hook) for hook in stream.hooks])
        """
    hooks = make_project({"steps/s_stream.py": source}).ask(code)
    assert hooks == ["HOOK_CAN_ACCESS", "HOOK_ON_JOIN", "HOOK_ON_LEAVE"]
