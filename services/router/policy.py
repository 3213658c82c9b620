"""Why a message may not be sent: one table, in the order it is tried.

A row says what is wrong, for machines and for people; the first row that holds is the answer. What
a route refuses comes last, with the reason the routes file gives.
"""

from collections.abc import Callable
from typing import NamedTuple

from pipeline.config import TenantConfig
from pipeline.countries import country_of
from pipeline.records import Encrypted, MtAdmitted, MtRequest
from services.router.networks import NOWHERE, Whereabouts
from services.router.quiet_hours import NEVER, Quiet
from services.router.routes import Rule
from services.router.senders import Sender, Senders


class Tenant(NamedTuple):
    """What the router must know of one tenant."""

    senders: Senders
    validity_ms: int
    test: bool = False
    known: bool = True
    countries: frozenset[str] | None = None
    """ISO 3166 codes of where it may send to; None: anywhere."""
    requires_consent: bool = False


NOBODY = Tenant(Senders(()), 0, known=False)
"""Stands for a tenant nobody has configured."""


class Case(NamedTuple):
    """One message and all that decides about it."""

    record: MtAdmitted
    now_ms: int
    tenant: Tenant
    sender: Sender | None
    deadline_ms: int
    rule: Rule | None
    where: Whereabouts = NOWHERE
    routes_version: str = ""
    currency: str | None = None
    cancelled_by: str | None = None
    is_unwanted: bool = False
    has_consent: bool = True
    """True too where none is needed."""
    quiet: Quiet = NEVER
    has_waited: bool = False
    """It comes back from where it waited for room."""

    @property
    def write_until_ms(self) -> int | None:
        """When quiet hours begin that its deadline reaches into; None: never."""
        from_ms = self.quiet.from_ms
        return from_ms if from_ms is not None and from_ms < self.deadline_ms else None


class Refusal(NamedTuple):
    """Why a message is refused: machine-readable, and one sentence."""

    reason: str
    detail: str


class Row(NamedTuple):
    """One reason to refuse."""

    reason: str
    holds: Callable[[Case], bool]
    detail: str


ROWS = (
    Row(
        "cancelled",
        lambda case: case.cancelled_by is not None,
        "An operator has cancelled it; ask for it anew under another message_id if that is over.",
    ),
    Row(
        "unknown_tenant",
        lambda case: not case.tenant.known,
        "There is no tenant of that name; configure it, or write to another request topic.",
    ),
    Row(
        "no_sender",
        lambda case: case.sender is None and case.record.request.from_ is None,
        "No sender is given and the tenant has none; write `from` or configure a sender.",
    ),
    Row(
        "sender_not_allowed",
        lambda case: case.sender is None,
        "The tenant may not send from that sender; write another `from` or allow this one.",
    ),
    Row(
        "encrypted_body_unsupported",
        lambda case: isinstance(case.record.request.text, Encrypted),
        "`text` is encrypted and no key is configured; send it as plain text.",
    ),
    Row(
        "country_not_allowed",
        lambda case: not _is_allowed(case),
        "The tenant may not send to the recipient's country; correct `to`, or add the country to "
        "the tenant's `countries`.",
    ),
    Row(
        "opted_out",
        lambda case: case.is_unwanted,
        "The recipient wants no more of this; send nothing but what was asked for.",
    ),
    Row(
        "no_consent",
        lambda case: not case.has_consent,
        "The recipient has not asked for advertisements of this tenant and sender, which it needs;"
        " bring the opt-in in before.",
    ),
    Row(
        "expired",
        lambda case: case.now_ms > case.deadline_ms,
        "Its validity was over before it could be routed; send it anew or give it more time.",
    ),
    Row(
        "quiet_hours",
        lambda case: (case.quiet.until_ms or 0) >= case.deadline_ms,
        "Quiet hours of the recipient's country last longer than its validity; send it at another "
        "hour or give it more time.",
    ),
    Row(
        "no_route",
        lambda case: case.rule is None,
        "No rule covers the recipient; add one to the routes or correct `to`.",
    ),
    Row(
        "unknown_network",
        lambda case: (
            case.rule is not None and case.rule.needs_network and case.where.network is None
        ),
        "The rule of the recipient sends to known networks only, and nobody knows this one's; add "
        "its prefix to `networks`, or correct `to`.",
    ),
)


def tenant_of(config: TenantConfig) -> Tenant:
    """A tenant from its configuration."""
    return Tenant(
        senders=Senders(config.senders),
        validity_ms=config.validity_s * 1000,
        test=config.test,
        countries=frozenset(config.countries) if config.countries else None,
        requires_consent=config.requires_consent,
    )


def first_refusal(case: Case) -> Refusal | None:
    """The first reason to refuse that holds, or None."""
    for row in ROWS:
        if row.holds(case):
            return Refusal(row.reason, row.detail)
    return None if case.rule is None else _refusal_of_rule(case.rule, case)


def _refusal_of_rule(rule: Rule, case: Case) -> Refusal | None:
    if rule.reject is not None:
        detail = f"The rule {rule.name!r} refuses its recipients; ask who keeps the routes."
        return Refusal(rule.reject, detail)
    return lacking(rule, case.record.request)


def lacking(rule: Rule, request: MtRequest) -> Refusal | None:
    """Why a request can't go by this rule: it brings no `carrier_data` that the rule requires."""
    for item in rule.requires:
        if not request.carrier_data.get(item):
            detail = f"The rule {rule.name!r} needs {item!r}; write it into `carrier_data`."
            return Refusal("carrier_data_missing", detail)
    return None


def _is_allowed(case: Case) -> bool:
    countries, recipient = case.tenant.countries, case.record.head.recipient
    return countries is None or (recipient is not None and country_of(recipient) in countries)
