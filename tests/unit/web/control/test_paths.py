"""web/control/paths: a path that is written again leads to the same step, with the same parameters."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest

from runtime.catalog import Bound
from runtime.model import ApiTrigger, Step
from runtime.triggers.router import Match, Router
from runtime.web.control.answers import Refusal
from runtime.web.control.paths import path_again, path_with

STEP = Step("S", "python", "s_step.py", "api")


def routed(route: str, sent: str) -> dict[str, str]:
    """The parameters of a path, by the router itself."""
    found = Router([Bound(STEP, ApiTrigger("GET", route))]).find("GET", sent)
    assert isinstance(found, Match), sent
    return found.path_params


@pytest.mark.parametrize(
    ("route", "sent"),
    [
        ("/", "/"),
        ("/orders", "/orders/"),
        ("/a b/%", "/a%20b/%25"),
        ("/echo/:id", "/echo/a%2Fb"),
        ("/echo/:id", "/echo/a%2Fb/"),
        ("/echo/:id", "/echo/a%2F"),
        ("/echo/:id", "/echo/%252F%3F%23%C3%BC"),
        ("/:a/x/:b", "/x%2Fx/x/%2F"),
        ("/files/:rest*", "/files"),
        ("/files/:rest*", "/files/"),
        ("/files/:rest*", "/files//a/b"),
        ("/files/:rest*", "/files/a/b%2F"),
        ("/files/:rest*/:last", "/files/a/b/c%2Fd"),
        ("/*/:id", "/a/b/c%2Fd"),
        ("/:bucket/*", "/my%2Fbucket/a/b"),
        ("/:bucket/*", "/my%2Fbucket"),
        ("/:a/*/x/*/:b", "/1%2F2/p/q/x/r/3%2F4"),
        ("/*", "/a/b"),
    ],
)
def test_the_parameters_tell_which_slashes_part_names(route: str, sent: str) -> None:
    params = routed(route, sent)
    made = path_again(route, params, unquote(sent))
    assert (unquote(made), routed(route, made)) == (unquote(sent), params)


@pytest.mark.parametrize("params", [{}, {"id": "other"}, {"id": "a", "more": "b"}])
def test_a_path_that_the_parameters_are_not_of_stays_as_it_stands(params: dict[str, str]) -> None:
    assert path_again("/echo/:id", params, "/echo/a/ü") == "/echo/a/%C3%BC"


@pytest.mark.parametrize(
    ("route", "path", "params", "wanted", "made"),
    [
        ("/echo/:id", "/echo/a", {"id": "a"}, {"id": "b/c?"}, "/echo/b%2Fc%3F"),
        ("/:bucket/*", "/a/x/y", {"bucket": "a"}, {"bucket": "b/c"}, "/b%2Fc/x/y"),
        ("/files/:rest*", "/files/a", {"rest": "a"}, {"rest": ""}, "/files"),
        ("/:rest*", "/a", {"rest": "a"}, {"rest": ""}, "/"),
        ("/files/:rest*", None, {}, {"rest": "a/b/"}, "/files/a/b%2F"),
    ],
)
def test_other_parameters_make_another_path(route: str, path: Any, params: Any, wanted: Any, made: str) -> None:
    assert path_with(route, wanted, path, params) == made
    assert routed(route, made) == wanted


@pytest.mark.parametrize("wanted", [None, {}, {"other": "1"}, {"id": 1}, {"id": ""}, {"id": "1", "more": "2"}])
def test_what_are_no_parameters_of_the_route_is_refused(wanted: Any) -> None:
    with pytest.raises(Refusal, match="pathParams"):
        path_with("/echo/:id", wanted, "/echo/a", {"id": "a"})
