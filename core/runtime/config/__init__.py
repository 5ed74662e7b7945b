"""What `runtime.yaml` may say, as frozen settings: every bound of the runtime has its name here.

Keys are camelCase in the file. Times are in seconds, sizes in bytes, unless a name says otherwise.
"""

from runtime.config.http import DEV_PORTS, CorsSettings, HttpSettings, TlsSettings
from runtime.config.reload import ReloadSettings
from runtime.config.runners import LinkSettings, RunnerSettings
from runtime.config.section import in_our_words
from runtime.config.settings import (
    BusSettings,
    ControlSettings,
    CronSettings,
    LogSettings,
    Settings,
    StateSettings,
    StorageSettings,
    known_timezone,
)
from runtime.config.streams import StreamSettings
from runtime.config.telemetry import PRODUCTION_SAMPLE, RetentionSettings, TelemetrySettings

__all__ = [
    "DEV_PORTS",
    "PRODUCTION_SAMPLE",
    "BusSettings",
    "ControlSettings",
    "CorsSettings",
    "CronSettings",
    "HttpSettings",
    "LinkSettings",
    "LogSettings",
    "ReloadSettings",
    "RetentionSettings",
    "RunnerSettings",
    "Settings",
    "StateSettings",
    "StorageSettings",
    "StreamSettings",
    "TelemetrySettings",
    "TlsSettings",
    "in_our_words",
    "known_timezone",
]
