"""Quiet hours as they are configured: by country, one or several parts of the week.

quiet_hours:
  SE: {from: "21:00", to: "08:00", zone: Europe/Stockholm}
  FR:
    - {from: "20:00", to: "10:00", zone: Europe/Paris}
    - {from: "00:00", to: "24:00", days: [sun], zone: Europe/Paris}
"""

from typing import Annotated, Any, Literal, Self, get_args
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from pipeline.sections import Section

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
EVERY_DAY: tuple[Day, ...] = get_args(Day)


def _as_time(written: Any) -> Any:
    """YAML 1.1 reads 21:00 without quotes as 21 * 60."""
    if isinstance(written, int) and written >= 60:
        return f"{written // 60}:{written % 60:02}"
    return written


Begin = Annotated[
    str, BeforeValidator(_as_time), Field(pattern=r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$")
]
End = Annotated[
    str, BeforeValidator(_as_time), Field(pattern=r"^(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)$")
]


def _is_norway(written: Any) -> Any:
    return "NO" if written is False else written  # as YAML 1.1 reads NO without quotes


Country = Annotated[str, BeforeValidator(_is_norway), Field(pattern=r"^[A-Z]{2}$")]
"""ISO 3166 code."""


def _several(written: Any) -> Any:
    return (written,) if isinstance(written, str | dict) else written


def _is_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(
            f"there is no time zone {name!r}; write one such as Europe/Paris"
        ) from error
    return name


class QuietHoursConfig(Section):
    """A part of the day, past midnight where it ends before it begins."""

    model_config = ConfigDict(serialize_by_alias=True)

    from_: Begin = Field(alias="from")
    to: End
    days: Annotated[tuple[Day, ...], Field(min_length=1), BeforeValidator(_several)] = EVERY_DAY
    """On which it begins."""
    zone: Annotated[str, AfterValidator(_is_zone)]

    @property
    def minutes(self) -> tuple[int, int]:
        """Where it begins and ends, in minutes of the day."""
        return _minute(self.from_), _minute(self.to)

    @model_validator(mode="after")
    def _is_part_of_a_day(self) -> Self:
        begin, end = self.minutes
        if begin == end:
            raise ValueError(
                'from and to are the same; for all of a day write from: "00:00" and to: "24:00"'
            )
        return self


def _minute(written: str) -> int:
    hours, minutes = written.split(":")
    return int(hours) * 60 + int(minutes)


QuietHours = Annotated[tuple[QuietHoursConfig, ...], Field(min_length=1), BeforeValidator(_several)]
"""Of one country; quiet is when any of them holds."""
