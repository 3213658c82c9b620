"""The forms of a validity: what is left until the deadline, and no more than the carrier takes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.profiles import Validity
from services.binder.validity import form
from smpp import times
from tests.builders import REQUESTED_MS

NOW = datetime.fromtimestamp(REQUESTED_MS / 1000, UTC)


@pytest.mark.parametrize(
    ("validity", "left_s", "expected"),
    [
        ({}, 90, ("000000000130000R", ())),
        ({}, -5, ("000000000001000R", ())),
        ({"max_s": 60}, 90, ("000000000100000R", ())),
        ({"max_s": 60}, 30, ("000000000030000R", ())),
        ({"form": "absolute"}, 90, ("260921141450000+", ())),
        ({"form": "absolute", "max_s": 60}, 90, ("260921141420000+", ())),
        ({"form": "absolute"}, -5, ("260921141321000+", ())),
        ({"form": "none"}, 90, ("", ())),
        ({"form": "none", "max_s": 60}, 90, ("", ())),
        ({"form": "qos_time_to_live"}, 90, ("", ((0x0017, b"\0\0\0\x5a"),))),
        ({"form": "qos_time_to_live", "max_s": 60}, 90, ("", ((0x0017, b"\0\0\0\x3c"),))),
    ],
)
def test_what_is_left_is_written_in_the_form_of_the_profile(
    validity: dict[str, Any], left_s: int, expected: Any
) -> None:
    written = form(Validity(**validity))
    assert written(REQUESTED_MS + left_s * 1000, REQUESTED_MS) == expected


@pytest.mark.parametrize("name", ["relative", "absolute"])
def test_both_forms_of_a_time_mean_the_same_moment(name: Any) -> None:
    written, _ = form(Validity(form=name))(REQUESTED_MS + 3_600_000, REQUESTED_MS)
    assert (times.read(written, NOW) - NOW).total_seconds() == 3600
