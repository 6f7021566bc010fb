"""Settings of all tests that need no Frappe."""

from hypothesis import HealthCheck, settings

# A busy machine is not a defect: tests do not assert times.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
