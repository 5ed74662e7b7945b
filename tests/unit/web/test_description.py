"""web/description: the document is made once and only sent to who lacks it; the page runs nothing but its own."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from runtime.catalog import Bound, Catalog
from runtime.generate.openapi import openapi
from runtime.model import ApiTrigger, Step
from runtime.web.description import DOCS_PATH, Answer, Description, docs_route, project_title
from tests.integration.project import REPOSITORY

NODE = REPOSITORY / ".venv" / "bin" / "node"
PAGES = REPOSITORY / "core" / "runtime" / "web" / "pages"


def catalog(*paths: str) -> Catalog:
    steps = tuple(Step(path, "node", f"{path}.step.ts", "api", (ApiTrigger("GET", path),)) for path in paths)
    routes = [Bound(step, trigger) for step in steps for trigger in step.triggers if isinstance(trigger, ApiTrigger)]
    return Catalog(steps=steps, routes=tuple(routes))


def paths(answer: Answer) -> list[str]:
    return list(json.loads(answer[2])["paths"])


# ------------------------------------------------------------ the document


async def test_the_document_is_of_the_catalog_in_use() -> None:
    description = Description("Shop", "2.0.0")
    assert paths(await description.answer({})) == []
    description.use(catalog("/a"))
    status, headers, body = await description.answer({})
    assert status == 200
    assert dict(headers)[b"content-type"] == b"application/json"
    assert dict(headers)[b"content-length"] == str(len(body)).encode()
    assert json.loads(body)["info"] == {"title": "Shop", "version": "2.0.0"}
    assert paths((status, headers, body)) == ["/a"]
    description.use(catalog("/b"))
    assert paths(await description.answer({})) == ["/b"]


async def test_the_document_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Catalog] = []

    def counting(of: Catalog, *, title: str, version: str) -> dict[str, Any]:
        made.append(of)
        return openapi(of, title=title, version=version)

    monkeypatch.setattr("runtime.web.description.openapi", counting)
    description = Description("Shop")
    description.use(catalog("/a"))
    assert made == []
    assert await description.answer({}) == await description.answer({})
    assert len(made) == 1


async def test_who_has_the_document_is_not_sent_it_again() -> None:
    description = Description("Shop")
    tag = dict((await description.answer({}))[1])[b"etag"].decode()
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*", ["x", tag]):
        status, headers, body = await description.answer({"if-none-match": known})
        assert (status, body) == (304, b"")
        assert dict(headers)[b"etag"].decode() == tag
    for other in ("", '"other"', tag.strip('"')):
        assert (await description.answer({"if-none-match": other}))[0] == 200
    description.use(catalog("/a"))
    assert (await description.answer({"if-none-match": tag}))[0] == 200


@pytest.mark.parametrize(
    ("package", "title"),
    [('{ "name": "shop" }', "shop"), ('{ "name": "" }', "folder"), ("[]", "folder"), ("{", "folder"), (None, "folder")],
)
def test_the_title_of_a_project(tmp_path: Path, package: str | None, title: str) -> None:
    root = tmp_path / "folder"
    root.mkdir()
    if package is not None:
        (root / "package.json").write_text(package, encoding="utf-8")
    assert project_title(root) == title


# ------------------------------------------------------------ the page


async def page() -> httpx.Response:
    transport = httpx.ASGITransport(Starlette(routes=[docs_route()]))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get(DOCS_PATH)


def policy_of(answer: httpx.Response) -> dict[str, str]:
    parts = (part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    return {name: sources[0] if sources else "" for name, *sources in parts}


async def test_the_policy_lets_the_page_run_itself_and_nothing_else() -> None:
    answer = await page()
    policy = policy_of(answer)
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    for directive, tag in (("script-src", "script"), ("style-src", "style")):
        (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert policy[directive] == f"'sha256-{digest}'"


async def test_the_page_needs_no_other_host_and_no_markup_from_data() -> None:
    text = (await page()).text
    assert not re.search(r'(src|href)\s*=\s*"(?!/openapi\.json"|data:,")', text)
    assert not re.search(r"\son\w+\s*=\s*[\"']|\sstyle\s*=\s*[\"']", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    assert not re.search(r"\burl\(|@import", text)


def evaluate(expression: str) -> Any:
    """The value of an expression beside the page's functions, in Node."""
    source = (PAGES / "request.js").read_text(encoding="utf-8")
    program = f"{source}\nprocess.stdout.write(JSON.stringify({expression}))"
    done = subprocess.run([NODE, "-e", program], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_script_of_the_page_is_javascript(tmp_path: Path) -> None:
    script = tmp_path / "page.js"
    script.write_text("".join((PAGES / name).read_text(encoding="utf-8") for name in ("request.js", "docs.js")))
    assert subprocess.run([NODE, "--check", script], capture_output=True).stderr == b""


SAMPLES: list[tuple[Any, Any]] = [
    ({"type": "string"}, "text"),
    ({"type": "string", "format": "date"}, "2025-01-31"),
    ({"type": "string", "minLength": 6}, "textxx"),
    ({"type": "string", "maxLength": 2}, "te"),
    ({"type": ["null", "integer"], "minimum": 5}, 5),
    ({"type": "integer", "exclusiveMaximum": 0}, -1),
    ({"type": "boolean"}, True),
    ({"enum": ["b", "a"]}, "b"),
    ({"const": 7}, 7),
    ({"type": "integer", "examples": [42]}, 42),
    ({"type": "array", "items": {"type": "integer"}}, [1]),
    ({"type": "array", "prefixItems": [{"type": "string"}, {"const": 2}]}, ["text", 2]),
    ({"anyOf": [{"type": "null"}, {"type": "string"}]}, "text"),
    (
        {"allOf": [{"$ref": "#/components/schemas/Named"}], "properties": {"id": {"const": 1}}},
        {"name": "n", "id": 1},
    ),
    ({"$ref": "#/components/schemas/a~1b%20c"}, 3),
    ({"$ref": "#/components/schemas/none"}, None),
    (True, None),
]


def test_a_body_begins_as_a_sample_of_its_schema() -> None:
    schemas = {"Named": {"type": "object", "properties": {"name": {"const": "n"}}}, "a/b c": {"const": 3}}
    document = json.dumps({"components": {"schemas": schemas}})
    given = json.dumps([schema for schema, _ in SAMPLES])
    made = evaluate(f"{given}.map((schema) => sample({document}, schema))")
    assert list(zip([schema for schema, _ in SAMPLES], made, strict=True)) == SAMPLES


def test_the_sample_of_a_schema_that_holds_itself_ends() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}, "required": ["next"]}
    document = json.dumps({"components": {"schemas": {"Node": node}}})
    assert evaluate(f"sample({document}, {{ $ref: '#/components/schemas/Node' }})")["next"]["next"]


