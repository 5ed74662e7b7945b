"""otlp/variables: what the OTEL_* variables ask for."""

from __future__ import annotations

import pytest

from runtime.otlp.variables import GRPC, HTTP, Destination, Wanted, wanted

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
THERE = {ENDPOINT: "http://there:4318"}


def asked(**variables: str) -> Wanted:
    return wanted({f"OTEL_{name}": value for name, value in variables.items()}, "shop")


def test_without_an_endpoint_nothing_is_sent() -> None:
    assert not asked()
    assert not asked(
        SERVICE_NAME="x", EXPORTER_OTLP_HEADERS="a=b", EXPORTER_OTLP_PROTOCOL="grpc", TRACES_EXPORTER="otlp"
    )
    assert not asked(EXPORTER_OTLP_ENDPOINT="  ")
    assert asked().warnings == ()


@pytest.mark.parametrize("word", ["true", "TRUE"])
def test_the_sdk_can_be_disabled(word: str) -> None:
    assert not wanted({**THERE, "OTEL_SDK_DISABLED": word}, "shop")
    assert wanted({**THERE, "OTEL_SDK_DISABLED": "false"}, "shop")


def test_paths_are_added_to_the_common_endpoint_alone() -> None:
    both = asked(EXPORTER_OTLP_ENDPOINT="http://there:4318/otlp/", EXPORTER_OTLP_LOGS_ENDPOINT="https://logs/x")
    assert both.traces == Destination(HTTP, "http://there:4318/otlp/v1/traces", {}, 10.0)
    assert both.logs == Destination(HTTP, "https://logs/x", {}, 10.0)
    one = asked(EXPORTER_OTLP_TRACES_ENDPOINT="http://there/v1/traces")
    assert (one.traces is not None, one.logs) == (True, None)


def test_a_signal_has_its_own_variables() -> None:
    found = asked(
        EXPORTER_OTLP_ENDPOINT="http://there:4317",
        EXPORTER_OTLP_PROTOCOL="grpc",
        EXPORTER_OTLP_HEADERS="Team=blue%20sky, Key=a=b",
        EXPORTER_OTLP_LOGS_HEADERS="team=red",
        EXPORTER_OTLP_LOGS_TIMEOUT="500",
    )
    assert found.traces == Destination(GRPC, "http://there:4317", {"team": "blue sky", "key": "a=b"}, 10.0)
    assert found.logs == Destination(GRPC, "http://there:4317", {"team": "red"}, 0.5)


def test_a_signal_can_be_left_out() -> None:
    found = wanted({**THERE, "OTEL_LOGS_EXPORTER": "none", "OTEL_TRACES_EXPORTER": "console,otlp"}, "shop")
    assert (found.traces is not None, found.logs) == (True, None)


def test_who_sends_has_a_name() -> None:
    assert asked().resource == {"service.name": "shop"}
    named = {"OTEL_RESOURCE_ATTRIBUTES": "service.name=other,team=blue"}
    assert wanted(named, "shop").resource == {"service.name": "other", "team": "blue"}
    assert wanted({**named, "OTEL_SERVICE_NAME": "mine"}, "shop").resource["service.name"] == "mine"


@pytest.mark.parametrize(
    ("variable", "value", "told", "is_sent"),
    [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "'http/json', not http/protobuf or grpc", False),
        (ENDPOINT, "there:4318", "must begin with http://", False),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon", "OTEL_EXPORTER_OTLP_TIMEOUT has no effect", True),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "nan", "OTEL_EXPORTER_OTLP_TIMEOUT has no effect", True),
        ("OTEL_EXPORTER_OTLP_HEADERS", "secret", "part 1 of OTEL_EXPORTER_OTLP_HEADERS is not key=value", True),
        ("OTEL_TRACES_SAMPLER", "always_on", "telemetry.sample", True),
    ],
)
def test_what_has_no_effect_is_told_without_values_that_may_be_secret(
    variable: str, value: str, told: str, is_sent: bool
) -> None:
    found = wanted({**THERE, variable: value}, "shop")
    assert bool(found) is is_sent
    assert any(told in warning for warning in found.warnings)
    assert not any("secret" in warning for warning in found.warnings)
