"""configfile: runtime.yaml and the environment -> settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from runtime.config import (
    BusSettings,
    CronSettings,
    HttpSettings,
    LinkSettings,
    Settings,
    StateSettings,
    StreamSettings,
    known_timezone,
)
from runtime.config.section import Section
from runtime.configfile import load_settings
from runtime.errors import ConfigFault, RunnerFault
from runtime.runners.manifest import find_runners
from runtime.runners.programs import plan_launch
from runtime.web.tls import server_context


def load(root: Path, text: str, **environ: str) -> Settings:
    (root / "runtime.yaml").write_text(text, encoding="utf-8")
    return load_settings(root, environ)


def fault(root: Path, text: str, **environ: str) -> ConfigFault:
    with pytest.raises(ConfigFault) as raised:
        load(root, text, **environ)
    return raised.value


@pytest.mark.parametrize("text", ["", "# nothing but words\n", "{}"])
def test_an_empty_file_gives_the_defaults(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == Settings()


def test_no_file_gives_the_defaults(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    assert settings == Settings()
    assert (settings.http.host, settings.http.port, settings.http.server) == ("127.0.0.1", 3000, None)
    assert settings.http.max_body_bytes == 10 * 1024 * 1024
    assert settings.link.chunk_bytes == 64 * 1024


def test_settings_are_camel_case_and_frozen(tmp_path: Path) -> None:
    settings = load(tmp_path, "http: {maxBodyBytes: 5}\nrunners: {node: {maxInFlight: 7}}\nshutdownGrace: 1.5")
    assert settings.http.max_body_bytes == 5
    assert settings.runner("node").max_in_flight == 7
    assert settings.runner("python").max_in_flight == 256
    assert settings.shutdown_grace == 1.5
    with pytest.raises(ValidationError):
        settings.http.port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "place", "nearest"),
    [
        ("htp: {}", "htp", "did you mean http?"),
        ("http: {prot: 1}", "http.prot", "did you mean port?"),
        ("runners: {node: {maxInflight: 1}}", "runners.node.maxInflight", "did you mean maxInFlight?"),
        ("bus: {zzz: 1}", "bus.zzz", "known here: maxEventBytes"),
        ("strictEmits: true", "strictEmits", "it is bus.strictEmits"),
        ("cors: {}", "cors", "it is http.cors"),
        ("http: {origins: []}", "http.origins", "it is http.cors.origins"),
        ("enabled: true", "enabled", "it is telemetry.enabled or control.enabled"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest(tmp_path: Path, text: str, place: str, nearest: str) -> None:
    message = str(fault(tmp_path, text))
    assert message.startswith(f"runtime.yaml: {place} is not a setting")
    assert nearest in message


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("http: {port: 65536}", "http.port"),
        ("http: {port: abc}", "http.port"),
        ("http: {server: nginx}", "http.server"),
        ("link: {chunkBytes: 1}", "link.chunkBytes"),
        ("runners: {node: {maxInFlight: 0}}", "runners.node.maxInFlight"),
        ("cron: {timezone: Mars/Base}", "cron.timezone"),
        ("cron: {timezone: ../../etc/passwd}", "cron.timezone"),
        ("log: {level: loud}", "log.level"),
        ("http: 5", "http"),
        ("8080: x", "8080"),
    ],
)
def test_a_bad_value_is_refused_and_named(tmp_path: Path, text: str, place: str) -> None:
    assert f"runtime.yaml: {place}: " in str(fault(tmp_path, text))


def test_every_fault_is_named(tmp_path: Path) -> None:
    message = str(fault(tmp_path, "http: {port: -1}\nbus: {maxEventBytes: 0}"))
    assert "http.port" in message
    assert "bus.maxEventBytes" in message


@pytest.mark.parametrize("text", ["- a\n- b", "just words", "5"])
def test_a_file_that_is_no_map_is_refused(tmp_path: Path, text: str) -> None:
    assert "must be a map of settings" in str(fault(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("http:\n  port: [1\n", 3, 1, "but got '<stream end>'"),
        ("http:\n  port: 1\n port: 2\n", 3, 2, "expected <block end>"),
        ("http:\n\tport: 1\n", 2, 1, "cannot start any token"),
        ("a: 1\nb: \x07\n", 2, 4, "the character U+0007"),
        ("http: !!python/object/apply:os.getcwd []", 1, 7, "could not determine a constructor"),
        ("http:\n  port: 1\nhttp: {}\n", 3, 1, "'http' stands in line 1 already"),
    ],
)
def test_bad_yaml_is_refused_with_its_place(tmp_path: Path, text: str, line: int, column: int, said: str) -> None:
    refused = fault(tmp_path, text)
    assert (refused.file, refused.line, refused.column) == ("runtime.yaml", line, column)
    assert str(refused) == f"runtime.yaml:{line}:{column}: {refused.reason}"
    assert said in refused.reason
    assert "unicode string" not in refused.reason


def test_a_setting_that_is_refused_names_the_file_once(tmp_path: Path) -> None:
    refused = fault(tmp_path, "http: {port: -1}")
    assert (refused.file, refused.line) == ("runtime.yaml", 0)
    assert refused.reason.startswith("http.port: ")
    assert str(refused) == f"runtime.yaml: {refused.reason}"


def test_yaml_cannot_make_objects(tmp_path: Path) -> None:
    assert "not valid YAML" in str(fault(tmp_path, "http: !!python/object/apply:os.getcwd []"))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "runtime.yaml"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(ConfigFault, match=r"runtime\.yaml: it cannot be read"):
        load_settings(tmp_path, {})


def test_variables_are_filled_in_with_their_types(tmp_path: Path) -> None:
    text = 'http: {port: "${PORT}", host: "${HOST:-0.0.0.0}"}\nrunners: {node: {executable: "${HOME}/bin/node"}}'
    settings = load(tmp_path, text, PORT="4000", HOME="/home/a")
    assert (settings.http.port, settings.http.host) == (4000, "0.0.0.0")
    assert settings.runner("node").executable == "/home/a/bin/node"


def test_an_empty_default_counts_and_a_set_variable_wins(tmp_path: Path) -> None:
    text = 'runners: {node: {executable: "node${VERSION:-}"}}'
    assert load(tmp_path, text).runner("node").executable == "node"
    assert load(tmp_path, text, VERSION="22").runner("node").executable == "node22"


def test_a_missing_variable_is_refused_with_its_place(tmp_path: Path) -> None:
    error = fault(tmp_path, 'http: {host: "${ADDRESS}"}')
    assert "http.host" in str(error)
    assert "ADDRESS" in str(error)
    assert "${ADDRESS:-" in error.fix


@pytest.mark.parametrize("value", ["@home", "%1", "*star", "a: b: c", "[", "'"])
def test_a_variable_whose_value_is_no_yaml_is_text(tmp_path: Path, value: str) -> None:
    settings = load(tmp_path, 'runners: {node: {executable: "${NODE}"}}', NODE=value)
    assert settings.runner("node").executable == value


def test_the_ipv6_address_of_all_interfaces_can_come_from_a_variable(tmp_path: Path) -> None:
    assert load(tmp_path, 'http: {host: "${HOST}"}', HOST="::").http.host == "::"


def test_the_environment_wins_over_the_file_for_logs(tmp_path: Path) -> None:
    settings = load(tmp_path, "log: {level: error, format: text}", LOG_LEVEL="DEBUG", LOG_FORMAT="json")
    assert (settings.log.level, settings.log.format) == ("debug", "json")
    assert load(tmp_path, "log: {level: error}", LOG_LEVEL="").log.level == "error"


def test_a_bad_level_in_the_environment_is_refused(tmp_path: Path) -> None:
    assert "log.level" in str(fault(tmp_path, "", LOG_LEVEL="loud"))


@pytest.mark.parametrize("text", ["log: loud\n", "log: []\n"])
def test_a_log_section_that_is_no_map_is_refused_not_crashed_on(tmp_path: Path, text: str) -> None:
    assert "runtime.yaml: log" in str(fault(tmp_path, text, LOG_LEVEL="debug"))


def test_the_port_of_the_environment_wins(tmp_path: Path) -> None:
    assert load(tmp_path, "http: {port: 4000}", PORT="5000").http.port == 5000
    assert load(tmp_path, "", PORT="5000", HOST="0.0.0.0").http.host == "127.0.0.1"
    assert load(tmp_path, "http: {port: 4000}", PORT="").http.port == 4000


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "http.port"),
        ("http: {host: [1, '${SECRET}']}", "http.host"),
        ("http: {maxBodyBytes: 'at ${SECRET}'}", "http.maxBodyBytes"),
        ("runners: {node: {maxInFlight: '${SECRET}'}}", "runners.node.maxInFlight"),
    ],
)
def test_what_comes_from_the_environment_is_named_and_not_shown(tmp_path: Path, text: str, place: str) -> None:
    variables = {"SECRET": "123456789"} if text else {"PORT": "123456789"}
    raised = fault(tmp_path, text, **variables)
    assert f"{place}: " in str(raised)
    assert f"(it comes from {next(iter(variables))})" in str(raised)
    assert "12345" not in f"{raised}{raised.__cause__}{raised.fix}"
    assert raised.__suppress_context__


@pytest.mark.parametrize("name", ["", "UTC", "Europe/Berlin", "America/New_York"])
def test_known_timezones(name: str) -> None:
    assert known_timezone(name) == name


@pytest.mark.parametrize("name", ["Berlin", "CEST+1", "/etc/passwd", "..", "\0", "Europe"])
def test_unknown_timezones(name: str) -> None:
    with pytest.raises(ValueError, match="no known time zone"):
        known_timezone(name)


@pytest.mark.parametrize("name", LinkSettings.model_fields)
def test_every_setting_says_what_it_is(name: str) -> None:
    assert LinkSettings.model_fields[name].description


TLS = "certificate: a, key: b"


@pytest.mark.parametrize("value", ["12345678", "1e5", "true", "null", "0x1F", "2024-01-01"])
def test_a_variable_for_a_text_is_text_whatever_it_looks_like(tmp_path: Path, value: str) -> None:
    tls = load(tmp_path, f"http: {{tls: {{{TLS}, keyPassword: '${{SECRET}}'}}}}", SECRET=value).http.tls
    assert tls is not None
    assert tls.key_password is not None
    assert tls.key_password.get_secret_value() == value


def test_a_variable_becomes_what_its_setting_is(tmp_path: Path) -> None:
    text = "shutdownGrace: '${GRACE}'\nhttp: {openapi: '${OPEN}', server: '${SERVER:-}', maxBodyBytes: '${MOST}'}"
    settings = load(tmp_path, text, GRACE="2.5", OPEN="false", MOST="1000")
    assert (settings.shutdown_grace, settings.http.openapi) == (2.5, False)
    assert (settings.http.server, settings.http.max_body_bytes) == (None, 1000)


@pytest.mark.parametrize(
    "text",
    [
        f"http: {{tls: {{{TLS}, keyPassword: 424242}}}}",
        f"http: {{server: uvicorn, tls: {{{TLS}, keyPassword: '424242'}}}}",
        f"http: [{{tls: {{{TLS}, keyPassword: '424242'}}}}]",
        "control: {token: 424242, enabled: 7}",
    ],
)
def test_a_secret_of_the_file_is_not_shown(tmp_path: Path, text: str) -> None:
    raised = fault(tmp_path, text)
    assert "424242" not in f"{raised}{raised.__cause__}{raised.fix}"


def test_what_a_setting_is_called_hides_what_comes_from_the_environment(tmp_path: Path) -> None:
    text = "http: {tls: {certificate: '${CERT}', key: k.pem}}\nrunners: {x: {manifest: 'at/${PLACE}'}}"
    settings = load(tmp_path, text, CERT="s3cret", PLACE="s3cret")
    assert settings.http.tls is not None
    assert settings.http.tls.shown("certificate", tmp_path / "s3cret") == "(from CERT)"
    assert settings.http.tls.shown("key", "k.pem") == "k.pem"
    assert settings.runner("x").shown("manifest", "at/s3cret") == "(from PLACE)"
    assert settings.runner("y").shown("manifest", "at/other") == "at/other"


def test_a_zone_of_the_environment_is_not_shown(tmp_path: Path) -> None:
    message = str(fault(tmp_path, "cron: {timezone: '${SECRET}'}", SECRET="s3cret"))
    assert "no known time zone" in message
    assert "(it comes from SECRET)" in message
    assert "s3cret" not in message


@pytest.mark.parametrize("key", ["certificate", "key"])
def test_a_certificate_of_the_environment_is_not_shown(tmp_path: Path, key: str) -> None:
    (tmp_path / "good").write_text("")
    other = {"certificate": "good", "key": "good", key: "${SECRET}"}
    text = f"http: {{tls: {{certificate: '{other['certificate']}', key: '{other['key']}'}}}}"
    settings = load(tmp_path, text, SECRET="s3cret")
    with pytest.raises(ConfigFault, match=r"\(from SECRET\) cannot be read") as raised:
        server_context(settings.http.tls, tmp_path)
    assert "s3cret" not in f"{raised.value}{raised.value.__cause__}"


@pytest.mark.parametrize("text", ["", "language = 7", "=", 'language = "y"\ncommand = ["a"]\nstep_files = ["a"]'])
def test_a_manifest_of_the_environment_is_not_shown(tmp_path: Path, text: str) -> None:
    settings = load(tmp_path, "runners: {x: {manifest: '${SECRET}'}}", SECRET="s3cret")
    if text:
        (tmp_path / "s3cret").mkdir()
        (tmp_path / "s3cret" / "runner.toml").write_text(text)
    with pytest.raises(RunnerFault, match=r"\(from SECRET\)") as raised:
        find_runners(tmp_path, settings)
    assert "s3cret" not in f"{raised.value}{raised.value.__cause__}"


def test_a_program_of_the_environment_is_not_shown(tmp_path: Path) -> None:
    settings = load(tmp_path, "runners: {node: {executable: '/s3cret/${SECRET}'}}", SECRET="s3cret")
    node = next(each for each in find_runners(tmp_path, settings) if each.manifest.language == "node")
    fault = plan_launch(node, tmp_path, settings, {}).fault()
    assert fault == "the program (from SECRET) is not there, or cannot be executed"


@pytest.mark.parametrize(
    "text", ["http:\n", "http:\nrunners:\n", "runners: {node: }", "http: {port: , cors: }", "control: {token: }"]
)
def test_what_is_empty_means_its_defaults(tmp_path: Path, text: str) -> None:
    settings = load(tmp_path, text)
    assert settings.http == Settings().http
    assert settings.runner("node") == Settings().runner("node")


def test_an_empty_section_takes_the_variables_of_the_environment(tmp_path: Path) -> None:
    assert load(tmp_path, "log:\n", LOG_LEVEL="debug").log.level == "debug"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("http: 5", "runtime.yaml: http: this is no map of keys (it is 5)"),
        ("runners: [node]", "runtime.yaml: runners: this is no map of keys (it is a list)"),
        ("http: {cors: {origins: a}}", "runtime.yaml: http.cors.origins: this is no list (it is 'a')"),
        ("http: {host: [a]}", "runtime.yaml: http.host: this is no text (it is a list)"),
    ],
)
def test_a_value_of_another_kind_is_told_in_plain_words(tmp_path: Path, text: str, message: str) -> None:
    assert str(fault(tmp_path, text)) == message


@pytest.mark.parametrize("text", ["http:\n  port: 1\nbus: {}\nhttp: {}\n", "bus: {}\nhttp:\n  port: 1\n  port: 1\n"])
def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    assert str(fault(tmp_path, text)).startswith("runtime.yaml:4:")


def test_what_is_merged_in_may_be_overruled(tmp_path: Path) -> None:
    text = "runners:\n  node: &all {maxInFlight: 5, enabled: true}\n  python: {<<: *all, maxInFlight: 6}\n"
    assert load(tmp_path, text).runner("python").max_in_flight == 6


@pytest.mark.parametrize("key", ["adapters"])
def test_what_only_other_versions_have_is_said(tmp_path: Path, key: str) -> None:
    assert str(fault(tmp_path, f"{key}: {{}}")) == f"runtime.yaml: {key} is not a setting of this version; remove it"


@pytest.mark.parametrize(
    "text",
    [
        "state:\n  maxValueBytes: 41943040",
        "state:\n  maxValueBytes: 33554432",
        "link:\n  maxPayloadBytes: 1048576",
        "link:\n  maxPayloadBytes: 1048576\nstate:\n  maxValueBytes: ${SIZE:-1000000}",
    ],
)
def test_a_change_of_the_largest_value_has_to_reach_a_runner(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigFault, match=r"state\.maxValueBytes.* link\.maxPayloadBytes"):
        load(tmp_path, text)


def test_a_change_of_the_largest_value_just_fits(tmp_path: Path) -> None:
    settings = load(tmp_path, "link:\n  maxPayloadBytes: 1048576\nstate:\n  maxValueBytes: 520000")
    assert settings.state.max_value_bytes == 520_000


@pytest.mark.parametrize(
    "section", [HttpSettings, LinkSettings, BusSettings, CronSettings, StateSettings, StreamSettings]
)
def test_no_number_is_larger_than_any_use(tmp_path: Path, section: type[Section]) -> None:
    name = section.__name__.removesuffix("Settings").lower().replace("stream", "streams")
    numbers = [field.alias for field in section.model_fields.values() if field.annotation in (int, float)]
    for key in numbers:
        for value in ("9" * 30, ".inf"):
            assert f"{name}.{key}" in str(fault(tmp_path, f"{name}: {{{key}: {value}}}"))
