"""About how many segments a request takes: rows, and never far from what the router will count."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import ProfileConfig
from pipeline.records import (
    Binary,
    Encrypted,
    MessageWaiting,
    MmsNotification,
    MtRequest,
    Vcard,
    WapPush,
)
from services.intake.sizes import segments
from services.router.encoding import Encoded, encode


def request(**content: Any) -> MtRequest:
    return MtRequest(**{"to": "46701234567", **content})


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ({"text": "x"}, 1),
        ({"text": "x" * 160}, 1),
        ({"text": "x" * 161}, 2),
        ({"text": "x" * 306}, 2),
        ({"text": "x" * 307}, 3),
        ({"text": "€" * 80}, 1),
        ({"text": "€" * 81}, 2),
        ({"text": "ж" * 70}, 1),
        ({"text": "ж" * 71}, 2),
        ({"text": "ж" * 135}, 3),
        ({"text": "😀" * 35}, 1),
        ({"text": "😀" * 36}, 2),
        ({"text": "“" + "x" * 70}, 2),
        ({"text": "“" + "x" * 70, "transliterate": True}, 1),
        ({"binary": Binary(data=b"x" * 140)}, 1),
        ({"binary": Binary(data=b"x" * 140, udh=b"\0")}, 2),
        ({"binary": Binary(data=b"x" * 269)}, 3),
        ({"text": Encrypted(key_id="k", nonce=b"n", ciphertext=b"c" * 141)}, 2),
        ({"wap_push": WapPush(url="u" * 100, text="t" * 41)}, 2),
        (
            {
                "mms_notification": MmsNotification(
                    content_location="u" * 140, transaction_id="t", size_octets=1, expires_s=1
                )
            },
            2,
        ),
        ({"vcard": Vcard(text="ж" * 71)}, 2),
        ({"message_waiting": MessageWaiting()}, 1),
        ({}, 1),
    ],
)
def test_a_content_takes_so_many(content: dict[str, Any], count: int) -> None:
    assert segments(request(**content)) == count


@given(st.text("abc€ \n^é", max_size=3000) | st.text("abcж😀", max_size=2000))
def test_the_router_counts_as_many_or_one_more_where_a_pair_is_not_cut(text: str) -> None:
    asked = request(text=text)
    encoded = encode(asked, ProfileConfig(), lambda: 0)
    assert isinstance(encoded, Encoded)
    assert 0 <= len(encoded.parts) - segments(asked) <= 1
