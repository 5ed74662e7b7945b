"""environment: `.env` files and the process -> the project's variables."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.environment import MAX_VALUE_BYTES, ProjectEnvironment, project_environment
from runtime.errors import ConfigFault


def environment(
    root: Path, files: dict[str, str], process: dict[str, str] | None = None, *, development: bool = True
) -> ProjectEnvironment:
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")
    return project_environment(root, process or {}, development=development)


def variables(root: Path, text: str, **process: str) -> dict[str, str]:
    """What one `.env` file gives, NODE_ENV left out."""
    found = dict(environment(root, {".env": text}, process).variables)
    found.pop("NODE_ENV")
    return found


def test_without_files_the_process_is_all(tmp_path: Path) -> None:
    found = project_environment(tmp_path, {"A": "1"}, development=True)
    assert found == ProjectEnvironment({"A": "1", "NODE_ENV": "development"})
    assert project_environment(tmp_path, {}, development=False).variables == {"NODE_ENV": "production"}


def test_the_variables_are_frozen(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        environment(tmp_path, {".env": "A=1"}).variables["A"] = "2"  # type: ignore[index]


def test_the_first_place_that_names_a_variable_wins(tmp_path: Path) -> None:
    names = ["PROCESS", "LOCAL", "MODE", "BASE"]
    places = [".env.local", ".env.development", ".env"]
    files = {place: "".join(f"{name}={place}\n" for name in names[: n + 2]) for n, place in enumerate(places)}
    found = environment(tmp_path, files, {"PROCESS": "process"}).variables
    assert [found[name] for name in names] == ["process", ".env.local", ".env.development", ".env"]


def test_only_the_file_of_the_mode_counts(tmp_path: Path) -> None:
    files = {".env.development": "A=dev\nB=1", ".env.production": "A=prod", ".env.test": "C=1"}
    assert environment(tmp_path, files).variables == {"A": "dev", "B": "1", "NODE_ENV": "development"}
    found = environment(tmp_path, {}, development=False)
    assert found.variables == {"A": "prod", "NODE_ENV": "production"}


def test_node_env_may_be_set(tmp_path: Path) -> None:
    files = {".env": "NODE_ENV=test", ".env.production": "A=prod"}
    assert environment(tmp_path, files, development=False).variables == {"NODE_ENV": "test", "A": "prod"}
    assert environment(tmp_path, {}, {"NODE_ENV": "staging"}).variables["NODE_ENV"] == "staging"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=1", "1"),
        ("export A=1", "1"),
        ("  A = spaced out  # a comment", "spaced out"),
        ("A='single ${B} \\n'", "single ${B} \\n"),
        ("export 'A' = '$2b$10${B}'  # a hash", "$2b$10${B}"),
        ('A="\\${B} ${B} \\$1"', "${B} b $1"),
        ('A="\\\\${B}"', "\\b"),
        ('A="${NONE:-\\$5}"', "$5"),
        ("A='${B}'\nC=${A}", "${B}"),
        ('A="two\\nlines"', "two\nlines"),
        ('A="two\nlines"', "two\nlines"),
        ("A=", ""),
        ("A=sk-#1", "sk-#1"),
        ("A=a=b", "a=b"),
        ("A=first\nA=last", "last"),
        ("\ufeffA=after a byte order mark", "after a byte order mark"),
        ("A=windows\r\nC=1\r\n", "windows"),
        ("A=é", "é"),
    ],
)
def test_how_values_are_written(tmp_path: Path, text: str, value: str) -> None:
    assert variables(tmp_path, text, B="b")["A"] == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=${HOST}:1", "host:1"),
        ("A=${B}\nB=${HOST}", "host"),
        ("A=${NONE}", ""),
        ("A=${NONE:-default}", "default"),
        ("A=${B}\nB=${A}x", "x"),
        ("A=${A}x", "x"),
        ("A=$HOST", "$HOST"),
    ],
)
def test_variables_inside_values(tmp_path: Path, text: str, value: str) -> None:
    assert variables(tmp_path, text, HOST="host")["A"] == value


def test_a_value_inside_another_is_the_one_that_wins(tmp_path: Path) -> None:
    files = {".env": "URL=http://${HOST}/${USER}\nHOST=far\nUSER=me", ".env.local": "HOST=near"}
    assert environment(tmp_path, files, {"USER": "you"}).variables["URL"] == "http://near/you"


def test_bytes_of_the_process_that_are_no_text_stay(tmp_path: Path) -> None:
    assert variables(tmp_path, "A=${ODD}", ODD="\udce9")["A"] == "\udce9"


def test_a_definition_may_add_to_the_one_below(tmp_path: Path) -> None:
    files = {".env": "A=base", ".env.development": "A=${A}-mode", ".env.local": "A=${A}-local"}
    assert environment(tmp_path, files).variables["A"] == "base-mode-local"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("GOOD=1\n\n\nA='s3cret\n", 4),
        ("GOOD=1\nA='s3cret' rest\n", 2),
        ("GOOD=1\ns3cret\n", 2),
        ("GOOD=1\n# a comment\n=s3cret\n", 3),
        ("GOOD=1\nA=s3cret\0\n", 2),
    ],
)
def test_a_line_that_is_none_is_named_without_its_value(tmp_path: Path, text: str, line: int) -> None:
    found = environment(tmp_path, {".env": text})
    assert found.variables == {"GOOD": "1", "NODE_ENV": "development"}
    (warning,) = found.warnings
    assert warning.startswith(f".env:{line}: ")
    assert "s3cret" not in warning


def test_a_file_in_another_encoding_is_refused_without_its_content(tmp_path: Path) -> None:
    (tmp_path / ".env.local").write_bytes(b"A=1\nB=s3cret\xe9\n")
    with pytest.raises(ConfigFault, match=r"^\.env\.local:2: this is not UTF-8$") as raised:
        environment(tmp_path, {})
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to(tmp_path / ".env")
    with pytest.raises(ConfigFault, match=r"\.env cannot be read: "):
        environment(tmp_path, {})


def test_a_folder_of_that_name_is_no_file(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    assert environment(tmp_path, {}).warnings == ()


def test_values_that_grow_are_bounded(tmp_path: Path) -> None:
    doubling = "".join(f"V{n}=${{V{n + 1}}}${{V{n + 1}}}\n" for n in range(40)) + "V40=x"
    with pytest.raises(ConfigFault, match=f"has more than {MAX_VALUE_BYTES} bytes"):
        environment(tmp_path, {".env": doubling})
    assert environment(tmp_path, {".env": doubling.removesuffix("x")}).variables["V0"] == ""
    chain = "".join(f"V{n}=${{V{n + 1}}}\n" for n in range(2000))
    with pytest.raises(ConfigFault, match="stand inside each other"):
        environment(tmp_path, {".env": chain})


@given(st.text(alphabet=st.sampled_from("AB=${}:-'\"\\#\n\r \0xé")))
def test_whatever_stands_there_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    root = tmp_path_factory.getbasetemp()
    found = environment(root, {".env": text})
    assert all("\0" not in f"{name}{value}" and name for name, value in found.variables.items())
    assert all(warning.startswith(".env:") for warning in found.warnings)
