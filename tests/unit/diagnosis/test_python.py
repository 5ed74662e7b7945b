"""diagnosis/python: what is advised where packages are missing."""

from __future__ import annotations

from pathlib import Path

from runtime.diagnosis.findings import Finding, Verdict
from runtime.diagnosis.python import look_at_packages
from runtime.diagnosis.subject import read_subject
from runtime.runners.packages.stamp import note_begun, note_installed


def packages_of(root: Path, *names: str) -> Finding:
    (root / "requirements.txt").write_text("".join(f"{name}\n" for name in names))
    return look_at_packages(read_subject(root, {}))


def test_an_earlier_installation_is_not_to_be_forgotten_by_hand(tmp_path: Path) -> None:
    note_installed(tmp_path / "python_modules", "the key of an earlier time")
    found = packages_of(tmp_path, "no-such-package-of-ours")
    assert found.found == "no-such-package-of-ours is missing (asked for by requirements.txt)"
    assert (found.verdict, found.fix, found.command) == (Verdict.FAULT, "install the packages", "runtime install")


def test_a_last_try_that_did_not_end_well_hints_at_the_name(tmp_path: Path) -> None:
    note_begun(tmp_path / "python_modules", "installing")
    one = packages_of(tmp_path, "pydantc").fix
    assert one == "install the packages; the last try did not come to its end, so check the name and its version"
    assert packages_of(tmp_path, "pydantc", "requets").fix.endswith(", so check the names and their versions")


def test_one_package_is_told_of_as_one(tmp_path: Path) -> None:
    assert packages_of(tmp_path, "pytest").found == "the one package of requirements.txt is there"
    assert packages_of(tmp_path, "pytest", "pydantic").found == "all 2 packages of requirements.txt are there"
