"""Ruby as a third language: all that a project elsewhere says is where its runner is."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.runners.manifest import read_runner
from tests.conftest import lack_of
from tests.integration.control import becomes, counts
from tests.integration.project import REPOSITORY, RunningProject, eventually, running, write_project

RUNNER = REPOSITORY / "runners" / "ruby"
LACK = lack_of(read_runner(RUNNER))
pytestmark = pytest.mark.skipif(bool(LACK), reason=f"the ruby runner cannot run here: {LACK}")

STEPS = {
    "steps/lib/prices.rb": """
        module Prices
          class Unknown < StandardError; end

          def self.of(goods)
            { 'tea' => 4.5 }.fetch(goods)
          rescue KeyError
            raise Unknown, "nobody knows what #{goods} costs"
          end
        end
    """,
    "steps/buy_step.rb": """
        require 'motia'
        require_relative 'lib/prices'

        greet = lambda do |req, ctx, nxt|
          ctx.logger.info('somebody buys', { trace: ctx.trace_id })
          nxt.call.tap { |response| response[:headers] = { 'x-paid' => req.headers['x-paid'] } }
        end
        CONFIG = {
          type: 'api', name: 'Buy', method: 'POST', path: '/buy/:goods', emits: ['bought'], middleware: [greet]
        }.freeze

        def handler(req, ctx)
          raise Motia::HttpError.new(402, { error: 'tea is not for free' }) unless req.headers['x-paid']

          goods = req.pathParams.goods
          ctx.emit(topic: 'bought', data: { goods: goods, price: Prices.of(goods), at: Time.at(0) })
          { status: 202, body: { goods: goods, method: req.method, by: req.body.by } }
        end
    """,
    "steps/keep_step.rb": """
        CONFIG = { type: 'event', name: 'Keep', subscribes: ['bought'] }.freeze

        def handler(input, ctx)
          ctx.state.set('sales', input.goods, { price: input.price, at: input[:at], attempt: ctx.attempt })
        end
    """,
    "steps/sales_step.rb": """
        CONFIG = { type: 'api', name: 'Sales', method: 'GET', path: '/sales/:goods' }.freeze

        def handler(req, ctx)
          { body: ctx.state.get('sales', req.pathParams.goods) }
        end
    """,
    "steps/feed_step.rb": """
        CONFIG = { type: 'api', name: 'Feed', method: 'GET', path: '/feed' }.freeze

        def handler(_req, _ctx)
          ticks = Enumerator.new { |out| 3.times { |number| out << { event: 'tick', data: { number: number } } } }
          { headers: { 'content-type' => 'text/event-stream' }, body: ticks }
        end
    """,
    "steps/reserve_step.rb": """
        require 'motia'
        CONFIG = { type: 'api', name: 'Reserve', method: 'PUT', path: '/seats/:seat/:name' }.freeze

        def handler(req, ctx)
          seat = req.pathParams.seat
          ctx.state.set('seats', seat, req.pathParams.name, if_version: 0, ttl: 600)
          { status: 201, body: ctx.state.get_entry('seats', seat).value }
        rescue Motia::VersionConflict => error
          { status: 409, body: error.message }
        end
    """,
    "steps/reserved_step.rb": """
        CONFIG = { type: 'state', name: 'Reserved', groupId: 'seats', on: ['create'] }.freeze

        def handler(change, ctx)
          ctx.stream.write('seats', "#{change.key} is #{change.value}'s")
          ctx.stream.close('seats')
          ctx.streams.board.set(change.value, change.key, { text: 'reserved' })
        end
    """,
    "steps/board_stream.rb": """
        CONFIG = {
          name: 'board',
          schema: { type: 'object', properties: { text: { type: 'string' } } },
          can_access: lambda do |subscription, auth|
            raise 'nobody knows the cellar' if subscription.groupId == 'cellar'

            auth.nil? && subscription.groupId == 'Ada' && subscription[:id] != 'secret'
          end
        }.freeze
    """,
    "runtime.yaml": f"runners: {{ruby: {{manifest: '{RUNNER}'}}}}\n",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProject]:
    with running(write_project(tmp_path_factory.mktemp("shop"), STEPS)) as project:
        yield project


def test_a_request_an_event_and_the_state(shop: RunningProject) -> None:
    answer = shop.client.post("/buy/tea", json={"by": "Ada"}, headers={"x-paid": "yes"})
    assert (answer.status_code, answer.json()) == (202, {"goods": "tea", "method": "POST", "by": "Ada"})
    assert answer.headers["x-paid"] == "yes"
    kept = {"price": 4.5, "at": "1970-01-01T00:00:00Z", "attempt": 1}
    assert eventually(lambda: shop.client.get("/sales/tea").json() == kept, 5)
    traces = [line["data"]["trace"] for line in shop.log_lines() if line["message"] == "somebody buys"]
    assert answer.headers["x-trace-id"] in traces


def test_an_http_error_is_answered_as_it_says(shop: RunningProject) -> None:
    answer = shop.client.post("/buy/tea")
    assert (answer.status_code, answer.json()) == (402, {"error": "tea is not for free"})


def test_a_failure_shows_the_projects_own_frames_and_tells_the_client_nothing(shop: RunningProject) -> None:
    answer = shop.client.post("/buy/gold", headers={"x-paid": "yes"})
    assert (answer.status_code, answer.json()) == (500, {"error": "Internal server error"})
    shop.wait_for("nobody knows what gold costs")
    (printed,) = [str(line) for line in shop.log_lines() if "nobody knows what gold costs" in str(line)]
    assert "Prices::Unknown" in printed
    assert "steps/lib/prices.rb:" in printed
    assert "steps/buy_step.rb:" in printed
    assert "runtime_runner" not in printed


def test_a_body_is_streamed(shop: RunningProject) -> None:
    events = "".join(f'event: tick\ndata: {{"number":{number}}}\n\n' for number in range(3))
    assert shop.client.get("/feed").text == events


def test_versions_changes_texts_and_a_guarded_stream(shop: RunningProject) -> None:
    first, second = (shop.client.put(f"/seats/7/{name}") for name in ("Ada", "Bob"))
    assert (first.status_code, first.text) == (201, "Ada")
    assert (second.status_code, "version" in second.text) == (409, True)

    def read(path: str) -> tuple[int, object]:
        answer = shop.client.get(f"/__runtime/{path}")
        return answer.status_code, answer.json()

    assert eventually(lambda: read("streams/board/Ada")[1] != [], 5)
    (item,) = shop.client.get("/__runtime/streams/board/Ada").json()
    assert (item["id"], item["text"]) == ("7", "reserved")
    assert read("text/seats") == (200, {"id": "seats", "text": "7 is Ada's", "closed": True})
    for place in ("Bob", "Ada/secret", "cellar"):
        assert read(f"streams/board/{place}")[0] == 403
    shop.wait_for("nobody knows the cellar")


def test_an_order_gets_its_points_in_the_same_trace() -> None:
    with running(REPOSITORY, "--debug") as orders:
        dead = counts(REPOSITORY, "GivePoints")["dead"]
        answer = orders.client.post("/orders", json={"items": [{"name": "tea", "price": 4.5}]})

        def points() -> list[tuple[str, object]]:
            lines = [line for line in orders.log_lines() if line["message"] == "points given"]
            return [(line["traceId"], line["data"]) for line in lines]

        assert eventually(lambda: bool(points()), 5)
        assert points() == [(answer.headers["x-trace-id"], {"orderId": answer.json()["id"], "points": 4})]
        assert becomes(REPOSITORY, "GivePoints", dead=dead)


def test_the_orders_do_without_ruby() -> None:
    path = str(Path(sys.executable).parent)
    with running(REPOSITORY, environment={"PATH": path}) as orders:
        orders.wait_for(r"\(ruby runner\) 'ruby' is not on PATH; run `apt-get install -y ruby ruby-grpc ")
        id = orders.client.post("/orders", json={"items": [{"name": "tea", "price": 4.5}]}).json()["id"]
        assert eventually(lambda: orders.client.get(f"/orders/{id}").json()["confirmation"] is not None, 5)


def test_the_runners_own_tests_pass_without_a_warning() -> None:
    done = subprocess.run(["ruby", "-w", RUNNER / "test" / "all.rb"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(RUNNER) not in done.stderr, done.stderr


def test_the_steps_of_the_page_do_what_it_says(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "ruby.md").read_text(encoding="utf-8")
    steps = dict(re.findall(r"```ruby\n# (steps/\S+)\n(.*?)```", page, re.DOTALL))
    assert len(steps) == 3
    steps["steps/count_of_step.rb"] = """
        CONFIG = { type: 'api', name: 'CountOf', method: 'GET', path: '/count' }.freeze
        def handler(_req, ctx) = { body: ctx.state.get('greetings', 'Ada') }
    """
    with running(write_project(tmp_path, {**steps, "runtime.yaml": STEPS["runtime.yaml"]})) as project:
        assert project.client.post("/greet/Ada").json() == {"error": "say please"}
        assert project.client.post("/greet/Ada?please=1").json() == {"hello": "Ada"}
        assert eventually(lambda: project.client.get("/count").text == "1", 5)
