"""triggers/forms: forms with files, and what is wrong with some of them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.config import HttpSettings
from runtime.triggers.forms import BadForm, TooManyParts, read_body

MULTIPART = "multipart/form-data; boundary=AaB03x"


def limits(max_form_parts: int, **more: int) -> HttpSettings:
    return HttpSettings(max_form_parts=max_form_parts, **more)


def part(headers: str, data: bytes = b"x", boundary: str = "AaB03x") -> bytes:
    return f"--{boundary}\r\n{headers}\r\n\r\n".encode() + data + b"\r\n"


def field(name: str, data: bytes = b"x") -> bytes:
    return part(f'Content-Disposition: form-data; name="{name}"', data)


def read(*parts: bytes, end: bytes = b"--AaB03x--\r\n", max_parts: int = 10) -> Any:
    return read_body(MULTIPART, b"".join(parts) + end, limits(max_parts))


def test_fields_are_text() -> None:
    assert read(field("a", "ä".encode()), field("b", b""), field("c", b"\xff")) == {"a": "ä", "b": "", "c": "�"}


def test_files_are_maps() -> None:
    head = 'Content-Disposition: form-data; name="f"; filename="ä b.png"\r\nContent-Type: image/png'
    assert read(part(head, b"\x89PNG\r\n\x00")) == {
        "f": {"filename": "ä b.png", "contentType": "image/png", "data": b"\x89PNG\r\n\x00"}
    }


@pytest.mark.parametrize(
    ("given", "name"), [("../../etc/passwd", "passwd"), ("C:\\\\x\\\\y.txt", "y.txt"), ("", ""), ('a\\"b', 'a"b')]
)
def test_a_file_s_name_has_no_folders(given: str, name: str) -> None:
    read_file = read(part(f'Content-Disposition: form-data; name="f"; filename="{given}"'))["f"]
    assert read_file == {"filename": name, "contentType": "application/octet-stream", "data": b"x"}


def test_names_are_those_of_queries() -> None:
    assert read(field("a", b"1"), field("a", b"2"), field("b[]"), field("c[d]"), field("__proto__")) == {
        "a": ["1", "2"],
        "b": ["x"],
        "c": {"d": "x"},
        "__proto__": "x",
    }


def test_files_of_one_name_are_an_array() -> None:
    head = 'Content-Disposition: form-data; name="f"; filename="{}"'
    files = read(part(head.format("1")), part(head.format("2")))["f"]
    assert [file["filename"] for file in files] == ["1", "2"]


def test_no_parts_are_an_empty_map() -> None:
    assert read() == {}


def test_the_limit_of_parts() -> None:
    assert len(read(field("a"), field("b"), max_parts=2)) == 2
    with pytest.raises(TooManyParts, match="more than 2"):
        read(field("a"), field("b"), field("c"), max_parts=2)
    with pytest.raises(TooManyParts, match="more than 2"):
        read_body("application/x-www-form-urlencoded", b"a=1&b=2&c=3", limits(2))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (field("a"), "last boundary"),
        (field("a") + b"--AaB03x", "last boundary"),
        (b"nothing", "the boundary that its content type names is not in it"),
        (b"--AaB03hello", "is not in it"),
        (b"--AaB03xhello", "part 1 is malformed: it begins with a boundary, header lines"),
        (part("Content-Disposition: form-data") + b"--AaB03x--", "part 1 of the form has no name"),
        (field("a") + part("Content-Type: text/plain") + b"--AaB03x--", "part 2 of the form has no name"),
        (part('Content-Disposition: attachment; name="a"') + b"--AaB03x--", "no name"),
        (part("X: " + "y" * 5000) + b"--AaB03x--", "part 1 has a header that is too long"),
        (part("\r\n".join(f"X-{i}: y" for i in range(9))) + b"--AaB03x--", "part 1 has too many headers"),
        (field("a") + part("no header") + b"--AaB03x--", "part 2 is malformed"),
    ],
)
def test_a_malformed_form_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(BadForm, match=message):
        read_body(MULTIPART, body, limits(10))


@pytest.mark.parametrize("parameters", ["", "; boundary=", "; boundary", "; charset=x", f"; boundary={'x' * 300}"])
def test_a_form_without_a_boundary_is_refused(parameters: str) -> None:
    with pytest.raises(BadForm):
        read_body(f"multipart/form-data{parameters}", field("a"), limits(10))


@given(st.lists(st.integers(0, 300), max_size=6))
def test_the_pieces_of_a_form_make_no_difference(cuts: list[int]) -> None:
    body = field("a", b"1\r\n--AaB03\r\n2") + field("b[c]", b"\r\n--") + b"--AaB03x--\r\nafter"
    edges = [0, *sorted(cuts), len(body)]
    pieces = tuple(body[begin:end] for begin, end in itertools.pairwise(edges))
    assert read_body(MULTIPART, pieces, limits(10)) == {"a": "1\r\n--AaB03\r\n2", "b": {"c": "\r\n--"}}


@given(
    st.lists(st.sampled_from([b"--AaB03x", b"\r\n", b"--", b'Content-Disposition: form-data; name="a"', b"x", b":"]))
)
def test_any_form_is_read_or_refused(parts: list[bytes]) -> None:
    try:
        assert isinstance(read_body(MULTIPART, b"".join(parts), limits(10)), dict)
    except (BadForm, TooManyParts) as refused:
        assert str(refused)


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("iso-8859-1", b"caf\xe9", "café"),
        ("windows-1252", b"\x80", "€"),
        ("utf-16", "ä€".encode("utf-16"), "ä€"),
        ("Shift_JIS", "日本".encode("shift_jis"), "日本"),
        ("us-ascii", b"a\xff", "a�"),
    ],
)
def test_text_of_other_encodings(charset: str, body: bytes, text: str) -> None:
    assert read_body(f"text/plain; charset={charset}", body, limits(10)) == text


def test_the_limits_of_a_part_are_what_the_settings_say() -> None:
    body = part("\r\n".join(['Content-Disposition: form-data; name="a"', *(f"X-{i}: y" for i in range(9))])) + b"1"
    body += b'\r\n--AaB03x\r\nContent-Disposition: form-data; name="b[c][d]"\r\nX: ' + b"y" * 5000
    body += b"\r\n\r\n2\r\n--AaB03x--\r\n"
    settings = limits(10, max_part_headers=10, max_part_header_bytes=6000, max_query_depth=1)
    assert read_body(MULTIPART, body, settings) == {"a": "x\r\n1", "b": {"c": {"[d]": "2"}}}


@pytest.mark.parametrize("preamble", ["This is a form.\r\n", "\r\n", "two\r\nlines, --AaB03x, \r\n"])
@pytest.mark.parametrize("cut", [1, 9, 40])
def test_what_stands_before_the_first_part_is_passed_over(preamble: str, cut: int) -> None:
    body = preamble.encode() + field("a") + b"--AaB03x--"
    assert read_body(MULTIPART, body, limits(10)) == read(field("a"))
    assert read_body(MULTIPART, (body[:cut], body[cut:]), limits(10)) == read(field("a"))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("filename*=UTF-8''caf%C3%A9.txt", "café.txt"),
        ("filename*=iso-8859-1'en'caf%E9", "café"),
        ("FileName* = utf-8''a%2Fb.txt", "b.txt"),
        ("filename*=UTF-8''%ff", "\ufffd"),
        ("filename=\"plain\"; filename*=UTF-8''other", "plain"),
    ],
)
def test_a_part_with_an_encoded_file_name_is_a_file(given: str, name: str) -> None:
    assert read(part(f'Content-Disposition: form-data; name="f"; {given}'))["f"]["filename"] == name


def test_a_name_that_looks_like_a_file_name_makes_no_file() -> None:
    name = "x; filename*=UTF-8''y"
    assert read(part(f'Content-Disposition: form-data; name="{name}"', b"text")) == {name: "text"}
