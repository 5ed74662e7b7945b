"""Problem documents (RFC 9457): how the runtime itself says no, wherever in it that is said."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

MEDIA_TYPE = "application/problem+json"
# What RFC 9110 calls it; Python does so from 3.13 on.
_RENAMED = {413: "Content Too Large"}


def problem_document(status: int, detail: str = "", **more: Any) -> dict[str, Any]:
    """The document of a status, without a detail where there is none to give; `more` are further members."""
    title = _RENAMED.get(status) or HTTPStatus(status).phrase
    told = {"detail": detail} if detail else {}
    return {"type": "about:blank", "title": title, "status": status, **told, **more}
