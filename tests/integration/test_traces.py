"""Every run explains itself: what is kept of it, across languages, retries, restarts and triggers."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import pytest

from tests.integration.control import becomes, queue
from tests.integration.project import PATIENCE, RunningProject, eventually, running, write_project

FAST = '"infrastructure": {"queue": {"maxRetries": 1, "backoff": {"delay": 0.01}}}'
_STEPS = {
    "steps/start.step.ts": """
        export const config = { type: 'api', name: 'Start', method: 'POST', path: '/start/:name', emits: ['begun'] }
        export const handler = async (req, { emit, state, logger }) => {
          await state.set('orders', req.pathParams.name, req.body)
          await emit({ topic: 'begun', data: req.body })
          logger.info('begun', { name: req.pathParams.name })
          return { status: 202, body: { ok: true } }
        }
    """,
    "steps/price.step.js": """
        export const config = { type: 'event', name: 'Price', subscribes: ['begun'], emits: ['priced'] }
        export const handler = async (input, { emit }) => {
          await emit({ topic: 'priced', data: input })
          console.log('priced it')
        }
    """,
    "steps/charge_step.py": f"""
        config = {{"type": "event", "name": "Charge", "subscribes": ["priced"], {FAST}}}

        def total(order):
            return order["price"]["net"]

        async def handler(order, ctx):
            await ctx.state.set("charged", order["id"], total(order))
    """,
    "steps/books_step.py": """
        config = {"type": "event", "name": "Books", "subscribes": ["booked"],
                  "infrastructure": {"handler": {"atomic": True}, "queue": {"maxRetries": 0}}}

        async def handler(order, ctx):
            await ctx.state.set("books", order["id"], order)
            await ctx.emit({"topic": "begun", "data": order})
            if order.get("fails"):
                raise ValueError("the books are closed")
    """,
    "steps/strict_step.py": """
        config = {"type": "api", "name": "Strict", "method": "POST", "path": "/strict", "validate": "enforce",
                  "bodySchema": {"type": "object", "properties": {"count": {"type": "integer"}}}}

        async def handler(req, ctx):
            return {"status": 200, "body": req.body}
    """,
    "steps/watch_step.py": """
        config = {"type": "state", "name": "Watch", "groupId": "charged", "emits": []}

        async def handler(change, ctx):
            await ctx.streams.board.set("all", change["key"], {"total": change["value"]})
    """,
    "steps/board.stream.ts": """
        export const config = { name: 'board', baseConfig: { storageType: 'default' } }
    """,
    "steps/show.step.ts": """
        export const config = { type: 'stream', name: 'Show', streamName: 'board' }
        export const handler = async (change, { logger }) => logger.info('shown')
    """,
    "steps/tick.step.ts": """
        export const config = { type: 'cron', name: 'Tick', cron: '0 0 1 1 *', emits: ['booked'] }
        export const handler = async ({ emit }) => { await emit({ topic: 'booked', data: { id: 'tick' } }) }
    """,
    "steps/many.step.ts": """
        export const config = { type: 'api', name: 'Many', method: 'POST', path: '/many', emits: [] }
        export const handler = async (req, { state }) => {
          for (let i = 0; i < req.body.count; i++) await state.set('many', `k${i}`, i)
          await state.set('large', 'k', 'x'.repeat(req.body.size))
          return { status: 200, body: {} }
        }
    """,
    "steps/no.step.ts": """
        import { HttpError } from 'motia'
        export const config = { type: 'api', name: 'No', method: 'GET', path: '/no/:status', emits: [] }
        export const handler = async (req) => {
          const status = Number(req.pathParams.status)
          if (status === 500) throw new Error('broken')
          throw new HttpError(status, { error: 'no' })
        }
    """,
    "steps/flow_step.py": """
        import asyncio

        config = {"type": "api", "name": "Flow", "method": "GET", "path": "/flow/:how", "emits": []}

        async def pieces(how, ctx):
            yield b"one"
            if how == "breaks":
                raise RuntimeError("it broke off")
            if how == "hangs":
                await ctx.state.set("flow", "hangs", True)
                await asyncio.sleep(3600)
            yield b"two"

        async def handler(req, ctx):
            body = pieces(req.pathParams["how"], ctx)
            return {"status": 200, "headers": {"content-type": "text/plain"}, "body": body}
    """,
}
FILES = {name: dedent(text) for name, text in _STEPS.items()}
SETTINGS = "telemetry: { maxOperations: 10, maxPayloadBytes: 2000 }\n"


class Traced:
    """A running project and what it tells of its runs."""

    def __init__(self, root: Path, project: RunningProject, token: str) -> None:
        self.root = root
        self.project = project
        self.headers = {"authorization": f"Bearer {token}"}

    def ask(self, path: str, method: str = "GET", body: Any = None, **query: Any) -> Any:
        answer = self.project.client.request(
            method, f"/__runtime/{path}", params=query, headers=self.headers, **({} if body is None else {"json": body})
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def trace(self, id: str, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The trace once it is as it is wanted."""
        found: dict[str, Any] = {}

        def there() -> bool:
            answer = self.project.client.get("/__runtime/trace", params={"id": id}, headers=self.headers)
            found.update(answer.json())
            return answer.status_code == 200 and wanted(found)

        assert eventually(there, PATIENCE), json.dumps(found, indent=1)
        return found

    def call(self, method: str, path: str, **more: Any) -> str:
        """Makes a request and returns its trace."""
        return self.project.client.request(method, path, **more).headers["x-trace-id"]


