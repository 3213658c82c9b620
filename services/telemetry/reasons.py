"""Reasons in words that a support desk can say; pure.

A reason is what a record tells: a word of ours, the name of a command_status, the state of a
receipt with the carrier's own error behind a colon, or a name that an operator has given a stop or
a rule. `why` makes one sentence of all that is known of a message.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from pipeline.records import MtEvent
from smpp.statuses import meaning
from smpp.values import CommandStatus

WORDS: dict[str, str] = {
    # intake: the request itself
    "bad_shape": "the request did not fit its schema",
    "bad_message_id": "the request had a message_id that can't be one",
    "bad_number": "the recipient is no phone number",
    "bad_class": "the request had a class that there is not",
    "bad_flash": "a flash message was asked for of a content that can't be one",
    "bad_receipts": "the request asked for receipts in a way that there is not",
    "bad_on_ambiguous": "the request had an on_ambiguous that there is not",
    "bad_validity": "the request had a validity that is not allowed",
    "no_content": "the request had no content",
    "two_contents": "the request had more than one content",
    "empty_text": "the text was empty",
    "text_too_long": "the text was too long",
    "send_at_too_far": "it was to be sent more than 30 days ahead",
    "caller_data_too_long": "its caller_data was too long",
    "campaign_too_long": "the name of its campaign was too long",
    "carrier_data_too_long": "its carrier_data was too long",
    "binary_too_long": "its binary content was too long",
    "bad_port": "a port of its binary content can't be one",
    "bad_udh": "its user data header was none",
    "two_headers": "it had both ports and a user data header of its own",
    "no_destination_port": "its binary content had a port to come from, but none to go to",
    "no_push_content": "the link it was to push was missing",
    "push_of_both_kinds": "its link was to be shown and opened at once",
    "bad_push_kind": "its link was of a kind that there is not",
    "bad_push_action": "its link had an action that there is not",
    "bad_push_date": "a date of its link can't be one",
    "bad_push_text": "a field of its link had a character that can't be sent",
    "bad_mms_field": "a field of its multimedia notification had characters that can't be sent",
    "bad_mms_sender": "the sender of its multimedia notification was none",
    "bad_mms_number": "a size or time of its multimedia notification can't be one",
    "bad_vcard_kind": "its card was of a kind that there is not",
    "bad_vcard_text": "its card was not whole",
    "bad_waiting_kind": "the icon it was to set is of a kind that there is not",
    "bad_waiting_count": "the count of waiting messages did not fit its icon",
    "waiting_text_too_long": "the text of its waiting messages was too long",
    # router: whether and how it may go
    "duplicate": "the same message_id had been asked for before, and nothing is sent twice",
    "payload_mismatch": "its message_id had been used before for another content",
    "unknown_tenant": "its tenant is not configured",
    "no_sender": "it had no sender, and its tenant has none",
    "sender_not_allowed": "its tenant may not send from that sender",
    "encrypted_body_unsupported": "its text was encrypted, and no key is configured",
    "country_not_allowed": "its tenant may not send to the recipient's country",
    "opted_out": "the recipient wants no more of this",
    "no_consent": "the recipient has not asked for advertisements of this sender",
    "quiet_hours": "quiet hours of the recipient's country left it no time",
    "no_route": "no route leads to this recipient",
    "unknown_network": "nobody knows the recipient's network, which its route needs",
    "no_way_left": "every carrier of its route had been tried",
    "carrier_data_missing": "it lacked a carrier_data that its route needs",
    "recipient_limit": "the recipient has had as many messages as are allowed for now",
    "quota_exceeded": "its tenant has used up its segments of the day or month",
    "pumping": "too many messages had gone to numbers that begin as this one does",
    "bad_content": "its content can't be written as an SMS",
    "too_long": "it needs more segments than are allowed",
    "udh_unsplittable": "it is too long for one segment, and its own header can't be split",
    "cancelled": "it had been cancelled before it was sent",
    "expired": "its time was over before it could be sent",
    "other_alphabet": "the new text needs another alphabet than the one that was sent",
    "several_segments": "a text of several segments can't be replaced",
    "connector_gone": "the carrier it went by is configured no more",
    "not_found": "it waits nowhere any more",
    "routed": "it had just found a way",
    # binder: what happened at the carrier's door
    "validity": "its time was over before the carrier could be given it",
    "connector_down": "no connection to the carrier was up",
    "maintenance": "the carrier was in maintenance",
    "crash": "the process that wrote it ended before the carrier's answer came",
    "link_lost": "the connection to the carrier broke before its answer came",
    "returned": "it was given back, though the carrier may have had it already",
    "rejected": "it was not to be sent any more, though the carrier may have had it already",
    # tracker: what was heard afterwards
    "timeout": "the carrier's receipt did not come in the time its route gives",
    "dlr_timeout": "the carrier never sent a receipt",
    "silence:delivered": "no receipt came, which means delivered with the receipts asked for",
    "silence:submitted": "no receipt came, and none was needed",
    "silence:unknown": "no receipt came",
    "command": "it was cancelled by a command",
    "operator": "an operator took it for not sent",
}
RECEIPTS: dict[str, str] = {  # states of a receipt that is not DELIVERED
    "scheduled": "the carrier keeps it for later",
    "enroute": "the carrier is still trying",
    "accepted": "the carrier says that somebody has read it for the recipient",
    "expired": "the carrier could not deliver it in time",
    "deleted": "the carrier has deleted it",
    "undeliverable": "the carrier could not deliver it",
    "rejected": "the carrier or the network refused it",
    "unknown": "the carrier does not know what became of it",
    "skipped": "the carrier has skipped it",
}
ENDS: dict[str, str] = {  # state of a message: how a sentence about it begins
    "delivered": "It was delivered by {connector} at {at}, {after} after it was asked for",
    "submitted": "{connector} took it at {at}; no receipt was asked for",
    "undeliverable": "{connector} took it, but did not deliver it",
    "expired": "It was not delivered, for its time was over at {at}",
    "rejected": "It was refused at {at}",
    "cancelled": "It was cancelled at {at}",
    "unknown": "Nobody knows whether it has arrived",
    "scheduled": "It waits until the time it is to be sent at",
    "waiting": "It waits until {connector} has room",
    "routed": "It waits to be written to {connector}",
    "sending": "A part of it has been written to {connector}, the rest waits",
    "accepted": "{connector} has taken it, and has not yet said what became of it",
    "partial": "A part of it has been delivered by {connector}, the rest is on its way",
}
REPEATS = frozenset({"duplicate", "payload_mismatch"})  # events about another request
OF_CARRIER = "receipt"  # the event that tells what a carrier says
DELIVERED, SILENCE = "delivered", "silence:"
_NUMBER = re.compile(r"0x[0-9A-Fa-f]{8}")


def in_words(reason: str, command_status: int | None = None) -> str:
    """Why something ended as it did: a part of a sentence, without capital and full stop.

    A reason that somebody has given a name of their own is given back.
    """
    if command_status:
        return _status(command_status)
    known = WORDS.get(reason)
    if known is not None:
        return known
    named = CommandStatus.__members__.get(reason)
    if named is not None or _NUMBER.fullmatch(reason):
        return _status(int(reason, 16) if named is None else named)
    state, _, error = reason.partition(":")
    return _receipt(state, error) if state in RECEIPTS else reason


def of_event(event: MtEvent) -> str | None:
    """Why it came to this event: a part of a sentence; None where it says nothing of that."""
    if event.reason is None:
        return None
    if event.state == DELIVERED and not event.reason.startswith(SILENCE):
        return None  # it speaks of a way before
    if event.event == OF_CARRIER:
        state, _, error = event.reason.partition(":")
        return _receipt(state, error)
    if event.event == "segment_cancelled" and event.reason not in WORDS:
        return f"an operator has stopped it ({event.reason})"
    return in_words(event.reason, event.command_status)


def why(events: Sequence[MtEvent]) -> str:
    """One sentence about a message from all its events, in their order; "" without any."""
    told = [event for event in events if event.event not in REPEATS] or list(events)
    if not told:
        return ""
    state, connector = told[-1].state, _connector(told)
    decisive = _decisive(told, state)
    facts = {
        "connector": f"the carrier {connector}" if connector else "the carrier",
        "at": _moment(decisive.at_ms),
        "after": _span(decisive.at_ms - decisive.requested_ms),
    }
    begin = ENDS.get(state, f"It is {state}").format(**facts)
    reason = of_event(decisive)
    sentence = f"{begin}: {reason}." if reason else f"{begin}."
    return sentence[0].upper() + sentence[1:]


def _decisive(events: Sequence[MtEvent], state: str) -> MtEvent:
    """The event that has brought it into `state`: the one that says most of it."""
    own = [event for event in events if event.state == state]
    ends = [event for event in own if event.terminal]
    reasons = [event for event in own if event.reason]
    for found in ([e for e in ends if e.reason], reasons, ends, own):
        if found:
            return found[-1]
    return events[-1]


def _connector(events: Sequence[MtEvent]) -> str | None:
    return next((event.connector for event in reversed(events) if event.connector), None)


def _receipt(state: str, error: str) -> str:
    words = RECEIPTS.get(state, f"the carrier says {state}")
    return f"{words} (its error {error})" if error else words


def _status(status: int) -> str:
    """`0x0000000B` and the like are told as the specification has them."""
    name = CommandStatus(status).name
    return f"the carrier refused it: {meaning(status)} ({name})"


def _moment(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _span(span_ms: int) -> str:
    """A length of time in the largest unit that tells it."""
    seconds = max(0, span_ms) / 1000
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
