"""The section `services.intake` of the configuration."""

from typing import Annotated

from pydantic import Field

from pipeline.config import Section

Weight = Annotated[int, Field(ge=1, le=100)]
Rate = Annotated[float, Field(gt=0)]


class WeightsConfig(Section):
    """Of what all lanes could give, the parts each gives."""

    priority: Weight = 16
    normal: Weight = 4
    bulk: Weight = 1


class RatesConfig(Section):
    """Segments a second that a lane gives, of all tenants and replicas; any number where left out.

    What is urgent never waits, so its lane has none.
    """

    normal: Rate | None = None
    bulk: Rate | None = None


class IntakeConfig(Section):
    """How an intake replica works."""

    weights: WeightsConfig = WeightsConfig()
    segments_per_s: RatesConfig = RatesConfig()
    router_behind_max_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    """Work that may wait for the router before all that is not urgent waits at intake."""
    unreadable_in_a_row_max: Annotated[int, Field(ge=1)] = 10_000
    """So many of one partition, and it is read no more until intake is restarted: an alarm."""
