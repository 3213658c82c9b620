"""A STOP is told to the binders; what only begins with it is a message like any other."""

import pytest

from pipeline.ids import Msisdn
from pipeline.records import OptOut
from tests.services.correlator.builders import HANDSET, Handset, deliver, mos, part, published


@pytest.mark.parametrize(
    ("octets", "action"),
    [
        (b"STOP", "out"),
        (b" stop. ", "out"),
        (b"Unsubscribe", "out"),
        (b"start", "in"),
        (b"stop by at nine", None),
        (b"hello", None),
        (b"", None),
    ],
)
def test_only_the_bare_word_is_an_opt_out(octets: bytes, action: str | None) -> None:
    effects = Handset().tell(deliver(short_message=octets))
    (mo,) = mos(effects)
    told = published(effects, "sms.router.in")
    if action is None:
        assert told == []
        return
    (row,) = told
    assert row.key == HANDSET
    assert row.record == OptOut(
        recipient=Msisdn("46701234567"),
        action=action,
        sender="12345",
        source=f"mo/{mo.mo_id}",
        at_ms=mo.received_ms,
    )


@pytest.mark.parametrize(
    ("octets", "receiver", "action"),
    [
        (b"STOPP!", "12345", "out"),
        (b"stopp", "+12345", "out"),
        (b"STOPP", "54321", None),
        (b"STOP", "54321", "out"),
    ],
)
def test_a_number_has_words_of_its_own_beside_those_of_all(
    octets: bytes, receiver: str, action: str | None
) -> None:
    fact = deliver(short_message=octets, destination_addr=receiver)
    rows = [effect.record for effect in published(Handset().tell(fact), "sms.router.in")]
    assert [row.action for row in rows if isinstance(row, OptOut)] == ([action] if action else [])
    assert all(row.sender == receiver.removeprefix("+") for row in rows if isinstance(row, OptOut))


def test_what_may_have_said_more_is_no_opt_out() -> None:
    handset = Handset()
    handset.tell(part(1, 2, b"STOP"))
    (mo,) = mos(effects := handset.ring("mo_partial"))
    assert (mo.text, mo.complete) == ("STOP", False)
    assert published(effects, "sms.router.in") == []


def test_a_word_in_parts_counts_when_it_is_whole() -> None:
    handset = Handset()
    assert published(handset.tell(part(1, 2, b"ST")), "sms.router.in") == []
    assert published(handset.tell(part(2, 2, b"OP")), "sms.router.in")
