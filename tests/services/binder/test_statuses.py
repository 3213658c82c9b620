"""Statuses of a profile: names and numbers are read, and what is none is named."""

from typing import Any, get_args

import pytest

from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId
from pipeline.profiles import Disposition as Name
from pipeline.profiles import ProfileConfig
from services.binder.core import Disposition
from services.binder.statuses import deliver_refusal, dispositions
from smpp.values import CommandStatus

HERE = ConnectorId("here")


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ({}, {}),
        ({"ESME_RTHROTTLED": "retry_later"}, {0x58: Disposition.RETRY_LATER}),
        ({0x400: "stop_connector"}, {0x400: Disposition.STOP_CONNECTOR}),
        ({"0x400": "accepted"}, {0x400: Disposition.ACCEPTED}),
        ({"1024": "retry_slower"}, {0x400: Disposition.RETRY_SLOWER}),
    ],
)
def test_a_status_is_a_name_or_a_number(
    statuses: dict[str | int, Name], expected: dict[int, Disposition]
) -> None:
    assert dispositions(HERE, ProfileConfig(statuses=statuses)) == expected


def test_every_status_that_is_none_is_told_at_once() -> None:
    statuses: dict[Any, Name] = {"ESME_THROTTLED": "reject", "ESME_ROK": "reject", -1: "reject"}
    with pytest.raises(ConfigError) as error:
        dispositions(HERE, ProfileConfig(statuses=statuses))
    assert len(error.value.faults) == 3
    assert error.value.faults[0] == (
        "the profile of connector here: statuses.ESME_THROTTLED: is no status of a refusal; write a"
        " name of SMPP, such as ESME_RTHROTTLED, or a number, such as 0x400"
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ESME_RX_T_APPN", CommandStatus.ESME_RX_T_APPN),
        ("ESME_RMSGQFUL", CommandStatus.ESME_RMSGQFUL),
        ("0x400", CommandStatus(0x400)),
        ("no_answer", None),
    ],
)
def test_a_profile_chooses_how_a_deliver_sm_is_refused(
    written: str, expected: CommandStatus | None
) -> None:
    assert deliver_refusal(HERE, ProfileConfig(deliver_refusal=written)) == expected


@pytest.mark.parametrize("written", ["ESME_ROK", "later"])
def test_what_is_no_refusal_is_told(written: str) -> None:
    with pytest.raises(ConfigError, match=f"deliver_refusal: '{written}' is no status of a refusa"):
        deliver_refusal(HERE, ProfileConfig(deliver_refusal=written))


def test_what_a_profile_may_say_is_what_the_engine_knows() -> None:
    assert {name.upper() for name in get_args(Name)} == set(Disposition.__members__)
