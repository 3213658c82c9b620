"""Encoding: content becomes segments, and the segments put together are the content."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import profiles
from pipeline.config import ProfileConfig
from pipeline.records import Binary, MessageWaiting, Vcard, WapPush
from services.router.encoding import TOO_LONG, UDH_UNSPLITTABLE, Encoded, encode
from services.router.policy import Refusal
from smpp import gsm7
from smpp.national import Language
from smpp.segments import unpacked
from smpp.text import Alphabet, decode
from smpp.udh import read_header
from tests.services.router.builders import request

CARD = "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Ann\r\nEND:VCARD\r\n"
PUSH = bytes.fromhex("0605040b8423f0")  # a port element, as WAP push has it
CONCATENATED = bytes.fromhex("050003010101")
GSM7_TEXTS = st.text(st.sampled_from(gsm7.ALPHABET.replace("\x1b", "") + "^{}\\[~]|€\f"))
ANY_TEXTS = st.text(st.sampled_from("aж漢😀€"), min_size=1, max_size=700)
HEADERS = st.one_of(st.none(), st.binary(max_size=100).map(lambda octets: _header_of(0x70, octets)))
BITS = st.sampled_from([8, 16])


def _header_of(identifier: int, octets: bytes) -> bytes:
    return bytes((len(octets) + 2, identifier, len(octets))) + octets


def profile(bits: int, **fields: Any) -> ProfileConfig:
    return ProfileConfig(**{"segmentation": f"udh{bits}", **fields})


def messages(found: Encoded) -> tuple[bytes, ...]:
    return tuple(part.short_message for part in found.parts)


def encoded(bits: int = 16, carrier: ProfileConfig | None = None, **changed: Any) -> Encoded:
    found = encode(
        request(**changed), carrier or profile(bits), lambda: 0x0102 if bits == 16 else 0x02
    )
    assert isinstance(found, Encoded)
    assert type(found.esm_class) is type(found.data_coding) is int  # records hold no enumerations
    return found


def body_of(short_message: bytes, *, has_header: bool) -> bytes:
    return read_header(short_message)[1] if has_header else short_message


@pytest.mark.parametrize(
    ("changed", "data_coding"),
    [
        ({"text": "hello"}, 0x00),
        ({"text": "€uro"}, 0x00),
        ({"text": "привет"}, 0x08),
        ({"text": "hello", "flash": True}, 0x10),
        ({"text": "привет", "flash": True}, 0x18),
        ({"binary": Binary(data=b"\x00")}, 0x04),
        ({"binary": Binary(data=b"\x00"), "flash": True}, 0x14),
        ({"text": "naïve"}, 0x08),
        ({"text": "naïve", "transliterate": True}, 0x00),
        ({"text": "naïve 😀", "transliterate": True}, 0x08),
        ({"wap_push": WapPush(text="x")}, 0x04),
        ({"message_waiting": MessageWaiting()}, 0xC8),
        ({"message_waiting": MessageWaiting(text="naïve")}, 0x08),
        ({"message_waiting": MessageWaiting(text="naïve"), "transliterate": True}, 0xC8),
    ],
)
def test_the_content_decides_the_data_coding(changed: dict[str, Any], data_coding: int) -> None:
    assert encoded(**changed).data_coding == data_coding


@pytest.mark.parametrize(
    ("changed", "short_message", "esm_class"),
    [
        ({"text": "@€"}, b"\x00\x1b\x65", 0),
        ({"text": "ж😀"}, bytes.fromhex("0436d83dde00"), 0),
        ({"text": "“naïve”", "transliterate": True}, b'"naive"', 0),
        ({"text": "“ж”", "transliterate": True}, bytes.fromhex("201c0436201d"), 0),
        ({"binary": Binary(data=b"data")}, b"data", 0),
        ({"binary": Binary(data=b"data", udh=PUSH)}, PUSH + b"data", 0x40),
        ({"binary": Binary(data=b"data", udh=CONCATENATED)}, CONCATENATED + b"data", 0x40),
        ({"binary": Binary(data=b"data", udh=b"\x01\xff")}, b"\x01\xffdata", 0x40),
        (
            {"binary": Binary(data=b"data", destination_port=2948, source_port=9200)},
            bytes.fromhex("0605040b8423f0") + b"data",
            0x40,
        ),
        (
            {"binary": Binary(data=b"data", destination_port=65535)},
            bytes.fromhex("060504ffff0000") + b"data",
            0x40,
        ),
        ({"binary": Binary(data=b"", udh=PUSH)}, PUSH, 0x40),
        (
            {"wap_push": WapPush(text="mysite", url="http://mysite.ru")},
            bytes.fromhex("0605040b8423f0000601ae02056a0045c60c036d79736974652e7275000103")
            + b"mysite\0\x01\x01",
            0x40,
        ),
        ({"vcard": Vcard(text=CARD)}, bytes.fromhex("06050423f40000") + CARD.encode(), 0x40),
        ({"message_waiting": MessageWaiting(text="hello")}, b"hello", 0),
        ({"message_waiting": MessageWaiting(count=2)}, bytes.fromhex("0401020002"), 0x40),
    ],
)
def test_what_fits_one_segment_is_written_as_it_is(
    changed: dict[str, Any], short_message: bytes, esm_class: int
) -> None:
    found = encoded(**changed)
    assert messages(found) == (short_message,)
    assert found.esm_class == esm_class


@pytest.mark.parametrize(
    ("changed", "bits", "segments"),
    [
        ({"text": "x" * 160}, 16, 1),
        ({"text": "x" * 161}, 16, 2),
        ({"text": "x" * 304}, 16, 2),
        ({"text": "x" * 305}, 16, 3),
        ({"text": "x" * 306}, 8, 2),
        ({"text": "x" * 307}, 8, 3),
        ({"text": "€" * 80}, 16, 1),
        ({"text": "€" * 81}, 16, 2),
        ({"text": "x" * 152 + "€" * 76}, 16, 2),
        ({"text": "x" * 151 + "€" * 76 + "x"}, 16, 3),
        ({"text": "ж" * 70}, 16, 1),
        ({"text": "ж" * 132}, 16, 2),
        ({"text": "ж" * 133}, 16, 3),
        ({"text": "ж" * 134}, 8, 2),
        ({"text": "😀" * 35}, 16, 1),
        ({"text": "😀" * 36}, 16, 2),
        ({"text": "😀" * 66}, 8, 2),
        ({"text": "😀" * 67}, 8, 3),
        ({"text": "x" * 255 * 152}, 16, 255),
        ({"text": "x" * 255 * 153}, 8, 255),
        ({"binary": Binary(data=b"x" * 140)}, 16, 1),
        ({"binary": Binary(data=b"x" * 141)}, 16, 2),
        ({"binary": Binary(data=b"x" * 266)}, 16, 2),
        ({"binary": Binary(data=b"x" * 267)}, 16, 3),
        ({"binary": Binary(data=b"x" * 268)}, 8, 2),
        ({"binary": Binary(data=b"x" * 133, udh=PUSH)}, 16, 1),
        ({"binary": Binary(data=b"x" * 254, udh=PUSH)}, 16, 2),
        ({"binary": Binary(data=b"x" * 255, udh=PUSH)}, 16, 3),
        ({"binary": Binary(data=b"x" * 255 * 134)}, 8, 255),
        ({"wap_push": WapPush(text="x" * (133 - 14))}, 16, 1),
        ({"wap_push": WapPush(text="x" * (134 - 14))}, 16, 2),
        ({"message_waiting": MessageWaiting(text="x" * 160)}, 16, 1),
        ({"message_waiting": MessageWaiting(text="x" * 155, count=1)}, 16, 2),
    ],
)
def test_a_segment_is_used_to_the_last_octet(
    changed: dict[str, Any], bits: int, segments: int
) -> None:
    found = encoded(bits=bits, **changed)
    assert len(messages(found)) == segments
    assert {read_header(part)[0][0].identifier for part in messages(found)[1:]} <= {0, 8}


@pytest.mark.parametrize(
    ("changed", "bits", "refusal"),
    [
        ({"text": "x" * (255 * 152 + 1)}, 16, TOO_LONG),
        ({"text": "x" * (255 * 153 + 1)}, 8, TOO_LONG),
        ({"text": "ж" * (255 * 66 + 1)}, 16, TOO_LONG),
        ({"binary": Binary(data=b"x" * (255 * 133 + 1))}, 16, TOO_LONG),
        ({"binary": Binary(data=b"x" * 140, udh=CONCATENATED)}, 16, UDH_UNSPLITTABLE),
        ({"binary": Binary(data=b"x" * 140, udh=b"\x01\xff")}, 16, UDH_UNSPLITTABLE),
        (
            {"binary": Binary(data=b"x" * 9, udh=_header_of(0x70, b"h" * 131))},
            16,
            UDH_UNSPLITTABLE,
        ),
        ({"binary": Binary(data=b"", udh=_header_of(0x70, b"h" * 138))}, 16, UDH_UNSPLITTABLE),
        ({"wap_push": WapPush(text="x" * 255 * 128)}, 16, TOO_LONG),
    ],
)
def test_what_no_segments_can_hold_is_refused(
    changed: dict[str, Any], bits: int, refusal: Any
) -> None:
    assert encode(request(**changed), profile(bits), lambda: 1) == refusal


@pytest.mark.parametrize(
    ("bits", "headers"),
    [
        (16, ["060804010202010605", "06080401020202"]),
        (8, ["0500030202010605", "050003020202"]),
    ],
)
def test_the_concatenation_element_has_the_width_the_profile_says(
    bits: int, headers: list[str]
) -> None:
    found = encoded(bits, binary=Binary(data=bytes.fromhex("0605") * 75))
    for short_message, header in zip(messages(found), headers, strict=True):
        assert short_message.hex().startswith(header)


def test_the_ports_of_an_application_are_in_every_segment() -> None:
    found = encoded(wap_push=WapPush(text="x" * 200))
    assert [short_message[:13].hex() for short_message in messages(found)] == [
        "0c08040102020105040b8423f0",
        "0c08040102020205040b8423f0",
    ]


def test_content_that_cannot_be_written_is_refused_with_its_reason() -> None:
    refusal = encode(request(wap_push=WapPush(text="\0")), profile(16), lambda: 1)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "bad_content"
    assert refusal.detail == (
        "The content cannot be written, correct it: a string with a NUL in it; leave that out."
    )


def test_a_given_header_follows_the_concatenation_element_in_every_segment() -> None:
    found = encoded(binary=Binary(data=b"x" * 200, udh=PUSH))
    assert [short_message[:14].hex() for short_message in messages(found)] == [
        "0c08040102020105040b8423f078",
        "0c08040102020205040b8423f078",
    ]


def test_a_single_segment_takes_no_reference() -> None:
    def refuse() -> int:
        raise AssertionError

    assert isinstance(encode(request(text="x" * 160), profile(8), refuse), Encoded)
    assert isinstance(encode(request(binary=Binary(data=b"x")), profile(8), refuse), Encoded)
    assert isinstance(encode(request(wap_push=WapPush(text="x")), profile(8), refuse), Encoded)


@given(GSM7_TEXTS.filter(bool), BITS)
def test_gsm_segments_put_together_are_the_text(text: str, bits: int) -> None:
    found = encoded(bits, text=text)
    bodies = [body_of(part, has_header=found.esm_class == 0x40) for part in messages(found)]
    assert found.data_coding == 0
    assert "".join(gsm7.decode(body) for body in bodies) == text


@given(ANY_TEXTS, BITS, st.booleans())
def test_every_segment_is_text_of_its_own_and_fits_the_air(
    text: str, bits: int, flash: bool
) -> None:
    found = encoded(bits, text=text, flash=flash)
    is_gsm7 = found.data_coding & 0x08 == 0
    assert is_gsm7 == (not set(text) - set("a€"))
    joined = ""
    for part in messages(found):
        body = body_of(part, has_header=found.esm_class == 0x40)
        header_octets = len(part) - len(body)
        body_octets = -(-len(body) * 7 // 8) if is_gsm7 else len(body)
        assert header_octets + body_octets <= 140
        joined += gsm7.decode(body) if is_gsm7 else body.decode("utf-16-be")
    assert joined == text


@given(st.binary(max_size=1000), HEADERS, BITS)
def test_binary_segments_put_together_are_the_data(
    data: bytes, udh: bytes | None, bits: int
) -> None:
    found = encoded(bits, binary=Binary(data=data, udh=udh))
    bodies = [body_of(part, has_header=found.esm_class == 0x40) for part in messages(found)]
    assert b"".join(bodies) == data
    assert all(len(part) <= 140 for part in messages(found))
    if udh is not None and len(bodies) > 1:
        assert all(read_header(part)[0][1].octets == udh[3:] for part in messages(found))


@pytest.mark.parametrize(
    ("fields", "text", "data_coding", "octets"),
    [
        ({}, "é", 0, b"\x05"),
        ({"default_alphabet": "latin1"}, "é", 0, b"\xe9"),
        ({"default_alphabet": "ascii"}, "é", 8, b"\0\xe9"),
        ({"default_alphabet": "utf8"}, "漢", 0, "漢".encode()),
        ({"languages": ("turkish",)}, "e" * 70 + "ş", 0, b"\3\x24\1\1" + b"e" * 70 + b"\x1bs"),
    ],
)
def test_the_profile_says_what_the_carrier_reads(
    fields: dict[str, Any], text: str, data_coding: int, octets: bytes
) -> None:
    found = encoded(carrier=profile(16, **fields), text=text)
    assert (found.data_coding, messages(found)) == (data_coding, (octets,))
    assert bool(found.esm_class & 0x40) == octets.startswith(b"\3\x24")


@pytest.mark.parametrize(
    ("fields", "text", "parts"),
    [
        ({}, "x" * 161, [b"\6\x08\4\1\2\2\1" + b"x" * 152, b"\6\x08\4\1\2\2\2" + b"x" * 9]),
        (
            {"octets_per_segment": 70},
            "x" * 81,
            [b"\6\x08\4\1\2\2\1" + b"x" * 72, b"\6\x08\4\1\2\2\2" + b"x" * 9],
        ),
        ({"octets_per_segment": 70}, "x" * 80, [b"x" * 80]),
        ({"default_alphabet": "gsm7_packed"}, "hellohello", [bytes.fromhex("e8329bfd4697d9ec37")]),
        ({"default_alphabet": "gsm7_packed"}, "ж", ["ж".encode("utf-16-be")]),
        ({"segmentation": "sar"}, "x" * 160, [b"x" * 160]),
        ({"segmentation": "sar"}, "x" * 161, [b"x" * 153, b"x" * 8]),
        ({"segmentation": "message_payload"}, "x" * 160, [b"x" * 160]),
        ({"segmentation": "message_payload"}, "x" * 161, [b""]),
    ],
)
def test_the_profile_says_how_a_message_is_cut(
    fields: dict[str, Any], text: str, parts: list[bytes]
) -> None:
    assert list(messages(encoded(carrier=profile(16, **fields), text=text))) == parts


@pytest.mark.parametrize(
    ("segmentation", "tlvs"),
    [
        ("sar", [{0x020C: "0102", 0x020E: "02", 0x020F: f"0{number}"} for number in (1, 2)]),
        ("message_payload", [{0x0424: "78" * 161}]),
    ],
)
def test_parts_are_tied_together_by_tlvs_where_the_profile_says_so(
    segmentation: str, tlvs: list[dict[int, str]]
) -> None:
    found = encoded(carrier=profile(16, segmentation=segmentation), text="x" * 161)
    written = [{tlv.tag: tlv.value.hex() for tlv in part.tlvs} for part in found.parts]
    assert (found.esm_class, written) == (0, tlvs)


@given(
    st.text(st.sampled_from("aé€@ж\r"), min_size=1, max_size=500),
    st.sampled_from(get_args(ProfileConfig.model_fields["segmentation"].annotation)),
    st.sampled_from(get_args(profiles.DefaultAlphabet)),
    st.integers(32, 140),
)
def test_by_any_profile_the_parts_fit_and_put_together_are_the_text(
    words: str, segmentation: str, alphabet: str, octets_max: int
) -> None:
    carrier = ProfileConfig.model_validate(
        {
            "segmentation": segmentation,
            "default_alphabet": alphabet,
            "octets_per_segment": octets_max,
        }
    )
    found = encode(request(text=words), carrier, lambda: 0x42)
    assert isinstance(found, Encoded)
    is_packed = alphabet == "gsm7_packed" and found.data_coding == 0
    joined = b""
    for part in found.parts:
        octets = part.short_message or next(t.value for t in part.tlvs if t.tag == 0x0424)
        body = body_of(octets, has_header=found.esm_class == 0x40)
        header_octets = len(octets) - len(body)
        septets = unpacked(header_octets, body) if is_packed else body
        is_gsm7 = alphabet.startswith("gsm7") and found.data_coding == 0
        air_octets = header_octets + (-(-len(septets) * 7 // 8) if is_gsm7 else len(septets))
        assert segmentation == "message_payload" or air_octets <= octets_max
        joined += septets
    default = Alphabet[alphabet.removesuffix("_packed").upper()]
    read = decode(joined, found.data_coding, default)
    assert read == words or (is_packed and read.replace("\r", "") == words.replace("\r", ""))


def test_packed_parts_fill_the_air_and_are_aligned_behind_their_header() -> None:
    found = encoded(carrier=profile(8, default_alphabet="gsm7_packed"), text="x" * 160 + "y" * 146)
    assert {len(part) for part in messages(found)} == {140}
    bodies = [unpacked(6, read_header(part)[1]) for part in messages(found)]
    assert b"".join(bodies) == b"x" * 160 + b"y" * 146


def test_every_language_of_a_profile_has_tables() -> None:
    assert {language.name.lower() for language in Language} == set(get_args(profiles.Language))


def test_a_flash_message_is_gsm_7_bit_whatever_the_carrier_means_by_0() -> None:
    carrier = profile(16, default_alphabet="latin1")
    found = encoded(carrier=carrier, text="é@", flash=True)
    assert (found.data_coding, messages(found)) == (0x10, (b"\x05\x00",))
