"""problems: the documents by which the runtime says no."""

from __future__ import annotations

from runtime.problems import problem_document


def test_a_document_has_the_title_of_its_status() -> None:
    assert problem_document(404, "no such path") == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "no such path",
    }


def test_what_there_is_nothing_to_say_of_is_left_out() -> None:
    assert problem_document(502) == {"type": "about:blank", "title": "Bad Gateway", "status": 502}


def test_further_members_follow() -> None:
    assert problem_document(400, "no", errors=[1])["errors"] == [1]


def test_a_title_is_the_same_on_every_python() -> None:
    assert problem_document(413)["title"] == "Content Too Large"
