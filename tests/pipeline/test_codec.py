"""Both framings and JSON, and every way octets can be no record."""

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import topics
from pipeline.codec import Codec, plain, schema_of, single_object_header, whole_schema
from pipeline.errors import MisshapenError, UnreadableError
from pipeline.records import MtRequest, Record, Wake

WAKE = Wake(key="46701234567", kind="receipt_parked", what="a1", set_ms=1_790_000_000_000)
TOPIC = topics.CORRELATOR_IN


class OneSchemaRegistry:
    """A registry that holds Wake under one id."""

    def id_of(self, topic: str, kind: type[Record]) -> int:
        assert (topic, kind) == (TOPIC, Wake)
        return 7

    def schema_of(self, schema_id: int) -> dict[str, Any]:
        if schema_id != 7:
            raise UnreadableError("unknown_schema", "there is only 7")
        return schema_of(Wake)


def test_the_fingerprint_is_crc_64_avro_in_little_endian() -> None:
    # the specification's own value for "int" is 7275d51a3f395c8f
    from fastavro.schema import fingerprint

    assert fingerprint('"int"', "CRC-64-AVRO") == "8f5c393f1ad57572"
    assert single_object_header(Wake)[:2] == b"\xc3\x01"


def test_a_record_comes_back_from_single_object_framing() -> None:
    codec = Codec()
    assert codec.decode(codec.encode(WAKE, TOPIC), Wake, MtRequest) == WAKE


def test_with_a_registry_it_writes_confluent_framing_and_reads_both() -> None:
    codec = Codec(OneSchemaRegistry())
    octets = codec.encode(WAKE, TOPIC)
    assert octets[:5] == b"\x00\x00\x00\x00\x07"
    assert codec.decode(octets, Wake) == WAKE
    assert codec.decode(Codec().encode(WAKE, TOPIC), Wake) == WAKE


GOOD = Codec().encode(WAKE, TOPIC)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b"garbage", "unknown_framing"),
        (b"\x00\x00\x00\x00\x07" + GOOD[10:], "unknown_framing"),  # no registry is configured
        (b"\xc3\x01" + bytes(8) + GOOD[10:], "unknown_schema"),
        (GOOD[:-1], "broken_body"),
        (GOOD[:10], "broken_body"),
        (GOOD + b"\x00", "trailing_octets"),
        (GOOD[:10] + b"\xff" * 30, "broken_body"),
        (single_object_header(MtRequest) + GOOD[10:], "unexpected_record"),
    ],
)
def test_what_is_no_record_has_a_reason(octets: bytes | None, reason: str) -> None:
    with pytest.raises(UnreadableError) as error:
        Codec().decode(octets, Wake)
    assert error.value.reason == reason


def test_a_registry_that_knows_no_such_id_makes_a_record_unreadable() -> None:
    with pytest.raises(UnreadableError) as error:
        Codec(OneSchemaRegistry()).decode(b"\x00\x00\x00\x00\x08" + GOOD[10:], Wake)
    assert error.value.reason == "unknown_schema"


@given(st.binary(max_size=200))
def test_no_octets_raise_anything_but_unreadable(tail: bytes) -> None:
    for octets in (tail, GOOD[:10] + tail, single_object_header(MtRequest) + tail):
        with contextlib.suppress(UnreadableError):
            Codec().decode(octets, Wake, MtRequest)


@pytest.mark.parametrize("space", [b"", b" ", b"\n\t"])
def test_a_request_may_be_json(space: bytes) -> None:
    octets = space + b'{"to":"+46701234567","from":"ACME","text":"hello"}\n'
    assert Codec().decode_request(octets) == MtRequest(
        to="+46701234567", from_="ACME", text="hello"
    )


@pytest.mark.parametrize(
    ("octets", "message_id", "words"),
    [
        (b'{"text":"hello"}', None, "`to`"),
        (b'{"message_id":"m1","to":"1","txt":"hello"}', "m1", "`txt`"),
        (b'{"message_id":7,"to":"1"}', None, "message_id"),
        (b'{"to":"1","validity_s":"long"}', None, "validity_s"),
        (b'{"to":"1","binary":{"data":"not base64!"}}', None, "base64"),
    ],
)
def test_json_of_the_wrong_shape_says_what_is_wrong(
    octets: bytes, message_id: str | None, words: str
) -> None:
    with pytest.raises(MisshapenError) as error:
        Codec().decode_request(octets)
    assert error.value.message_id == message_id
    assert words in error.value.detail


@pytest.mark.parametrize("octets", [b"{", b'{"to":', b'{"to":"\xff"}', b"{}{}"])
def test_what_only_starts_like_json_is_unreadable(octets: bytes) -> None:
    with pytest.raises(UnreadableError) as error:
        Codec().decode_request(octets)
    assert error.value.reason == "not_json"


def test_a_whole_schema_names_nothing_it_does_not_hold() -> None:
    text = msgspec.json.encode(whole_schema("MtAdmitted"))
    assert text.count(b'"name":"MtHead"') == 1
    assert text.count(b'"name":"Encrypted"') == 1


def test_plain_takes_logical_types_away_and_nothing_else() -> None:
    schema = {"type": ["null", {"type": "long", "logicalType": "timestamp-millis"}], "doc": "x"}
    assert plain(schema) == {"type": ["null", {"type": "long"}], "doc": "x"}
