"""One session of an ESME, seen from the SMSC's end of the wire, and judged as it goes; pure.

    watcher = Watcher(tally, Terms())
    watcher.came(octets, now)     a whole PDU of the ESME
    watcher.went(octets, now)     a whole PDU of ours
    watcher.pass_time(now)        now and then: what did not come in time
    watcher.end(now, by_esme)     the connection is closed

Times are seconds since 1970. `grammar` judges the single PDU, this the order of them: who may say
what when, numbers, answers, pace. Both directions go through, as written on the wire, so nothing
here has to ask the SMSC what it did.
"""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from services.sandbox.examination.conformance import Tally
from services.sandbox.examination.grammar import VENDOR_TAGS, misreading, verdicts
from services.sandbox.examination.parts import Parts
from smpp import pdu, statuses, tlv
from smpp.errors import PduError
from smpp.pdu import Bind, DataSm, Pdu, SubmitSm
from smpp.state import BIND_TYPES, RECEIVES, SENDS, BindState, Role, settled
from smpp.statuses import Disposition
from smpp.values import (
    HEADER_OCTETS,
    RESPONSE_BIT,
    SEQUENCE_NUMBER_MAX,
    CommandId,
    CommandStatus,
)
from smpp.version import VERSION_3_4
from smpp.wire import HEADER, decode

