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
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "secret/json", "OTEL_EXPORTER_OTLP_PROTOCOL is neither http/protobuf", False),
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "secret", "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL is neither", True),
        (ENDPOINT, "there:4318", "must begin with http://", False),
        (ENDPOINT, "http://u:secret/x#@there:4318", f"{ENDPOINT} must begin with http:// or https:// and name", False),
        (ENDPOINT, "http:///secret", f"{ENDPOINT} must begin with http://", False),
        (ENDPOINT, "http://[secret", f"{ENDPOINT} must begin with http://", False),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon", "OTEL_EXPORTER_OTLP_TIMEOUT has no effect", True),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1e300", "OTEL_EXPORTER_OTLP_TIMEOUT has no effect", True),
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


@pytest.mark.parametrize("protocol", [HTTP, GRPC])
@pytest.mark.parametrize("value", ["secret%0A", "%20secret", "se%00cret", "secret%0d%0aHost: there", "secret€"])
def test_a_header_that_none_may_be_is_found_before_anything_is_sent_without_it(protocol: str, value: str) -> None:
    variables = {**THERE, "OTEL_EXPORTER_OTLP_PROTOCOL": protocol}
    found = wanted({**variables, "OTEL_EXPORTER_OTLP_TRACES_HEADERS": f"a=b,X-Api-Key={value}"}, "shop")
    assert (found.traces, found.logs is not None) == (None, True)
    (warning,) = found.warnings
    assert "OTEL_EXPORTER_OTLP_TRACES_HEADERS gives the header x-api-key a value" in warning
    assert "secret" not in warning
    found = wanted({**variables, "OTEL_EXPORTER_OTLP_TRACES_HEADERS": f"{value}%0A=b"}, "shop")
    assert found.traces is None
    assert "secret" not in str(found.warnings)


def test_a_query_stays_behind_the_path_and_is_not_shown() -> None:
    found = asked(
        EXPORTER_OTLP_ENDPOINT="http://user:pw@there:4318/otlp/?api-key=k",
        EXPORTER_OTLP_LOGS_ENDPOINT="https://user:pw@[::1]/x/?api-key=k",
    )
    assert found.traces is not None
    assert found.logs is not None
    assert found.traces.endpoint == "http://user:pw@there:4318/otlp/v1/traces?api-key=k"
    assert found.traces.shown == "http://there:4318/otlp/v1/traces"
    assert (found.logs.endpoint, found.logs.shown) == ("https://user:pw@[::1]/x/?api-key=k", "https://[::1]/x/")


def test_grpc_has_a_place_for_host_and_port_alone() -> None:
    grpc = {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    found = wanted({**grpc, ENDPOINT: "http://there:4317/x?api-key=secret"}, "shop")
    assert found.traces is not None
    assert found.traces.endpoint == "http://there:4317"
    refused = wanted({**grpc, ENDPOINT: "http://user:secret@there:4317"}, "shop")
    assert (refused.traces, refused.logs) == (None, None)
    assert all(f"{ENDPOINT} has a user" in each and "secret" not in each for each in refused.warnings)
