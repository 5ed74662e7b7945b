"""The HTTP edge: addresses, limits, TLS, CORS."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, model_validator

from runtime.config.section import LARGEST, LONGEST, MOST, Section

DEV_PORTS = 10
"""So many ports are tried in `dev`, the wanted one first."""
_LAST_PORT = 65535


class TlsSettings(Section):
    """The certificate of the HTTP edge; paths relative to the project root, PEM files."""

    certificate: str
    """The certificate, followed by those that stand between it and a root."""
    key: str
    """Its private key."""
    key_password: SecretStr | None = None
    """What the private key is locked with; absent for one that is not."""


class CorsSettings(Section):
    """Which web pages of other origins may call the project's routes (Fetch standard, section 3.2)."""

    origins: tuple[str, ...] = ()
    """Origins such as 'https://app.example.com', or '*' for all; empty for none."""
    methods: tuple[str, ...] = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
    """Methods that a preflight allows, of those that the path has."""
    headers: tuple[str, ...] = ("*",)
    """Request headers that a preflight allows; '*' for all that it asks for."""
    exposed_headers: tuple[str, ...] = ("X-Trace-Id",)
    """Response headers that the page may read."""
    credentials: bool = False
    """True lets pages send cookies and authorization; not together with the origin '*'."""
    max_age: int = Field(600, ge=0, le=int(LONGEST))
    """Seconds for which a browser may remember a preflight's answer."""

    @model_validator(mode="after")
    def _names_whom_it_trusts(self) -> CorsSettings:
        if self.credentials and "*" in self.origins:
            raise ValueError("credentials for every origin would let any page act as your users; name the origins")
        return self


class HttpSettings(Section):
    """The HTTP edge."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(3000, ge=0, le=_LAST_PORT)
    """Port to listen on; 0 lets the system choose."""
    server: Literal["uvicorn", "hypercorn"] | None = None
    """uvicorn serves plain HTTP/1.1 and is the faster; hypercorn serves TLS and HTTP/2 as well. Absent for uvicorn
    without `tls` and hypercorn with it."""
    tls: TlsSettings | None = None
    """Absent for plain HTTP."""
    cors: CorsSettings | None = None
    """Absent for pages of this machine (localhost, 127.0.0.1, [::1]) in `dev` and none in `start`."""
    openapi: bool = True
    """False leaves `/openapi.json` out."""
    max_form_parts: int = Field(1000, ge=1, le=MOST)
    """Fields and files of one form; more are answered with 413."""
    max_part_headers: int = Field(8, ge=1, le=MOST)
    """Headers of one part of a multipart form; more are answered with 400."""
    max_part_header_bytes: int = Field(4096, ge=64, le=LARGEST)
    """Bytes of one of them; a longer one is answered with 400."""
    max_query_keys: int = Field(1000, ge=1, le=MOST)
    """Keys of one query; more are answered with 400."""
    max_query_depth: int = Field(5, ge=1, le=100)
    """Brackets that nest in a key of a query or form, such as `a[b][c]`; what is deeper is one key, as written."""
    max_body_bytes: int = Field(10 * 1024 * 1024, ge=0, le=LARGEST)
    """A longer request body is answered with 413."""
    max_header_bytes: int = Field(64 * 1024, ge=1024, le=LARGEST)
    """A longer request head is answered with 431."""
    queue_timeout: float = Field(5.0, ge=0, le=LONGEST)
    """How long a request waits for room in a runner before it is answered with 503."""
    backlog: int = Field(2048, ge=1, le=65535)
    """Connections that may wait to be accepted."""
    keep_alive: float = Field(30.0, gt=0, le=LONGEST)
    """How long an idle connection stays open."""
    probe_after: int = Field(60, ge=1, le=32767)
    """Seconds of silence after which the system asks the machine behind a connection whether it is there, and after as
    many again without an answer ends the connection."""

    @model_validator(mode="after")
    def _can_serve_tls(self) -> HttpSettings:
        if self.tls is not None and self.server == "uvicorn":
            raise ValueError("uvicorn serves plain HTTP here: set http.server to hypercorn, or leave it out")
        return self

    def ports(self, tries: int) -> range:
        """The ports to try while those before are in use; the system's choice, 0, is one alone."""
        return range(self.port, min(self.port + tries - 1, _LAST_PORT if self.port else 0) + 1)
