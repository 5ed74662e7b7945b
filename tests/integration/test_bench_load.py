"""The load generator takes no answers but those that were asked for: a fast fault is no figure."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bench.harness import BenchFault
from bench.harness.load import load
from tests.integration.answering import answering

pytestmark = pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")

BODY = b"hello, whoever you are and wherever you come from"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)


@contextmanager
def numbered(answer: Callable[[int], bytes | None]) -> Iterator[str]:
    """A server that gives the answer to the request of each number; None leaves a request without one."""
    numbers = itertools.count()
    with answering(lambda _: answer(next(numbers))) as url:
        yield f"{url}/"


def test_answers_that_are_right_give_a_figure() -> None:
    with numbered(lambda _: OK) as url:
        assert load(url, 4, 1).rate > 0


@pytest.mark.parametrize(
    ("later", "fault"),
    [
        (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "bytes on average"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "no success"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nelse", "bytes on average"),
    ],
)
def test_answers_that_become_others_give_none(later: bytes, fault: str) -> None:
    with numbered(lambda number: OK if number < 3 else later) as url, pytest.raises(BenchFault, match=fault):
        load(url, 4, 1)


def test_a_server_that_answers_wrong_from_the_beginning_gives_none() -> None:
    found = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"
    with numbered(lambda _: found) as url, pytest.raises(BenchFault, match="302 Found"):
        load(url, 4, 1)


def test_connections_that_are_left_without_an_answer_give_none() -> None:
    with numbered(lambda number: None if number % 20 == 19 else OK) as url, pytest.raises(BenchFault, match="no more"):
        load(url, 4, 1)
