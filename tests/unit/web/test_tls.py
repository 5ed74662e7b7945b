"""web/tls: certificates that serve, and what is wrong with those that do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.config import TlsSettings
from runtime.errors import ConfigFault
from runtime.web.tls import server_context
from tests.unit.web.serving import certificate


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    for name in ("edge", "other"):
        certificate(folder, name)
    certificate(folder, "locked", "-passout", "pass:secret")
    return folder


def test_without_settings_nothing_is_encrypted(tmp_path: Path) -> None:
    assert server_context(None, tmp_path) is None


def test_a_locked_key_is_opened_with_its_password(folder: Path) -> None:
    settings = TlsSettings.model_validate({"certificate": "locked.pem", "key": "locked.key", "keyPassword": "secret"})
    assert server_context(settings, folder) is not None


@pytest.mark.parametrize(
    ("certificate", "key", "password", "said"),
    [
        ("none.pem", "edge.key", None, r"http\.tls\.certificate: .*none\.pem cannot be read: No such file"),
        ("edge.pem", "none.key", None, r"http\.tls\.key: .*none\.key cannot be read"),
        (".", "edge.key", None, r"http\.tls\.certificate: .* cannot be read: Is a directory"),
        ("edge.key", "edge.key", None, r"http\.tls\.certificate: .*edge\.key holds no certificate"),
        ("edge.pem", "edge.pem", None, r"http\.tls\.key: .*edge\.pem holds no private key"),
        ("edge.pem", "other.key", None, r"http\.tls\.key: .*other\.key does not belong to .*edge\.pem"),
        ("locked.pem", "locked.key", None, r"http\.tls\.key: .*it is locked, and no http\.tls\.keyPassword"),
        ("locked.pem", "locked.key", "wrong", r"http\.tls\.key: .*http\.tls\.keyPassword does not open it"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said(
    folder: Path, certificate: str, key: str, password: str | None, said: str
) -> None:
    settings = TlsSettings.model_validate({"certificate": certificate, "key": key, "keyPassword": password})
    with pytest.raises(ConfigFault, match=said) as fault:
        server_context(settings, folder)
    assert fault.value.fix
    assert password is None or password not in str(fault.value)
