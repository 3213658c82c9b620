"""Scenario sections: what a carrier should not do, and when it is closed."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.config import Section
from services.sandbox.values import HOUR_MS, Share, Status
from smpp.values import CommandStatus

FaultName = Literal[
    "never_answer_bind",
    "never_answer_submit",
    "late_response",
    "repeated_response",
    "wrong_sequence",
    "half_pdu",
    "dribble",
    "command_length",
    "garbage",
    "unknown_command",
    "enquire_flood",
    "reset",
    "unbind",
]

OCCASIONS = ("share", "after", "every_s")
ON_ANSWER = ("never_answer_submit", "late_response", "repeated_response", "wrong_sequence")
OWN_KEYS = {"late_response": "after_ms", "enquire_flood": "count"}  # which they need


class Fault(Section):
    """What a carrier should not do, and when: one of share, after and every_s."""

    fault: FaultName
    share: Share | None = None
    """Of submit_sm; of binds for never_answer_bind."""
    after: Annotated[int, Field(ge=1)] | None = None
    """Once, with the answer to the n-th submit_sm of a bind."""
    every_s: Annotated[float, Field(ge=0.01, le=86_400)] | None = None
    """On every bind, with or without traffic."""
    after_ms: Annotated[int, Field(ge=1, le=24 * HOUR_MS)] | None = None
    """How late a late_response is."""
    count: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """enquire_link of an enquire_flood."""
    command_length: Annotated[int, Field(ge=0, le=0xFFFFFFFF)] | None = None
    """What a PDU claims; drawn among those that hurt when left out."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        given = [name for name in OCCASIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"{self.fault}: needs one of {', '.join(OCCASIONS)}")
        if self.fault == "never_answer_bind" and self.share is None:
            raise ValueError("never_answer_bind: goes by share only")
        if self.fault in ON_ANSWER and self.every_s is not None:
            raise ValueError(f"{self.fault}: happens to an answer, so not every_s")
        needed = OWN_KEYS.get(self.fault)
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f"{self.fault}: needs {needed}")
        for key, fault in (*[(k, f) for f, k in OWN_KEYS.items()], ("command_length",) * 2):
            if fault != self.fault and getattr(self, key) is not None:
                raise ValueError(f"{key}: belongs to {fault} only")
        return self


class Maintenance(Section):
    """A time without binds: those there are dropped at its beginning, new ones are refused."""

    from_s: Annotated[float, Field(ge=0)]
    """Since the scenario began."""
    for_s: Annotated[float, Field(gt=0)]
    status: Status = CommandStatus.ESME_RBINDFAIL
