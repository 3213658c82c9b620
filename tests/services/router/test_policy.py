"""Refusals: a row for each reason, and their order."""

from typing import Any

import pytest

from pipeline.config import TenantConfig
from pipeline.ids import Msisdn
from pipeline.records import Encrypted
from services.router.networks import Whereabouts
from services.router.policy import NOBODY, ROWS, Case, Refusal, first_refusal, tenant_of
from services.router.quiet_hours import Quiet
from services.router.senders import Sender
from tests.services.router.builders import CONFIG, FAST, NOW_MS, ROUTES, admitted, request, rule

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
    (
        "country_not_allowed",
        {"tenant": tenant_of(TenantConfig(senders=["ACME"], countries=["NO"]))},
    ),
    ("opted_out", {"is_unwanted": True}),
    ("no_consent", {"has_consent": False}),
    ("expired", {"deadline_ms": NOW_MS - 1}),
    ("quiet_hours", {"quiet": Quiet(until_ms=NOW_MS + 1)}),
    ("no_route", {"rule": None}),
    ("unknown_network", {"rule": rule("known", "46", FAST, needs_network=True)}),
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


@pytest.mark.parametrize(
    ("countries", "recipient", "passes"),
    [
        ([], "46701234567", True),
        (["SE"], "46701234567", True),
        (["NO", "SE"], "46701234567", True),
        (["NO"], "46701234567", False),
        (["US"], "14165550123", False),  # Toronto, of the same calling code
        (["CA"], "14165550123", True),
        (["US"], "881612345678", False),  # a satellite is of no country
    ],
)
def test_a_tenant_sends_to_its_countries_only(
    countries: list[str], recipient: str, passes: bool
) -> None:
    own = tenant_of(TenantConfig(senders=["ACME"], countries=countries))
    refusal = first_refusal(case(tenant=own, record=admitted(recipient=recipient)))
    assert refusal is None if passes else refusal is not None
    assert passes or (refusal and refusal.reason) == "country_not_allowed"


@pytest.mark.parametrize(
    ("brought", "missing"),
    [
        ({}, "dlt_entity_id"),
        ({"dlt_entity_id": "1"}, "dlt_template_id"),
        ({"dlt_entity_id": "1", "dlt_template_id": ""}, "dlt_template_id"),
        ({"dlt_entity_id": "1", "dlt_template_id": "2", "other": "3"}, None),
    ],
)
def test_a_rule_wants_its_items_of_carrier_data(
    brought: dict[str, str], missing: str | None
) -> None:
    india = rule("india", "91", FAST, requires=("dlt_entity_id", "dlt_template_id"))
    refusal = first_refusal(case(rule=india, record=admitted(request(carrier_data=brought))))
    if missing is None:
        assert refusal is None
        return
    detail = f"The rule 'india' needs {missing!r}; write it into `carrier_data`."
    assert refusal == Refusal("carrier_data_missing", detail)


def test_a_network_that_is_known_is_enough_whichever_it_is() -> None:
    where = Whereabouts(Msisdn("46701234567"), lambda _: "24099")
    known = rule("known", "46", FAST, needs_network=True)
    assert first_refusal(case(rule=known, where=where)) is None


def test_every_row_of_the_table_refuses_some_row_here_in_the_same_order() -> None:
    assert [row.reason for row in ROWS] == [reason for reason, _ in REFUSED[:-1]]


@pytest.mark.parametrize("position", range(len(REFUSED) - 1))
def test_of_several_reasons_the_first_in_table_order_is_given(position: int) -> None:
    # What both set is set as the earlier one needs it.
    both: dict[str, Any] = {**REFUSED[position + 1][1], **REFUSED[position][1]}
    refusal = first_refusal(case(**both))
    assert isinstance(refusal, Refusal)
    assert refusal.reason == REFUSED[position][0]
