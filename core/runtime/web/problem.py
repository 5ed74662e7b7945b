"""How the control routes say no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from runtime.problems import MEDIA_TYPE, problem_document


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> JSONResponse:
    """An answer that says what is wrong; `more` are further members of the document."""
    return JSONResponse(problem_document(status, detail, **more), status, headers, media_type=MEDIA_TYPE)
