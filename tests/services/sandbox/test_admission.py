"""Who may bind: one row a reason, the first one answers."""

from dataclasses import replace
from typing import Any

import pytest

from services.sandbox.admission import BIND_TYPES, Knock, refusal
from services.sandbox.config import AccountConfig
from services.sandbox.deliveries import Bound
from smpp import pdu
from smpp.values import CommandStatus

TRANSMITTER = Bound("transmitter", "127.0.0.1")
US = frozenset({"us", "us.test"})
BIND = pdu.BindTransmitter(system_id="us", password="secret")


def account(**fields: Any) -> AccountConfig:
    return AccountConfig.model_validate({"password": "secret"} | fields)


def knock(*bound: Bound, own: AccountConfig | None = None, **fields: Any) -> Knock:
    given: dict[str, Any] = {
        "bind": BIND,
        "host": "127.0.0.1",
        "certificate_names": frozenset(),
        "is_locked": False,
    }
    return Knock(account=own or account(), bound=bound, **(given | fields))


ROWS = [
    (knock(), None),
    (knock(bind=replace(BIND, password="wrong")), "ESME_RINVPASWD"),
    (knock(bind=replace(BIND, password="")), "ESME_RINVPASWD"),
    (knock(is_locked=True), "ESME_RBINDFAIL"),
    (knock(own=account(allow=["127.0.0.0/8"])), None),
    (knock(own=account(allow=["10.0.0.0/8", "::1/128"])), "ESME_RBINDFAIL"),
    (knock(own=account(allow=["::1/128"]), host="::1"), None),
    (knock(own=account(allow=["127.0.0.0/8"]), host="::ffff:127.0.0.1"), None),
    (knock(own=account(allow=["127.0.0.0/8"]), host=""), "ESME_RBINDFAIL"),
    (knock(own=account(client_certificate="us")), "ESME_RBINDFAIL"),
    (knock(own=account(client_certificate="us"), certificate_names=US), None),
    (knock(own=account(client_certificate="required"), certificate_names=US), None),
    (knock(own=account(client_certificate="required")), "ESME_RBINDFAIL"),
    (knock(own=account(client_certificate="them"), certificate_names=US), "ESME_RBINDFAIL"),
    (knock(own=account(system_type="VMS")), "ESME_RINVSYSTYP"),
    (knock(own=account(system_type="VMS"), bind=replace(BIND, system_type="VMS")), None),
    (knock(own=account(address_range="^46")), "ESME_RBINDFAIL"),
    (knock(own=account(address_range="^46"), bind=replace(BIND, address_range="^46")), None),
    (knock(own=account(bind_types=["receiver"])), "ESME_RBINDFAIL"),
    (knock(own=account(bind_types=["transmitter"])), None),
    (knock(TRANSMITTER, own=account(binds={"all": 1})), "ESME_RALYBND"),
    (knock(TRANSMITTER, own=account(binds={"all": 2})), None),
    (knock(TRANSMITTER, own=account(binds={"transmitter": 1})), "ESME_RALYBND"),
    (knock(TRANSMITTER, own=account(binds={"receiver": 1})), None),
    (knock(TRANSMITTER, own=account(binds={"per_address": 1})), "ESME_RALYBND"),
    (knock(TRANSMITTER, own=account(binds={"per_address": 1}), host="127.0.0.2"), None),
    (knock(own=account(binds={"transmitter": 0})), "ESME_RALYBND"),
]


@pytest.mark.parametrize(("case", "status"), ROWS)
def test_the_first_reason_answers(case: Knock, status: str | None) -> None:
    found = refusal(case)
    assert (found and found.name) == status


def test_a_stranger_is_one() -> None:
    assert refusal(replace(knock(), account=None)) is CommandStatus.ESME_RINVSYSID


def test_every_bind_has_its_type() -> None:
    assert BIND_TYPES.keys() == {pdu.BindTransmitter, pdu.BindReceiver, pdu.BindTransceiver}
