"""web/front: paths and sockets are given to whom they belong."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.web.front import Front
from runtime.web.server import Application

CONTROL_PATHS = ("/__runtime", "/__runtime/", "/__runtime/queues", "/__runtime/streamsx", "/__runtime/texts/a")
READ_PATHS = ("/__runtime/streams", "/__runtime/streams/a/b", "/__runtime/text", "/__runtime/text/a")
EDGE_PATHS = ("/", "/__runtimes", "/orders/__runtime/", "/streams/a")


class Asked:
    """Applications that note who was asked."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def called(self, name: str) -> Application:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            self.names.append(name)

        return serve

    def front(self, *, reads: bool, control: bool) -> Application:
        return Front(
            self.called("edge"),
            self.called("sockets"),
            self.called("reads") if reads else None,
            self.called("control") if control else None,
            {"/metrics": self.called("probe"), "/taken": self.called("probe")},
            lambda path: path == "/taken",
        )


async def ask(application: Application, path: str, kind: str = "http") -> None:
    await application({"type": kind, "path": path, "headers": []}, None, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("control", [True, False])
async def test_paths_are_given_to_whom_they_belong(reads: bool, control: bool) -> None:
    asked = Asked()
    application = asked.front(reads=reads, control=control)
    behind = "control" if control else "edge"
    expected = (
        (CONTROL_PATHS, behind),
        (READ_PATHS, "reads" if reads else behind),
        (EDGE_PATHS, "edge"),
        (("/metrics",), "probe"),
        (("/taken", "/metrics/"), "edge"),  # a step's own path stays its own
    )
    for paths, name in expected:
        for path in paths:
            asked.names.clear()
            await ask(application, path)
            assert asked.names == [name], path


@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("control", [True, False])
async def test_sockets_may_come_to_any_path_and_below_control_routes_these_judge(reads: bool, control: bool) -> None:
    asked = Asked()
    application = asked.front(reads=reads, control=control)
    judged = "control" if control else "sockets"
    expected = (
        (("/metrics", *EDGE_PATHS), "sockets"),
        (CONTROL_PATHS, judged),
        (READ_PATHS, "sockets" if reads else judged),
    )
    for paths, name in expected:
        for path in paths:
            asked.names.clear()
            await ask(application, path, "websocket")
            assert asked.names == [name], path


async def test_a_lifespan_is_the_edges() -> None:
    asked = Asked()
    edge, sockets, reads, control = map(asked.called, ("edge", "sockets", "reads", "control"))
    application = Front(edge, sockets, reads, control, {}, lambda path: False)
    await application({"type": "lifespan"}, None, None)
    assert asked.names == ["edge"]
