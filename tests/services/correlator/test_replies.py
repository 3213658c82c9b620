"""What is answered, to whom, and how often."""

import pytest

from pipeline.effects import Effect, Publish
from pipeline.ids import Msisdn
from pipeline.records import MtRequest
from services.intake.checks import first_fault
from services.intake.numbers import msisdn
from tests.services.correlator.builders import (
    DAY_MS,
    HANDSET,
    NOW_MS,
    TEST,
    Handset,
    deliver,
    mos,
)


def asked(effects: list[Effect]) -> list[Publish]:
    return [e for e in effects if isinstance(e, Publish) and isinstance(e.record, MtRequest)]


def texts(effects: list[Effect]) -> list[str]:
    records = [effect.record for effect in asked(effects)]
    return [str(record.text) for record in records if isinstance(record, MtRequest)]


STOPPED, HELPED = "You get no more from us.", "Write VOTE and A or B."


@pytest.mark.parametrize(
    ("octets", "receiver", "answers"),
    [
        (b"STOP", "12345", [STOPPED]),
        (b"stopp!", "12345", [STOPPED]),
        (b"HELP", "12345", [HELPED]),
        (b"hj\x04lp", "12345", []),
        (b"help me", "12345", []),
        (b"START", "12345", []),
        (b"START", "46765000000", ["Welcome back."]),
        (b"START", "+46765000000", ["Welcome back."]),
        (b"HELP", "77777", []),
        (b"HELP", "99999", []),
        (b"hello", "12345", []),
    ],
)
def test_a_number_answers_the_words_it_has_a_text_for(
    octets: bytes, receiver: str, answers: list[str]
) -> None:
    effects = Handset().tell(deliver(short_message=octets, destination_addr=receiver))
    assert texts(effects) == answers


def test_local_words_ask_for_help_too() -> None:
    octets = "hjälp".encode("utf-16-be")
    assert texts(Handset().tell(deliver(short_message=octets, data_coding=8))) == [HELPED]


def test_an_answer_is_a_request_that_intake_takes_and_no_opt_out_stops() -> None:
    effects = Handset().tell(deliver(short_message=b"STOP"))
    (mo,) = mos(effects)
    (answer,) = asked(effects)
    assert (answer.topic, answer.key) == ("sms.mt.request", HANDSET)
    assert answer.record == MtRequest(
        message_id=f"reply-{mo.mo_id}",  # type: ignore[arg-type]
        to=f"+{HANDSET}",
        from_="12345",
        text=STOPPED,
        class_="transactional",
    )
    assert isinstance(answer.record, MtRequest)
    assert first_fault(answer.record, NOW_MS) is None
    assert msisdn(answer.record.to, None) == HANDSET


def test_a_word_is_answered_once_a_day_and_number() -> None:
    handset = Handset()
    assert len(texts(handset.tell(deliver(short_message=b"HELP")))) == 1
    assert texts(handset.tell(deliver(short_message=b"info"), after_ms=DAY_MS - 1)) == []
    assert texts(handset.tell(deliver(short_message=b"STOP"))) == [STOPPED]
    again = deliver(short_message=b"HELP", received_ms=NOW_MS + DAY_MS)
    assert texts(handset.tell(again, after_ms=1)) == [HELPED]


@pytest.mark.parametrize("sender", ["ACME", "72404", "", "0701234567"])
def test_a_sender_that_is_no_phone_gets_no_answer(sender: str) -> None:
    fact = deliver(short_message=b"HELP", handset=Msisdn(sender), source_addr=sender)
    assert asked(Handset().tell(fact)) == []


@pytest.mark.parametrize(
    ("connector", "receiver", "topic"),
    [
        ("test", "12345", None),
        ("fast", "54321", None),
        ("test", "54321", "sms.mt.request.tenant.trial"),
    ],
)
def test_a_trial_is_answered_by_a_test_tenant_alone(
    connector: str, receiver: str, topic: str | None
) -> None:
    assert TEST == "test"
    fact = deliver(short_message=b"HELP", destination_addr=receiver, connector=connector)
    assert [answer.topic for answer in asked(Handset().tell(fact))] == ([topic] if topic else [])
