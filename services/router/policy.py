"""Why a message may not be sent: one table, in the order it is tried.

A row says what is wrong, for machines and for people; the first row that holds is the answer. What
a route refuses comes last, with the reason the routes file gives.
"""

from collections.abc import Callable
from typing import NamedTuple

from pipeline.config import TenantConfig
from pipeline.records import Encrypted, MtAdmitted
from services.router.routes import Rule
from services.router.senders import Sender, Senders


class Tenant(NamedTuple):
    """What the router must know of one tenant."""

    senders: Senders
    validity_ms: int
    test: bool = False
    known: bool = True


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
    routes_version: str = ""
    cancelled_by: str | None = None
    is_unwanted: bool = False


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
        "opted_out",
        lambda case: case.is_unwanted,
        "The recipient wants no more of this; send nothing but what was asked for.",
    ),
    Row(
        "expired",
        lambda case: case.now_ms > case.deadline_ms,
        "Its validity was over before it could be routed; send it anew or give it more time.",
    ),
    Row(
        "no_route",
        lambda case: case.rule is None,
        "No rule covers the recipient; add one to the routes or correct `to`.",
    ),
)


def tenant_of(config: TenantConfig) -> Tenant:
    """A tenant from its configuration."""
    return Tenant(Senders(config.senders), config.validity_s * 1000, config.test)


def first_refusal(case: Case) -> Refusal | None:
    """The first reason to refuse that holds, or None."""
    for row in ROWS:
        if row.holds(case):
            return Refusal(row.reason, row.detail)
    if case.rule is not None and case.rule.reject is not None:
        detail = f"The rule {case.rule.name!r} refuses its recipients; ask who keeps the routes."
        return Refusal(case.rule.reject, detail)
    return None
