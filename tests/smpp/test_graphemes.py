"""Clusters: rows of UAX #29 and its test file, and laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import graphemes

FAMILY = "👨\u200d👩\u200d👧\u200d👦"


@pytest.mark.parametrize(
    "cluster",
    [
        "a",
        "ж",
        "漢",
        "\r\n",
        "e\u0301",
        "e\u0301\u0323\u20dd",
        "👍🏽",  # a skin tone
        "❤\ufe0f",  # a variation selector
        "1\ufe0f\u20e3",  # a keycap
        FAMILY,
        "👩🏽\u200d🚀",
        "❤\ufe0f\u200d🔥",
        "🇸🇪",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # England
        "\u1112\u1161\u11ab",  # Hangul in pieces
        "\uac00\u11a8",
        "नि",
        "क्ष",  # a conjunct
        "กำ",
        "ｶ\uff9e",
        "\u0600\u0661",
    ],
)
@pytest.mark.parametrize("before", ["", "a", "😀", "漢", "🇳🇴", "\n"])
def test_a_cluster_is_found_whole(before: str, cluster: str) -> None:
    assert graphemes.last(before + cluster) == len(before)
    assert graphemes.last(before + cluster + "a") in (
        len(before + cluster),
        len(before),  # unless it takes what follows
    )


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("", 0),
        ("\n\r", 1),
        ("\r\r\n", 1),
        ("🇸🇪🇳🇴", 2),
        ("🇸🇪🇳", 2),
        ("🇸🇪🇳🇴🇫🇮", 4),
        ("a🇸🇪", 1),
        ("👍👍🏽", 1),
        ("한국", 1),
        ("ab", 1),
        ("é\u00ad", 1),
    ],
)
def test_where_the_last_cluster_is(text: str, offset: int) -> None:
    assert graphemes.last(text) == offset


@given(st.text(st.sampled_from("aé\r\nж\u0301\u200d👩🏽\ufe0f🇸🇪क\u094dष\u1100\u1161\u0600")))
def test_clusters_counted_off_from_the_end_are_the_text(text: str) -> None:
    rest = text
    while rest:
        at = graphemes.last(rest)
        assert at < len(rest)
        assert not rest[at:].startswith(("\u0301", "🏽", "\ufe0f")) or at == 0
        rest = rest[:at]


@given(st.text(), st.text(st.characters(codec="latin-1"), min_size=1))
def test_plain_letters_stand_alone(before: str, plain: str) -> None:
    text = before + "." + plain
    assert graphemes.last(text) == len(text) - (2 if text.endswith("\r\n") else 1)
