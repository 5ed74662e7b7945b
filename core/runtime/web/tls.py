"""The certificate of the HTTP edge, checked before anything starts."""

from __future__ import annotations

import ssl
from pathlib import Path

from runtime.config import TlsSettings
from runtime.errors import ConfigFault

ALPN = ["h2", "http/1.1"]


def server_context(settings: TlsSettings | None, root: Path) -> ssl.SSLContext | None:
    """What connections are encrypted with, None without settings; paths are relative to the root.

    Raises `ConfigFault` that names the setting and the file.
    """
    if settings is None:
        return None
    certificate, key = root / settings.certificate, root / settings.key
    shown = settings.shown("certificate", certificate), settings.shown("key", key)
    _check_readable("http.tls.certificate", certificate, shown[0])
    _check_readable("http.tls.key", key, shown[1])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9113, section 9.2; as is the next
    context.options |= ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(ALPN)
    _check_certificate(certificate, shown[0])
    password = settings.key_password.get_secret_value() if settings.key_password is not None else ""
    try:
        # Always with a password: without one OpenSSL would ask for it at the terminal.
        context.load_cert_chain(certificate, key, lambda: password)
    except ssl.SSLError as error:
        raise _key_fault(error, key, *shown, is_locked=bool(password)) from error
    return context


def _check_readable(setting: str, path: Path, shown: str) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        fix = "give the path of a PEM file, relative to the project's folder, that the runtime's user may read"
        raise ConfigFault(f"{setting}: {shown} cannot be read: {error.strerror}", fix) from (
            None if shown != str(path) else error
        )


def _check_certificate(path: Path, shown: str) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError as error:
        fix = "give a file that begins with -----BEGIN CERTIFICATE-----"
        raise ConfigFault(f"http.tls.certificate: {shown} holds no certificate in PEM form", fix) from error


def _key_fault(error: ssl.SSLError, path: Path, certificate: str, key: str, *, is_locked: bool) -> ConfigFault:
    """`certificate` and `key` are what the files are called in messages."""
    if error.reason == "KEY_VALUES_MISMATCH":
        fix = "give the key with which the certificate was made"
        return ConfigFault(f"http.tls.key: {key} does not belong to the certificate {certificate}", fix)
    if "ENCRYPTED" in path.read_text(encoding="latin-1"):
        state = (
            "http.tls.keyPassword does not open it" if is_locked else "it is locked, and no http.tls.keyPassword given"
        )
        return ConfigFault(
            f"http.tls.key: {key} cannot be used: {state}", "set http.tls.keyPassword, such as ${TLS_PASSWORD}"
        )
    fix = "give a file that begins with -----BEGIN PRIVATE KEY-----"
    return ConfigFault(f"http.tls.key: {key} holds no private key in PEM form", fix)
