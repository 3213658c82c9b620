"""Recipients' numbers: every notation of one number is the same number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.numbers import IMPOSSIBLE, NO_COUNTRY, NOT_A_NUMBER, BadNumber, msisdn

NUMBERS = st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True)


@pytest.mark.parametrize(
    ("written", "country", "expected"),
    [
        ("+46701234567", None, "46701234567"),
        ("0046701234567", None, "46701234567"),
        ("46701234567", None, "46701234567"),
        ("1234567", None, "1234567"),
        ("123456789012345", None, "123456789012345"),
        ("0701234567", "SE", "46701234567"),
        ("070-123 45 67", "SE", "46701234567"),
        ("07911 123456", "GB", "447911123456"),
        ("06 1234 5678", "IT", "390612345678"),
        ("+46 (0)70-123 45 67", None, "46701234567"),
        ("0046 70 123 45 67", None, "46701234567"),
        ("46 70.123.45.67", None, "46701234567"),
        ("46701234567", "GB", "46701234567"),
    ],
)
def test_a_number_becomes_international_digits(
    written: str, country: str | None, expected: str
) -> None:
    assert msisdn(written, country) == expected


@pytest.mark.parametrize(
    ("written", "country", "expected"),
    [
        ("", None, NOT_A_NUMBER),
        ("+", None, NOT_A_NUMBER),
        ("00", None, NOT_A_NUMBER),
        ("ACME", "SE", NOT_A_NUMBER),
        ("+46701234567\n", None, NOT_A_NUMBER),
        ("+46701234567;ext=5", None, NOT_A_NUMBER),
        ("+1800FLOWERS", None, NOT_A_NUMBER),
        ("٤٦٧٠١٢٣٤٥٦٧", None, NOT_A_NUMBER),
        ("4" * 400, None, NOT_A_NUMBER),
        ("1234567890123456", None, IMPOSSIBLE),
        ("+4670", None, IMPOSSIBLE),
        ("123456", None, IMPOSSIBLE),
        ("493084) ", None, IMPOSSIBLE),  # possible for phonenumbers, not for us
        ("070", "SE", IMPOSSIBLE),
        ("0701234567", None, NO_COUNTRY),
    ],
)
def test_what_is_no_number_is_refused_in_one_sentence(
    written: str, country: str | None, expected: BadNumber
) -> None:
    assert msisdn(written, country) == expected


@given(NUMBERS)
def test_plus_and_two_zeros_and_nothing_mean_the_same(digits: str) -> None:
    assert msisdn(digits, None) == msisdn(f"+{digits}", None) == msisdn(f"00{digits}", "SE")


@given(st.text(alphabet="+0123456789 ().-ax", max_size=40), st.sampled_from([None, "SE", "US"]))
def test_whatever_is_accepted_is_seven_to_fifteen_digits_and_stays(
    written: str, country: str | None
) -> None:
    found = msisdn(written, country)
    if not isinstance(found, BadNumber):
        assert found.isdecimal()
        assert 7 <= len(found) <= 15
        assert msisdn(found, country) == found
