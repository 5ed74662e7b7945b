"""services/live: what has changed is collected for each watcher, as much as can be shown."""

from __future__ import annotations

from runtime.services.live import Live
from runtime.services.tracing import Listener
from tests.unit.services.spans import done, line, span_of

TOPICS = ("steps", "traces")


def test_each_watcher_has_its_own_changes_and_only_since_it_came() -> None:
    live = Live([])
    span = span_of("A")
    with live.watching(TOPICS) as early:
        live.ended(span)
        with live.watching(TOPICS) as late:
            assert early.changed.is_set() and not late.changed.is_set()
            taken = early.take()
            assert (taken.steps, list(taken.traces)) == ({"A"}, [span.trace_id])
            live.dropped(span)
            assert late.take().steps == early.take().steps == {"A"}
        live.began(span)
        assert late.take().steps == set()  # has left
        assert early.take().steps == {"A"}


def test_it_listens_while_somebody_watches() -> None:
    listeners: list[Listener] = []
    live = Live(listeners)
    with live.watching(TOPICS), live.watching(TOPICS):
        assert listeners == [live]
    assert listeners == []


def test_taking_begins_anew() -> None:
    live = Live([])
    with live.watching(TOPICS) as feed:
        live.renewed()
        assert feed.take().project
        assert not feed.changed.is_set()
        assert not feed.take().project


def test_writes_tell_what_they_changed_and_reads_and_refused_ones_nothing() -> None:
    live = Live([])
    span = span_of("A")
    with live.watching(TOPICS) as feed:
        live.did(span, done("state.get", "", "g", "k"))
        live.did(span, done("state.set", "", "g", "k", error="refused"))
        assert not feed.take().values
        live.did(span, done("state.set", "", "g", "k"))
        live.did(span, done("state.clear", "", "h"))
        live.did(span, done("stream.update", "s", "g", "1"))
        live.did(span, done("emit", "topic", event_id="e"))
        live.changed("g", "by hand")
        live.moved("s", "g", "2")
        taken = feed.take()
    assert list(taken.values) == [("g", "k"), ("h", ""), ("g", "by hand")]
    assert list(taken.items) == [("s", "g", "1"), ("s", "g", "2")]
    assert list(taken.edges) == [("A", "topic")]


def test_a_watcher_that_takes_nothing_holds_no_more_than_the_newest() -> None:
    live = Live([])
    with live.watching(TOPICS) as feed:
        spans = [span_of("A", trace=f"{number:032x}") for number in range(1000)]
        for number, span in enumerate(spans):
            live.began(span)
            live.did(span, done("emit", f"topic{number}", event_id="e"))
            live.did(span, done("state.set", "", "g", f"k{number}"))
            live.did(span, done("stream.set", "s", "g", f"i{number}"))
            live.changed("h", f"k{number}")
            live.written([span], [line(str(number))])
        taken = feed.take()
    assert list(taken.traces) == [span.trace_id for span in spans[-200:]]
    assert [each.message for each in taken.lines] == [str(number) for number in range(500, 1000)]
    assert taken.lost_lines == 500
    assert [len(found) for found in (taken.edges, taken.values, taken.items)] == [500, 500, 500]
    assert next(reversed(taken.edges)) == ("A", "topic999")


def test_a_stop_wakes_all_watchers() -> None:
    live = Live([])
    with live.watching(TOPICS) as one, live.watching(TOPICS) as other:
        live.stop()
        assert live.is_stopped and one.changed.is_set() and other.changed.is_set()
