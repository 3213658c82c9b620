"""The country that a number belongs to, by its leading digits."""

from functools import lru_cache

import phonenumbers

from pipeline.ids import Msisdn

LEADING_DIGITS = 8  # those that tell apart the countries of one calling code, such as +1 and +7
KEPT = 65_536


def country_of(recipient: Msisdn) -> str | None:
    """ISO 3166 code of a recipient's country; None for a satellite and for what is no number.

    Numbers that begin alike and are as long as one another are of one country: the first that
    comes is looked up, the others cost nothing.
    """
    return _country(recipient[:LEADING_DIGITS], recipient[LEADING_DIGITS:].translate(_ANY_DIGIT))


def is_country(code: str) -> bool:
    """Whether `code` is the ISO 3166 code of a country that has numbers."""
    return code in phonenumbers.SUPPORTED_REGIONS


_ANY_DIGIT = str.maketrans("0123456789", "5555555555")


@lru_cache(maxsize=KEPT)
def _country(leading: str, rest: str) -> str | None:
    try:
        number = phonenumbers.parse(f"+{leading}{rest}")
    except phonenumbers.NumberParseException:
        return None
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(number.country_code or 0, ())
    if len(regions) == 1:
        found: str | None = regions[0]
    else:
        found = phonenumbers.region_code_for_number(number)
        found = found or (regions[0] if regions else None)
    return None if found == phonenumbers.REGION_CODE_FOR_NON_GEO_ENTITY else found
