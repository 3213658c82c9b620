"""What scenarios are written in: shares, times, names of statuses and states, who is meant."""

import math
from collections.abc import Callable
from random import Random
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from pipeline.config import Section
from smpp.values import CommandStatus, MessageState

HOUR_MS = 3_600_000
NS_PER_MS = 1_000_000
Z_99 = 2.3263  # so many deviations above the median lies the 99th percentile of a normal


def _by_name(kind: type[CommandStatus] | type[MessageState]) -> BeforeValidator:
    def read(value: Any) -> Any:
        if isinstance(value, str):
            if value not in kind.__members__:
                raise ValueError(f"there is no {kind.__name__} {value!r}")
            return kind[value]
        return value

    return BeforeValidator(read)


_NAME = PlainSerializer(lambda value: value.name, return_type=str, when_used="json")

Status = Annotated[CommandStatus, _by_name(CommandStatus), _NAME]
State = Annotated[MessageState, _by_name(MessageState), _NAME]
Share = Annotated[float, Field(ge=0, le=1)]
Milliseconds = Annotated[int, Field(ge=0, le=24 * HOUR_MS)]


class Delay(Section):
    """A time drawn anew for each case, never under `min` nor over `max`.

    uniform is drawn evenly between the two. The others have a `median`; normal and lognormal a
    `p99` too, under which 99 of 100 lie.
    """

    min: Milliseconds = 0
    max: Milliseconds = 0
    distribution: Literal["uniform", "normal", "lognormal", "exponential"] = "uniform"
    median: Annotated[float, Field(gt=0, le=24 * HOUR_MS)] | None = None
    p99: Annotated[float, Field(gt=0, le=24 * HOUR_MS)] | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        needs_median = self.distribution != "uniform"
        needs_p99 = self.distribution in ("normal", "lognormal")
        for name, is_needed in (("median", needs_median), ("p99", needs_p99)):
            if (getattr(self, name) is not None) != is_needed:
                verb = "needs" if is_needed else "has no"
                raise ValueError(f"{self.distribution} {verb} {name}")
        if self.median is not None and self.p99 is not None and self.median >= self.p99:
            raise ValueError(f"median {self.median:g} is not below p99 {self.p99:g}")
        if needs_median and self.min == self.max:
            raise ValueError(f"{self.distribution} needs a max, over which nothing is drawn")
        return self


Draw = Callable[[Random], int]  # nanoseconds


def drawer(delay: Delay) -> Draw:
    """What draws a time of `delay`, in nanoseconds, with the dice given."""
    low, high = delay.min * NS_PER_MS, delay.max * NS_PER_MS
    if low == high:
        return lambda dice: low
    if delay.distribution == "uniform":
        return lambda dice: int(low + (high - low) * dice.random())
    median = (delay.median or 0) * NS_PER_MS
    p99 = (delay.p99 or 0) * NS_PER_MS
    draws: dict[str, Callable[[Random], float]] = {
        "normal": lambda dice: dice.gauss(median, (p99 - median) / Z_99),
        "lognormal": lambda dice: median * math.exp(dice.gauss(0, math.log(p99 / median) / Z_99)),
        "exponential": lambda dice: dice.expovariate(math.log(2) / median),
    }
    draw = draws[delay.distribution] if p99 else draws["exponential"]
    return lambda dice: min(high, max(low, int(draw(dice))))


class Chosen(Section):
    """Which submit_sm a row is about: all of these must hold."""

    prefix: str = ""
    suffix: str = ""
    """Of the destination."""
    share: Share = 1
    """Of those it would fit."""
    from_s: Annotated[float, Field(ge=0)] = 0
    until_s: Annotated[float, Field(gt=0)] | None = None
    """Since the scenario began."""

    @model_validator(mode="after")
    def _is_a_time(self) -> Self:
        if self.until_s is not None and self.from_s >= self.until_s:
            raise ValueError(f"from_s {self.from_s:g} is not before until_s {self.until_s:g}")
        return self

    def fits(self, destination: str, since_s: float, dice: Random) -> bool:
        """Whether it is about this one; throws the dice only where a share decides."""
        return (
            destination.startswith(self.prefix)
            and destination.endswith(self.suffix)
            and self.from_s <= since_s
            and (self.until_s is None or since_s < self.until_s)
            and (self.share == 1 or dice.random() < self.share)
        )
