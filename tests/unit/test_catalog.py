"""catalog: manifests -> what the project consists of."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.catalog import Catalog, CatalogBuilder, build_catalog, with_config
from runtime.model import Hook, LoadedFile, Manifest, Problem, ProjectConfig, Severity, TriggerKind, Validation
from runtime.records import QueueKey


def api(file: str, method: str = "GET", path: str = "/a", **more: Any) -> LoadedFile:
    return LoadedFile(file, {"type": "api", "method": method, "path": path, **more}, has_handler=True)


def event(file: str, *topics: str, **more: Any) -> LoadedFile:
    return LoadedFile(file, {"type": "event", "subscribes": list(topics), **more}, has_handler=True)


def node(*steps: LoadedFile, streams: tuple[LoadedFile, ...] = (), problems: tuple[Problem, ...] = ()) -> Manifest:
    return Manifest("node", steps, streams, problems)


def errors(catalog: Catalog) -> list[Problem]:
    return [problem for problem in catalog.problems if problem.severity is Severity.ERROR]


def warnings(catalog: Catalog) -> list[Problem]:
    return [problem for problem in catalog.problems if problem.severity is Severity.WARNING]


def queues(catalog: Catalog, topic: str) -> list[QueueKey]:
    return [QueueKey(topic, bound.step.name) for bound in catalog.subscriptions.get(topic, ())]


def test_nothing_gives_an_empty_catalog() -> None:
    assert build_catalog([]) == Catalog()
    assert queues(Catalog(), "any") == []


def test_triggers_are_bound_to_their_steps() -> None:
    cron = LoadedFile("steps/d.step.ts", {"type": "cron", "cron": "@daily"}, has_handler=True)
    noop = LoadedFile("steps/e.step.ts", {"type": "noop"})
    catalog = build_catalog([node(api("steps/a.step.ts"), event("steps/b.step.ts", "t"), cron, noop)])
    assert [step.file for step in catalog.steps] == [f"steps/{name}.step.ts" for name in "abde"]
    assert [bound.step.name for bound in catalog.routes] == ["a"]
    assert [bound.step.name for bound in catalog.schedules] == ["d"]
    assert {topic: [b.step.name for b in bounds] for topic, bounds in catalog.subscriptions.items()} == {"t": ["b"]}
    assert catalog.problems == ()


def test_each_topic_and_step_is_a_queue() -> None:
    catalog = build_catalog(
        [node(event("steps/a.step.ts", "t", "u")), Manifest("python", (event("steps/b_step.py", "t"),))]
    )
    assert queues(catalog, "t") == [QueueKey("t", "a"), QueueKey("t", "b")]
    assert queues(catalog, "u") == [QueueKey("u", "a")]
    assert queues(catalog, "T") == []


def test_a_topic_that_stands_twice_makes_one_queue() -> None:
    assert queues(build_catalog([node(event("steps/a.step.ts", "t", "t"))]), "t") == [QueueKey("t", "a")]


def several(file: str, *triggers: dict[str, Any], **more: Any) -> LoadedFile:
    return LoadedFile(file, {"triggers": list(triggers), **more}, has_handler=True)


def test_every_trigger_of_a_step_is_bound_with_its_place() -> None:
    triggers = (
        {"type": "cron", "cron": "@daily"},
        {"type": "api", "method": "GET", "path": "/a"},
        {"type": "event", "topic": "t"},
        {"type": "api", "method": "GET", "path": "/b"},
    )
    catalog = build_catalog([node(several("steps/a.step.ts", *triggers))])
    assert [(bound.trigger.path, bound.trigger.index) for bound in catalog.routes] == [("/a", 1), ("/b", 3)]
    assert [bound.trigger.index for bound in catalog.subscriptions["t"]] == [2]
    assert [bound.trigger.index for bound in catalog.schedules] == [0]


def test_each_watch_of_a_step_has_its_own_queue() -> None:
    orders, stream = {"type": "state", "groupId": "orders"}, {"type": "stream", "streamName": "chat"}
    triggers = (orders, {**orders, "on": ["delete"]}, {**orders, "key": "17"}, stream, {**stream, "groupId": "orders"})
    chat = LoadedFile("steps/chat.stream.ts", {"name": "chat"})
    catalog = build_catalog([node(several("steps/a.step.ts", *triggers), streams=(chat,))])
    assert {queue: bound.trigger.index for queue, bound in catalog.queues().items()} == {
        QueueKey("orders", "a", TriggerKind.STATE): 0,
        QueueKey("orders (delete)", "a", TriggerKind.STATE): 1,
        QueueKey("orders/17", "a", TriggerKind.STATE): 2,
        QueueKey("chat", "a", TriggerKind.STREAM): 3,
        QueueKey("chat/orders", "a", TriggerKind.STREAM): 4,
    }
    assert catalog.problems == ()


@pytest.mark.parametrize(("name", "fix"), [("chatt", "did you mean 'chat'?"), ("zoo", "define it in a stream file")])
def test_a_stream_that_is_watched_and_not_defined_is_a_warning(name: str, fix: str) -> None:
    triggers = ({"type": "stream", "streamName": name}, {"type": "stream", "streamName": name, "groupId": "g"})
    chat = LoadedFile("steps/chat.stream.ts", {"name": "chat"})
    catalog = build_catalog([node(several("steps/a.step.ts", *triggers), streams=(chat,))])
    [problem] = warnings(catalog)
    assert problem.file == "steps/a.step.ts"
    assert f"'{name}'" in problem.message
    assert problem.fix.startswith(fix)
    assert len(catalog.queues()) == 2


def test_each_schedule_of_a_step_has_its_own_queue() -> None:
    berlin = {"type": "cron", "cron": "@daily", "timezone": "Europe/Berlin"}
    tokyo, hourly = {**berlin, "timezone": "Asia/Tokyo"}, {"type": "cron", "cron": "@hourly"}
    event = {"type": "event", "topic": "t"}
    catalog = build_catalog([node(several("steps/a.step.ts", event, berlin, tokyo, hourly))])
    topics = {
        queue.topic: bound.trigger.index for queue, bound in catalog.queues().items() if queue.kind.value == "cron"
    }
    assert topics == {"": 1, "@daily Asia/Tokyo": 2, "@hourly": 3}
    assert {queue.step for queue in catalog.queues()} == {"a"}
    assert catalog.queues()[QueueKey("", "a", TriggerKind.CRON)].trigger.index == 1


def test_a_route_of_another_step_leaves_a_step_out_whatever_else_it_has() -> None:
    both = [{"type": "api", "method": "GET", "path": path} for path in ("/x", "/a")]
    catalog = build_catalog([node(api("steps/a.step.ts"), several("steps/b.step.ts", *both))])
    assert [step.file for step in catalog.steps] == ["steps/a.step.ts"]
    assert "GET /a is taken" in errors(catalog)[0].message


@pytest.mark.parametrize(
    ("mode", "severities"),
    [(Validation.OFF, []), (Validation.WARN, [Severity.WARNING]), (Validation.ENFORCE, [Severity.ERROR])],
)
def test_schemas_that_do_not_fit_each_other_are_told_and_the_steps_serve(
    mode: Validation, severities: list[Severity]
) -> None:
    schema = {"type": "object", "properties": {"a": {}}}
    producer = api("steps/a.step.ts", emits=[{"topic": "t", "schema": schema}])
    catalog = build_catalog([node(producer, event("steps/b.step.ts", "t", input={"required": ["id"]}))], mode)
    assert [problem.severity for problem in catalog.problems] == severities
    assert len(catalog.steps) == 2


@pytest.mark.parametrize("swapped", [False, True])
def test_of_two_steps_with_one_name_the_first_in_path_order_serves(swapped: bool) -> None:
    manifests = [
        Manifest("python", (api("steps/b_step.py", path="/b", name="same"),)),
        node(api("steps/a.step.ts", name="same")),
    ]
    catalog = build_catalog(reversed(manifests) if swapped else manifests)
    assert [step.file for step in catalog.steps] == ["steps/a.step.ts"]
    [problem] = errors(catalog)
    assert problem.file == "steps/b_step.py"
    assert "steps/a.step.ts" in problem.message
    assert "'same'" in problem.message


@pytest.mark.parametrize(("one", "two"), [("/a", "/a"), ("/a", "/a/"), ("/u/:id", "/u/:name"), ("/", "/")])
def test_of_two_steps_with_one_route_the_first_serves(one: str, two: str) -> None:
    catalog = build_catalog([node(api("steps/b.step.ts", path=two), api("steps/a.step.ts", path=one))])
    assert [bound.step.file for bound in catalog.routes] == ["steps/a.step.ts"]
    [problem] = errors(catalog)
    assert problem.file == "steps/b.step.ts"
    assert "steps/a.step.ts" in problem.message
    assert f"GET {two}" in problem.message


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("GET", "/a"), ("POST", "/a")),
        (("GET", "/a"), ("GET", "/A")),
        (("GET", "/u/:id"), ("GET", "/u/me")),
        (("GET", "/u/:id"), ("GET", "/u/:id/x")),
        (("GET", "/u/:id"), ("GET", "/u/*")),
        (("GET", "/u/:id"), ("GET", "/u/:rest*")),
    ],
)
def test_routes_that_differ_both_serve(one: tuple[str, str], two: tuple[str, str]) -> None:
    catalog = build_catalog([node(api("steps/a.step.ts", *one), api("steps/b.step.ts", *two))])
    assert errors(catalog) == []
    assert len(catalog.routes) == 2


def test_a_step_that_is_left_out_claims_nothing() -> None:
    catalog = build_catalog(
        [
            node(
                api("steps/a.step.ts", path="/a", name="n"),
                api("steps/b.step.ts", path="/b", name="n"),
                api("steps/c.step.ts", path="/b", name="c"),
            )
        ]
    )
    assert [step.file for step in catalog.steps] == ["steps/a.step.ts", "steps/c.step.ts"]


def test_a_topic_that_nobody_hears_is_a_warning() -> None:
    catalog = build_catalog([node(api("steps/a.step.ts", emits=["heard", "lost"]), event("steps/b.step.ts", "heard"))])
    [problem] = warnings(catalog)
    assert (problem.file, "'lost'" in problem.message) == ("steps/a.step.ts", True)
    assert len(catalog.steps) == 2


def test_a_subscriber_that_is_left_out_does_not_hear() -> None:
    steps = (api("steps/a.step.ts", emits=["t"], name="n"), event("steps/b.step.ts", "t", name="n"))
    assert "'t'" in warnings(build_catalog([node(*steps)]))[0].message


@pytest.mark.parametrize("config", [None, [], "text", 5, b""])
def test_a_config_that_is_no_map_is_an_error_of_its_file(config: object) -> None:
    catalog = build_catalog([node(LoadedFile("steps/a.step.ts", config, has_handler=True), api("steps/b.step.ts"))])
    assert [problem.file for problem in errors(catalog)] == ["steps/a.step.ts"]
    assert [step.file for step in catalog.steps] == ["steps/b.step.ts"]


def test_problems_of_the_runners_are_kept_errors_first() -> None:
    problems = (
        Problem("steps/a.step.ts", "odd", severity=Severity.WARNING),
        Problem("steps/z.step.ts", "broken"),
        Problem("steps/b.step.ts", "broken"),
    )
    catalog = build_catalog([node(problems=problems)])
    assert [problem.file[6] for problem in catalog.problems] == ["b", "z", "a"]


def test_streams_by_name() -> None:
    board = LoadedFile("steps/board.stream.ts", {"name": "board"}, schemas={"/schema": {"type": "object"}})
    again = LoadedFile("steps/c.stream.ts", {"name": "board"})
    catalog = build_catalog([node(streams=(again, board))])
    assert [(name, stream.file) for name, stream in catalog.streams.items()] == [("board", "steps/board.stream.ts")]
    assert catalog.streams["board"].schema == {"type": "object"}
    [problem] = errors(catalog)
    assert (problem.file, "steps/board.stream.ts" in problem.message) == ("steps/c.stream.ts", True)


@pytest.mark.parametrize("config", [{}, {"name": ""}, {"name": 5}, None])
def test_a_stream_without_a_name_is_an_error(config: object) -> None:
    catalog = build_catalog([node(streams=(LoadedFile("steps/a.stream.ts", config),))])
    assert "name" in errors(catalog)[0].message
    assert catalog.streams == {}


def test_a_typescript_file_serves_before_what_was_made_from_it() -> None:
    made, source, other = (
        api("steps/x.step.js", name="X"),
        api("steps/x.step.ts", name="X"),
        api("steps/x.a.step.ts", path="/b"),
    )
    catalog = build_catalog([node(made, other, source)])
    assert [bound.step.file for bound in catalog.routes if bound.step.name == "X"] == ["steps/x.step.ts"]
    problem = next(each for each in errors(catalog) if each.file == "steps/x.step.js")
    assert problem.fix.startswith("remove steps/x.step.js if tsc made it from steps/x.step.ts, and set noEmit")


def test_a_stream_that_was_made_from_another_is_named_as_well() -> None:
    streams = tuple(LoadedFile(f"steps/x.stream.{extension}", {"name": "x"}) for extension in ("js", "ts"))
    catalog = build_catalog([node(streams=streams)])
    assert catalog.streams["x"].file == "steps/x.stream.ts"
    assert "noEmit" in errors(catalog)[0].fix


def stream(file: str, *hooks: Hook) -> LoadedFile:
    return LoadedFile(file, {"name": "letters"}, hooks=frozenset(hooks))


@pytest.mark.parametrize(
    ("hooks", "serving"),
    [
        (((), (), (Hook.CAN_ACCESS,)), "c"),
        (((), (Hook.ON_JOIN,), (Hook.CAN_ACCESS, Hook.ON_JOIN)), "c"),
        (((), (Hook.CAN_ACCESS,), (Hook.CAN_ACCESS,)), "b"),
        (((Hook.CAN_ACCESS,), (), (Hook.CAN_ACCESS,)), "a"),
        (((), (Hook.ON_JOIN,), ()), "a"),
    ],
)
def test_of_streams_with_one_name_none_serves_that_leaves_out_who_may_watch(
    hooks: tuple[tuple[Hook, ...], ...], serving: str
) -> None:
    files = [f"steps/{name}.stream.ts" for name in "abc"]
    catalog = build_catalog([node(streams=tuple(stream(file, *each) for file, each in zip(files, hooks, strict=True)))])
    served = f"steps/{serving}.stream.ts"
    assert catalog.streams["letters"].file == served
    assert sorted(problem.file for problem in errors(catalog)) == [file for file in files if file != served]
    for problem in errors(catalog):
        assert f"is defined by {served} as well, which serves" in problem.message
        unguarded = Hook.CAN_ACCESS not in hooks[files.index(problem.file)]
        assert ("canAccess" in problem.message) == (serving != "a" and unguarded)


@pytest.mark.parametrize(
    ("config", "where"),
    [
        (None, "motia.config.ts or motia_config.py"),
        (ProjectConfig("motia_config.py", "python"), "authenticate in motia_config.py"),
    ],
)
def test_a_guard_that_knows_nobody_is_a_warning(config: ProjectConfig | None, where: str) -> None:
    open_one = LoadedFile("steps/open.stream.ts", {"name": "open"})
    catalog = with_config(
        build_catalog([node(streams=(stream("steps/a.stream.ts", Hook.CAN_ACCESS), open_one))]), config
    )
    [problem] = warnings(catalog)
    assert (problem.file, catalog.config) == ("steps/a.stream.ts", config)
    assert "every client is anonymous" in problem.message
    assert where in problem.fix


def test_a_guard_that_is_told_who_asks_is_fine() -> None:
    config = ProjectConfig("motia.config.ts", "node", frozenset({Hook.AUTHENTICATE}))
    catalog = with_config(build_catalog([node(streams=(stream("steps/a.stream.ts", Hook.CAN_ACCESS),))]), config)
    assert (catalog.problems, catalog.config) == ((), config)


# ------------------------------------------------------------ one catalog after the other


def test_steps_and_streams_of_files_that_stay_are_the_same_objects() -> None:
    builder = CatalogBuilder()

    def load(description: str) -> Catalog:
        changed = api("steps/b.step.ts", path="/b", description=description)
        return builder.build([node(api("steps/a.step.ts"), changed, streams=(stream("steps/s.stream.ts"),))])

    first, second = load("one"), load("two")
    assert [one is other for one, other in zip(first.steps, second.steps, strict=True)] == [True, False]
    assert first.streams["letters"] is second.streams["letters"]
    assert second.steps[1].description == "two"


@pytest.mark.parametrize(("before", "after"), [(1, True), (1, 1.0), ({"a": 1}, {"a": True})])
def test_values_that_are_equal_and_differ_are_a_change(before: Any, after: Any) -> None:
    builder = CatalogBuilder()

    def load(value: Any) -> Any:
        file = LoadedFile("steps/a.step.ts", {"type": "event", "subscribes": ["t"]}, True, {"/input": {"const": value}})
        [bound] = builder.build([node(file)]).subscriptions["t"]
        schema: Any = bound.trigger.input_schema
        return schema["const"]

    assert repr(load(before)) == repr(before)
    assert repr(load(after)) == repr(after)


def test_problems_of_files_that_stay_are_told_again_and_go_with_what_is_mended() -> None:
    builder = CatalogBuilder()
    broken = [node(api("steps/a.step.ts", flow=["x"]), api("steps/b.step.ts", path="b"))]
    assert builder.build(broken).problems == builder.build(broken).problems == build_catalog(broken).problems
    assert len(builder.build(broken).problems) == 2
    assert builder.build([node(api("steps/a.step.ts"), api("steps/b.step.ts", path="/b"))]).problems == ()


def test_a_file_whose_handler_comes_or_goes_has_changed() -> None:
    builder = CatalogBuilder()
    without = LoadedFile("steps/a.step.ts", {"type": "api", "method": "GET", "path": "/a"})
    for _ in range(2):
        assert builder.build([node(without)]).steps == ()
        assert len(builder.build([node(api("steps/a.step.ts"))]).steps) == 1


def test_of_files_that_are_gone_nothing_is_remembered() -> None:
    builder = CatalogBuilder()
    [first] = builder.build([node(api("steps/a.step.ts"))]).steps
    builder.build([])
    [second] = builder.build([node(api("steps/a.step.ts"))]).steps
    assert (first is second, first == second) == (False, True)


def test_a_config_that_is_no_plain_value_is_read_each_time() -> None:
    builder, deep = CatalogBuilder(), list[Any]()
    for _ in range(5000):
        deep = [deep]
    manifests = [node(api("steps/a.step.ts", description="x", middleware=deep))]
    assert [len(builder.build(manifests).steps) for _ in range(2)] == [1, 1]
