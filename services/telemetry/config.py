"""Settings of telemetry: `services.telemetry` of heliograph.yaml."""

from typing import Annotated

from pydantic import Field

from pipeline.config import Section


class TelemetryConfig(Section):
    """What telemetry keeps in memory."""

    latencies_max: Annotated[int, Field(ge=100, le=1_000_000)] = 10_000
    """Newest latencies kept for each percentile."""
    lag_interval_s: Annotated[float, Field(ge=0.2, le=60)] = 1.0
