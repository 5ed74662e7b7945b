"""What to do about a file that does not load, where nobody closer to the fault has said it."""

from __future__ import annotations

import re

from runtime.model import Problem

_REMEDIES = (
    (r"(Indentation|Tab)Error", "Indent the line like its neighbours, with either spaces or tabs."),
    (
        r"SyntaxError|SourceError|Expected |Unexpected |Unterminated |Syntax error",
        "Correct the syntax there; a bracket, quote or comma may be missing, there or before.",
    ),
    (
        r"ModuleNotFoundError|[Cc]annot find (module|package|the file)|Could not resolve",
        "Correct the name of what is imported, or install the package: runtime install.",
    ),
    (
        r"ImportError|does not provide an export|No matching export",
        "Correct the name that is imported, or export it there.",
    ),
    (r"ReferenceError|NameError", "Define or import the name above that line, or correct its spelling."),
    (r"PermissionError|EACCES", "Make the file readable for the user who runs the runtime."),
    (r"UnicodeDecodeError|not UTF-8", "Save the file as UTF-8."),
    (r"[A-Z]\w*(Error|Exception)\b", "It is thrown while the file loads; correct it, or do that work in the handler."),
)
_OTHERWISE = "Correct the file and save it."


def remedy(problem: Problem) -> str:
    """What to do in one sentence: the problem's own, else what usually mends one of its kind."""
    if problem.fix:
        return problem.fix
    return next((told for pattern, told in _REMEDIES if re.match(pattern, problem.message)), _OTHERWISE)
