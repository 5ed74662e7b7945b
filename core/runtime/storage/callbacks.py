"""Callbacks of those who wait to hear that something is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable


def call_each(callbacks: Iterable[Callable[[], None]]) -> None:
    """Calls them in order, whatever one of them raises: what is stored is stored, and the others have to hear of it.

    An exception goes to the event loop's handler, which writes it to the log of errors.
    """
    for callback in callbacks:
        try:
            callback()
        except Exception as error:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "who was to hear that something is stored, or is not, has failed", "exception": error}
            )
