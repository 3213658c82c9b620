"""Settings of the tracker: `services.tracker` of heliograph.yaml."""

from typing import Annotated

from pydantic import Field

from pipeline.config import Section


class TrackerConfig(Section):
    """Limits of one tracker process."""

    life_s: Annotated[int, Field(ge=3600, le=90 * 86400)] = 7 * 86400
    """How long a message is known after its last fact."""
    quality_window_s: Annotated[int, Field(ge=5, le=3600)] = 60
    """How long connectors are watched before it is said how they did."""
