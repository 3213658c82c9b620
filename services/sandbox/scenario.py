"""How a sandbox behaves, as data: a YAML file, checked whole, changeable while running.

Everything has a default that does no harm: an empty scenario is an SMSC that answers at once,
accepts all and reports all delivered. Shares are of 1; every choice by share is thrown with the
sandbox's seeded dice.
"""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BeforeValidator, Field, PlainSerializer, ValidationError, model_validator

from pipeline.config import Section, sentences
from pipeline.errors import ConfigError
from smpp.values import CommandStatus, MessageState

BUILT_IN = files("services.sandbox").joinpath("scenarios")
HOUR_MS = 3_600_000


def _by_name(kind: type[CommandStatus] | type[MessageState]) -> BeforeValidator:
    def read(value: Any) -> Any:
        if isinstance(value, str):
            if value not in kind.__members__:
                raise ValueError(f"there is no {kind.__name__} {value!r}")
            return kind[value]
        return value

    return BeforeValidator(read)


_NAME = PlainSerializer(lambda value: value.name, return_type=str, when_used="json")

Status = Annotated[CommandStatus, _by_name(CommandStatus), _NAME]
State = Annotated[MessageState, _by_name(MessageState), _NAME]
Share = Annotated[float, Field(ge=0, le=1)]
Milliseconds = Annotated[int, Field(ge=0, le=24 * HOUR_MS)]
Notation = Literal["decimal", "hexadecimal", "uuid"]
Counting = Literal["sliding", "fixed", "leaky"]
FaultName = Literal[
    "never_answer_bind",
    "never_answer_submit",
    "late_response",
    "repeated_response",
    "wrong_sequence",
    "half_pdu",
    "dribble",
    "command_length",
    "garbage",
    "unknown_command",
    "enquire_flood",
    "reset",
    "unbind",
]


class Span(Section):
    """A time drawn evenly between two."""

    min: Milliseconds = 0
    max: Milliseconds = 0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        return self


class StatusShare(Section):
    """A share of the submit_sm that is refused with this status."""

    status: Status
    share: Share


class Responses(Section):
    """How submit_sm is answered."""

    latency_ms: Span = Span()
    statuses: tuple[StatusShare, ...] = ()

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        total = sum(row.share for row in self.statuses)
        if total > 1:
            raise ValueError(f"statuses: the shares add up to {total:g}, more than 1")
        return self


class Limits(Section):
    """What the contract allows; nothing is limited where a limit is left out."""

    rate_per_s: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Segments in a second, as `counting` counts them."""
    counting: Counting = "sliding"
    """Any second, the clock's second, or a bucket that leaks at the rate."""
    bucket: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """Segments a leaky bucket holds; as many as leak in a second when left out."""
    by: Literal["account", "session"] = "account"
    """Whose segments are counted together."""
    window: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """submit_sm unanswered on one bind."""
    binds: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Binds of an account at the same time."""
    above: Literal["throttle", "drop", "disconnect", "penalty"] = "throttle"
    """Above rate or window: a status, no answer, or the end; or, for `penalty_s`, all refused."""
    penalty_s: Annotated[float, Field(gt=0, le=86_400)] = 10
    """From the segment above the rate."""
    status_above: Status = CommandStatus.ESME_RTHROTTLED
    """Answer, at once, to a submit_sm over rate or window."""
    bind_status_above: Status = CommandStatus.ESME_RALYBND
    ghosts_s: Annotated[float, Field(ge=0, le=86_400)] = 0
    """For so long a bind that was lost without unbind counts among `binds`."""

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if self.bucket is not None and self.counting != "leaky":
            raise ValueError("bucket: only leaky counting has one")
        if self.ghosts_s and self.binds is None:
            raise ValueError("ghosts_s: means nothing where binds are not limited")
        return self


class MessageIds(Section):
    """Notation of the SMSC's message ids."""

    in_response: Notation = "decimal"
    in_receipt: Notation = "decimal"

    @model_validator(mode="after")
    def _same_id(self) -> Self:
        if self.in_response != self.in_receipt and "uuid" in (self.in_response, self.in_receipt):
            raise ValueError("a UUID has one notation only: write uuid in both")
        return self


class Receipts(Section):
    """Delivery receipts of those who ask for them."""

    delay_ms: Span = Span()
    """From the submit_sm's response to its receipt."""
    early_share: Share = 0
    """Sent before the response."""
    twice_share: Share = 0
    """Sent again, after another delay."""
    never_share: Share = 0
    text: bool = True
    """The text of SMPP 3.4, appendix B."""
    tlv: bool = True
    """receipted_message_id and message_state."""

    @model_validator(mode="after")
    def _say_something(self) -> Self:
        if not self.text and not self.tlv:
            raise ValueError("a receipt needs text, tlv or both")
        return self


