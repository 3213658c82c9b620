"""Message ids of an SMSC in every notation they are met in, pure.

An SMSC may write an id one way in its response and another way in its receipt: hexadecimal here,
decimal there, upper or lower case, with or without leading zeros. A profile can say which; `any`
looks an id up as it stands first, and then as the other notation would write the same number.

Only what can be a number of 64 bits is read as one: a UUID is text, with dashes or without.
"""

import re
from typing import Literal

Notation = Literal["any", "opaque", "decimal", "hexadecimal"]

NUMBER_MAX = 2**64 - 1
_DECIMAL = re.compile("[0-9]{1,64}")  # SMPP has room for no more
_HEXADECIMAL = re.compile("[0-9a-f]{1,64}")


def forms(smsc_message_id: str, notation: Notation) -> tuple[str, ...]:
    """What to look an id up as, the exact one first; the first one is what to keep it under.

    Two ids of `any` that are kept and looked up so meet when they are the same text but for case
    and leading zeros, or when one is the hexadecimal and the other the decimal writing of a number.
    """
    if notation == "opaque":
        return (smsc_message_id,)
    text = smsc_message_id.strip().casefold().removeprefix("0x").lstrip("0") or "0"
    if notation == "decimal":
        return (text,)
    if notation == "hexadecimal":
        return (str(int(text, 16)) if _HEXADECIMAL.fullmatch(text) else text,)
    if not _HEXADECIMAL.fullmatch(text):
        return (text,)
    found = [text]
    if _DECIMAL.fullmatch(text) and int(text) <= NUMBER_MAX:
        found.append(f"{int(text):x}")
    if int(text, 16) <= NUMBER_MAX:
        found.append(str(int(text, 16)))
    return tuple(dict.fromkeys(found))


def comparable(response: Notation, receipt: Notation) -> tuple[Notation, Notation]:
    """The notations of a response and a receipt that can be compared with one another.

    Where one of the two says less than the other, no more is taken for known.
    """
    for weaker in ("opaque", "any"):
        if weaker in (response, receipt):
            return weaker, weaker
    return response, receipt
