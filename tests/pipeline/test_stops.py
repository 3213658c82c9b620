"""What a stop is about."""

import pytest

from pipeline.ids import ConnectorId
from pipeline.records import Stop
from pipeline.stops import Stops
from tests.builders import REQUESTED_MS, mt_submit

HERE = ConnectorId("here")


def stop(action: str = "cancel", **about: str) -> Stop:
    return Stop(action=action, at_ms=REQUESTED_MS, **about)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("about", "holds"),
    [
        ({}, True),
        ({"tenant": "default"}, True),
        ({"tenant": "other"}, False),
        ({"campaign": "spring"}, True),
        ({"campaign": "autumn"}, False),
        ({"tenant": "default", "campaign": "spring"}, True),
        ({"tenant": "other", "campaign": "spring"}, False),
        ({"connector": "here"}, True),
        ({"connector": "there"}, False),
    ],
)
def test_a_stop_is_about_what_it_names(about: dict[str, str], holds: bool) -> None:
    submit, own = mt_submit(campaign="spring"), Stops(HERE)
    own.put("s", stop(**about))
    assert own.cancels(submit) == ("s" if holds else None)
    assert not own.pauses(submit)
    own.put("s", stop("pause", **about))
    assert own.pauses(submit) is holds
    assert own.cancels(submit) is None
    own.put("s", None)
    assert not own.pauses(submit)
