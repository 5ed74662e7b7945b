"""diagnosis/subject: what the checks go by where the settings cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.diagnosis.subject import Subject, read_subject

BY_DEFAULTS = "; the checks below go by the default settings"


def subject_with(root: Path, yaml: str, **process: str) -> Subject:
    (root / "runtime.yaml").write_text(yaml)
    (root / "steps").mkdir()
    (root / "steps" / "quiet_step.py").touch()
    return read_subject(root, process)


@pytest.mark.parametrize("yaml", ["validaton: warn\n", "http: {port: abc}\n", "http: [\n"])
def test_settings_that_cannot_be_read_leave_the_default_runners_and_their_files(tmp_path: Path, yaml: str) -> None:
    subject = subject_with(tmp_path, yaml)
    assert subject.configuration.found.endswith(BY_DEFAULTS)
    assert {"node", "python"} <= subject.runners.keys()
    assert subject.discovery.count == 1


def test_the_default_settings_are_those_without_a_file(tmp_path: Path) -> None:
    assert subject_with(tmp_path, "http: [\n", PORT="4123").settings.http.port == 4123
    assert read_subject(tmp_path, {"PORT": "none"}).settings.http.port == 3000


def test_settings_that_can_be_read_are_gone_by_whatever_else_is_wrong(tmp_path: Path) -> None:
    yaml = "http: {port: 4000, tls: {certificate: no.pem, key: no.pem}}\nrunners: {node: {enabled: false}}\n"
    subject = subject_with(tmp_path, yaml)
    assert "no.pem" in subject.configuration.found
    assert BY_DEFAULTS not in subject.configuration.found
    assert subject.settings.http.port == 4000
    assert "node" not in subject.runners
    assert subject.discovery.count == 1


def test_a_runner_that_is_none_leaves_those_that_come_along(tmp_path: Path) -> None:
    subject = subject_with(tmp_path, "runners: {cobol: {}}\n")
    assert subject.configuration.found.endswith("; the checks below go by the runners that come along")
    assert {"node", "python"} <= subject.runners.keys()
