"""Every dialect is read by our own reader, as what it means."""

from datetime import UTC, datetime, timedelta

import pytest

from services.sandbox.dialects import DIALECTS, around_id, granularity_s
from smpp import receipt
from smpp.pdu import DeliverSm
from smpp.values import MessageState

SUBMITTED = datetime(2026, 1, 31, 23, 59, 30, tzinfo=UTC)
DONE = SUBMITTED + timedelta(seconds=61)


def text_of(dialect: str, offset_minutes: int = 0) -> str:
    times = (int(SUBMITTED.timestamp()), int(DONE.timestamp()))
    before, behind = around_id(dialect, MessageState.UNDELIVERABLE, "00B", *times, offset_minutes)
    return (before + b"a1B2" + behind).decode("latin-1")


def read(text: str) -> receipt.DeliveryReceipt:
    return receipt.read(DeliverSm(short_message=text.encode("latin-1")))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_says_what_it_has_to_say(dialect: str) -> None:
    text = text_of(dialect)
    told = read(text)
    assert told.message_id == "a1B2"
    assert told.state is MessageState.UNDELIVERABLE
    template = DIALECTS[dialect].template
    assert told.error == ("00B" if "{err}" in template else None)
    if "{done}" in template:
        assert told.done_date is not None
        step = granularity_s(dialect)
        assert abs(told.done_date - DONE) < timedelta(seconds=step)


def test_there_are_a_dozen_and_no_two_write_the_same() -> None:
    assert len({text_of(dialect) for dialect in DIALECTS}) == len(DIALECTS) >= 12


def test_the_standard_one_is_appendix_b_to_the_letter() -> None:
    told = read(text_of("standard"))
    assert text_of("standard") == receipt.write(told)


def test_dates_can_be_those_of_another_zone() -> None:
    there, here = read(text_of("seconds", 330)), read(text_of("seconds"))
    assert there.done_date is not None
    assert here.done_date is not None
    assert there.done_date - here.done_date == timedelta(minutes=330)
