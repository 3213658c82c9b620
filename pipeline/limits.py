"""How much a tenant may send: the settings of `tenants` that intake and router keep to."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.sections import Section

Class = Literal["otp", "transactional", "promotional", "billed"]
Digits = Annotated[str, Field(pattern=r"^[0-9]{1,15}$")]
DAY_S = 86_400
SEND_AHEAD_S_MAX = 30 * DAY_S
"""As far ahead as a send_at may be, and no less long is known what waits for its own."""


class RecipientLimitConfig(Section):
    """So many messages to one recipient in any `per_s` seconds."""

    class_: Class | None = Field(default=None, alias="class")
    """Counts those of this class; all together if unset."""
    messages: Annotated[int, Field(ge=1, le=100)]
    per_s: Annotated[int, Field(ge=1, le=7 * DAY_S)]


class PumpingConfig(Section):
    """So many messages, in each `per_s` seconds, to numbers that differ in their end only."""

    messages: Annotated[int, Field(ge=1)]
    per_s: Annotated[int, Field(ge=1, le=DAY_S)] = 3600
    last_digits: Annotated[int, Field(ge=1, le=6)] = 4
    """What is left off a number: all that begin alike then are counted together."""
    classes: Sequence[Class] = ("otp",)
    allow: Sequence[Digits] = ()
    """Numbers that begin so are not counted."""
    conversion_below: Annotated[float, Field(gt=0, lt=1)] | None = None
    """None goes to a country where less than this part of what ended lately was delivered."""
    at_least: Annotated[int, Field(ge=1)] = 100
    """So many segments must have ended there; fewer say nothing."""


class TenantLimits(Section):
    """What of a tenant's configuration says how much it may send; None is any number."""

    segments_per_s: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """Above it what is not urgent waits at intake."""
    segments_per_day: Annotated[int, Field(ge=1)] | None = None
    """Of UTC; above it nothing is sent, of no class."""
    segments_per_month: Annotated[int, Field(ge=1)] | None = None
    recipient_limits: Sequence[RecipientLimitConfig] = ()
    pumping: PumpingConfig | None = None

    @model_validator(mode="after")
    def _limits_differ(self) -> Self:
        counted = Counter((limit.class_, limit.per_s) for limit in self.recipient_limits)
        for (class_, per_s), count in counted.items():
            if count > 1:
                of = f"class {class_}" if class_ else "all classes"
                raise ValueError(f"recipient_limits: two of {of} per {per_s} s; keep one of them")
        return self
