import pytest

from pipeline import countries
from pipeline.countries import country_of
from pipeline.ids import Msisdn


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("46701234567", "SE"),
        ("33612345678", "FR"),
        ("919812345678", "IN"),
        ("12125550123", "US"),
        ("14165550123", "CA"),
        ("18765550123", "JM"),
        ("447700900123", "GB"),
        ("447781123456", "GG"),
        ("79161234567", "RU"),
        ("77011234567", "KZ"),
        ("393401234567", "IT"),
        ("447000000", "GB"),  # of no length that numbers have: the main country of the code
        ("870773111632", None),  # Inmarsat
        ("9991234567", None),
    ],
)
def test_the_country_is_that_of_the_leading_digits(number: str, country: str | None) -> None:
    assert country_of(Msisdn(number)) == country


def test_numbers_that_begin_alike_are_looked_up_once() -> None:
    countries._country.cache_clear()
    for last in range(1000):
        assert country_of(Msisdn(f"46701234{last:03}")) == "SE"
    assert countries._country.cache_info().misses == 1
