"""What an ESME has to keep to, as a table, and how often it did; pure.

A rule is judged each time it could have been broken, so that a report can tell three things apart:
what was done wrong, what was done right, and what nobody had occasion to do. Section numbers are
those of SMPP 3.4 unless they say 5.0. "must" is what the specification demands, "should" what it
recommends or what carriers cut accounts off for, "note" what is worth knowing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from smpp.inspection.explanation import summarize

Severity = Literal["must", "should", "note"]
SEVERITIES: tuple[Severity, ...] = ("must", "should", "note")
EXAMPLE_CHARACTERS_MAX = 160


class Rule(NamedTuple):
    """One row of the table; `sentence` says how it is right."""

    severity: Severity
    section: str
    sentence: str


RULES: dict[str, Rule] = {
    # --- the stream -----------------------------------------------------------------------------
    "command_length": Rule("must", "3.2", "command_length is that of a PDU: 16 octets and more"),
    "command_id": Rule("must", "5.1.2.1", "A request has a command_id of the table"),
    "command_status": Rule("must", "5.1.3", "command_status is 0 in a request"),
    "body": Rule("must", "4", "The body has all fields of its command, and none beside"),
    "c_octet_string": Rule("must", "3.1", "A C-octet string ends with NUL within its limit"),
    "tlv_stream": Rule("must", "3.2.4.1", "What follows the fields is whole TLVs"),
    # --- the session ----------------------------------------------------------------------------
    "bind_first": Rule("must", "2.2", "Until it is bound an ESME sends a bind and no message"),
    "bind_once": Rule("must", "2.2", "A session that is bound, or about to be, is not bound again"),
    "bind_allows": Rule("must", "2.3", "A bound ESME sends only what its kind of bind may send"),
    "interface_version": Rule("should", "5.2.4", "interface_version is one of a specification"),
    "unbind_first": Rule("should", "4.2", "unbind comes before the connection is closed"),
    "binds_again": Rule("note", "2.2", "When the SMSC unbinds, the ESME binds again"),
    "bind_calmly": Rule("should", "2.2", "Binds come a few a minute, not in a storm"),
    "refused_bind": Rule("should", "5.1.3", "A bind refused for good is not tried again at once"),
    "enquire_link": Rule("should", "4.11", "enquire_link breaks a long silence on the link"),
    "enquire_link_calmly": Rule("should", "4.11", "enquire_link comes every few seconds at most"),
    # --- sequence numbers and answers -----------------------------------------------------------
    "sequence_range": Rule("must", "5.1.4", "sequence_number is within 1 and 0x7FFFFFFF"),
    "sequence_first": Rule("note", "5.0 2.6", "The first sequence_number of a session is 1"),
    "sequence_rises": Rule("should", "3.2", "sequence_number rises from request to request"),
    "sequence_free": Rule("must", "3.2", "No two open requests have the same sequence_number"),
    "response_asked": Rule("must", "3.2", "A response bears the number of an open request"),
    "response_command": Rule("must", "5.1.2", "A response has the command_id of its request"),
    "response_comes": Rule("must", "2.7", "Every request of the SMSC is answered"),
    "response_in_time": Rule("should", "7.2", "It is answered in time"),
    "response_body": Rule("should", "4.6.2", "deliver_sm_resp and data_sm_resp have a message_id"),
    "deliver_message_id": Rule("should", "4.6.2", "message_id of deliver_sm_resp is NULL"),
    "nack_unknown": Rule("must", "4.3", "An unknown command_id is answered by generic_nack"),
    "nack_status": Rule("should", "4.3", "That generic_nack says ESME_RINVCMDID"),
    "nack_only_unknown": Rule("must", "4.3", "A command that is known gets its own response"),
    "unknown_tlv_taken": Rule("must", "3.3", "A TLV that is not known is ignored, not refused"),
    "delivery_taken": Rule("note", "4.6", "What the SMSC delivers is accepted"),
    # --- pace -----------------------------------------------------------------------------------
    "window": Rule("should", "2.7", "No more requests are unanswered than the window has"),
    "throttled": Rule("should", "5.1.3", "After ESME_RTHROTTLED the ESME slows down"),
    "refused_message": Rule("should", "5.1.3", "What was refused for good is not sent again"),
    # --- addresses ------------------------------------------------------------------------------
    "ton": Rule("must", "5.2.5", "TON is of the table"),
    "npi": Rule("must", "5.2.6", "NPI is of the table"),
    "number_digits": Rule("must", "5.2.6", "A number, and what has NPI ISDN, has digits only"),
    "plus_sign": Rule("should", "5.2.5", "No + before a number: TON 1 says international"),
    "alphanumeric_npi": Rule("note", "5.2.6", "An alphanumeric address has NPI 0"),
    "destination": Rule("must", "4.4.1", "destination_addr is not empty"),
    # --- a message ------------------------------------------------------------------------------
    "service_type": Rule("note", "5.2.11", "service_type is empty or of the table"),
    "esm_class": Rule("must", "5.2.12", "esm_class has no reserved type"),
    "priority_flag": Rule("must", "5.2.14", "priority_flag has no reserved value"),
    "registered_delivery": Rule("must", "5.2.17", "registered_delivery has no reserved bits"),
    "replace_if_present": Rule("must", "5.2.18", "replace_if_present_flag is 0 or 1"),
    "time_format": Rule("must", "7.1.1", "A time has 16 characters, YYMMDDhhmmsstnnp, or none"),
    "data_coding": Rule("note", "5.2.19", "data_coding is none of the reserved ones"),
    "text_in_alphabet": Rule("should", "5.2.19", "The octets are text of their data_coding"),
    "sm_length": Rule("must", "5.2.21", "short_message has at most 254 octets; longer by payload"),
    "text_once": Rule("must", "5.3.2.32", "Not both short_message and message_payload"),
    "udh_readable": Rule("must", "5.2.12", "With UDHI the text begins with a user data header"),
    "udh_flagged": Rule("should", "5.2.12", "What begins with a user data header has UDHI"),
    "numbered_once": Rule("should", "5.3.2.22", "Parts are numbered by UDH or sar TLVs, not both"),
    "part_number": Rule("must", "5.3.2.24", "A part has a number within 1 and the total"),
    "part_totals": Rule("must", "5.3.2.23", "All parts of a message say the same total"),
    "part_reference": Rule("should", "5.3.2.22", "A reference is not used again at once"),
    # --- TLVs -----------------------------------------------------------------------------------
    "tlv_known": Rule("should", "5.3.2", "A tag is of the table, or a vendor's 0x1400 to 0x3FFF"),
    "tlv_length": Rule("must", "5.3.2", "The value of a TLV has the length of the table"),
    "tlv_once": Rule("should", "5.3.1", "A TLV that may not be repeated is not"),
    "tlv_place": Rule("must", "4", "A TLV belongs to the command it stands in"),
    "tlv_version": Rule("must", "3.4", "No TLV under an interface_version before 0x34"),
}


@dataclass(slots=True)
class Count:
    """How often a rule was judged and broken, and the first time that it was."""

    judged: int = 0
    broken: int = 0
    first_at: float = 0.0
    example: bytes | str = b""

    def told(self) -> str:
        """The first example: when, in UTC, and the PDU in one line, without a password."""
        moment = datetime.fromtimestamp(self.first_at, UTC)
        pdu = self.example if isinstance(self.example, str) else summarize(self.example)
        short = pdu[:EXAMPLE_CHARACTERS_MAX]
        return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03} {short}"


class Tally:
    """The judgements of a whole run, over all sessions."""

    def __init__(self) -> None:
        self.counts = {name: Count() for name in RULES}

    def judge(self, name: str, is_kept: bool, at: float, example: bytes | str) -> None:
        """A rule was kept or broken at `at`, in seconds since 1970; `example` is the PDU, or what
        happened in words."""
        count = self.counts[name]
        count.judged += 1
        if not is_kept:
            count.broken += 1
            if count.broken == 1:
                count.first_at, count.example = at, example

    def broken(self, severity: Severity | None = None) -> list[str]:
        """The names of broken rules, of one severity or of all, the worst first."""
        return [
            name
            for wanted in SEVERITIES
            for name, rule in RULES.items()
            if rule.severity == wanted and severity in (None, wanted) and self.counts[name].broken
        ]

    def held(self) -> list[str]:
        """The names of rules that were judged and never broken."""
        return [name for name, count in self.counts.items() if count.judged and not count.broken]

    def unexercised(self) -> list[str]:
        """The names of rules that were never judged."""
        return [name for name, count in self.counts.items() if not count.judged]


def report(tally: Tally, skipped: list[str]) -> str:
    """The whole report for people; `skipped` says what the SMSC's side could not do, and why."""
    lines = ["Findings"]
    for name in tally.broken():
        rule, count = RULES[name], tally.counts[name]
        lines.append(
            f"  {rule.severity:<6} {name}: {rule.sentence} ({_source(rule)});"
            f" broken {count.broken} of {count.judged}; first {count.told()}"
        )
    if len(lines) == 1:
        lines.append("  none")
    lines.append("Seen and right")
    lines += [f"  {name}: {RULES[name].sentence}, {_times(tally, name)}" for name in tally.held()]
    lines.append("Not exercised")
    lines += [f"  {name}: {RULES[name].sentence}" for name in tally.unexercised()]
    lines += [f"  step skipped: {line}" for line in skipped]
    worst = len(tally.broken("must"))
    return "\n".join([*lines, f"{worst} broken of what an ESME must keep to"])


def _source(rule: Rule) -> str:
    return f"SMPP {rule.section}" if rule.section.startswith("5.0 ") else f"SMPP 3.4 {rule.section}"


def _times(tally: Tally, name: str) -> str:
    judged = tally.counts[name].judged
    return f"{judged} time{'' if judged == 1 else 's'}"