class Outcome(Section):
    """What becomes of messages to these numbers."""

    prefix: str = ""
    suffix: str = ""
    state: State

    @model_validator(mode="after")
    def _is_final(self) -> Self:
        if self.state in (MessageState.SCHEDULED, MessageState.ENROUTE):
            raise ValueError(f"{self.state.name} is no outcome")
        return self


class Retries(Section):
    """When a deliver_sm comes again: after a temporary refusal, or when no answer came."""

    after_ms: Annotated[int, Field(ge=1, le=HOUR_MS)] = 1000
    attempts_max: Annotated[int, Field(ge=1, le=1_000_000)] = 1000


OCCASIONS = ("share", "after", "every_s")
ON_ANSWER = ("never_answer_submit", "late_response", "repeated_response", "wrong_sequence")
OWN_KEYS = {"late_response": "after_ms", "enquire_flood": "count"}  # which they need


class Fault(Section):
    """What a carrier should not do, and when: one of share, after and every_s."""

    fault: FaultName
    share: Share | None = None
    """Of submit_sm; of binds for never_answer_bind."""
    after: Annotated[int, Field(ge=1)] | None = None
    """Once, with the answer to the n-th submit_sm of a bind."""
    every_s: Annotated[float, Field(ge=0.01, le=86_400)] | None = None
    """On every bind, with or without traffic."""
    after_ms: Annotated[int, Field(ge=1, le=24 * HOUR_MS)] | None = None
    """How late a late_response is."""
    count: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """enquire_link of an enquire_flood."""
    command_length: Annotated[int, Field(ge=0, le=0xFFFFFFFF)] | None = None
    """What a PDU claims; drawn among those that hurt when left out."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        given = [name for name in OCCASIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"{self.fault}: needs one of {', '.join(OCCASIONS)}")
        if self.fault == "never_answer_bind" and self.share is None:
            raise ValueError("never_answer_bind: goes by share only")
        if self.fault in ON_ANSWER and self.every_s is not None:
            raise ValueError(f"{self.fault}: happens to an answer, so not every_s")
        needed = OWN_KEYS.get(self.fault)
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f"{self.fault}: needs {needed}")
        for key, fault in (*[(k, f) for f, k in OWN_KEYS.items()], ("command_length",) * 2):
            if fault != self.fault and getattr(self, key) is not None:
                raise ValueError(f"{key}: belongs to {fault} only")
        return self


class Maintenance(Section):
    """A time without binds: those there are dropped at its beginning, new ones are refused."""

    from_s: Annotated[float, Field(ge=0)]
    """Since the scenario began."""
    for_s: Annotated[float, Field(gt=0)]
    status: Status = CommandStatus.ESME_RBINDFAIL


class Scenario(Section):
    """All of a behaviour."""

    name: str = ""
    responses: Responses = Responses()
    limits: Limits = Limits()
    message_ids: MessageIds = MessageIds()
    receipts: Receipts = Receipts()
    outcomes: tuple[Outcome, ...] = ()
    """The first row that fits the destination decides; DELIVERED where none does."""
    retries: Retries = Retries()
    faults: tuple[Fault, ...] = ()
    """The first row whose turn it is spoils the answer."""
    maintenance: tuple[Maintenance, ...] = ()


def find(name_or_path: str) -> Scenario:
    """A built-in scenario by name, or one from a file; raises ConfigError with every fault."""
    built_in = BUILT_IN.joinpath(f"{name_or_path}.yaml")
    if "/" not in name_or_path and built_in.is_file():
        return parse(built_in.read_text(encoding="utf-8"), name_or_path)
    path = Path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        known = ", ".join(names())
        raise ConfigError(
            [f"scenario {path}: {error.strerror}, and no built-in one: {known}"]
        ) from error
    return parse(text, path.stem)


def names() -> list[str]:
    """The built-in scenarios."""
    return sorted(
        file.name.removesuffix(".yaml")
        for file in BUILT_IN.iterdir()
        if file.name.endswith(".yaml")
    )


def parse(text: str, name: str) -> Scenario:
    """A scenario from YAML or JSON; raises ConfigError with every fault."""
    place = f"scenario {name}" if name else "scenario"
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError([f"{place}: is not YAML: {error}"]) from error
    if not isinstance(raw, dict | None):
        raise ConfigError([f"{place}: must be a mapping, not a {type(raw).__name__}"])
    try:
        return Scenario.model_validate({"name": name} | (raw or {}))
    except ValidationError as error:
        raise ConfigError([f"{place}: {fault}" for fault in sentences(error)]) from error
