"""Scenario sections: message ids, receipts, what becomes of messages, and who answers them."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.config import Section
from services.sandbox.dialects import DIALECTS
from services.sandbox.values import HOUR_MS, Chosen, Delay, Milliseconds, Share, State
from smpp.values import MessageState

Notation = Literal["decimal", "hexadecimal", "hexadecimal_lower", "uuid"]
ErrorCode = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,10}$")]
Digits = Annotated[int, Field(ge=0, le=64)]


class MessageIds(Section):
    """Notation of the SMSC's message ids."""

    in_response: Notation = "decimal"
    in_receipt: Notation = "decimal"
    digits: Digits = 0
    receipt_digits: Digits | None = None
    """Zeros before it make it so long; `digits` in the receipt too when left out."""
    receipt_prefix: Annotated[str, Field(pattern=r"^[ -~]{0,16}$")] = ""
    """Before the id in a receipt."""
    is_reused: bool = False
    """Counted from 1 each time that the scenario begins."""

    @model_validator(mode="after")
    def _same_id(self) -> Self:
        if self.in_response != self.in_receipt and "uuid" in (self.in_response, self.in_receipt):
            raise ValueError("a UUID has one notation only: write uuid in both")
        return self


class Receipts(Section):
    """Delivery receipts of those who ask for them."""

    delay_ms: Delay = Delay()
    """From the submit_sm's response to its receipt."""
    early_share: Share = 0
    """Sent before the response."""
    late_share: Share = 0
    late_ms: Delay = Delay(min=60_000, max=60_000)
    """Instead of `delay_ms`."""
    never_share: Share = 0
    twice_share: Share = 0
    """Sent again, after another delay."""
    intermediate_share: Share = 0
    """ENROUTE is told before the end, as an intermediate notification."""
    disorder_share: Share = 0
    """ENROUTE is told behind the end, as another receipt."""
    segments: Literal["all", "first", "last"] = "all"
    """Which segments of a long message get one."""
    bind: Literal["any", "same", "other"] = "any"
    """Where it is brought: the bind of its submit_sm, or any but that, where there is one."""
    account: str | None = None
    """To whom it is brought; the account of its submit_sm when left out."""
    form: Literal["deliver_sm", "data_sm"] = "deliver_sm"
    is_unmarked: bool = False
    """esm_class says nothing of a receipt."""
    text: bool = True
    tlv: bool = True
    """receipted_message_id and message_state."""
    addresses: Literal["usual", "swapped", "national", "missing"] = "usual"
    """How the handset stands in it: as the source, the destination, without the calling code, or
    not at all."""
    calling_code: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}$")] = "46"
    """What national leaves out; a 0 is written instead, and the TON stays."""
    reference: bool = False
    """The submit_sm's user_message_reference stands in it again."""
    dialect: str = "standard"
    """How the text is written."""
    utc_offset_minutes: Annotated[int, Field(ge=-14 * 60, le=14 * 60)] = 0
    """Of the dates in the text."""

    @model_validator(mode="after")
    def _say_something(self) -> Self:
        if not self.text and not self.tlv:
            raise ValueError("a receipt needs text, tlv or both")
        if self.dialect not in DIALECTS:
            raise ValueError(f"dialect: there is no {self.dialect!r}; {', '.join(DIALECTS)}")
        return self


class Reply(Section):
    """What the subscriber answers to the sender."""

    text: Annotated[str, Field(min_length=1, max_length=1000)]
    after_ms: Milliseconds = 100
    """After the message was delivered."""


class Outcome(Chosen):
    """What becomes of these messages."""

    state: State = MessageState.DELIVERED
    error: ErrorCode = "000"
    """err in the receipt's text."""
    receipt: Literal[
        "usual", "never", "early", "late", "twice", "intermediate", "disorder", "by_hand"
    ] = "usual"
    """usual: as `receipts` has it; by_hand: it is under way until somebody ends it, or a day."""
    reply: Reply | None = None

    @model_validator(mode="after")
    def _is_final(self) -> Self:
        if self.state in (MessageState.SCHEDULED, MessageState.ENROUTE):
            raise ValueError(f"{self.state.name} is no outcome")
        return self


class Retries(Section):
    """When a deliver_sm comes again: after a temporary refusal, or when no answer came."""

    after_ms: Annotated[int, Field(ge=1, le=HOUR_MS)] = 1000
    attempts_max: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
