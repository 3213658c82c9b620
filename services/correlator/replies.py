"""What our numbers answer to STOP, START and HELP: requests like anybody's, of the number's tenant.

A word is answered once a day and number: another machine that answers too would never end. Nothing
is answered to a sender that is no phone number, nor beyond the border between what is a test and
what is not.

    answered|<number>|<wish>  of a handset, for a day
"""

import re
from collections.abc import Mapping

import msgspec

from pipeline import topics
from pipeline.config import Config, TenantConfig
from pipeline.effects import Entries, Publish
from pipeline.ids import MessageId
from pipeline.numbers import NumberConfig, digits_of
from pipeline.records import Mo, MtRequest
from services.correlator.opt_outs import Wish

ANSWERED_LIFE_S = 86400
PREFIX = "reply-"
"""Of the message_ids of replies; behind it comes the mo_id of what is answered."""

_PHONE = re.compile(r"\+?([1-9][0-9]{6,14})")


class Answered(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The message that was answered."""

    mo_id: str


class Replies:
    """Those of all numbers."""

    def __init__(self, config: Config) -> None:
        self._tenants: Mapping[str, TenantConfig] = config.tenants
        self._of: dict[str, tuple[str, NumberConfig]] = {
            digits_of(name): (name, number) for name, number in config.numbers.items()
        }

    def to(self, state: Entries, mo: Mo, wish: Wish | None) -> list[Publish]:
        """What is answered to `mo`, if anything."""
        name, number = self._of.get(digits_of(mo.receiver), ("", None))
        if wish is None or number is None:
            return []
        text: str | None = getattr(number.replies, wish)
        phone = _PHONE.fullmatch(mo.sender)
        entry = f"answered|{digits_of(name)}|{wish}"
        if (
            text is None
            or phone is None
            or mo.test is not self._tenants[number.tenant].test
            or state.get(entry, Answered) is not None
        ):
            return []
        state.put(entry, Answered(mo.mo_id), ANSWERED_LIFE_S)
        request = MtRequest(
            message_id=MessageId(f"{PREFIX}{mo.mo_id}"), to=f"+{phone[1]}", from_=name, text=text
        )
        return [Publish(topics.request(number.tenant, "normal"), phone[1], request)]
