"""Refusals: a row for each reason, and their order."""

from typing import Any

import pytest

from pipeline.records import Encrypted
from services.router.policy import NOBODY, ROWS, Case, Refusal, first_refusal, tenant_of
from services.router.senders import Sender
from tests.services.router.builders import CONFIG, NOW_MS, ROUTES, admitted, request

SENDER = Sender("alphanumeric", "ACME")
SECRET = Encrypted(key_id="k", nonce=b"n", ciphertext=b"c")


def case(**changed: Any) -> Case:
    whole = Case(
        record=admitted(),
        now_ms=NOW_MS,
        tenant=tenant_of(CONFIG.tenants["default"]),
        sender=SENDER,
        deadline_ms=NOW_MS,
        rule=ROUTES.rules[0],
    )
    return whole._replace(**changed)


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("cancelled", {"cancelled_by": "a stop"}),
    ("unknown_tenant", {"tenant": NOBODY}),
    ("no_sender", {"sender": None, "record": admitted()}),
    ("sender_not_allowed", {"sender": None, "record": admitted(request(from_="EVIL"))}),
    ("encrypted_body_unsupported", {"record": admitted(request(text=SECRET))}),
    ("opted_out", {"is_unwanted": True}),
    ("expired", {"deadline_ms": NOW_MS - 1}),
    ("no_route", {"rule": None}),
    ("premium_number", {"rule": ROUTES.rules[3]}),
]


@pytest.mark.parametrize(("reason", "changed"), REFUSED)
def test_what_may_not_be_sent_is_refused_with_its_reason(
    reason: str, changed: dict[str, Any]
) -> None:
    refusal = first_refusal(case(**changed))
    assert refusal is not None
    assert refusal.reason == reason
    assert refusal.detail.endswith(".")


def test_what_may_be_sent_is_not_refused() -> None:
    assert first_refusal(case()) is None


def test_every_row_of_the_table_refuses_some_row_here_in_the_same_order() -> None:
    assert [row.reason for row in ROWS] == [reason for reason, _ in REFUSED[:-1]]


@pytest.mark.parametrize("position", range(len(REFUSED) - 1))
def test_of_several_reasons_the_first_in_table_order_is_given(position: int) -> None:
    # What both set is set as the earlier one needs it.
    both: dict[str, Any] = {**REFUSED[position + 1][1], **REFUSED[position][1]}
    refusal = first_refusal(case(**both))
    assert isinstance(refusal, Refusal)
    assert refusal.reason == REFUSED[position][0]
