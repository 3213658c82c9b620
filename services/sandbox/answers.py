"""Scenario sections: how submit_sm is answered, and what the contract allows."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.config import Section
from services.sandbox.values import Chosen, Delay, Status
from smpp.values import CommandStatus

Counting = Literal["sliding", "fixed", "leaky"]


class StatusRow(Chosen):
    """Which submit_sm are refused with this status."""

    status: Status
    times: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Only the first so many to a number; those after them pass."""


class Responses(Section):
    """How submit_sm is answered."""

    latency_ms: Delay = Delay()
    statuses: tuple[StatusRow, ...] = ()
    """The first row that fits decides; accepted where none does."""


class Limits(Section):
    """What the contract allows; nothing is limited where a limit is left out."""

    rate_per_s: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Segments in a second, as `counting` counts them."""
    counting: Counting = "sliding"
    """Any second, the clock's second, or a bucket that leaks at the rate."""
    bucket: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Segments a leaky bucket holds; as many as leak in a second when left out."""
    by: Literal["account", "session"] = "account"
    """Whose segments are counted together."""
    window: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """submit_sm unanswered on one bind."""
    binds: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Binds of an account at the same time."""
    above: Literal["throttle", "drop", "disconnect", "penalty"] = "throttle"
    """Above rate or window: a status, no answer, or the end; or, for `penalty_s`, all refused."""
    penalty_s: Annotated[float, Field(gt=0, le=86_400)] = 10
    """From the segment above the rate."""
    status_above: Status = CommandStatus.ESME_RTHROTTLED
    """Answer, at once, to a submit_sm over rate or window."""
    bind_status_above: Status = CommandStatus.ESME_RALYBND
    ghosts_s: Annotated[float, Field(ge=0, le=86_400)] = 0
    """For so long a bind that was lost without unbind counts among `binds`."""

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if self.bucket is not None and self.counting != "leaky":
            raise ValueError("bucket: only leaky counting has one")
        if self.ghosts_s and self.binds is None:
            raise ValueError("ghosts_s: means nothing where binds are not limited")
        return self
