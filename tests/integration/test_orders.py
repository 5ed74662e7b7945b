"""The example in steps/: one flow through three languages."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from runtime.runners.manifest import read_runner
from tests.conftest import lack_of
from tests.integration.project import REPOSITORY, RunningProject, eventually, running

TEA = {"items": [{"name": "tea", "price": 4.5}, {"name": "pot", "price": 30}]}


RUBY_STEPS = (
    []
    if lack_of(read_runner(REPOSITORY / "runners/ruby"))
    else ["[CREATED] Step (Event) steps/orders/give_points_step.rb"]
)


@pytest.fixture(scope="module")
def orders() -> Iterator[RunningProject]:
    with running(REPOSITORY) as project:
        yield project


def _confirmed(orders: RunningProject, id: str) -> bool:
    return orders.client.get(f"/orders/{id}").json()["confirmation"] is not None


def test_an_order_is_scored_in_python_and_confirmed_in_javascript_within_100_ms(orders: RunningProject) -> None:
    warm = orders.client.post("/orders", json=TEA).json()
    assert eventually(lambda: _confirmed(orders, warm["id"]), 5)

    answer = orders.client.post("/orders", json=TEA)
    answered = time.perf_counter()
    id = answer.json()["id"]
    assert eventually(lambda: _confirmed(orders, id), 5)
    took = time.perf_counter() - answered

    assert answer.status_code == 201
    assert orders.client.get(f"/orders/{id}").json() == {
        "id": id,
        **TEA,
        "status": "scored",
        "total": 34.5,
        "risk": "low",
        "confirmation": "Thank you! Your order comes to 34.50.",
    }
    assert took < 0.1


def test_one_trace_id_runs_through_all_log_lines_of_a_flow(orders: RunningProject) -> None:
    answer = orders.client.post("/orders", json=TEA)
    id = answer.json()["id"]
    trace = answer.headers["x-trace-id"]

    def lines() -> list[tuple[str, str]]:
        return [
            (line["step"], line["traceId"])
            for line in orders.log_lines()
            if isinstance(line.get("data"), dict) and line["data"].get("orderId") == id
        ]

    assert eventually(lambda: len(lines()) == 3, 5)
    assert sorted(lines()) == [("CreateOrder", trace), ("ScoreOrder", trace), ("SendConfirmation", trace)]


def test_a_traceparent_of_the_caller_is_joined(orders: RunningProject) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = orders.client.get("/orders/none", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert answer.headers["x-trace-id"] == trace


def test_the_schema_answers_for_the_handler(orders: RunningProject) -> None:
    answer = orders.client.post("/orders", json={"items": [{"name": "tea", "price": "cheap"}]})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    (error,) = answer.json()["errors"]
    assert (error["in"], error["pointer"]) == ("body", "/items/0/price")


def test_an_unknown_order_is_404_and_an_unknown_path_a_problem(orders: RunningProject) -> None:
    assert orders.client.get("/orders/none").status_code == 404
    answer = orders.client.get("/nothing/here")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_wrong_method_is_405_and_says_which_are_right(orders: RunningProject) -> None:
    answer = orders.client.delete("/orders")
    assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST")


def test_every_step_is_printed_once(orders: RunningProject) -> None:
    assert [line["message"] for line in orders.told("created")] == [
        "[CREATED] Step (Noop) steps/orders/approve-order.step.ts",
        "[CREATED] Step (Cron) steps/orders/count_orders_step.py",
        "[CREATED] Step (API) steps/orders/create-order.step.ts",
        "[CREATED] Step (API) steps/orders/get-order.step.ts",
        *RUBY_STEPS,
        "[CREATED] Step (Event) steps/orders/score_order_step.py",
        "[CREATED] Step (API) steps/orders/send-board-script.step.ts",
        "[CREATED] Step (Event) steps/orders/send-confirmation.step.js",
        "[CREATED] Step (API) steps/orders/show-board.step.ts",
        "[CREATED] Stream steps/orders/order-board.stream.ts",
    ]