def has(*steps: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a trace has ended with spans of these steps and no others."""
    return lambda trace: (
        trace["status"] != "running" and sorted(span["step"] for span in trace["spanList"]) == sorted(steps)
    )


def by_step(trace: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for span in trace["spanList"]:
        found.setdefault(span["step"], []).append(span)
    return found


def traced(root: Path, project: RunningProject) -> Traced:
    return Traced(root, project, json.loads((root / ".runtime" / "control.json").read_bytes())["token"])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    root = write_project(tmp_path_factory.mktemp("shop"), {**FILES, "runtime.yaml": SETTINGS})
    with running(root) as project:
        yield traced(root, project)


# ------------------------------------------------------------ what a trace says


def test_a_flow_through_languages_and_triggers_is_one_trace(shop: Traced) -> None:
    id = shop.call("POST", "/start/a", json={"id": "a", "price": {"net": 5}})
    has_all = has("Start", "Price", "Charge", "Watch", "Show")
    trace = shop.trace(id, lambda trace: has_all(trace) and len(trace["logs"]) == 3)
    assert (trace["name"], trace["kind"], trace["step"]) == ("POST /start/:name", "api", "Start")
    assert (trace["status"], trace["failed"], trace["httpStatus"]) == ("ok", 0, 202)
    spans = {step: found[0] for step, found in by_step(trace).items()}
    order = ["Start", "Price", "Charge", "Watch", "Show"]
    assert [span["step"] for span in trace["spanList"]] == order
    parents = [spans[step]["parentId"] for step in order]
    assert parents == [None, *(spans[step]["spanId"] for step in order[:-1])]
    assert [(spans[step]["language"], spans[step]["kind"]) for step in order] == [
        ("node", "api"),
        ("node", "event"),
        ("python", "event"),
        ("python", "state"),
        ("node", "stream"),
    ]
    for span in trace["spanList"]:
        assert 0 <= span["waited"] <= span["seconds"] and span["queued"] >= 0, span
    operations = [(each["name"], each["target"], each["group"], each["key"]) for each in spans["Start"]["operations"]]
    assert operations == [("state.set", "", "orders", "a"), ("emit", "begun", "", "")]
    assert spans["Start"]["operations"][1]["eventId"] == spans["Price"]["causeId"]
    assert spans["Start"]["operations"][0]["data"] == {"id": "a", "price": {"net": 5}}
    assert spans["Watch"]["operations"][0]["name"] == "stream.set"
    said = [(line["source"], line["message"], line["spanId"]) for line in trace["logs"]]
    assert ("Start", "begun", spans["Start"]["spanId"]) in said
    assert ("Price", "priced it", spans["Price"]["spanId"]) in said  # what is printed, too


def test_a_failing_python_step_names_the_line_and_its_dead_letter(shop: Traced) -> None:
    id = shop.call("POST", "/start/b", json={"id": "b", "price": None})
    trace = shop.trace(id, has("Start", "Price", "Charge", "Charge"))
    assert (trace["status"], trace["failed"]) == ("failed", 2)
    assert "NoneType" in trace["error"]
    first, last = by_step(trace)["Charge"]
    assert [(span["attempt"], span["then"], span["status"]) for span in (first, last)] == [
        (1, "retry", "failed"),
        (2, "dead", "failed"),
    ]
    assert first["parentId"] == last["parentId"] == by_step(trace)["Price"][0]["spanId"]
    assert first["spanId"] != last["spanId"] and first["causeId"] == last["causeId"]
    source = (shop.root / "steps/charge_step.py").read_text().splitlines()
    places = [(frame["file"], source[frame["line"] - 1].strip()) for frame in last["failure"]["frames"]]
    assert ("steps/charge_step.py", 'return order["price"]["net"]') in places
    assert shop.ask("source", file="steps/charge_step.py")["text"].splitlines() == source
    address = last["deadLetter"]
    assert (address["topic"], address["step"], address["kind"]) == ("priced", "Charge", "event")
    letters = {letter["id"]: letter for letter in queue(shop.root, "Charge")["deadLetters"]}
    assert letters[address["id"]]["traceId"] == id
    assert first["deadLetter"] is None


def test_an_atomic_step_shows_what_it_did_whether_it_was_kept_or_not(shop: Traced) -> None:
    for fails, follows in ((False, True), (True, False)):
        order = {"id": f"book {fails}", "price": {"net": 1}, "fails": fails}
        shop.ask("emit", "POST", {"topic": "booked", "data": order})
        [found] = [
            trace
            for trace in wait_for_traces(shop, 1, text="booked", status="failed" if fails else "ok")
            if trace["status"] == ("failed" if fails else "ok")
        ][:1]
        steps = ("Books", "Price", "Charge", "Watch", "Show") if follows else ("Books",)
        trace = shop.trace(found["traceId"], has(*steps))
        books = by_step(trace)["Books"][0]
        assert [operation["name"] for operation in books["operations"]] == ["state.set", "emit"]
        assert books["then"] == ("dead" if fails else None)


def wait_for_traces(shop: Traced, least: int, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def there() -> bool:
        found[:] = shop.ask("traces", **query)["traces"]
        return len(found) >= least

    assert eventually(there, PATIENCE), found
    return found


def test_a_tick_is_a_trace_and_what_follows_from_it_belongs_to_it(shop: Traced) -> None:
    shop.ask("cron/trigger", "POST", step="Tick")
    [found] = wait_for_traces(shop, 1, kind="cron")
    trace = shop.trace(found["traceId"], lambda trace: "Books" in trace["steps"] and trace["status"] != "running")
    assert (trace["name"], trace["kind"], trace["step"]) == ("0 0 1 1 *", "cron", "Tick")
    assert by_step(trace)["Books"][0]["parentId"] == by_step(trace)["Tick"][0]["spanId"]


# ------------------------------------------------------------ bounds


def test_operations_and_payloads_have_bounds_and_say_what_is_missing(shop: Traced) -> None:
    trace = shop.trace(shop.call("POST", "/many", json={"count": 8, "size": 3000}), has("Many"))
    [span] = trace["spanList"]
    large = span["operations"][-1]
    assert (len(span["operations"]), large["data"], large["isCut"]) == (9, None, True)
    assert large["bytes"] > 3000
    trace = shop.trace(shop.call("POST", "/many", json={"count": 20, "size": 1}), has("Many"))
    assert (len(trace["spanList"][0]["operations"]), trace["spanList"][0]["lostOperations"]) == (10, 11)
    trace = shop.trace(shop.call("POST", "/many", json={"count": 0, "size": 1, "more": "x" * 3000}), has("Many"))
    [span] = trace["spanList"]
    assert (span["input"], span["inputIsCut"], span["isRepeatable"]) == (None, True, False)
    assert span["inputBytes"] > 3000
    answer = shop.project.client.post(
        "/__runtime/trace/repeat", params={"id": trace["traceId"]}, headers=shop.headers, json={}
    )
    assert (answer.status_code, "was not kept" in answer.json()["detail"]) == (422, True)


def test_credentials_are_not_kept(shop: Traced) -> None:
    secret = {"authorization": "Bearer s3cr3t", "cookie": "session=s3cr3t", "x-api-key": "s3cr3t", "x-other": "plain"}
    trace = shop.trace(shop.call("POST", "/many", json={"count": 0, "size": 1}, headers=secret), has("Many"))
    assert "s3cr3t" not in json.dumps(trace)
    assert trace["spanList"][0]["input"]["headers"]["x-other"] == "plain"
    assert trace["spanList"][0]["isRepeatable"]


# ------------------------------------------------------------ requests


@pytest.mark.parametrize(("status", "stands"), [(404, "ok"), (422, "ok"), (503, "failed"), (500, "failed")])
def test_an_http_error_below_500_is_an_answer_and_no_failure(shop: Traced, status: int, stands: str) -> None:
    trace = shop.trace(shop.call("GET", f"/no/{status}"), has("No"))
    assert (trace["httpStatus"], trace["status"], trace["failed"]) == (status, stands, int(stands == "failed"))
    assert trace["spanList"][0]["failure"]["message"]


def test_a_request_that_its_schema_refuses_is_found_with_what_was_wrong(shop: Traced) -> None:
    trace = shop.trace(shop.call("POST", "/strict", json={"count": "two"}), has("Strict"))
    assert (trace["name"], trace["httpStatus"], trace["status"]) == ("POST /strict", 400, "ok")
    [span] = trace["spanList"]
    assert json.loads(span["input"]["body"]) == {"count": "two"}
    assert span["failure"]["kind"] == "invalid_input"
    assert span["failure"]["message"] == 'body/count: must be a whole number, is "two"'


def test_a_streamed_response_ends_its_span_with_its_body(shop: Traced) -> None:
    assert shop.project.client.get("/flow/well").text == "onetwo"
    with pytest.raises(httpx.RemoteProtocolError):
        shop.project.client.get("/flow/breaks")
    traces = wait_for_traces(shop, 2, step="Flow")
    assert [(trace["status"], trace["httpStatus"]) for trace in traces[:2]] == [("failed", 200), ("ok", 200)]
    assert "it broke off" in traces[0]["error"]


def test_a_span_runs_until_its_client_leaves(shop: Traced) -> None:
    with shop.project.client.stream("GET", "/flow/hangs") as answer:
        pieces = answer.iter_raw()
        assert next(pieces) == b"one"
        id = answer.headers["x-trace-id"]
        running_one = shop.trace(id, lambda trace: trace["status"] == "running")
        assert running_one["spanList"][0]["seconds"] is None
    trace = shop.trace(id, has("Flow"))
    assert (trace["status"], trace["httpStatus"]) == ("ok", 200)
    assert trace["seconds"] is not None


def test_a_traceparent_is_joined(shop: Traced) -> None:
    id, parent = "a" * 32, "b" * 16
    answer = shop.project.client.get("/no/404", headers={"traceparent": f"00-{id}-{parent}-01"})
    assert answer.headers["x-trace-id"] == id
    [span] = shop.trace(id, has("No"))["spanList"]
    assert span["parentId"] == parent
    assert answer.headers["traceparent"] == f"00-{id}-{span['spanId']}-01"


# ------------------------------------------------------------ again


def test_a_request_is_run_again_as_it_was_and_edited(shop: Traced) -> None:
    id = shop.call("POST", "/start/again", json={"id": "again", "price": None}, headers={"authorization": "s3cr3t"})
    first = shop.trace(id, has("Start", "Price", "Charge", "Charge"))
    again = shop.ask("trace/repeat", "POST", {}, id=id)
    assert again["response"]["status"] == 202
    trace = shop.trace(again["traceId"], has("Start", "Price", "Charge", "Charge"))
    assert (trace["repeats"], trace["spanList"][0]["parentId"] is not None) == (id, True)
    before, after = (dict(found["spanList"][0]["input"]["headers"]) for found in (first, trace))
    assert before.pop("authorization") == "(not kept)" and "authorization" not in after
    assert trace["spanList"][0]["input"]["body"] == first["spanList"][0]["input"]["body"]
    edited = {"path": "/start/edited", "body": {"id": "edited", "price": {"net": 9}}}
    answer = shop.ask("trace/repeat", "POST", {"input": edited}, id=id)
    trace = shop.trace(answer["traceId"], has("Start", "Price", "Charge", "Watch", "Show"))
    assert (trace["status"], trace["repeats"]) == ("ok", id)
    assert shop.ask("state/value", group="charged", key="edited")["value"] == 9


def test_a_request_that_is_run_again_has_the_same_parameters(shop: Traced) -> None:
    sent = "/start/a%2Fb?list[]=1&map[k]=2&access_token=s3cr3t"
    id = shop.call("POST", sent, json={"id": "same", "price": {"net": 1}}, headers={"x-auth-token": "s3cr3t"})
    before = shop.trace(id, has("Start", "Price", "Charge", "Watch", "Show"))["spanList"][0]["input"]
    assert "s3cr3t" not in json.dumps(before)
    assert before["query"].pop("access_token") == "(not kept)"
    assert before["pathParams"] == {"name": "a/b"} and before["query"] == {"list": ["1"], "map": {"k": "2"}}
    again = shop.ask("trace/repeat", "POST", {}, id=id)
    assert again["response"]["status"] == 202
    assert again["notKept"] == ["header x-auth-token", "query access_token"]
    after = shop.trace(again["traceId"], has("Start", "Price", "Charge", "Watch", "Show"))["spanList"][0]["input"]
    assert [after[part] for part in ("path", "pathParams", "query")] == [
        before[part] for part in ("path", "pathParams", "query")
    ]


def test_an_event_is_run_again_from_its_failed_span(shop: Traced) -> None:
    id = shop.call("POST", "/start/mended", json={"id": "mended", "price": None})
    trace = shop.trace(id, has("Start", "Price", "Charge", "Charge"))
    span = by_step(trace)["Charge"][-1]
    order = {"id": "mended", "price": {"net": 7}}
    answer = shop.ask("trace/repeat", "POST", {"input": order}, id=id, span=span["spanId"])
    again = shop.trace(answer["traceId"], has("Charge", "Watch", "Show"))
    assert (again["status"], again["repeats"], again["spanList"][0]["attempt"]) == ("ok", id, 1)
    assert again["spanList"][0]["input"] == order


def test_a_binary_body_is_run_again_byte_by_byte(shop: Traced) -> None:
    raw = bytes(range(128, 256))
    id = shop.call("POST", "/start/bytes", content=raw, headers={"content-type": "application/octet-stream"})
    shop.trace(id, lambda trace: trace["status"] != "running")
    again = shop.ask("trace/repeat", "POST", {}, id=id)
    first, second = (shop.trace(each, lambda _: True)["spanList"][0] for each in (id, again["traceId"]))
    assert first["input"]["body"] == second["input"]["body"]
    assert "$bytes" in first["input"]["body"]


# ------------------------------------------------------------ lists


def test_traces_and_lines_are_found(shop: Traced) -> None:
    ids = [shop.call("GET", "/no/404", headers={"x": str(number)}) for number in range(5)]
    shop.trace(ids[-1], has("No"))
    pages: list[list[str]] = []
    before = None
    while before is not None or not pages:
        page = shop.ask("traces", limit=2, step="No", **({} if before is None else {"before": before}))
        pages.append([trace["traceId"] for trace in page["traces"]])
        before = page["next"]
    found = [id for page in pages for id in page]
    assert found[:5] == ids[::-1] and len(set(found)) == len(found)
    assert [trace["traceId"] for trace in shop.ask("traces", text=ids[2][:20].upper())["traces"]] == [ids[2]]
    assert all(trace["failed"] for trace in shop.ask("traces", status="failed", limit=5)["traces"])
    shop.call("POST", "/start/lines", json={"id": "lines", "price": {"net": 1}})
    assert eventually(lambda: shop.ask("logs", text="BEGUN", step="Start")["logs"] != [], PATIENCE)
    assert all(line["level"] == "error" for line in shop.ask("logs", level="error")["logs"])


# ------------------------------------------------------------ other ways to run


def test_the_parent_survives_a_kill_because_it_travels_with_the_event(tmp_path: Path) -> None:
    root = write_project(tmp_path, FILES)
    with running(root) as project:
        shop = traced(root, project)
        shop.ask("queue/pause", "POST", {}, step="Price")
        id = shop.call("POST", "/start/a", json={"id": "a", "price": {"net": 5}})
        start = shop.trace(id, lambda trace: trace["spans"] == 1 and trace["status"] == "ok")["spanList"][0]
        assert becomes(root, "Price", waiting=1)
        os.kill(project.process.pid, signal.SIGKILL)
        project.process.wait()
    with running(root) as project:
        shop = traced(root, project)
        shop.ask("queue/resume", "POST", {}, step="Price")
        found = shop.trace(id, lambda trace: {"Price", "Charge"} <= set(trace["steps"]) and trace["status"] == "ok")
        assert by_step(found)["Price"][0]["parentId"] == start["spanId"]
        assert by_step(found)["Price"][0]["queued"] > 0


TOKEN = "a-token-for-the-test"
START = "{{ control: {{ token: {token} }}, telemetry: {{ {telemetry} }} }}\n"


def test_in_start_a_share_is_kept_and_all_that_fails(tmp_path: Path) -> None:
    settings = START.format(token=TOKEN, telemetry="sample: 0")
    root = write_project(tmp_path, {**FILES, "runtime.yaml": settings})
    with running(root, command="start") as project:
        shop = Traced(root, project, TOKEN)
        unsampled = shop.call("POST", "/start/a", json={"id": "a", "price": {"net": 5}})
        failed = shop.call("POST", "/start/b", json={"id": "b", "price": None})
        wanted = shop.call("POST", "/start/c", json={"id": "c", "price": {"net": 5}}, headers=parent("c", "01"))
        unwanted = shop.call("POST", "/start/d", json={"id": "d", "price": {"net": 5}}, headers=parent("d", "00"))
        shop.trace(wanted, has("Start", "Price", "Charge", "Watch", "Show"))
        shop.trace(failed, has("Charge", "Charge"))
        ended = [trace for trace in shop.ask("traces")["traces"] if trace["status"] != "running"]
        kept = {trace["traceId"] for trace in ended}
        assert kept == {wanted, failed} and not kept & {unsampled, unwanted}
        answer = shop.ask("trace/repeat", "POST", {}, id=wanted)
        assert shop.trace(answer["traceId"], has("Start", "Price", "Charge", "Watch", "Show"))["repeats"] == wanted
        counted = project.client.get("/metrics", headers=shop.headers).text
        assert 'runtime_step_runs_total{language="node",step="Start"} 5.0' in counted


def parent(digit: str, flag: str) -> dict[str, str]:
    return {"traceparent": f"00-{digit * 32}-{'1' * 16}-{flag}"}


def test_turned_off_it_remembers_nothing_and_everything_runs(tmp_path: Path) -> None:
    root = write_project(tmp_path, {**FILES, "runtime.yaml": "telemetry: { enabled: false }\n"})
    with running(root) as project:
        shop = traced(root, project)
        id = shop.call("POST", "/start/a", json={"id": "a", "price": {"net": 5}})
        assert len(id) == 32
        assert eventually(lambda: shop.ask("items", stream="board", group="all")["total"] == 1, PATIENCE)
        assert shop.ask("traces")["traces"] == [] and shop.ask("logs")["logs"] == []
        assert "runtime_step_runs_total{" not in project.client.get("/metrics").text


# ------------------------------------------------------------ live


def events(lines: Iterator[str], until: Callable[[str, Any], bool]) -> list[tuple[str, Any]]:
    """Server-sent events up to the one that is waited for."""
    found: list[tuple[str, Any]] = []
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            found.append((name, json.loads(line.removeprefix("data: "))))
            if until(*found[-1]):
                return found
    raise AssertionError(f"the feed ended: {found}")


def has_ended(summary: Mapping[str, Any], spans: int) -> bool:
    return (summary["status"], summary["spans"]) == ("ok", spans)


def test_a_watcher_sees_a_flow_as_it_happens(shop: Traced) -> None:
    with shop.project.client.stream("GET", "/__runtime/live", headers=shop.headers) as answer:
        lines = answer.iter_lines()
        events(lines, lambda name, _: name == "hello")
        id = httpx.post(f"{shop.project.url}/start/live", json={"id": "live", "price": {"net": 2}}).headers[
            "x-trace-id"
        ]
        wanted = {"trace", "item", "line"}

        def is_all(name: str, data: Any) -> bool:
            if name == "traces" and any(each["traceId"] == id and has_ended(each, 5) for each in data):
                wanted.discard("trace")
            if name == "items" and {"stream": "board", "group": "all", "id": "live"} in data:
                wanted.discard("item")
            if name == "logs" and any(line["traceId"] == id and line["message"] == "shown" for line in data["logs"]):
                wanted.discard("line")
            return not wanted

        seen = events(lines, is_all)
    names = {name for name, _ in seen}
    assert names >= {"steps", "edges", "traces", "logs", "state", "items"}, names
    edges = {(edge["step"], edge["topic"]) for name, data in seen if name == "edges" for edge in data}
    assert {("Start", "begun"), ("Price", "priced")} <= edges
    places = [(place["group"], place["key"]) for name, data in seen if name == "state" for place in data]
    assert ("orders", "live") in places and ("charged", "live") in places
    ids = [line["id"] for name, data in seen if name == "logs" for line in data["logs"]]
    assert ids == sorted(ids) and len(set(ids)) == len(ids)


def test_watchers_have_a_bound_and_make_room_when_they_leave(shop: Traced) -> None:
    watching: list[httpx.Response] = []
    with httpx.Client(base_url=shop.project.url, headers=shop.headers, timeout=PATIENCE) as client:

        def watch() -> httpx.Response:
            return client.send(client.build_request("GET", "/__runtime/live?topics=logs"), stream=True)

        try:
            while (answer := watch()).status_code == 200:
                watching.append(answer)
                assert len(watching) <= 32
            assert answer.status_code == 503 and len(watching) == 32
            answer.close()
            watching.pop().close()

            def has_room() -> bool:
                again = watch()
                (watching.append if again.status_code == 200 else lambda each: each.close())(again)
                return again.status_code == 200

            assert eventually(has_room, PATIENCE)
        finally:
            for answer in watching:
                answer.close()


def test_what_people_change_by_hand_is_seen_as_well(shop: Traced) -> None:
    with shop.project.client.stream("GET", "/__runtime/live?topics=state,items", headers=shop.headers) as answer:
        lines = answer.iter_lines()
        events(lines, lambda name, _: name == "hello")
        with httpx.Client(base_url=f"{shop.project.url}/__runtime/", headers=shop.headers) as by_hand:
            by_hand.post("state/set", params={"group": "hand", "key": "k"}, json={"value": 1}).raise_for_status()
            place = {"stream": "board", "group": "hand", "id": "i"}
            by_hand.put("item", params=place, json={"value": {"total": 1}}).raise_for_status()
        events(lines, lambda name, data: name == "items" and place in data)


def test_a_stop_does_not_wait_for_watchers(tmp_path: Path) -> None:
    root = write_project(tmp_path, FILES)
    with running(root) as project:
        shop = traced(root, project)
        with project.client.stream("GET", "/__runtime/live", headers=shop.headers) as answer:
            lines = answer.iter_lines()
            events(lines, lambda name, _: name == "hello")
            project.process.send_signal(signal.SIGTERM)
            assert project.process.wait(5) == 0  # the grace is 30 s
