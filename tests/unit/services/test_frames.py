"""services/frames: what is kept of the newest changes."""

from __future__ import annotations

import json

from runtime.services.frames import Frame, History, Place

PLACE = Place("s", "g", "1")
TEXT = json.dumps({"t": "x" * 900}).encode()


def frame(number: int, size: int = 100) -> Frame:
    return Frame(number, PLACE, "update", lambda: TEXT, size)


def test_a_frame_counts_the_one_form_that_it_keeps() -> None:
    one = frame(1)
    assert one.size == 100
    assert (one.data, one.size) == (TEXT, len(TEXT))
    assert len(one.wire) == one.size
    assert (one.data, json.loads(one.text)["event"]["data"]) == (TEXT, json.loads(TEXT))
    assert Frame(1, PLACE, "sync", TEXT).size == len(TEXT)


def test_the_history_holds_no_more_than_its_bytes_whatever_its_frames_become() -> None:
    history, limit = History(1000, 10_000, 0), 10_000
    frames = [frame(number) for number in range(1, 51)]
    for each in frames:
        history.add(each)
    assert list(history.behind(0, PLACE)) == frames
    for each in history.behind(0, PLACE):
        assert each.wire
    kept = list(history.behind(0, PLACE))
    assert 0 < sum(each.size for each in kept) <= limit
    assert kept == frames[-len(kept) :]
    assert history.reaches(kept[0].timestamp - 1) and not history.reaches(kept[0].timestamp - 2)
    for number in range(51, 200):
        history.add(frame(number))
    assert sum(each.size for each in history.behind(0, PLACE)) <= limit
