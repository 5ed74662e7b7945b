"""How the control routes, and those beside them, say no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from runtime.problems import MEDIA_TYPE, problem_document


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> JSONResponse:
    """An answer that says what is wrong; `more` are further members of the document."""
    return JSONResponse(problem_document(status, detail, **more), status, headers, media_type=MEDIA_TYPE)


async def refuse(request: Request, error: Exception) -> Response:
    """What Starlette itself refuses, as a problem: an unknown path, a wrong method."""
    assert isinstance(error, HTTPException)
    place = f"{request.method} {request.url.path}"
    return problem(error.status_code, f"{place}: {error.detail}", error.headers)
