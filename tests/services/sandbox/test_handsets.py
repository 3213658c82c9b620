"""What arrives on a handset: put together, readable, and only so much of it."""

from dataclasses import replace

import pytest

from services.sandbox.handsets import MESSAGES_KEPT, PARTS_TIMEOUT_S, Handsets
from smpp import text, tlv
from smpp.pdu import SubmitSm
from smpp.segments import SplitBy, split
from tests.services.sandbox.loopback import submit_sm

LONG = "A long message, which takes more than one part to tell. " * 5


def parts(words: str, by: SplitBy = SplitBy.UDH_8) -> list[SubmitSm]:
    content = text.encode(words)
    return [
        replace(
            submit_sm(),
            esm_class=segment.esm_class,
            data_coding=content.data_coding,
            short_message=segment.short_message,
            tlvs=segment.tlvs,
        )
        for segment in split(content, 7, by=by)
    ]


@pytest.mark.parametrize("by", list(SplitBy))
@pytest.mark.parametrize("words", ["Hello @ £5", "Grüße, мир 😀", LONG, "Ж" * 150])
def test_a_message_is_shown_as_it_was_written(words: str, by: SplitBy) -> None:
    own = Handsets(10)
    came = [
        arrival for part in reversed(parts(words, by)) for arrival in own.receive("one", part, 5)
    ]
    assert [arrival.text for arrival in came] == [words]
    (shown,) = own.arrived("46700000001")
    assert (shown["sender"], shown["account"], shown["at_ms"]) == ("ACME", "one", 5000)


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, {"message_class": None, "port": None, "parts": 1, "text": "hello"}),
        ({"data_coding": 0xF0}, {"message_class": "FLASH", "text": "hello"}),
        ({"data_coding": 0x1A}, {"message_class": "SIM"}),
        ({"tlvs": (tlv.DESTINATION_PORT.make(2948),)}, {"port": 2948}),
        (
            {"esm_class": 0x40, "short_message": bytes.fromhex("060504 0b84 23f0") + b"hi"},
            {"port": 2948, "text": "hi", "parts": 1},
        ),
        (
            {"esm_class": 0x40, "short_message": bytes.fromhex("03240101 1b47")},
            {"text": "Ğ", "data_hex": "1b47"},
        ),
    ],
)
def test_what_its_header_and_coding_say_is_shown(
    fields: dict[str, object], shown: dict[str, object]
) -> None:
    own = Handsets(1)
    own.receive("one", submit_sm(**fields), 0)
    (arrived,) = own.arrived("46700000001")
    assert {name: arrived[name] for name in shown} == shown


def test_parts_are_counted() -> None:
    own = Handsets(1)
    for part in parts(LONG):
        own.receive("one", part, 0)
    (arrived,) = own.arrived("46700000001")
    assert (arrived["parts"], arrived["missing_parts"]) == (2, ())


def test_a_part_that_never_comes_is_named() -> None:
    own = Handsets(10)
    first, *_ = parts(LONG)
    assert own.receive("one", first, 0) == []
    (ended,) = own.receive("one", replace(first, destination_addr="471"), PARTS_TIMEOUT_S + 1)[:1]
    assert ended.missing_parts
    assert LONG.startswith(ended.text or "nothing")


@pytest.mark.parametrize(
    ("fields", "data_hex", "words"),
    [
        ({"data_coding": 4, "short_message": b"\x01\xff"}, "01ff", None),
        ({"data_coding": 8, "short_message": b"\xd8"}, "d8", None),
        ({"esm_class": 0x40, "short_message": b"\xffhi"}, "ff6869", None),
        ({"short_message": b"", "tlvs": (tlv.MESSAGE_PAYLOAD.make(b"hi"),)}, "6869", "hi"),
        ({"short_message": b""}, "", ""),
    ],
)
def test_what_is_no_text_is_shown_as_octets(
    fields: dict[str, object], data_hex: str, words: str | None
) -> None:
    (arrival,) = Handsets(10).receive("one", submit_sm(**fields), 0)
    assert (arrival.data_hex, arrival.text) == (data_hex, words)


def test_only_so_many_numbers_and_messages_are_kept() -> None:
    own = Handsets(2)
    for number in (1, 2, 1, 3):
        own.receive("one", submit_sm(number), 0)
    assert own.numbers() == ["46700000001", "46700000003"]
    for count in range(MESSAGES_KEPT + 5):
        own.receive("one", submit_sm(9), count)
    assert len(own.arrived("46700000009")) == MESSAGES_KEPT
    newest = own.newest("46700000009")
    assert newest is not None
    assert newest.at_ms == (MESSAGES_KEPT + 4) * 1000
