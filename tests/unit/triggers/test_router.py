"""triggers/router: which route a request finds, against a slow reference."""

from __future__ import annotations

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.catalog import Bound
from runtime.model import ApiTrigger, Step
from runtime.triggers.router import BadEscape, Match, Route, Router


def route(method: str, path: str) -> Route:
    trigger = ApiTrigger(method, path)
    return Bound(Step(f"{method} {path}", "node", "steps/a.step.ts", "api", (trigger,)), trigger)


def router(*paths: str) -> Router:
    """A router of routes such as `GET /a`; GET where no method is given."""
    return Router([route(*(path.split(" ", 1) if " /" in path else ("GET", path))) for path in paths])


def hit(routes: Router, path: str, method: str = "GET") -> tuple[str, dict[str, str]]:
    match = routes.find(method, path)
    assert isinstance(match, Match), match
    return match.route.trigger.path, match.path_params


PARTS = st.sampled_from(["a", "b", "ab", ":x", ":y"])
PATHS = st.builds(
    lambda parts, tail: "/" + "/".join([*parts, *tail]),
    st.lists(PARTS, max_size=3),
    st.sampled_from([[], [], [], ["*"], [":rest*"]]),
)
REQUESTS = st.lists(st.sampled_from(["a", "b", "ab", "c", "a%20b", "a.b"]), max_size=4)


def matches(pattern: str, parts: list[str]) -> dict[str, str] | None:
    """The parameters under which a path matches a pattern, by walking along both."""
    wanted = [part for part in pattern.split("/") if part]
    params: dict[str, str] = {}
    for index, part in enumerate(wanted):
        if part == "*":
            return params
        if part.startswith(":") and part.endswith("*"):
            return {**params, part[1:-1]: "/".join(unquote(p) for p in parts[index:])}
        if index >= len(parts):
            return None
        if part.startswith(":"):
            params[part[1:]] = unquote(parts[index])
        elif part != unquote(parts[index]):
            return None
    return params if len(parts) == len(wanted) else None


def rank(pattern: str) -> list[int]:
    return [2 if "*" in part else 1 if part.startswith(":") else 0 for part in pattern.split("/") if part]


@given(st.lists(PATHS, min_size=1, max_size=8, unique=True), REQUESTS)
def test_the_most_specific_route_is_found(paths: list[str], parts: list[str]) -> None:
    path = "/" + "/".join(parts)
    fitting = [p for p in paths if matches(p, parts) is not None]
    found = router(*paths).find("GET", path)
    if not fitting:
        assert found == ()
        return
    assert isinstance(found, Match)
    assert found.route.trigger.path in fitting
    assert rank(found.route.trigger.path) == min(map(rank, fitting))
    assert found.path_params == matches(found.route.trigger.path, parts)


@given(st.lists(PATHS, min_size=1, max_size=6), REQUESTS)
def test_the_order_of_the_routes_does_not_matter(paths: list[str], parts: list[str]) -> None:
    unique = list({tuple(rank(path)): path for path in paths}.values())
    path = "/" + "/".join(parts)
    forward, backward = router(*unique).find("GET", path), router(*reversed(unique)).find("GET", path)
    if isinstance(forward, Match) and isinstance(backward, Match):
        assert rank(forward.route.trigger.path) == rank(backward.route.trigger.path)
    else:
        assert forward == backward


@given(st.text(min_size=1))
def test_a_parameter_comes_back_as_it_was_encoded(text: str) -> None:
    assert hit(router("/u/:id"), "/u/" + quote(text, safe="")) == ("/u/:id", {"id": text})


@pytest.mark.parametrize(
    ("paths", "path", "expected"),
    [
        (["/", "/:x"], "/", ("/", {})),
        (["/u/me", "/u/:id", "/u/*"], "/u/me", ("/u/me", {})),
        (["/u/*", "/u/:id"], "/u/7", ("/u/:id", {"id": "7"})),
        (["/u/*", "/u/:id"], "/u/7/x", ("/u/*", {})),
        (["/:a/x", "/u/:b"], "/u/x", ("/u/:b", {"b": "x"})),
        (["/f/:rest*"], "/f/a/b%20c", ("/f/:rest*", {"rest": "a/b c"})),
        (["/f/:rest*"], "/f", ("/f/:rest*", {"rest": ""})),
        (["/u/:id/o/:no"], "/u/1/o/2", ("/u/:id/o/:no", {"id": "1", "no": "2"})),
        (["/a.b"], "/a.b", ("/a.b", {})),
        (["/u/:id"], "/u/a%2Fb", ("/u/:id", {"id": "a/b"})),
        (["/u/:id"], "/u/a+b", ("/u/:id", {"id": "a+b"})),
        (["/ü"], "/%C3%BC", ("/ü", {})),
        (["/my files"], "/my%20files", ("/my files", {})),
        (["/ü/:id"], "/%C3%BC/1", ("/ü/:id", {"id": "1"})),
        (["/my files/*"], "/my%20files/x", ("/my files/*", {})),
    ],
)
def test_matching(paths: list[str], path: str, expected: tuple[str, dict[str, str]]) -> None:
    assert hit(router(*paths), path) == expected


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/a", "/A"),
        ("/a", "/ab"),
        ("/a", "/a/b"),
        ("/a.b", "/aXb"),
        ("/u/:id", "/u"),
        ("/u/:id", "/u/"),
        ("/u/:id", "/u/1/2"),
        ("/u/*", "/ux"),
        ("/a/b", "/a%2Fb"),
        ("/a", "//a"),
    ],
)
def test_not_matching(pattern: str, path: str) -> None:
    assert router(pattern).find("GET", path) == ()


