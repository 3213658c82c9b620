"""Requests as CloudEvents, in both modes of the Kafka binding."""

import base64
import json
from typing import Any

import pytest

from pipeline.codec import Codec
from pipeline.effects import Headers
from pipeline.errors import MisshapenError, UnreadableError
from pipeline.ids import MessageId
from pipeline.records import MtRequest

CODEC = Codec()
DATA = {"to": "+46701234567", "from": "ACME", "text": "hello"}
REQUEST = MtRequest(message_id=MessageId("event-1"), to="+46701234567", from_="ACME", text="hello")
HEADERS: Headers = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"event-1"),
    ("ce_source", b"/orders"),
    ("ce_type", b"sms.requested"),
]


def event(**changed: Any) -> bytes:
    whole = {
        "specversion": "1.0",
        "id": "event-1",
        "source": "/orders",
        "type": "sms.requested",
        "datacontenttype": "application/json",
        "data": DATA,
    } | changed
    return json.dumps({name: part for name, part in whole.items() if part is not None}).encode()


def packed(octets: bytes) -> bytes:
    return event(data=None, data_base64=base64.b64encode(octets).decode())


@pytest.mark.parametrize(
    ("octets", "headers"),
    [
        (json.dumps(DATA).encode(), HEADERS),
        (CODEC.encode(MtRequest(to="+46701234567", from_="ACME", text="hello"), "t"), HEADERS),
        (event(), None),
        (event(), [("content-type", b"application/cloudevents+json; charset=UTF-8")]),
        (packed(json.dumps(DATA).encode()), None),
        (packed(CODEC.encode(MtRequest(to="+46701234567", from_="ACME", text="hello"), "t")), None),
    ],
    ids=["binary", "binary, Avro", "structured", "its content type", "base64", "base64, Avro"],
)
def test_an_event_is_the_request_in_it_under_its_own_id(
    octets: bytes, headers: Headers | None
) -> None:
    assert CODEC.decode_request(octets, headers) == REQUEST


@pytest.mark.parametrize(
    ("octets", "headers"),
    [
        (json.dumps(DATA | {"message_id": "mine"}).encode(), HEADERS),
        (event(data=DATA | {"message_id": "mine"}), None),
    ],
)
def test_a_message_id_of_ones_own_goes_first(octets: bytes, headers: Headers | None) -> None:
    assert CODEC.decode_request(octets, headers).message_id == "mine"


def test_headers_of_something_else_name_nothing() -> None:
    headers: Headers = [("ce_id", b"event-1"), ("traceparent", b"00-1-1-01")]
    assert CODEC.decode_request(json.dumps(DATA).encode(), headers).message_id is None


@pytest.mark.parametrize(
    ("octets", "what", "message_id"),
    [
        (event(specversion="0.3"), "CloudEvents '0.3' is not known; write 1.0", "event-1"),
        (event(id=None), "a CloudEvent has an `id`", None),
        (event(id=7), "a CloudEvent has an `id`", None),
        (event(data=None), "a CloudEvent has the request in `data` or `data_base64`", "event-1"),
        (event(data="text"), "a CloudEvent has the request in `data` or `data_base64`", "event-1"),
        (event(data=None, data_base64="§"), "`data_base64` is no base64", "event-1"),
        (event(data=DATA | {"text": 7}), "Expected `str", "event-1"),
        (event(data=DATA | {"surprise": 1}), "unknown field `surprise`", "event-1"),
    ],
)
def test_what_does_not_fit_is_rejected_with_what_is_wrong(
    octets: bytes, what: str, message_id: str | None
) -> None:
    with pytest.raises(MisshapenError) as caught:
        CODEC.decode_request(octets)
    assert what in caught.value.detail
    assert caught.value.message_id == message_id


def test_octets_in_an_event_that_nobody_can_read_are_a_dead_letter() -> None:
    with pytest.raises(UnreadableError):
        CODEC.decode_request(packed(b"\xc3\x01 nothing"))
