"""What of a record anybody may see: no full number, no text, nothing that only its owner can read.

A table says it by the names of fields, which mean the same in every record. A field that is in no
table is hidden: `tests/pipeline/test_masking.py` says which record has a field that is forgotten.
"""

import re
from collections.abc import Mapping
from typing import Any

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

HIDDEN = "(hidden)"
NUMBER_DIGITS_MIN = 7  # shorter ones are of services, not of people
TAIL_DIGITS = 3
COUNTRY_CODES = frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))
COUNTRY_CODE_DIGITS_MAX = 3


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


NUMBERS = _names("destination_addr from handset receiver recipient sender source_addr to")
"""Fields that hold a number, or a name in its place."""
SENTENCES = _names("changes detail key prefix what")
"""Fields in which a number may stand among other things."""
TEXTS = _names(
    """
    caller_data carrier_data ciphertext content_location data files nonce rest short_message text
    tlvs transaction_id udh url value words
    """
)
"""Fields with what somebody wrote, whatever is below them."""
OPEN = _names(
    """
    action by campaign class command command_id connector cost country currency done_date
    error_code event event_id final_date id_in_receipt id_in_response in_reply_to joined_by key_id
    keyword kind lane learnt message_class message_id message_state mo_id on_ambiguous option
    outcome path per period price reason receipt_state receipts replaced_by replica retry_on
    routes_version rule service_type si_id silence smsc_message_id source spent stage state
    submit_lane tenant topic version vote vote_result
    """
)
"""Fields that are shown as they are."""
_DIGITS = re.compile(rf"[0-9]{{{NUMBER_DIGITS_MIN},}}")
_LETTER = re.compile(r"[^\W\d_]")


def number(text: str) -> str:
    """A number as country code and last digits, however it is written; a name as it is."""
    digits = re.sub(r"[^0-9]", "", text)
    if _LETTER.search(text) or len(digits) < NUMBER_DIGITS_MIN:
        return sentence(text)
    return _short(digits)


def sentence(text: str) -> str:
    """`text` with every number in it shortened."""
    return _DIGITS.sub(lambda found: _short(found[0]), text)


def masked(document: Mapping[str, Any]) -> dict[str, Any]:
    """A record, as msgspec.to_builtins makes it, as anybody may see it."""
    return {name: _shown(name, value) for name, value in document.items()}


def _shown(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if name in TEXTS:
        return HIDDEN
    if isinstance(value, Mapping):
        return masked(value)
    if isinstance(value, list | tuple):
        return [_shown(name, item) for item in value]
    if not isinstance(value, str):
        return HIDDEN
    if name in NUMBERS:
        return number(value)
    if name in SENTENCES:
        return sentence(value)
    return value if name in OPEN else HIDDEN


def _short(digits: str) -> str:
    digits = digits.removeprefix("00")
    for length in range(1, COUNTRY_CODE_DIGITS_MAX + 1):
        if digits[:length] in COUNTRY_CODES:
            return f"{digits[:length]}…{digits[-TAIL_DIGITS:]}"
    return f"…{digits[-TAIL_DIGITS:]}"
