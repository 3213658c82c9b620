"""What stands in the headers of a dead letter."""

import pytest

from pipeline.dead_letters import error_headers
from pipeline.effects import Headers
from pipeline.errors import UnreadableError
from pipeline.kafka.clients import Origin

ERROR = UnreadableError("no_json", "no object begins here")
OWN = [("traceparent", b"00-01"), ("ce_id", b"7"), ("ce_id", b"8"), ("empty", None)]


@pytest.mark.parametrize(
    ("came_with", "kept"),
    [
        (None, []),
        ([], []),
        (OWN, OWN),
        (
            [*OWN, ("error.topic", b"elsewhere"), ("error.note", b"x"), ("errors", b"1")],
            [*OWN, ("errors", b"1")],
        ),
    ],
)
def test_headers_stay_but_for_those_of_an_earlier_burial(
    came_with: Headers | None, kept: Headers
) -> None:
    headers = error_headers(Origin("sms.mt.request", 3, 41, 1_790, came_with), "intake", ERROR)
    assert headers[: len(kept)] == kept
    said = headers[len(kept) :]
    assert {name: value for name, value in said if name != "error.timestamp"} == {
        "error.topic": "sms.mt.request",
        "error.partition": "3",
        "error.offset": "41",
        "error.record_timestamp": "1790",
        "error.group": "intake",
        "error.stage": "decode",
        "error.class": "no_json",
        "error.message": "no object begins here",
    }
    assert len(said) == len(dict(said)) == 9
