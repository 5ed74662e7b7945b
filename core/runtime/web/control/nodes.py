"""The control route of the components that draw steps in the Workbench."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from runtime.errors import HookFailed
from runtime.model import FailureKind
from runtime.web.control.answers import PREFIX
from runtime.web.control.operations import TEXT, ControlRoute, Said, named
from runtime.web.control.project import Project, nodes_of
from runtime.web.problem import problem

NODE_PATH = f"{PREFIX}/node"
MAX_NODE_BYTES = 1024 * 1024
"""The longest module, with all that the component imports."""
NODE_SECONDS = 10.0
"""What a runner may take to bundle one."""
_MEDIA_TYPE = "text/javascript"
_LASTING = frozenset((FailureKind.LOAD, FailureKind.REFUSED))
"""What another try does not mend."""

_MODULE = Said(
    "What draws a step in the Workbench, as one ES module; 422 with file, line and column where it is broken.",
    TEXT,
    (named("file", "The file beside the step, as `node` of the project's steps has it."),),
    media_type=_MEDIA_TYPE,
)

Bundle = Callable[[str, int, float], Awaitable[str]]
"""Gives the module of a file, of at most so many bytes and within so many seconds. Raises `HookFailed`."""


class NodeRoutes:
    """The route; what it answers with is a module, and not JSON."""

    def __init__(self, project: Project, bundle: Bundle) -> None:
        self._project = project
        self._bundle = bundle

    def routes(self) -> list[ControlRoute]:
        """The route."""
        return [ControlRoute("GET", NODE_PATH, self._module, _MODULE)]

    async def _module(self, request: Request) -> Response:
        file = request.query_params.get("file", "")
        steps = [step.file for step in self._project.catalog().steps]
        nodes = await anyio.to_thread.run_sync(nodes_of, self._project.root, steps)
        if file not in nodes.values():
            return problem(404, f"'{file}' draws no step of this project: it would stand beside one, under its name")
        try:
            text = await self._bundle(file, MAX_NODE_BYTES, NODE_SECONDS)
        except HookFailed as error:
            return problem(422 if error.failure.kind in _LASTING else 503, str(error))
        headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        return Response(text, media_type=_MEDIA_TYPE, headers=headers)
