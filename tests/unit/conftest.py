"""Hypothesis for the unit tests: no time limits of its own, which busy machines break; pytest has one."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("unit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unit")
