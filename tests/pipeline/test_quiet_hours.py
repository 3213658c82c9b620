"""Quiet hours as they are written, and what is wrong with those that are none."""

import pytest
from pydantic import ValidationError

from pipeline.config import Config
from pipeline.sections import sentences


def config(written: object) -> Config:
    return Config(quiet_hours={"SE": written})  # type: ignore[dict-item]


NIGHT = {"from": "21:00", "to": "8:00", "zone": "Europe/Stockholm"}


def test_a_country_has_one_part_of_the_week_or_several() -> None:
    sunday = {"from": "00:00", "to": "24:00", "days": ["sun"], "zone": "Europe/Stockholm"}
    (night,) = config(NIGHT).quiet_hours["SE"]
    assert night.minutes == (21 * 60, 8 * 60)
    assert night.days == ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    assert config({**NIGHT, "days": "sun"}).quiet_hours["SE"][0].days == ("sun",)
    assert config([NIGHT, sunday]).quiet_hours["SE"][0] == night
    assert config([NIGHT, sunday]).quiet_hours["SE"][1].minutes == (0, 1440)
    assert config(NIGHT).model_dump(mode="json")["quiet_hours"]["SE"][0]["from"] == "21:00"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"from": 21}, "quiet_hours.SE.0.from: Input should be a valid string"),
        ({"from": "9 pm"}, "quiet_hours.SE.0.from: String should match"),
        ({"from": "24:00"}, "quiet_hours.SE.0.from: String should match"),
        ({"to": "24:01"}, "quiet_hours.SE.0.to: String should match"),
        ({"to": "21:00"}, "quiet_hours.SE.0: from and to are the same; for all of a day write"),
        ({"days": ["monday"]}, "quiet_hours.SE.0.days"),
        ({"days": []}, "quiet_hours.SE.0.days"),
        ({"zone": "Mars/Base"}, "there is no time zone 'Mars/Base'; write one such as"),
        ({"until": "8:00"}, "quiet_hours.SE.0.until: there is no such setting"),
    ],
)
def test_what_is_no_part_of_the_week_is_told(changed: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        config({**NIGHT, **changed})
    assert any(words in fault for fault in sentences(caught.value))


def test_no_hours_at_all_are_a_fault() -> None:
    with pytest.raises(ValidationError):
        config([])
