"""triggers/cors: who may read an answer."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.config import CorsSettings
from runtime.triggers.cors import CorsPolicy, cors_policy

APP = "https://app.example.com"
Told = dict[str, list[str]]


def policy(**settings: Any) -> CorsPolicy:
    made = cors_policy(CorsSettings(**settings), development=False)
    assert made is not None
    return made


def told(policy: CorsPolicy | None, origin: object, *own: tuple[bytes, bytes]) -> Told:
    """The CORS headers of an answer, beside those that the step has set."""
    assert policy is not None
    headers = list(own)
    policy.extend(headers, origin)
    return as_map(headers)


def as_map(headers: list[tuple[bytes, bytes]]) -> Told:
    found: Told = {}
    for name, value in headers:
        found.setdefault(name.decode(), []).append(value.decode())
    return found


@pytest.mark.parametrize(
    "origin", ["http://localhost", "http://localhost:5173", "https://127.0.0.1:1", "http://[::1]:8080"]
)
def test_in_development_pages_of_this_machine_may_call(origin: str) -> None:
    assert told(cors_policy(None, development=True), origin)["access-control-allow-origin"] == [origin]


@pytest.mark.parametrize(
    "origin",
    [
        APP,
        "http://localhost.evil.com",
        "http://evil.com:80/localhost",
        "http://localhost:1:2",
        "ftp://localhost",
        "null",
        "",
        None,
        ["http://localhost", "http://localhost"],
    ],
)
def test_in_development_no_others_may(origin: object) -> None:
    assert told(cors_policy(None, development=True), origin) == {"vary": ["Origin"]}


def test_in_production_nobody_may_until_it_is_said() -> None:
    assert cors_policy(None, development=False) is None
    assert cors_policy(CorsSettings(), development=True) is None


@pytest.mark.parametrize("origin", [APP, "HTTPS://App.Example.com"])
def test_origins_that_are_named_may_call(origin: str) -> None:
    assert told(policy(origins=[f"{APP}/"]), origin) == {
        "vary": ["Origin"],
        "access-control-allow-origin": [origin],
        "access-control-expose-headers": ["X-Trace-Id"],
    }


@pytest.mark.parametrize("origin", ["http://app.example.com", f"{APP}:444", "http://localhost", None])
def test_others_are_told_nothing_but_caches_are(origin: str | None) -> None:
    assert told(policy(origins=[APP]), origin) == {"vary": ["Origin"]}


@pytest.mark.parametrize("origin", [APP, None])
def test_all_origins_need_no_vary(origin: str | None) -> None:
    found = told(policy(origins=["*"]), origin)
    assert found["access-control-allow-origin"] == ["*"]
    assert "vary" not in found


def test_credentials() -> None:
    assert told(policy(origins=[APP], credentials=True), APP)["access-control-allow-credentials"] == ["true"]


def test_a_step_s_own_headers_win() -> None:
    own = (b"access-control-allow-origin", b"https://other")
    assert told(policy(origins=[APP]), APP, own) == {"access-control-allow-origin": ["https://other"]}
    exposed = told(policy(origins=[APP]), APP, (b"access-control-expose-headers", b"etag"))
    assert exposed["access-control-expose-headers"] == ["etag"]
    assert exposed["access-control-allow-origin"] == [APP]


def preflight(policy: CorsPolicy, method: str = "PUT", origin: str = APP, headers: str | None = None) -> Told:
    asked = {"origin": origin, "access-control-request-method": method}
    if headers is not None:
        asked["access-control-request-headers"] = headers
    return as_map(policy.preflight(asked, ["GET", "HEAD", "OPTIONS", "PUT"]))


def test_a_preflight() -> None:
    found = preflight(policy(origins=[APP], max_age=5), headers="x-a, authorization")
    assert found["access-control-allow-methods"] == ["GET, HEAD, PUT"]
    assert found["access-control-allow-headers"] == ["x-a, authorization"]
    assert found["access-control-max-age"] == ["5"]
    assert found["vary"] == ["Access-Control-Request-Method, Access-Control-Request-Headers"]


def test_a_preflight_is_told_the_headers_that_are_named() -> None:
    assert preflight(policy(origins=[APP], headers=["X-A", "X-B"]))["access-control-allow-headers"] == ["X-A, X-B"]


@pytest.mark.parametrize(("method", "origin"), [("DELETE", APP), ("PATCH", APP), ("put", APP), ("PUT", "https://no")])
def test_a_preflight_that_is_not_allowed(method: str, origin: str) -> None:
    made = policy(origins=[APP], methods=["GET", "PUT", "DELETE"])
    assert list(preflight(made, method, origin)) == ["vary"]


def test_options_that_is_no_preflight_is_told_nothing() -> None:
    assert policy(origins=[APP]).preflight({"origin": APP}, ["GET"]) == []


def test_headers_that_are_asked_for_in_two_lines_are_one_list() -> None:
    asked = {"origin": APP, "access-control-request-method": "PUT", "access-control-request-headers": ["x-a", "x-b"]}
    told = as_map(policy(origins=[APP]).preflight(asked, ["PUT"]))
    assert told["access-control-allow-headers"] == ["x-a, x-b"]
