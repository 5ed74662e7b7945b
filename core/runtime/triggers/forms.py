"""Bodies that the core reads for all runners: forms, and text in another encoding than UTF-8."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from encodings.aliases import aliases
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from python_multipart.multipart import MultipartParser, parse_options_header

from runtime.config import HttpSettings
from runtime.model import Payload, whole
from runtime.triggers.queries import Leaf, TooManyKeys, place, read_pairs

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
# Encodings of characters, as browsers know them; Python has others that are codes of another kind. It is not asked for
# names that are not its own, because it remembers each for ever.
_CHARSETS = re.compile(
    r"ascii|latin_1|utf_(?:16|32)(?:_[bl]e)?|iso8859_\d+|cp(?:125\d|866|874|932|949)|koi8_r|mac_(?:roman|cyrillic)"
    r"|shift_jis|euc_(?:jp|kr)|iso2022_jp|gb(?:2312|k|18030)|big5"
)
_QUOTED = re.compile(rb'"(?:\\.|[^"\\])*"')
_ENCODED_NAME = re.compile(rb";\s*filename\*\s*=\s*(?P<charset>[^';\s]*)'[^';]*'(?P<name>[^;\s]*)", re.IGNORECASE)
# It would print each malformed form of a client on the terminal.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)


class BadForm(ValueError):
    """A form that cannot be read; the message is for the client."""


class TooManyParts(ValueError):
    """More fields and files than the limit; the message is for the client."""


def form_of(headers: Mapping[str, Any]) -> str:
    """How a body becomes `req.body` (PROTOCOL.md, "Requests"); "value" for one that `read_body` reads.

    An encoded body (gzip, say) is handed over as the bytes that it is.
    """
    if "content-encoding" in headers and str(headers["content-encoding"]).strip().lower() != "identity":
        return "bytes"
    return _form_of_type(str(headers.get("content-type", "")))


def is_json_in_a_form(headers: Mapping[str, Any], body: Payload) -> bool:
    """Whether a body that is read as a form looks like JSON: curl, for one, says that it is a form unless told."""
    first = body if isinstance(body, bytes) else body[0]
    return _essence(str(headers.get("content-type", ""))) == _URLENCODED and first.lstrip()[:1] in (b"{", b"[")


def _form_of_type(content_type: str) -> str:
    if content_type == "application/json":
        return "json"
    essence = _essence(content_type)
    if essence == "application/json" or essence.endswith("+json"):
        return "json"
    if essence in (_URLENCODED, _MULTIPART):
        return "value"
    if not essence.startswith("text/"):
        return "bytes"
    charset = _charset(content_type)
    return "bytes" if charset is None else "text" if charset == "utf_8" else "value"


def _essence(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _charset(content_type: str) -> str | None:
    """Python's name of the text's encoding; None for one that nobody knows."""
    _, options = parse_options_header(content_type)
    label = options.get(b"charset", b"utf-8").decode("latin-1").strip().lower().replace("-", "_")
    name = aliases.get(label, label)
    return name if name == "utf_8" or _CHARSETS.fullmatch(name) else None


def read_body(content_type: str, body: Payload, settings: HttpSettings) -> object:
    """The value of a body of the form "value". Raises `BadForm` or `TooManyParts`."""
    essence = _essence(content_type)
    if essence == _MULTIPART:
        return _read_multipart(content_type, body, settings)
    if essence == _URLENCODED:
        try:
            return read_pairs(whole(body), settings.max_form_parts, settings.max_query_depth)
        except TooManyKeys as error:
            raise TooManyParts(f"the form has more than {settings.max_form_parts} fields") from error
    return whole(body).decode(_charset(content_type) or "utf-8", "replace")


def _read_multipart(content_type: str, body: Payload, settings: HttpSettings) -> dict[str, Any]:
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise BadForm("the content type of the form names no boundary")
    pieces = _from_first_part(body, b"--" + boundary)
    reader = _FormReader(settings.max_form_parts, settings.max_query_depth)
    try:
        parser = MultipartParser(
            boundary,
            reader.callbacks(),
            max_header_count=settings.max_part_headers,
            max_header_size=settings.max_part_header_bytes,
        )
        for piece in pieces:
            parser.write(piece)
    except (BadForm, TooManyParts):
        raise
    except ValueError as error:
        raise BadForm(f"the form is no multipart/form-data: {reader.place} {_fault(error)}") from error
    if not reader.is_complete:
        raise BadForm("the form ends before its last boundary")
    return reader.values


def _from_first_part(body: Payload, delimiter: bytes) -> Sequence[bytes]:
    """The form from its first delimiter on: what stands before it is for people (RFC 2046, section 5.1.1).

    Raises `BadForm` when it has none.
    """
    pieces = (body,) if isinstance(body, bytes) else body
    if pieces[0].startswith(delimiter):
        return pieces
    _, found, rest = (b"\r\n" + whole(body)).partition(b"\r\n" + delimiter)
    if not found:
        raise BadForm("the form is no multipart/form-data: the boundary that its content type names is not in it")
    return (delimiter + rest,)


def _fault(error: ValueError) -> str:
    """What the parser has found, in words that need no knowledge of it."""
    if "header size" in str(error):
        return "has a header that is too long"
    if "header count" in str(error):
        return "has too many headers"
    return "is malformed: it begins with a boundary, header lines and an empty line, each ended by CR LF"


class _FormReader:
    """Collects what the parser finds: fields as text, files as maps."""

    def __init__(self, max_parts: int, max_depth: int) -> None:
        self.values: dict[str, Any] = {}
        self.is_complete = False
        self._max_parts = max_parts
        self._max_depth = max_depth
        self._parts = 0
        self._headers: dict[bytes, bytes] = {}
        self._name = b""
        self._value = b""
        self._data: list[bytes] = []

    @property
    def place(self) -> str:
        """The part that is being read."""
        return f"part {max(1, self._parts)}"

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header_name,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header,
            "on_part_data": lambda data, start, end: self._data.append(data[start:end]),
            "on_part_end": self._end,
            "on_end": self._on_end,
        }

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > self._max_parts:
            raise TooManyParts(f"the form has more than {self._max_parts} fields and files")
        self._headers, self._data = {}, []

    def _on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _end(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"")
        kind, options = parse_options_header(disposition)
        if kind != b"form-data" or b"name" not in options:
            raise BadForm(f"part {self._parts} of the form has no name")
        data = b"".join(self._data)
        value: object = data.decode("utf-8", "replace")
        filename = options[b"filename"].decode("utf-8", "replace") if b"filename" in options else _encoded(disposition)
        if filename is not None:
            value = Leaf(filename=_without_folders(filename), contentType=self._content_type(), data=data)
        place(self.values, options[b"name"].decode("utf-8", "replace"), value, self._max_depth)

    def _content_type(self) -> str:
        return self._headers.get(b"content-type", b"application/octet-stream").decode("latin-1")

    def _on_end(self) -> None:
        self.is_complete = True


def _encoded(disposition: bytes) -> str | None:
    """The file name of a client that encodes it by RFC 5987, which for forms it should not; None without one."""
    found = _ENCODED_NAME.search(_QUOTED.sub(b'""', disposition))
    if found is None:
        return None
    charset = "latin-1" if found["charset"].lower() == b"iso-8859-1" else "utf-8"
    return unquote_to_bytes(found["name"]).decode(charset, "replace")


def _without_folders(name: str) -> str:
    """The file's name alone: some clients send folders along (RFC 7578, section 4.2)."""
    return name.replace("\\", "/").rpartition("/")[2]
