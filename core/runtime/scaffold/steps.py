"""A kind of step, a language and what was asked -> the text of a step file that runs as it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from runtime.errors import RuntimeFault
from runtime.scaffold.templates import TEMPLATES_FOLDER

MAX_NAME = 60
"""Characters in the name of a step."""
_FOLDER = TEMPLATES_FOLDER / "steps"
_WATCHED = "watched"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9 ._-]*")
_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z0-9]+|[0-9]+")
_PLACE = re.compile(r"(?P<quote>[\"']?)STEP_(?P<what>NAME|METHOD|PATH|TOPIC|CRON|GROUP|STREAM)(?P=quote)")


@dataclass(frozen=True, slots=True)
class Detail:
    """What a kind of step needs to be told beside its name."""

    option: str
    question: str
    suggestion: str
    """What most write there; `{name}` is the step's name in small letters."""
    key: str
    """Where the step's config has it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What makes a step run."""

    type: str
    description: str
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class Language:
    """What step files are written in."""

    name: str
    runner: str
    """The language as the runner's manifest calls it."""
    separator: str
    """Between the words of a file name."""
    step_ending: str
    stream_ending: str


KINDS: Mapping[str, Kind] = {
    kind.type: kind
    for kind in (
        Kind(
            "api",
            "answers HTTP requests",
            (
                Detail("method", "HTTP method", "GET", "method"),
                Detail("path", "Path", "/{name}", "path"),
            ),
        ),
        Kind("event", "handles the events of a topic", (Detail("topic", "Topic", "{name}", "subscribes"),)),
        Kind("cron", "runs on a schedule", (Detail("cron", "Schedule", "0 * * * *", "cron"),)),
        Kind("noop", "stands for what happens elsewhere"),
        Kind("state", "runs when state changes", (Detail("group", "Group of state", "{name}", "groupId"),)),
        Kind("stream", "runs when a stream changes", (Detail("stream", "Stream", "{name}", "streamName"),)),
    )
}
LANGUAGES: Mapping[str, Language] = {
    language.name: language
    for language in (
        Language("typescript", "node", "-", ".step.ts", ".stream.ts"),
        Language("javascript", "node", "-", ".step.js", ".stream.js"),
        Language("python", "python", "_", "_step.py", "_stream.py"),
    )
}


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step that is to be written."""

    kind: Kind
    language: Language
    name: str
    """As its config says it: words with capitals."""
    details: Mapping[str, str]
    """By option, one for each detail of the kind."""

    def config(self) -> dict[str, object]:
        """What its file says of it."""
        return {
            "type": self.kind.type,
            "name": self.name,
            **{each.key: self._value(each) for each in self.kind.details},
        }

    def _value(self, detail: Detail) -> object:
        value = self.details[detail.option]
        return [value] if detail.key == "subscribes" else value

    def file_name(self) -> str:
        """Fit for its language, such as `create-user.step.ts` or `create_user_step.py`."""
        return self._file_name(self.name, "step") + self.language.step_ending

    def text(self) -> str:
        """The step file."""
        return self._filled(f"{self.kind.type}{self.language.step_ending}")

    def stream_file_name(self) -> str:
        """Of the file that defines the stream which it watches."""
        name = self._file_name(self.details["stream"], "stream") or self._file_name(self.name, "step")
        return name + self.language.stream_ending

    def _file_name(self, name: str, kind: str) -> str:
        """Without its ending, which says the kind: a name that ends in it does not say it twice."""
        return words(name, self.language.separator).removesuffix(f"{self.language.separator}{kind}")

    def stream_text(self) -> str:
        """The file that defines the stream which it watches."""
        return self._filled(f"{_WATCHED}{self.language.stream_ending}")

    def _filled(self, file: str) -> str:
        values = {"NAME": self.name, **{option.upper(): value for option, value in self.details.items()}}
        text = (_FOLDER / file).read_text(encoding="utf-8")
        return _PLACE.sub(lambda found: _literal(values[found["what"]], found["quote"]), text)


def step_name(given: str) -> str:
    """The name of a step from what somebody calls it: `create user` is CreateUser.

    Raises `RuntimeFault` for one that a file or a type could not have.
    """
    if not _NAME.fullmatch(given.strip()) or len(given) > MAX_NAME:
        raise RuntimeFault(
            f"'{given}' is no name for a step",
            f"write letters, digits, spaces, '-', '_' and '.', at most {MAX_NAME}, beginning with a letter",
        )
    return "".join(word[0].upper() + word[1:] for word in _WORD.findall(given))


def words(name: str, separator: str) -> str:
    """The words of a name in small letters."""
    return separator.join(_WORD.findall(name)).lower()


def _literal(text: str, quote: str) -> str:
    """The text in quotes of this kind, or of the other one where that takes fewer escapes; without any, as it is."""
    if not quote:
        return text
    other = "'" if quote == '"' else '"'
    used = other if text.count(quote) > text.count(other) else quote
    escaped = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"')
    return used + escaped.replace(used, f"\\{used}") + used
