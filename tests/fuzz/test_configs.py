"""Whatever a step file or `runtime.yaml` says, the answer is a step, settings, or a text for people: never a crash."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.catalog import Catalog, build_catalog
from runtime.config import Settings
from runtime.configfile import load_settings
from runtime.errors import ConfigFault
from runtime.model import LoadedFile, Manifest, Validation

PATIENCE = 1.0
KEYS = """
type name path method emits topic label conditional schema subscribes input cron timezone catchUp overlap triggers
flows description virtualEmits virtualSubscribes infrastructure handler timeout atomic queue maxRetries backoff
delay factor max jitter queryParams pathParams bodySchema responseSchema includeFiles validate middleware required
properties groupId key on streamName id canAccess can_access
"""
WORDS = """
api event cron noop state stream triggers GET post /a /a/:id /:rest* @hourly Europe/Berlin skip all enforce off fifo
a.topic order 200 default create update delete
"""
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=4)
    | st.sampled_from(WORDS.split())
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS.split()) | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=25,
)
kinds = st.sampled_from(
    [
        {"type": "api", "method": "GET", "path": "/a"},
        {"type": "event", "subscribes": ["a.topic"]},
        {"type": "cron", "cron": "* * * * *"},
        {"type": "noop"},
        {"type": "state", "groupId": "order", "on": ["create"]},
        {"triggers": [{"type": "stream", "streamName": "order"}, {"type": "state", "groupId": "a", "key": "b"}]},
        {"triggers": [{"type": "api", "method": "POST", "path": "/b/:id"}, {"type": "event", "topic": "b"}]},
    ]
)
nearly_right = st.builds(
    lambda base, name, more: {**base, "name": name, **more},
    kinds,
    st.sampled_from(["One", "Two", "Three"]),
    st.dictionaries(st.sampled_from(KEYS.split()), values, max_size=4),
)
pointers = st.sampled_from(
    ["/bodySchema", "/input", "/responseSchema/200", "/queryParams", "/queryParams/0/schema", "/emits/0/schema"]
) | st.text(max_size=12)
schemas = st.dictionaries(
    pointers, st.booleans() | st.dictionaries(st.text(max_size=8), values, max_size=4), max_size=3
)
files = st.lists(st.builds(LoadedFile, st.sampled_from(["steps/a.step.ts", "steps/b.step.ts", "steps/c.step.ts"]),
                           nearly_right | values, st.booleans(), schemas), max_size=4)  # fmt: skip


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(steps=files, streams=files, mode=st.sampled_from(Validation))
def test_a_catalog_comes_of_anything_that_runners_may_send(
    steps: list[LoadedFile], streams: list[LoadedFile], mode: Validation
) -> None:
    began = time.monotonic()
    catalog = build_catalog([Manifest("node", tuple(steps), tuple(streams))], mode)
    assert isinstance(catalog, Catalog)
    assert time.monotonic() - began < PATIENCE
    for problem in catalog.problems:
        assert problem.message
        assert len(problem.message) < 5000
    assert len({step.name for step in catalog.steps}) == len(catalog.steps)


def _sections() -> dict[str, Any]:
    return {
        field.alias or name: field.get_default(call_default_factory=True)
        for name, field in Settings.model_fields.items()
    }


setting_values = st.recursive(
    scalars.filter(lambda value: not isinstance(value, bytes))
    | st.sampled_from(["${HOME}", "${NOT_THERE}", "${A:-1}", "${"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
documents = st.dictionaries(st.sampled_from(sorted(_sections())) | st.text(max_size=8), setting_values, max_size=5)


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(document=documents | setting_values)
def test_runtime_yaml_gives_settings_or_a_fault(tmp_path_factory: pytest.TempPathFactory, document: object) -> None:
    _load(tmp_path_factory, yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "surrogatepass"))


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(raw=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_a_runtime_yaml_of_any_bytes_gives_settings_or_a_fault(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    _load(tmp_path_factory, raw)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
        "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n"
        "g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n",
        "a: &a {b: *a}\n",
        "http: &http\n  cors: *http\n",
        "[" * 20_000,
        "{a: " * 5_000,
        "? " * 5_000,
    ],
    ids=["aliases of aliases", "an alias of itself", "a section in itself", "brackets", "braces", "questions"],
)
def test_a_runtime_yaml_that_means_harm_is_a_fault(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    began = time.monotonic()
    fault = _load(tmp_path_factory, text.encode())
    assert fault is not None
    assert len(str(fault)) < 20_000
    assert time.monotonic() - began < 5 * PATIENCE


def _load(folders: pytest.TempPathFactory, raw: bytes) -> ConfigFault | None:
    folder: Path = folders.mktemp("project")
    (folder / "runtime.yaml").write_bytes(raw)
    try:
        assert isinstance(load_settings(folder, {"HOME": "/home/a"}), Settings)
    except ConfigFault as fault:
        assert str(fault)
        json.dumps(str(fault))
        return fault
    return None
