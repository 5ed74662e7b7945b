"""Projects made of nothing but the code on the reference pages: which block goes into which file.

A file is a list of parts, one below the other: `page#number` is a block as tests/test_reference.py counts them, all
else is what a page leaves to its reader (an import, an export, a handler that it does not show).
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from tests.integration.project import REPOSITORY, write_project
from tests.packages import link_packages
from tests.test_reference import PAGES, blocks

Files = Mapping[str, tuple[str, ...]]

_Z = "import { z } from 'zod'"
_REQUIRE_Z = "const { z } = require('zod')"
_EXPORTS = "module.exports = { config, handler }"
_OK = "const handler = async () => ({ status: 200, body: { status: 'ok' } })"
_PY_OK = 'async def handler(req, ctx):\n    return {"status": 200, "body": {"status": "ok"}}'
_BLOCK_ID = re.compile(r"[\w-]+#\d+")
_TITLED = re.compile(r'^ *```\w+ title="([^"]+)"\n(.*?)^ *``` *$', re.DOTALL | re.MULTILINE)


@cache
def _texts() -> Mapping[str, str]:
    return {block.id: block.code for block in blocks()}


def indented(text: str) -> str:
    """A block as the body of a function."""
    return textwrap.indent(text, "    ")


def _tour(handler: str, *snippets: str) -> tuple[str, ...]:
    """An api step whose handler is made of calls that the pages show without one, each in a scope of its own."""
    return (
        "export const config = { type: 'api', name: 'Tour', method: 'POST', path: '/tour' }",
        f"export const {handler} = async (req, {{ logger, state, streams, traceId }}) => {{",
        "  const err = new Error('declined')",
        *(part for snippet in snippets for part in ("  {", snippet, "  }")),
        "  const prefs = await state.get(traceId, 'preferences')",
        "  return { status: 200, body: { prefs, users: await state.getGroup('users') } }",
        "}",
    )


def _python_tour(*snippets: str) -> tuple[str, ...]:
    return (
        "from datetime import datetime",
        'config = {"type": "api", "name": "Tour", "method": "POST", "path": "/tour"}',
        "async def handler(req, context):",
        '    channel_id, message_id, err = "general", "first", ValueError("declined")',
        *(indented(_texts()[snippet]) for snippet in snippets),
        '    users = await context.state.get_group("users")',
        '    return {"status": 200, "body": {"prefs": prefs, "users": users}}',
    )


TYPESCRIPT: Files = {
    "api.d.ts": ("middleware#9",),
    "assets/template.html": ("<p>Hello</p>",),
    "steps/api/hello.step.ts": ("steps#1",),
    "steps/send-message.step.ts": ("steps#4",),
    "steps/process-message.step.ts": ("steps#5",),
    "steps/get-user.step.ts": ("steps#10",),
    "steps/daily-cleanup.step.ts": ("steps#16",),
    "steps/protected.step.ts": ("middleware#2",),
    "steps/my-endpoint.step.ts": (
        "import { ApiMiddleware } from 'motia'",
        "middleware#6",
        "middleware#10",
        "middleware#15",
        "const loggingMiddleware = addHeadersMiddleware",
        "middleware#5",
        "middleware#11",
    ),
    "steps/users/create-user.step.ts": (
        _Z,
        "api-reference#37",
        "api-reference#1",
        "api-reference#28",
        "export { config }",
    ),
    "steps/create-order.step.ts": ("import { ApiRouteConfig, Handlers } from 'motia'", "steps#28", "infrastructure#7"),
    "steps/process-order.step.ts": (_Z, "api-reference#4", "api-reference#31", "export { config }"),
    "steps/templates/report.html": ("<p>Report</p>",),
    "steps/daily-report.step.ts": (
        "import { Handlers } from 'motia'",
        "type Order = { status: string }",
        "api-reference#7",
        "state-management#10",
        "export { config }",
    ),
    "steps/manual-approval.step.ts": ("api-reference#10", "export { config }"),
    "steps/approval-gate.step.ts": ("flows#22",),
    "steps/create-resource.step.ts": ("flows#4",),
    "steps/send-email.step.ts": ("flows#7",),
    "steps/health.step.ts": ("import { ApiRouteConfig } from 'motia'", "flows#13", f"export {_OK}"),
    "steps/chat-message.stream.ts": ("streams#1",),
    "steps/chat-messages.stream.ts": ("api-reference#46",),
    "steps/todo.stream.ts": ("streams#4",),
    "steps/create-todo.step.ts": ("streams#5",),
    "steps/process-todo.step.ts": (
        "import { EventConfig, Handlers } from 'motia'",
        _Z,
        "testing#3",
    ),
    "steps/my-step.step.ts": ("environment-variables#1",),
    "steps/tour.step.ts": (
        "import { Handlers } from 'motia'",
        "type User = { name: string; email: string }",
        *_tour(
            "handler: Handlers['Tour']",
            "steps#19",
            "steps#22",
            "api-reference#16",
            "api-reference#19",
            "api-reference#22",
        ),
    ),
}

JAVASCRIPT: Files = {
    "assets/template.html": ("<p>Hello</p>",),
    "steps/hello.step.js": ("steps#3",),
    "steps/user-handler.ts": ("project-structure#4",),
    "steps/send-message.step.js": ("steps#8",),
    "steps/process-message.step.js": ("steps#14",),
    "steps/get-user.step.js": ("steps#11",),
    "steps/daily-cleanup.step.js": ("steps#17",),
    "steps/protected.step.js": ("middleware#3",),
    "steps/my-endpoint.step.js": (
        "middleware#7",
        "middleware#12",
        "middleware#16",
        "const loggingMiddleware = addHeadersMiddleware",
        "middleware#5",
        "middleware#13",
        "exports.handler = handler",
    ),
    "steps/users/create-user.step.js": (
        _REQUIRE_Z,
        "api-reference#38",
        "api-reference#2",
        "api-reference#29",
        _EXPORTS,
    ),
    "steps/create-order.step.js": ("steps#30", "infrastructure#9", _EXPORTS),
    "steps/process-order.step.js": ("infrastructure#6", "api-reference#32", _EXPORTS),
    "steps/templates/report.html": ("<p>Report</p>",),
    "steps/daily-report.step.js": ("api-reference#8", "state-management#12", _EXPORTS),
    "steps/manual-approval.step.js": ("api-reference#11", "module.exports = { config }"),
    "steps/approval-gate.step.js": ("flows#24",),
    "steps/create-resource.step.js": ("flows#6",),
    "steps/send-email.step.js": ("flows#9",),
    "steps/health.step.js": ("flows#15", _OK, _EXPORTS),
    "steps/chat-message.stream.js": ("streams#3",),
    "steps/chat-messages.stream.js": ("api-reference#47",),
    "steps/send-notifications.step.js": ("project-structure#3",),
    "steps/tour.step.js": _tour(
        "handler", "steps#21", "steps#24", "api-reference#17", "api-reference#20", "api-reference#23"
    ),
}

PYTHON: Files = {
    "assets/template.html": ("<p>Hello</p>",),
    "steps/hello_step.py": ("steps#2",),
    "steps/send_message_step.py": ("steps#6",),
    "steps/process_message_step.py": ("steps#15",),
    "steps/get_user_step.py": ("steps#12",),
    "steps/daily_cleanup_step.py": ("steps#18",),
    "steps/protected_step.py": ("middleware#4",),
    "steps/my_endpoint_step.py": (
        "from pydantic import ValidationError",
        "middleware#8",
        "middleware#17",
        "middleware#14",
        'config = {"type": "api", "name": "MyEndpoint", "path": "/endpoint", "method": "POST",\n'
        '          "middleware": [add_headers_middleware, error_middleware, auth_middleware]}',
    ),
    "steps/users/create_user_step.py": ("api-reference#39", "api-reference#3", "api-reference#30"),
    "steps/create_order_step.py": ("steps#29", "state-management#5"),
    "steps/process_order_step.py": ("api-reference#6", "api-reference#33"),
    "steps/templates/report.html": ("<p>Report</p>",),
    "steps/daily_report_step.py": ("api-reference#9", "state-management#11"),
    "steps/manual_approval_step.py": ("api-reference#12",),
    "steps/approval_gate_step.py": ("flows#23",),
    "steps/create_resource_step.py": ("flows#5",),
    "steps/send_email_step.py": ("flows#8",),
    "steps/health_step.py": ("flows#14", _PY_OK),
    "steps/chat_message_stream.py": ("streams#2",),
    "steps/chat_messages_stream.py": ("api-reference#48",),
    "steps/data-processor_step.py": ("project-structure#2",),
    "steps/my-step.step.py": ("environment-variables#2",),
    "steps/tour_step.py": _python_tour(
        "steps#20", "steps#23", "api-reference#18", "api-reference#21", "api-reference#24", "streams#8"
    ),
}

TOGETHER: Files = {
    "middlewares/core.middleware.ts": ("middleware#18",),
    "steps/my-step.step.ts": ("overview#1",),
    "steps/user-api.step.ts": ("project-structure#1",),
    "steps/data-processor_step.py": ("project-structure#2",),
    "steps/send-notifications.step.js": ("project-structure#3",),
    "steps/discovered.step.ts": ("project-structure#5",),
    "steps/user.step.ts": ("middleware#19", "import { Handlers } from 'motia'", "api-reference#40"),
    "steps/create-todo.step.ts": ("import { ApiRouteConfig, Handlers } from 'motia'", _Z, "testing#1"),
    "steps/create-todo.step.test.ts": ("testing#2",),
    "steps/process-todo.step.ts": ("import { EventConfig, Handlers } from 'motia'", _Z, "testing#3"),
    "src/hello_step.py": ("steps#2",),
    "src/messages/send-message.step.js": ("steps#8",),
    "src/messages/process_message_step.py": ("steps#7",),
    "src/my-step.step.py": ("environment-variables#2",),
    "src/send-email.step.ts": (
        "import { EventConfig, Handlers } from 'motia'",
        "infrastructure#1",
        "export const handler: Handlers['SendEmail'] = async (input, { logger }) => logger.info('sent', input)",
    ),
    "src/create-order.step.js": (
        "const config = { type: 'api', name: 'CreateOrder', method: 'POST', path: '/orders',",
        "  emits: ['order.created'] }",
        "state-management#6",
        _EXPORTS,
    ),
    "src/process-payment.step.ts": (
        "import { EventConfig, Handlers } from 'motia'",
        "export const config: EventConfig = { type: 'event', name: 'ProcessPayment',",
        "  subscribes: ['order.created'], emits: ['payment.completed'] }",
        "state-management#7",
    ),
    "src/templates/report.html": ("<p>Report</p>",),
    "src/daily_report_step.py": ("api-reference#9", "state-management#11"),
    "src/daily-cleanup.step.ts": (
        "import { CronConfig } from 'motia'",
        "export const config: CronConfig = { type: 'cron', name: 'DailyCleanup', cron: '0 0 * * *' }",
        "api-reference#34",
    ),
    "src/chat_messages_stream.py": ("api-reference#48",),
}


def titled(page: str, title: str) -> str:
    """The block of a page whose title begins so, in whatever language. Raises `KeyError` when there is none."""
    found = _TITLED.findall((PAGES / f"{page}.md").read_text(encoding="utf-8"))
    for each, text in found:
        if each.startswith(title):
            return str(text)
    raise KeyError(f"{page}.md shows no {title}")


def text_of(parts: Iterable[str]) -> str:
    """A file's text."""
    return "\n".join(_texts()[part] if _BLOCK_ID.fullmatch(part) else part for part in parts) + "\n"


def write_reference(root: Path, files: Files, zod: str) -> Path:
    """Makes a project of the files and of what the pages say belongs to every one; `zod` is the version installed."""
    around = {
        "package.json": titled("project-structure", "package.json"),
        "tsconfig.json": titled("project-structure", "tsconfig.json"),
        "requirements.txt": titled("project-structure", "requirements.txt"),
        ".env": titled("environment-variables", ".env"),
        ".gitignore": titled("environment-variables", ".gitignore"),
    }
    write_project(root, {**around, **{name: text_of(parts) for name, parts in files.items()}})
    link_packages(root, zod=zod)
    types = root / "node_modules" / "@types"
    types.mkdir()
    (types / "node").symlink_to(REPOSITORY / "runners" / "node" / "node_modules" / "@types" / "node")
    return root