def test_the_address_of_a_request() -> None:
    operation = {
        "path": "/files/{rest}",
        "parameters": [
            {"name": "rest", "in": "path", "schema": {"type": "string"}},
            {"name": "tags", "in": "query", "style": "form", "schema": {"type": "array"}},
            {"name": "where", "in": "query", "style": "deepObject", "schema": {"type": "object"}},
            {"name": "q", "in": "query", "schema": {"type": "string"}},
            {"name": "left", "in": "query", "schema": {"type": "string"}},
        ],
    }
    typed = {"path.rest": "a/ü", "query.tags": "x\ny\n", "query.where": '{"a":{"b":[1,2]}}', "query.q": "1 & 2"}
    assert evaluate(f"address({{}}, {json.dumps(operation)}, {json.dumps(typed)})") == (
        "/files/a%2F%C3%BC?tags=x&tags=y&where%5Ba%5D%5Bb%5D%5B%5D=1&where%5Ba%5D%5Bb%5D%5B%5D=2&q=1%20%26%202"
    )


def test_headers_are_read_from_lines() -> None:
    assert evaluate("headersOf('a: b: c\\n\\nD:e')") == [["a", "b: c"], ["D", "e"]]
    assert "no header" in evaluate("(() => { try { headersOf('none') } catch (error) { return error.message } })()")


def test_a_request_as_a_command_is_quoted() -> None:
    request = {"method": "POST", "url": "/a?b=1&c", "headers": [["x", "y"]], "body": "it's"}
    assert evaluate(f"curl('http://localhost', {json.dumps(request)})") == (
        "curl -i -X POST 'http://localhost/a?b=1&c' -H 'x: y' --data-binary 'it'\\''s'"
    )
