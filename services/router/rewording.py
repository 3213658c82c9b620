"""Another text for a message that an SMSC has, as the short_message of a replace_sm; pure.

A replace_sm has no data_coding of its own: the new text is read in that of the submit, and it must
fit into its one segment.
"""

from pipeline.profiles import ProfileConfig
from pipeline.records import MtRequest
from services.router.encoding import DEFAULT, UCS2, cut_of, encode
from services.router.policy import Refusal

TOO_LONG = Refusal(
    "several_segments",
    "The new text takes more than one segment; shorten it, or cancel the message and send it anew.",
)
OTHER_ALPHABET = Refusal(
    "other_alphabet",
    "The message was sent in an alphabet that lacks some character of the new text; leave that "
    "out, or cancel the message and send it anew.",
)


def short_message(text: str, data_coding: int | None, profile: ProfileConfig) -> bytes | Refusal:
    """The octets of `text` in the data_coding of the submit, or why there are none."""
    if data_coding in UCS2:
        octets = text.encode("utf-16-be")
        return octets if len(octets) <= cut_of(profile).octets_max else TOO_LONG
    request = MtRequest(to="", text=text, flash=data_coding == DEFAULT[True])
    encoded = encode(request, profile, lambda: 0)
    if isinstance(encoded, Refusal):
        return TOO_LONG
    if encoded.data_coding != data_coding:
        return OTHER_ALPHABET
    if len(encoded.parts) > 1 or encoded.esm_class:  # a national table has a header
        return TOO_LONG if len(encoded.parts) > 1 else OTHER_ALPHABET
    return encoded.parts[0].short_message