@pytest.mark.parametrize("pattern", ["/a", "/a/", "/u/:id", "/u/:id/"])
@pytest.mark.parametrize("tail", ["", "/"])
def test_a_trailing_slash_is_the_same_path(pattern: str, tail: str) -> None:
    assert hit(router(pattern), pattern.rstrip("/").replace(":id", "7") + tail)[0] == pattern


def test_methods_of_one_path() -> None:
    routes = router("GET /a", "POST /a", "DELETE /u/:id", "GET /u/:name")
    assert hit(routes, "/a", "POST") == ("/a", {})
    assert hit(routes, "/u/1", "DELETE") == ("/u/:id", {"id": "1"})
    assert hit(routes, "/u/1", "GET") == ("/u/:name", {"name": "1"})
    assert routes.find("PUT", "/a") == ("GET", "POST")
    assert routes.find("PUT", "/u/1") == ("DELETE", "GET")
    assert routes.find("PUT", "/none") == ()


def test_a_method_that_the_static_path_lacks_is_looked_for_in_the_dynamic_ones() -> None:
    assert hit(router("GET /u/me", "POST /u/:id"), "/u/me", "POST") == ("/u/:id", {"id": "me"})


def test_head_is_get_unless_a_step_says_otherwise() -> None:
    assert hit(router("GET /a"), "/a", "HEAD") == ("/a", {})
    match = router("GET /a", "HEAD /a").find("HEAD", "/a")
    assert isinstance(match, Match)
    assert match.route.trigger.method == "HEAD"
    assert router("POST /a").find("HEAD", "/a") == ("POST",)


@pytest.mark.parametrize("escape", ["%FF", "%C3", "%E0%A4%A", "%", "%4", "%zz", "a%"])
def test_a_bad_escape_in_a_parameter_is_refused(escape: str) -> None:
    with pytest.raises(BadEscape, match="percent-encoded"):
        router("/u/:id").find("GET", f"/u/{escape}")


def test_no_routes() -> None:
    assert Router(()).find("GET", "/") == ()


def test_a_reserved_path_is_for_a_route_of_that_very_path() -> None:
    routes = Router([route("GET", "/*"), route("GET", "/:file"), route("POST", "/:file")], ["/openapi.json"])
    assert routes.find("GET", "/openapi.json") == routes.find("HEAD", "/openapi.json") == ()
    assert hit(routes, "/openapi.json", "POST") == ("/:file", {"file": "openapi.json"})
    assert hit(routes, "/other.json") == ("/:file", {"file": "other.json"})
    assert hit(routes, "/v1/openapi.json") == ("/*", {})


def test_a_route_of_that_very_path_has_it_for_all_methods() -> None:
    routes = Router([route("GET", "/:file"), route("POST", "/openapi.json")], ["/openapi.json"])
    assert hit(routes, "/openapi.json") == ("/:file", {"file": "openapi.json"})
    assert hit(routes, "/openapi.json", "POST") == ("/openapi.json", {})


@pytest.mark.parametrize(
    ("pattern", "path", "params"),
    [
        ("/a/*/b/*/c", "/a/b/c", {}),
        ("/a/*/b/*/c", "/a/1/2/b/3/b/4/c", {}),
        ("/a/:x*/b/:y*/c", "/a/1/b/2/b/3/c", {"x": "1", "y": "2/b/3"}),
        ("/:x*/:id/b/:y*", "/1/2/b/3/b/4", {"x": "1", "id": "2", "y": "3/b/4"}),
        ("/:x*/b/*/*", "/bb/b", {"x": "bb"}),
        ("/f/:rest*", "/f/a%0Ab", {"rest": "a\nb"}),
    ],
)
def test_several_wildcards(pattern: str, path: str, params: dict[str, str]) -> None:
    assert hit(router(pattern), path) == (pattern, params)


@pytest.mark.parametrize("path", ["/a/b/x", "/a/1/bb/2/c", "/a/b/c/d", "/x/b/c"])
def test_several_wildcards_not_matching(path: str) -> None:
    assert router("/a/*/b/*/c").find("GET", path) == ()


def test_many_wildcards_take_no_longer_than_a_long_path() -> None:
    routes = router("/f/*/a/*/b/*/a/*/b/*/end")
    assert routes.find("GET", "/f" + "/a/b" * 10_000) == ()
    assert hit(routes, "/f" + "/a/b" * 10_000 + "/end")[1] == {}
