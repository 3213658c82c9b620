"""Transliteration: what reads the same may be written otherwise, everything else stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.transliteration import LOOK_ALIKES, transliterated

ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€"
)


def fits(text: str) -> bool:
    return ALPHABET.issuperset(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("“Hi” – it’s…", '"Hi" - it\'s...'),
        ("café", "café"),
        ("cafe\u0301", "café"),
        ("façade", "facade"),
        ("Łódź", "Lodz"),
        ("œuvre", "oeuvre"),
        ("½ ﬁn", "1/2 fin"),
        ("a\u00a0b\u200bc\td", "a bc d"),
        ("™ © ®", "TM (c) (r)"),
        ("naïve 5×2", "naive 5x2"),
    ],
)
def test_a_text_is_written_with_look_alikes(text: str, expected: str) -> None:
    assert transliterated(text, fits) == expected


@pytest.mark.parametrize("text", ["“Привет”", "naïve 😀", "漢字", "“ж”"])
def test_a_text_that_cannot_be_made_to_fit_stays_as_it_was(text: str) -> None:
    assert transliterated(text, fits) == text


@given(st.text())
def test_it_either_fits_or_is_untouched(text: str) -> None:
    found = transliterated(text, fits)
    assert fits(found) or found == text


@given(st.text(st.sampled_from(sorted(ALPHABET))))
def test_what_fits_is_untouched(text: str) -> None:
    assert transliterated(text, fits) == text


def test_every_look_alike_of_the_table_fits_and_is_needed() -> None:
    for char, look_alike in LOOK_ALIKES.items():
        assert len(char) == 1
        assert not fits(char)
        assert fits(look_alike)


def test_marks_without_end_cost_no_more_than_letters() -> None:
    text = "e" + "\u0301\u0302" * 20_000
    assert transliterated(text, fits) == "é"