OVER = (BindState.UNBOUND, BindState.CLOSED)
UNJUDGED = (BindState.UNBINDING, *OVER)  # what was under way when we unbound is no fault
UNANSWERED = (CommandId.OUTBIND, CommandId.ALERT_NOTIFICATION)  # no request, so no response
BIND_COMMANDS = (
    CommandId.BIND_TRANSMITTER,
    CommandId.BIND_RECEIVER,
    CommandId.BIND_TRANSCEIVER,
)
SUBMITS_KEPT = 10_000  # of the last second, for its rate
REFUSED_KEPT = 1000
SECOND_S = 1.0
THROTTLE_GRACE_S = 0.1  # what was on its way already
SUBMITS_JUDGED_MIN = 5  # in the second before: fewer are no rate
SLOWER = 0.9  # of the rate before


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is held against an ESME where the specification leaves it to the operator."""

    window: int = 10
    """Requests of the ESME unanswered; 3.4 recommends ten."""
    answer_s: float = 10.0
    """An answer later than this is late; none in twice the time is none."""
    silence_s: float = 90.0
    """Without a PDU either way, and no enquire_link."""
    enquire_every_s: float = 5.0
    """enquire_link more often than this is a nuisance."""
    refused_again_s: float = 60.0
    """A message refused for good comes again within this time."""


class Asked(NamedTuple):
    """A request that is not answered yet; `pdu` is None when it is no PDU of the specification."""

    command_id: int
    at: float
    octets: bytes
    pdu: Pdu | None


class Watcher:
    """Judges one connection from its first octet to its last."""

    def __init__(self, tally: Tally, terms: Terms, parts: Parts) -> None:
        self.state = BindState.OPEN
        self.has_unbound = False  # the ESME asked to
        self._tally = tally
        self._terms = terms
        self._parts = parts
        self._version = VERSION_3_4
        self._last_number = 0
        self._theirs: dict[int, Asked] = {}
        self._ours: dict[int, Asked] = {}
        self._overdue: set[int] = set()
        self._active_at = 0.0  # the last PDU either way
        self._enquired_at: float | None = None
        self._submits: deque[float] = deque(maxlen=SUBMITS_KEPT)
        self._throttle: tuple[float, int] | None = None  # when, and the submit_sm before it
        self._since_throttle = 0
        self._refused: dict[bytes, float] = {}

    # --- what happens ---------------------------------------------------------------------------

    def came(self, octets: bytes, now: float) -> None:
        """A whole PDU from the ESME."""
        self.pass_time(now)
        self._active_at = now
        _, command_id, status, number = HEADER.unpack_from(octets)
        self._judge("command_length", True, octets, now)
        found = self._read(octets, now)
        if command_id & RESPONSE_BIT:
            self._response_came(Asked(command_id, now, octets, found), number, status)
        else:
            self._request_came(Asked(command_id, now, octets, found), number)

    def _read(self, octets: bytes, now: float) -> Pdu | None:
        try:
            found = decode(octets)
        except PduError as error:
            self._judge(*misreading(error), octets, now)
            return None
        for rule, is_kept in verdicts(octets, found, self._version):
            self._judge(rule, is_kept, octets, now)
        return found

    def came_broken(self, told: str, now: float) -> None:
        """What cannot be cut into PDUs came from the ESME, `told` in words."""
        self._tally.judge("command_length", False, now, told)

    def went(self, octets: bytes, now: float) -> None:
        """A whole PDU to the ESME, whether it is one of the specification or not."""
        self._active_at = now
        _, command_id, status, number = HEADER.unpack_from(octets)
        after = SENDS[Role.SMSC][self.state].get(command_id)
        if not command_id & RESPONSE_BIT:
            if command_id not in UNANSWERED:
                self._ours[number] = Asked(command_id, now, octets, _decoded(octets))
        else:
            asked = self._theirs.pop(number, None)
            if asked is not None and command_id != CommandId.GENERIC_NACK:
                self._remember_refusal(asked, CommandStatus(status), now)
        if after is not None:
            self.state = settled(after, command_id, CommandStatus(status))

    def pass_time(self, now: float) -> None:
        """Judge what is over by now: answers that did not come, the second after a throttle."""
        self._judge_throttle(now)
        self._judge_overdue(now, 2 * self._terms.answer_s)
        silent_s = now - self._active_at
        if self.state in BIND_TYPES and silent_s > self._terms.silence_s:
            self._tally.judge("enquire_link", False, now, f"{silent_s:.0f} s without a PDU")
            self._active_at = now

    def end(self, now: float, *, by_esme: bool) -> None:
        """The connection is closed, by the ESME or by us."""
        self.pass_time(now)
        self._judge_overdue(now, self._terms.answer_s)
        if by_esme and self.state in BIND_TYPES:
            self._tally.judge("unbind_first", False, now, "the connection was closed while bound")
        self.state = BindState.CLOSED

    # --- requests -------------------------------------------------------------------------------

    def _request_came(self, asked: Asked, number: int) -> None:
        self._judge_number(asked, number)
        if asked.command_id not in CommandId._value2member_map_:
            return
        self._judge("command_id", True, asked.octets, asked.at)
        self._judge_state(asked)
        if asked.command_id == CommandId.UNBIND:
            self._judge("unbind_first", True, asked.octets, asked.at)
            self.has_unbound = True
        if asked.command_id == CommandId.ENQUIRE_LINK:
            self._judge_enquiry(asked)
        elif asked.command_id not in BIND_COMMANDS and asked.command_id not in UNANSWERED:
            self._judge_window(asked)
        if isinstance(asked.pdu, Bind) and self.state is BindState.BINDING:
            self._version = asked.pdu.interface_version
        if isinstance(asked.pdu, SubmitSm | DataSm):
            self._judge_message(asked, asked.pdu)
        if asked.command_id not in UNANSWERED:
            self._theirs[number] = asked

    def _judge_number(self, asked: Asked, number: int) -> None:
        octets, at = asked.octets, asked.at
        is_within = 1 <= number <= SEQUENCE_NUMBER_MAX
        self._judge("sequence_range", is_within, octets, at)
        if not is_within:
            return  # it has no place in the order of the others
        if self._last_number == 0:
            self._judge("sequence_first", number == 1, octets, at)
        else:
            has_wrapped = self._last_number > SEQUENCE_NUMBER_MAX // 2 > number
            is_free = number not in self._theirs
            self._judge("sequence_free", is_free, octets, at)
            if is_free:
                rises = number > self._last_number or has_wrapped
                self._judge("sequence_rises", rises, octets, at)
        self._last_number = number

    def _judge_state(self, asked: Asked) -> None:
        after = RECEIVES[Role.SMSC][self.state].get(asked.command_id)
        if self.has_unbound:
            self._judge("bind_allows", False, asked.octets, asked.at)
            return
        if self.state in UNJUDGED:
            self.state = after or self.state
            return
        is_bind = asked.command_id in BIND_COMMANDS
        if is_bind:
            self._judge("bind_first", True, asked.octets, asked.at)
            self._judge("bind_once", self.state is BindState.OPEN, asked.octets, asked.at)
        else:
            is_bound = self.state in BIND_TYPES
            rule = "bind_allows" if is_bound else "bind_first"
            self._judge(rule, after is not None, asked.octets, asked.at)
        if after is not None:
            self.state = after

    def _judge_enquiry(self, asked: Asked) -> None:
        self._judge("enquire_link", True, asked.octets, asked.at)
        if self._enquired_at is not None:
            is_calm = asked.at - self._enquired_at >= self._terms.enquire_every_s
            self._judge("enquire_link_calmly", is_calm, asked.octets, asked.at)
        self._enquired_at = asked.at

    def _judge_window(self, asked: Asked) -> None:
        waiting = sum(
            1
            for other in self._theirs.values()
            if other.command_id not in (CommandId.ENQUIRE_LINK, *BIND_COMMANDS)
        )
        self._judge("window", waiting < self._terms.window, asked.octets, asked.at)

    def _judge_message(self, asked: Asked, found: SubmitSm | DataSm) -> None:
        self._submits.append(asked.at)
        if self._throttle is not None and asked.at > self._throttle[0] + THROTTLE_GRACE_S:
            self._since_throttle += 1
        refused_at = self._refused.get(asked.octets[HEADER_OCTETS:])
        if self._refused:
            is_new = refused_at is None or asked.at - refused_at > self._terms.refused_again_s
            self._judge("refused_message", is_new, asked.octets, asked.at)
        for rule, is_kept in self._parts.verdicts(found, asked.at):
            self._judge(rule, is_kept, asked.octets, asked.at)

    # --- responses ------------------------------------------------------------------------------

    def _response_came(self, answer: Asked, number: int, status: int) -> None:
        octets, at = answer.octets, answer.at
        asked = self._ours.get(number)
        if asked is None and number in self._overdue:
            self._judge("response_in_time", False, octets, at)
            return
        self._judge("response_asked", asked is not None, octets, at)
        if asked is None:
            return
        is_known = asked.command_id in CommandId._value2member_map_
        is_nack = answer.command_id == CommandId.GENERIC_NACK
        if is_known:
            is_its_own = answer.command_id == asked.command_id | RESPONSE_BIT
            self._judge("nack_only_unknown", not is_nack, octets, at)
            if not is_nack:
                self._judge("response_command", is_its_own, octets, at)
                if not is_its_own:
                    return  # the request is still open
        else:
            self._judge("nack_unknown", is_nack, octets, at)
            if is_nack:
                self._judge("nack_status", status == CommandStatus.ESME_RINVCMDID, octets, at)
        del self._ours[number]
        self._judge("response_comes", True, octets, at)
        self._judge("response_in_time", at - asked.at <= self._terms.answer_s, octets, at)
        self._judge_delivery(asked, status, octets, at)
        after = RECEIVES[Role.SMSC][self.state].get(answer.command_id)
        self.state = after or self.state

    def _judge_overdue(self, now: float, after_s: float) -> None:
        overdue = [number for number, asked in self._ours.items() if now - asked.at > after_s]
        for number in overdue:
            self._overdue.add(number)
            self._judge("response_comes", False, self._ours.pop(number).octets, now)

    def _judge_delivery(self, asked: Asked, status: int, octets: bytes, at: float) -> None:
        if isinstance(asked.pdu, pdu.DeliverSm | DataSm):
            rule = "unknown_tlv_taken" if _has_unknown_tlv(asked.pdu) else "delivery_taken"
            self._judge(rule, status == CommandStatus.ESME_ROK, octets, at)

    # --- pace -----------------------------------------------------------------------------------

    def _remember_refusal(self, asked: Asked, status: CommandStatus, now: float) -> None:
        if not isinstance(asked.pdu, SubmitSm | DataSm):
            return
        if status == CommandStatus.ESME_RTHROTTLED and self._throttle is None:
            before = sum(1 for at in self._submits if at > now - SECOND_S)
            is_a_rate = bool(self._submits) and self._submits[0] <= now - SECOND_S
            if is_a_rate and before >= SUBMITS_JUDGED_MIN:
                self._throttle, self._since_throttle = (now, before), 0
        elif statuses.disposition(status) is Disposition.REJECT:
            self._refused[asked.octets[HEADER_OCTETS:]] = now
            if len(self._refused) > REFUSED_KEPT:
                del self._refused[next(iter(self._refused))]
        elif status == CommandStatus.ESME_ROK:
            self._parts.taken(asked.pdu)

    def _judge_throttle(self, now: float) -> None:
        if self._throttle is None or now <= self._throttle[0] + SECOND_S:
            return
        _, before = self._throttle
        self._throttle = None
        is_slower = self._since_throttle < before * SLOWER * (SECOND_S - THROTTLE_GRACE_S)
        told = f"{before} submit_sm in the second before, {self._since_throttle} in the next"
        self._tally.judge("throttled", is_slower, now, told)

    def _judge(self, rule: str, is_kept: bool, octets: bytes, at: float) -> None:
        self._tally.judge(rule, is_kept, at, octets)


def _has_unknown_tlv(found: Pdu) -> bool:
    return any(tag not in tlv.BY_TAG or tag in VENDOR_TAGS for tag, _ in found.tlvs)


def _decoded(octets: bytes) -> Pdu | None:
    try:
        return decode(octets)
    except PduError:
        return None
